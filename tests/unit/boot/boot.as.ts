// What tests/unit/boot runs: the loader readers over structures that a test lays out in memory.

import * as mem from "machine/mem";
import { direct, linearAddress, pointerOf } from "memory/address";
import { Machine } from "../../../kernel/boot/machine";
import { readMultiboot1 } from "../../../kernel/boot/multiboot1";
import { readMultiboot2 } from "../../../kernel/boot/multiboot2";
import { readPvh } from "../../../kernel/boot/pvh";
import { RangeSet } from "../../../kernel/boot/range-set";
import { daysSince1970 } from "../../../kernel/interrupt/calendar";

let ranges = new RangeSet();
let machine = new Machine();

export function reset(): void {
  ranges = new RangeSet();
  machine = new Machine();
}

export function add(start: u64, end: u64): void {
  ranges.add(start, end);
}

export function remove(start: u64, end: u64): void {
  ranges.remove(start, end);
}

export function findRange(size: u64, floor: u64, ceiling: u64): u64 {
  return ranges.find(size, floor, ceiling);
}

export function rangeCount(): i32 {
  return ranges.count;
}

export function rangeStart(index: i32): u64 {
  return ranges.start(index);
}

export function rangeEnd(index: i32): u64 {
  return ranges.end(index);
}

/** Protocol 1 PVH, 2 Multiboot2, 3 Multiboot; afterwards the ranges above are the memory to use. */
export function readLoader(protocol: i32, physical: u64): bool {
  let isKnown = false;
  if (protocol == 1) isKnown = readPvh(physical, machine);
  else if (protocol == 2) isKnown = readMultiboot2(physical, machine);
  else isKnown = readMultiboot1(physical, machine);
  machine.settle();
  ranges = machine.memory;
  return isKnown;
}

export function rsdp(): u64 {
  return machine.rsdp;
}

export function rootAddress(): u64 {
  let root = machine.root;
  return root === null ? 0 : root.physical;
}

export function rootSize(): u64 {
  let root = machine.root;
  return root === null ? 0 : root.sizeBytes;
}

export function framebufferWidth(): u32 {
  let framebuffer = machine.framebuffer;
  return framebuffer === null ? 0 : framebuffer.width;
}

/** Copy the command line to physical memory; returns its length. */
export function commandLine(physical: u64): i32 {
  let text = machine.commandLine;
  mem.copy(direct(physical), linearAddress(pointerOf(text)), <u64>text.length);
  return text.length;
}

export function days(year: u32, month: u32, day: u32): u64 {
  return daysSince1970(year, month, day);
}
