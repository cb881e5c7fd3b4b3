// A program's half of its page tables: four levels of 512 entries (Intel SDM 3A §4.5). 4 KB leaves only.
//
//   a leaf entry    63      51 ............... 12  11  10  9  8..6  5  2  1  0
//                   NX      frame                      U   O     D  A  U  W  P
//
// O (OWNED): the page is the program's own, not a file's. U at bit 10 (UNCOUNTED): the entry holds no reference to its
// frame. An entry that is not 0 has a page behind it, also when PRESENT is clear: that is how PROT_NONE keeps content.
//
// Rules of use: addresses are below USER_END; `root` and table addresses are this module's; who clears an entry releases
// its frame and invalidates the translation.

import * as mem from "machine/mem";
import { DIRECT_BASE } from "machine/linear";
import * as frames from "memory/frames";

export const PRESENT: u64 = 1;
export const WRITABLE: u64 = 2;
export const USER: u64 = 4;
export const ACCESSED: u64 = 0x20;
export const DIRTY: u64 = 0x40;
export const OWNED: u64 = 1 << 9;
export const UNCOUNTED: u64 = 1 << 10;
export const NO_EXECUTE: u64 = (<u64>1) << 63;
export const FRAME_MASK: u64 = 0x000ffffffffff000;

/** Where the program's half of the tables ends (machine/linear's USER_END is the page before). */
export const END: u64 = (<u64>1) << 47;
const PAGE: u64 = 4096;
/** Address space that one leaf table covers, in bytes. */
const TABLE_SPAN: u64 = 1 << 21;
const TABLE_FLAGS: u64 = PRESENT | WRITABLE | USER | ACCESSED;

/** The kernel-virtual address of `address`'s leaf entry, 0 when a table on the way is missing. */
export function find(root: u64, address: u64): u64 {
  let entry = mem.load64(DIRECT_BASE + root + ((address >> 36) & 0xff8));
  if (entry == 0) return 0;
  entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 27) & 0xff8));
  if (entry == 0) return 0;
  entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 18) & 0xff8));
  if (entry == 0) return 0;
  return DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 9) & 0xff8);
}

/** As `find`, making tables that are missing; 0 when memory is out. */
export function make(root: u64, address: u64): u64 {
  let table = DIRECT_BASE + root;
  for (let shift: u64 = 36; shift > 9; shift -= 9) {
    let slot = table + ((address >> shift) & 0xff8);
    let entry = mem.load64(slot);
    if (entry == 0) {
      let frame = frames.allocateZeroed();
      if (frame == 0) return 0;
      tableCount++;
      entry = frame | TABLE_FLAGS;
      mem.store64(slot, entry);
    }
    table = DIRECT_BASE + (entry & FRAME_MASK);
  }
  return table + ((address >> 9) & 0xff8);
}

// One walk at a time: nothing between `firstLeaf` and the last `nextLeaf` starts another or frees tables.
let walkRoot: u64 = 0;
let walkEnd: u64 = 0;
let walkSlot: u64 = 0;
let walkTableEnd: u64 = 0;
/** The page whose entry `firstLeaf` or `nextLeaf` returned. */
export let leafAddress: u64 = 0;

/** The kernel-virtual address of the first leaf entry in [start, end) that is not 0; 0 when there is none. */
export function firstLeaf(root: u64, start: u64, end: u64): u64 {
  walkRoot = root;
  walkEnd = end;
  walkTableEnd = start;
  leafAddress = start - PAGE;
  return nextLeaf();
}

/** The next one after that which was returned last. */
export function nextLeaf(): u64 {
  let address = leafAddress;
  let slot = walkSlot;
  let tableEnd = walkTableEnd;
  while (true) {
    address += PAGE;
    slot += 8;
    if (address >= tableEnd) {
      address = nextCovered(address);
      if (address >= walkEnd) return 0;
      slot = find(walkRoot, address);
      tableEnd = min(walkEnd, (address | (TABLE_SPAN - 1)) + 1);
      walkTableEnd = tableEnd;
    }
    if (mem.load64(slot) != 0) {
      leafAddress = address;
      walkSlot = slot;
      return slot;
    }
  }
}

/** The first address from `address` on that a leaf table covers, or the walk's end: goes over what has no tables in large steps. */
function nextCovered(address: u64): u64 {
  while (address < walkEnd) {
    let entry = mem.load64(DIRECT_BASE + walkRoot + ((address >> 36) & 0xff8));
    let span: u64 = (<u64>1) << 39;
    if (entry != 0) {
      entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 27) & 0xff8));
      span = 1 << 30;
      if (entry != 0) {
        entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 18) & 0xff8));
        if (entry != 0) return address;
        span = TABLE_SPAN;
      }
    }
    address = (address | (span - 1)) + 1;
  }
  return walkEnd;
}

/**
 * Free the tables that [start, end) used and that nothing in use needs: those that lie wholly within [floor, ceiling),
 * the hole around it. Precondition: all leaf entries in there are 0.
 */
export function freeTables(root: u64, start: u64, end: u64, floor: u64, ceiling: u64): void {
  // Most holes do not span a leaf table: nothing to look at then.
  let first = max(start & ~(TABLE_SPAN - 1), (floor + TABLE_SPAN - 1) & ~(TABLE_SPAN - 1));
  if (first >= end || first + TABLE_SPAN > ceiling) return;
  freeLevel(root, 39, start, end, floor, ceiling);
}

function freeLevel(table: u64, shift: u64, start: u64, end: u64, floor: u64, ceiling: u64): void {
  let span = (<u64>1) << shift;
  let address = start & ~(span - 1);
  while (address < end) {
    let slot = DIRECT_BASE + table + ((address >> (shift - 3)) & 0xff8);
    let entry = mem.load64(slot);
    if (entry != 0) {
      if (shift > 21)
        freeLevel(entry & FRAME_MASK, shift - 9, max(start, address), min(end, address + span), floor, ceiling);
      if (floor <= address && address + span <= ceiling) {
        mem.store64(slot, 0);
        frames.release(entry & FRAME_MASK);
        tableCount--;
      }
    }
    address += span;
  }
}

/** Tables that `make` made and `freeTables` has not freed, over all roots. */
export let tableCount: i32 = 0;

/** Tables below `root`, for those who ask. */
export function countTables(root: u64): i32 {
  return countLevel(root, 39, 256);
}

function countLevel(table: u64, shift: u64, entries: u64): i32 {
  let count = 0;
  for (let index: u64 = 0; index < entries; index++) {
    let entry = mem.load64(DIRECT_BASE + table + index * 8);
    if (entry == 0) continue;
    count++;
    if (shift > 21) count += countLevel(entry & FRAME_MASK, shift - 9, 512);
  }
  return count;
}
