// Which of a project's modules was at work when the kernel trapped: the innermost one on the stack, by the paths of its
// files (packages/NAME/…, tools/kernel/packages.ts). Works in a panic: nothing here allocates.

import * as image from "machine/image";
import * as mem from "machine/mem";
import * as symbols from "machine/symbols";
import { pointerOf } from "memory/address";
import { Text } from "../lib/text";
import { isOnStack, MAX_DEPTH } from "./backtrace";

/** What stands before a module's name where a function is described: "name (packages/NAME/file.ts:1)". */
const PATH: string = "(packages/";
const SLASH: u8 = 0x2f;
const AT_SIGN: u8 = 0x40;
const DESCRIPTION_SIZE: i32 = 200;
const description: StaticArray<u8> = new StaticArray<u8>(DESCRIPTION_SIZE);

/** Append the module's name behind `before`; nothing when no module is on the stack. */
export function appendModule(text: Text, before: string, address: u64, framePointer: u64): void {
  if (appendModuleAt(text, before, address)) return;
  let frame = framePointer;
  for (let depth = 0; depth < MAX_DEPTH && isOnStack(frame); depth++) {
    let returnAddress = mem.load64(frame + 8);
    let next = mem.load64(frame);
    if (returnAddress < image.textStart() || returnAddress >= image.textEnd()) return;
    if (appendModuleAt(text, before, returnAddress - 1) || next <= frame) return;
    frame = next;
  }
}

/** The module of the function at a code address, or of one that is inlined there. */
function appendModuleAt(text: Text, before: string, address: u64): bool {
  let depth: u32 = 0;
  let length = <i32>symbols.describe(address, depth, pointerOf(description), DESCRIPTION_SIZE);
  while (length > 0) {
    for (let start = 0; start + PATH.length < length; start++) {
      if (!isPath(start)) continue;
      appendName(text.string(before), start + PATH.length, length);
      return true;
    }
    depth++;
    length = <i32>symbols.describe(address, depth, pointerOf(description), DESCRIPTION_SIZE);
  }
  return false;
}

function isPath(start: i32): bool {
  for (let i = 0; i < PATH.length; i++) if (<i32>description[start + i] != PATH.charCodeAt(i)) return false;
  return true;
}

/** A package's name ends at the first slash, one that begins with @ at the second. */
function appendName(text: Text, start: i32, end: i32): void {
  let slashes = description[start] == AT_SIGN ? 2 : 1;
  for (let i = start; i < end; i++) {
    if (description[i] == SLASH && --slashes == 0) return;
    text.byte(description[i]);
  }
}
