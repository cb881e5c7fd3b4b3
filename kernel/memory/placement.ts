// Where mappings go: randomized bases (ASLR) and the search for a gap, from the top down, as x86-64 Linux lays programs out.
//
//   0x7ffffffff000  USER_END
//        stack           top is 0..16 GB below, grows down to its limit
//        gap             room for the stack to grow, at least 128 MB
//   mmapBase        mappings, each below the last where there is room
//        …
//        brk heap        above the program
//   0x555555555000+ program (position-independent), 0x400000 (fixed)
//   0x10000         LOWEST: nothing below, so that null pointers fault

import { USER_END } from "machine/linear";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";

/** vm.mmap_min_addr. */
export const LOWEST: u64 = 0x10000;
/** The gap kept free below a stack (Linux's stack_guard_gap, 256 pages). */
export const STACK_GUARD: u64 = 256 << PAGE_SHIFT;
/** ELF_ET_DYN_BASE: two thirds of the address space. */
const PROGRAM_BASE: u64 = 0x555555554000;
/** vm.mmap_rnd_bits and the stack's STACK_RND_MASK, in bits of pages. */
const MAPPING_RANDOM_BITS: u64 = 28;
const STACK_RANDOM_BITS: u64 = 22;
const BREAK_RANDOM_BITS: u64 = 13;
const MINIMUM_STACK_GAP: u64 = 128 << 20;
const MAXIMUM_STACK_GAP: u64 = (USER_END / 6) * 5;
/** MAP_32BIT: arch/x86's window for it. */
const LOW_START: u64 = 0x40000000;
const LOW_END: u64 = 0x80000000;

type RandomSource = () => u64;

let state: u64 = 0x9e3779b97f4a7c15;

/** splitmix64: the layout is at least not constant before a real source is set. */
function weakRandom(): u64 {
  state += 0x9e3779b97f4a7c15;
  let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

let random: RandomSource = weakRandom;
let isRandomized: bool = true;

/** Take randomness from the kernel's generator. */
export function setRandomSource(source: RandomSource): void {
  random = source;
}

/** personality(ADDR_NO_RANDOMIZE), norandmaps: every program at the same addresses, for debugging. */
export function setRandomized(value: bool): void {
  isRandomized = value;
}

/** 64 random bits. */
export function random64(): u64 {
  return random();
}

function randomOffset(bits: u64): u64 {
  return isRandomized ? (random() & (((<u64>1) << bits) - 1)) << PAGE_SHIFT : 0;
}

/** Where a stack may end: page-aligned, below USER_END. */
export function randomStackTop(): u64 {
  return USER_END - randomOffset(STACK_RANDOM_BITS);
}

/** Where a position-independent program's lowest segment goes, aligned. */
export function randomProgramBase(alignment: u64): u64 {
  return (PROGRAM_BASE + randomOffset(MAPPING_RANDOM_BITS)) & ~(alignment - 1);
}

/** Where the heap starts for a program that ends at `end`: up to 32 MB above. */
export function randomBreak(end: u64): u64 {
  return ((end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)) + randomOffset(BREAK_RANDOM_BITS);
}

/** Where the search for room starts, given the stack's limit. */
export function randomMapBase(stackLimit: u64): u64 {
  let padding = ((<u64>1) << (STACK_RANDOM_BITS + PAGE_SHIFT)) + STACK_GUARD;
  let gap = stackLimit < MAXIMUM_STACK_GAP ? stackLimit + padding : MAXIMUM_STACK_GAP;
  gap = max(MINIMUM_STACK_GAP, min(MAXIMUM_STACK_GAP, gap));
  return ((USER_END - gap) & ~(PAGE_SIZE - 1)) - randomOffset(MAPPING_RANDOM_BITS);
}

/** Whether [start, start + length) could be mapped without touching another mapping or a stack's guard gap. */
export function isRoomAt(space: AddressSpace, start: u64, length: u64): bool {
  if (start < LOWEST || length > USER_END || start > USER_END - length) return false;
  let set = space.mappings;
  let index = set.indexAbove(start);
  if (index == set.length) return true;
  let above = set.at(index);
  return above.start >= start + length + (above.growsDown ? STACK_GUARD : 0);
}

/** An address for `length` bytes (a multiple of the page size), or 0 when there is no gap of that size. */
export function findRoom(space: AddressSpace, length: u64): u64 {
  if (length > USER_END) return 0;
  let top = space.searchTop;
  if (length <= space.skippedGap || top > space.mapBase) top = space.mapBase;
  let address = findBelow(space, top, length);
  if (address == 0 && top != space.mapBase) address = findBelow(space, space.mapBase, length);
  if (address != 0) {
    space.searchTop = address;
    return address;
  }
  return findAbove(space, space.mapBase, USER_END, length);
}

/** An address below 2 GB (MAP_32BIT), or 0. */
export function findLowRoom(space: AddressSpace, length: u64): u64 {
  return findAbove(space, LOW_START, LOW_END, length);
}

/** Walk down the gaps that end at or below `top`. Gaps that are too small are remembered by the largest (`skippedGap`). */
function findBelow(space: AddressSpace, top: u64, length: u64): u64 {
  let set = space.mappings;
  let index = set.indexAbove(top - 1);
  if (top == space.mapBase) space.skippedGap = 0;
  let gapEnd = top;
  if (index < set.length) {
    let above = set.at(index);
    let limit = above.growsDown && above.start > STACK_GUARD ? above.start - STACK_GUARD : above.start;
    if (limit < gapEnd) gapEnd = limit;
  }
  while (true) {
    let gapStart = index > 0 ? set.at(index - 1).end : LOWEST;
    if (gapEnd >= gapStart && gapEnd - gapStart >= length) return gapEnd - length;
    if (gapEnd > gapStart && gapEnd - gapStart > space.skippedGap) space.skippedGap = gapEnd - gapStart;
    if (index == 0) return 0;
    let below = set.at(--index);
    gapEnd = below.growsDown && below.start > STACK_GUARD ? below.start - STACK_GUARD : below.start;
    if (gapEnd < length) return 0;
  }
}

function findAbove(space: AddressSpace, start: u64, end: u64, length: u64): u64 {
  let set = space.mappings;
  let address = start;
  for (let index = set.indexAbove(start); address < end && end - address >= length; index++) {
    if (index == set.length) return address;
    let above = set.at(index);
    let limit = above.growsDown ? above.start - STACK_GUARD : above.start;
    if (limit >= address && limit - address >= length) return address;
    address = max(address, above.end);
  }
  return 0;
}
