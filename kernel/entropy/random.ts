// The kernel's random numbers: a ChaCha20 generator with fast key erasure (D. J. Bernstein, "Fast-key-erasure
// random-number generators", 2017). Every request replaces the key with the first half of a block before anything of the
// rest is given out, so that a later look at memory does not tell earlier numbers.
//
// The key takes in RDSEED, RDRAND, the time-stamp counter's jitter and whatever drivers bring (virtio-rng): at the first use,
// then again after RESEED_NS or RESEED_BYTES, and with the counter's low bits at each request.

import * as machineClock from "machine/clock";
import * as cpu from "machine/cpu";
import * as hardware from "machine/entropy";
import * as mem from "machine/mem";
import { linearAddress, pointerOf } from "memory/address";
import { BLOCK_WORDS, chachaBlock, KEY_WORDS } from "../lib/chacha";
import { nowNs } from "../sched/clock";

const KEY_BYTES: u64 = 32;
const BLOCK_BYTES: u64 = 64;
const RESEED_NS: u64 = 60_000_000_000;
const RESEED_BYTES: u64 = 16 << 20;
/** Attempts at RDRAND and RDSEED, which may fail for a while (Intel SDM 1 §7.3.17). */
const ATTEMPTS: i32 = 10;
/** Samples of the counter taken for a seed. */
const JITTER_SAMPLES: i32 = 64;

const key: StaticArray<u32> = new StaticArray<u32>(KEY_WORDS);
const oneTimeKey: StaticArray<u32> = new StaticArray<u32>(KEY_WORDS);
const block: StaticArray<u32> = new StaticArray<u32>(BLOCK_WORDS);
let isSeeded: bool = false;
let seededNs: u64 = 0;
let bytesSinceSeed: u64 = 0;

/** Fill `length` bytes at a kernel-virtual address. */
export function fillRandom(address: u64, length: u64): void {
  beginRequest(length);
  if (length <= KEY_BYTES) {
    // The half of the block that is not the next key suffices.
    mem.copy(address, linearAddress(pointerOf(oneTimeKey)), length);
    clearOutput();
    return;
  }
  let counter: u64 = 0;
  while (length > 0) {
    chachaBlock(oneTimeKey, counter++, block);
    let step = min<u64>(length, BLOCK_BYTES);
    mem.copy(address, linearAddress(pointerOf(block)), step);
    address += step;
    length -= step;
  }
  clearOutput();
}

/** A random number of 64 bits. */
export function random64(): u64 {
  beginRequest(8);
  let value = ((<u64>oneTimeKey[0]) << 32) | <u64>oneTimeKey[1];
  clearOutput();
  return value;
}

/** Take in `length` bytes at a kernel-virtual address from a source of entropy. */
export function mixBytes(address: u64, length: u64): void {
  while (length >= 8) {
    mixWord(mem.load64(address));
    address += 8;
    length -= 8;
  }
  for (; length > 0; length--) mixWord(<u64>mem.load8(address++));
  stir();
}

/** Replace the key and derive a key for this request. */
function beginRequest(length: u64): void {
  if (!isSeeded || bytesSinceSeed > RESEED_BYTES || nowNs() - seededNs > RESEED_NS) seed();
  bytesSinceSeed += length;
  chachaBlock(key, machineClock.ticks(), block);
  mem.copy(linearAddress(pointerOf(key)), linearAddress(pointerOf(block)), KEY_BYTES);
  mem.copy(linearAddress(pointerOf(oneTimeKey)), linearAddress(pointerOf(block)) + KEY_BYTES, KEY_BYTES);
}

function clearOutput(): void {
  mem.fill(linearAddress(pointerOf(oneTimeKey)), 0, KEY_BYTES);
  mem.fill(linearAddress(pointerOf(block)), 0, BLOCK_BYTES);
}

function seed(): void {
  isSeeded = true;
  seededNs = nowNs();
  bytesSinceSeed = 0;
  // CPUID: RDSEED is leaf 7 EBX bit 18, RDRAND leaf 1 ECX bit 30 (Intel SDM 2A).
  let hasSeed = cpu.cpuidEax(0, 0) >= 7 && (cpu.cpuidEbx(7, 0) & (1 << 18)) != 0;
  let hasRandom = (cpu.cpuidEcx(1, 0) & (1 << 30)) != 0;
  for (let i = 0; i < KEY_WORDS; i++) {
    let word: u64 = 0;
    if (hasSeed) word = drawSeed();
    if (word == 0 && hasRandom) word = drawRandom();
    mixWord(word);
  }
  for (let i = 0; i < JITTER_SAMPLES; i++) mixWord(machineClock.ticks());
  stir();
}

function drawSeed(): u64 {
  for (let i = 0; i < ATTEMPTS; i++) {
    let value = hardware.rdseed();
    if (value != 0) return value;
  }
  return 0;
}

function drawRandom(): u64 {
  for (let i = 0; i < ATTEMPTS; i++) {
    let value = hardware.rdrand();
    if (value != 0) return value;
  }
  return 0;
}

let mixAt: i32 = 0;

/** Fold 64 bits into the key; every fourth word runs it through the cipher. */
function mixWord(word: u64): void {
  key[mixAt] ^= <u32>word;
  key[mixAt + 1] ^= <u32>(word >> 32);
  mixAt += 2;
  if (mixAt < KEY_WORDS) return;
  mixAt = 0;
  stir();
}

function stir(): void {
  chachaBlock(key, u64.MAX_VALUE, block);
  for (let i = 0; i < KEY_WORDS; i++) key[i] = block[i];
  clearOutput();
}
