// The processor's extended state (x87, SSE, AVX, AVX-512) of user threads: one area a thread, and the thread whose state the
// registers hold (the owner). The kernel itself uses none of these registers, so a thread that blocks and runs again with
// nobody in between moves nothing; another thread's state is loaded only when that thread is about to return to ring 3
// (deliverPending, for ATTENTION_STATE), not when it merely gets the CPU.
//
// Areas have XSAVE's standard format (Intel SDM 1 §13.4), 64-byte aligned; several share a page frame. A free area's
// first word links to the next free one.

import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { UserThread } from "./user-thread";

const CR4_OSXSAVE: u64 = 1 << 18;
/** x87, SSE, AVX, and the three parts of AVX-512 (Intel SDM 1 §13.1). */
const WANTED: u64 = 0xe7;
/** Bytes of FXSAVE's area, and where XSAVE's header follows (Intel SDM 1 §13.4.1-2). */
export const LEGACY_SIZE: u64 = 512;
export const HEADER_SIZE: u64 = 64;
/** Offsets in the legacy area (Intel SDM 1 table 10-2). */
const CONTROL_WORD: u64 = 0;
const MXCSR: u64 = 24;
const MXCSR_MASK: u64 = 28;
const INITIAL_CONTROL_WORD: u32 = 0x37f;
const INITIAL_MXCSR: u32 = 0x1f80;
const DEFAULT_MXCSR_MASK: u32 = 0xffbf;

let features: u64 = 0;
let size: u64 = LEGACY_SIZE;
let mxcsrMask: u32 = DEFAULT_MXCSR_MASK;
let freeAreas: u64 = 0;
let owner: UserThread | null = null;

/** Choose the features to keep. Call once, after CR4 is set and frames can be allocated. */
export function initialize(): void {
  if ((cpu.readCr4() & CR4_OSXSAVE) != 0) {
    let supported = <u64>cpu.cpuidEax(0xd, 0) | ((<u64>cpu.cpuidEdx(0xd, 0)) << 32);
    features = supported & WANTED;
    if ((features & 0xe0) != 0xe0) features &= ~(<u64>0xe0);
    if ((features & 4) == 0) features &= 3;
    cpu.writeXcr0(features);
    size = <u64>cpu.cpuidEbx(0xd, 0);
  }
  let area = allocate();
  assert(area != 0, "no memory for an extended-state area");
  cpu.saveExtendedState(area);
  let mask = mem.load32(area + MXCSR_MASK);
  if (mask != 0) mxcsrMask = mask;
  release(area);
}

/** XCR0: which parts of the state areas hold; 0 when the CPU has only FXSAVE. */
export function enabledFeatures(): u64 {
  return features;
}

/** Bytes of an area that carry state. */
export function areaSize(): u64 {
  return size;
}

/** An area in its initial state, or 0 when memory is out. */
export function allocate(): u64 {
  if (freeAreas == 0 && !grow()) return 0;
  let area = freeAreas;
  freeAreas = mem.load64(area);
  reset(area);
  return area;
}

export function release(area: u64): void {
  if (area == 0) return;
  mem.store64(area, freeAreas);
  freeAreas = area;
}

function grow(): bool {
  let frame = frames.allocate();
  if (frame == 0) return false;
  let step = (size + 63) & ~(<u64>63);
  assert(step <= 4096, "the extended state does not fit a page");
  for (let offset: u64 = 0; offset + step <= 4096; offset += step) {
    mem.store64(direct(frame) + offset, freeAreas);
    freeAreas = direct(frame) + offset;
  }
  return true;
}

/** Put an area into the state that a new program finds: all registers initial. */
function reset(area: u64): void {
  mem.fill(area, 0, size);
  mem.store16(area + CONTROL_WORD, INITIAL_CONTROL_WORD);
  mem.store32(area + MXCSR, INITIAL_MXCSR);
  mem.store32(area + MXCSR_MASK, mxcsrMask);
}

/** Whether the registers hold `thread`'s state. */
export function isLoaded(thread: UserThread): bool {
  return owner === thread;
}

/** Let the registers hold `thread`'s state. Precondition: `thread` is on the CPU. */
export function load(thread: UserThread): void {
  let previous = owner;
  if (previous === thread) return;
  if (previous !== null) cpu.saveExtendedState(previous.stateArea);
  cpu.restoreExtendedState(thread.stateArea);
  owner = thread;
}

/** Bring `thread`'s area up to date with the registers. */
export function save(thread: UserThread): void {
  if (owner === thread) cpu.saveExtendedState(thread.stateArea);
}

/** A new thread starts with the state of the one that made it. */
export function copy(from: UserThread, to: UserThread): void {
  save(from);
  mem.copy(to.stateArea, from.stateArea, size);
}

/** execve: initial state. */
export function clear(thread: UserThread): void {
  reset(thread.stateArea);
  reload(thread);
}

/** `thread`'s area was changed: load it again before the program runs. */
export function reload(thread: UserThread): void {
  let previous = owner;
  if (previous !== null && previous !== thread) cpu.saveExtendedState(previous.stateArea);
  cpu.restoreExtendedState(thread.stateArea);
  owner = thread;
}

/** The thread ends: its state is nobody's. */
export function forget(thread: UserThread): void {
  if (owner === thread) owner = null;
  release(thread.stateArea);
  thread.stateArea = 0;
}

/**
 * Make an area that a program filled safe to load: XRSTOR refuses unknown features, reserved header bits and MXCSR bits
 * (Intel SDM 1 §13.8.1). With `hasHeader` false only x87 and SSE are taken from it, the rest becomes initial.
 */
export function sanitize(area: u64, hasHeader: bool): void {
  mem.store32(area + MXCSR, mem.load32(area + MXCSR) & mxcsrMask);
  if (features == 0) return;
  let present = hasHeader ? mem.load64(area + LEGACY_SIZE) & features : features & 3;
  mem.fill(area + LEGACY_SIZE, 0, HEADER_SIZE);
  mem.store64(area + LEGACY_SIZE, present);
}
