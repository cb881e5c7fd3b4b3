// Kernel stacks: equal slots in their own stretch of linear memory, each with an unmapped guard page below it, so that
// an overflow faults (on the #DF stack) and does not write into a neighbour.
//
//   STACKS_START  | guard | stack 0 ....... top | guard | stack 1 ....... top | …  STACKS_END
//
// The first BOOT_STACKS slots come with the image: the boot (later idle) thread's and the interrupt stacks. Frames stay
// mapped when a stack is released and are used again. Where each suspended thread's stack pointer is saved is kept here,
// in raw memory, because the collector reads it.

import { BOOT_STACKS, LINEAR_BASE, STACK_SIZE, STACKS_END, STACKS_START } from "machine/linear";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";

const GUARD_SIZE: usize = 0x1000;
const SLOT_SIZE: usize = GUARD_SIZE + STACK_SIZE;
const SLOT_COUNT: i32 = 6553; // (STACKS_END - STACKS_START) / SLOT_SIZE

/** By slot: the saved stack pointer while suspended, 0 while free. */
const saved: usize = memory.data(6553 * 4);
/** Free slots, as a stack of slot numbers. */
const freeSlots: usize = memory.data(6553 * 2);
let freeCount: i32 = 0;
let mappedSlots: i32 = BOOT_STACKS;
let usedSlots: i32 = 0;

/** A stack: the linear address one past its highest byte, or 0 when memory or address room is out. */
export function allocate(): usize {
  let slot = mappedSlots;
  if (freeCount > 0) {
    freeCount--;
    slot = <i32>load<u16>(freeSlots + <usize>freeCount * 2);
  } else if (slot == SLOT_COUNT || !mapSlot(slot)) return 0;
  else mappedSlots++;
  usedSlots++;
  let top = topOf(slot);
  store<u32>(saved + <usize>slot * 4, <u32>top);
  return top;
}

/** Give a stack back. Precondition: nobody runs on it. */
export function release(top: usize): void {
  let slot = slotOf(top);
  store<u32>(saved + <usize>slot * 4, 0);
  store<u16>(freeSlots + <usize>freeCount * 2, <u16>slot);
  freeCount++;
  usedSlots--;
}

function mapSlot(slot: i32): bool {
  let base = bottomOf(slot);
  for (let offset: usize = 0; offset < STACK_SIZE; offset += 0x1000) {
    let frame = frames.allocate();
    if (frame == 0 || !pageTables.mapKernel(LINEAR_BASE + <u64>(base + offset), frame, pageTables.KERNEL_DATA)) {
      if (frame != 0) frames.release(frame);
      while (offset > 0) {
        offset -= 0x1000;
        frames.release(pageTables.unmapKernel(LINEAR_BASE + <u64>(base + offset)));
      }
      return false;
    }
  }
  return true;
}

/** Where `cpu.switchTo` saves and finds the stack pointer of the stack that ends at `top`: a linear address. */
export function saveSlot(top: usize): usize {
  return saved + <usize>slotOf(top) * 4;
}

/** Note the first stack pointer of a stack, as cpu.prepareStack gave it. */
export function setSavedPointer(top: usize, pointer: usize): void {
  store<u32>(saveSlot(top), <u32>pointer);
}

/** Slots that have memory behind them, used or not. */
export function slotCount(): i32 {
  return mappedSlots;
}

/** Stacks in use. */
export function count(): i32 {
  return usedSlots;
}

export function isInUse(slot: i32): bool {
  return load<u32>(saved + <usize>slot * 4) != 0;
}

export function savedPointer(slot: i32): usize {
  return <usize>load<u32>(saved + <usize>slot * 4);
}

/** The lowest address of a slot's stack. */
export function bottomOf(slot: i32): usize {
  return STACKS_START + <usize>slot * SLOT_SIZE + GUARD_SIZE;
}

/** One past the highest address of a slot's stack. */
export function topOf(slot: i32): usize {
  return STACKS_START + <usize>(slot + 1) * SLOT_SIZE;
}

export function slotOf(top: usize): i32 {
  return <i32>((top - STACKS_START) / SLOT_SIZE) - 1;
}

/** Whether a linear address lies in the guard page of some stack. */
export function isGuard(pointer: usize): bool {
  return pointer >= STACKS_START && pointer < STACKS_END && (pointer - STACKS_START) % SLOT_SIZE < GUARD_SIZE;
}
