// Kernel stacks: equal slots in their own stretch of linear memory, each with an unmapped guard page below it, so that
// an overflow faults (on the #DF stack) and does not write into a neighbour.
//
//   STACKS_START  | guard | stack 0 ....... top | guard | stack 1 ....... top | …  STACKS_END
//
// Frames stay mapped when a stack is released and are used again: the number mapped is the high-water mark.

import { LINEAR_BASE, STACK_SIZE, STACKS_END, STACKS_START } from "machine/linear";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";

const GUARD_SIZE: usize = 0x1000;
const SLOT_SIZE: usize = GUARD_SIZE + STACK_SIZE;
const SLOT_COUNT: i32 = <i32>((STACKS_END - STACKS_START) / SLOT_SIZE);

const freeTops: Array<usize> = [] as usize[];
let mappedSlots: i32 = 0;
let usedSlots: i32 = 0;

/** A stack: the linear address one past its highest byte, or 0 when memory or address room is out. */
export function allocate(): usize {
  if (freeTops.length > 0) {
    usedSlots++;
    return freeTops.pop();
  }
  if (mappedSlots == SLOT_COUNT) return 0;
  let base = STACKS_START + <usize>mappedSlots * SLOT_SIZE + GUARD_SIZE;
  for (let offset: usize = 0; offset < STACK_SIZE; offset += 0x1000) {
    let frame = frames.allocate();
    if (frame == 0 || !pageTables.mapKernel(LINEAR_BASE + <u64>(base + offset), frame, pageTables.KERNEL_DATA)) {
      while (offset > 0) {
        offset -= 0x1000;
        frames.release(pageTables.unmapKernel(LINEAR_BASE + <u64>(base + offset)));
      }
      if (frame != 0) frames.release(frame);
      return 0;
    }
  }
  mappedSlots++;
  usedSlots++;
  return base + STACK_SIZE;
}

/** Give a stack back. Precondition: nobody runs on it. */
export function release(top: usize): void {
  usedSlots--;
  freeTops.push(top);
}

/** Stacks in use. */
export function count(): i32 {
  return usedSlots;
}

/** Whether a linear address lies in the guard page of some stack. */
export function isGuard(pointer: usize): bool {
  return pointer >= STACKS_START && pointer < STACKS_END && (pointer - STACKS_START) % SLOT_SIZE < GUARD_SIZE;
}
