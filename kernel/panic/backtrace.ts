// The calls that led to a place in the kernel, by their frame pointers, in TypeScript names and lines. Trusts no pointer
// that does not lie on a kernel stack; allocates nothing.

import * as image from "machine/image";
import { LINEAR_BASE, STACKS_END, STACKS_START } from "machine/linear";
import * as mem from "machine/mem";
import * as symbols from "machine/symbols";
import { pointerOf } from "memory/address";
import * as pageTables from "memory/page-tables";
import { Text } from "../lib/text";

/** Calls shown at most. */
export const MAX_DEPTH: i32 = 40;
const NAME_SIZE: i32 = 200;
const name: StaticArray<u8> = new StaticArray<u8>(NAME_SIZE);

/** Whether a frame can lie at `address`. */
export function isOnStack(address: u64): bool {
  if ((address & 7) != 0 || address < LINEAR_BASE + <u64>STACKS_START) return false;
  if (address >= LINEAR_BASE + <u64>STACKS_END - 16) return false;
  return pageTables.kernel() == 0 || pageTables.translateKernel(address + 15) != 0;
}

/** One line for each function at a code address, inlined ones first, each behind `prefix`. */
export function appendFunctions(text: Text, prefix: string, address: u64): void {
  let depth: u32 = 0;
  let length = symbols.describe(address, depth, pointerOf(name), NAME_SIZE);
  if (length == 0) text.string(prefix).hex(address).byte(0x0a);
  while (length > 0) {
    text
      .string(prefix)
      .array(name, 0, <i32>length)
      .byte(0x0a);
    depth++;
    length = symbols.describe(address, depth, pointerOf(name), NAME_SIZE);
  }
}

/** The calls above a frame. */
export function appendCalls(text: Text, prefix: string, start: u64): void {
  let framePointer = start;
  for (let depth = 0; depth < MAX_DEPTH && isOnStack(framePointer); depth++) {
    let returnAddress = mem.load64(framePointer + 8);
    let next = mem.load64(framePointer);
    if (returnAddress < image.textStart() || returnAddress >= image.textEnd()) return;
    appendFunctions(text, prefix, returnAddress - 1); // the call, not what follows it
    if (next <= framePointer) return;
    framePointer = next;
  }
}
