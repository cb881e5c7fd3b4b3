// A program's half of its page tables: four levels of 512 entries (Intel SDM 3A §4.5). 4 KB leaves only.
//
//   a leaf entry    63      51 ............... 12  11  10  9  8..6  5  2  1  0
//                   NX      frame                      U   O     D  A  U  W  P
//
// O (OWNED): the page is the program's own, not a file's. U at bit 10 (UNCOUNTED): the entry holds no reference to its
// frame. An entry that is not 0 has a page behind it, also when PRESENT is clear: that is how PROT_NONE keeps content.
//
// A leaf table may be shared after a fork: the directory entries of all who share it have SHARED set and WRITABLE clear, so
// that every store below faults, and the table holds one reference for each of them. Its entries are as they were, WRITABLE
// ones too: who changes an entry goes through `make` or `own` first, which give the root a table of its own. Bits 52 to 61 of
// such a directory entry count the table's OWNED pages.
//
// Rules of use: addresses are below USER_END; `root` and table addresses are this module's; who clears an entry releases
// its frame and invalidates the translation.

import * as cpu from "machine/cpu";
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

/** In a directory entry: see above. */
const SHARED: u64 = 1 << 9;
const COUNT_SHIFT: u64 = 52;
const COUNT_MASK: u64 = 0x3ff;
/** A table with fewer OWNED pages is copied: that costs about what the first store into a shared one would. */
const LEAST_SHARED: u64 = 64;

/** The kernel-virtual address of `address`'s leaf entry, for reading; 0 when a table on the way is missing. */
export function find(root: u64, address: u64): u64 {
  let entry = mem.load64(DIRECT_BASE + root + ((address >> 36) & 0xff8));
  if (entry == 0) return 0;
  entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 27) & 0xff8));
  if (entry == 0) return 0;
  entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 18) & 0xff8));
  if (entry == 0) return 0;
  return DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 9) & 0xff8);
}

/** What `address`'s leaf entry means to the processor: WRITABLE only where a store would not fault; 0 when there is none. */
export function effective(root: u64, address: u64): u64 {
  let slot = find(root, address);
  let entry = slot == 0 ? 0 : mem.load64(slot);
  return (entry & WRITABLE) != 0 && isShared(root, address) ? entry & ~WRITABLE : entry;
}

/** As `find`, for changing the entry: makes tables that are missing, copies one that is shared; 0 when memory is out. */
export function make(root: u64, address: u64): u64 {
  let table = DIRECT_BASE + root;
  for (let shift: u64 = 36; shift > 9; shift -= 9) {
    let slot = table + ((address >> shift) & 0xff8);
    let entry = mem.load64(slot);
    if (entry == 0) {
      entry = add(slot);
      if (entry == 0) return 0;
    } else if ((entry & SHARED) != 0) {
      entry = unshare(slot, entry, address);
      if (entry == 0) return 0;
    }
    table = DIRECT_BASE + (entry & FRAME_MASK);
  }
  return table + ((address >> 9) & 0xff8);
}

/** An empty table for a directory entry; 0 when memory is out. */
function add(slot: u64): u64 {
  let frame = frames.allocateZeroed();
  if (frame == 0) return 0;
  tableCount++;
  let entry = frame | TABLE_FLAGS;
  mem.store64(slot, entry);
  return entry;
}

/** The directory entry that stands for `address`'s leaf table, 0 when a table on the way is missing. */
function directory(root: u64, address: u64): u64 {
  let entry = mem.load64(DIRECT_BASE + root + ((address >> 36) & 0xff8));
  if (entry == 0) return 0;
  entry = mem.load64(DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 27) & 0xff8));
  return entry == 0 ? 0 : DIRECT_BASE + (entry & FRAME_MASK) + ((address >> 18) & 0xff8);
}

/** Whether `address`'s leaf table is one that others may have too. */
export function isShared(root: u64, address: u64): bool {
  let slot = directory(root, address);
  return slot != 0 && (mem.load64(slot) & SHARED) != 0;
}

/** Whether there is a leaf table for `address`. */
export function isCovered(root: u64, address: u64): bool {
  let slot = directory(root, address);
  return slot != 0 && mem.load64(slot) != 0;
}

/**
 * Let root `to` have the leaf table of `from` that covers `address`: neither may change it from now on. Returns the OWNED pages
 * it has, 0 when they are too few to share, -1 when memory is out. Precondition: `from` has the table, `to` has none there;
 * every page of it is private and without a source. The caller has `from`'s translations forgotten.
 */
export function share(from: u64, to: u64, address: u64): i32 {
  let slot = directory(from, address);
  let entry = mem.load64(slot);
  if ((entry & SHARED) == 0) {
    let count = countOwned(DIRECT_BASE + (entry & FRAME_MASK));
    if (count < LEAST_SHARED) return 0;
    entry = (entry & ~WRITABLE) | SHARED | (count << COUNT_SHIFT);
  }
  let table = DIRECT_BASE + to;
  for (let shift: u64 = 36; shift > 18; shift -= 9) {
    let above = table + ((address >> shift) & 0xff8);
    let next = mem.load64(above);
    if (next == 0) next = add(above);
    if (next == 0) return -1;
    table = DIRECT_BASE + (next & FRAME_MASK);
  }
  mem.store64(slot, entry);
  mem.store64(table + ((address >> 18) & 0xff8), entry);
  frames.reference(entry & FRAME_MASK);
  return <i32>((entry >> COUNT_SHIFT) & COUNT_MASK);
}

function countOwned(table: u64): u64 {
  let count: u64 = 0;
  for (let slot = table; slot < table + PAGE; slot += 16)
    count += ((mem.load64(slot) & OWNED) + (mem.load64(slot + 8) & OWNED)) / OWNED;
  return count;
}

/** Give a directory entry a leaf table of its own: the shared one when nobody else has it any more, or a copy. 0: memory is out. */
function unshare(slot: u64, entry: u64, address: u64): u64 {
  let table = entry & FRAME_MASK;
  if (frames.referenceCount(table) > 1) {
    let frame = frames.allocate();
    if (frame == 0) return 0;
    tableCount++;
    copyTable(DIRECT_BASE + table, DIRECT_BASE + frame);
    frames.release(table);
    table = frame;
  }
  let own = table | TABLE_FLAGS;
  mem.store64(slot, own);
  // The processor may remember the directory entry, whatever page it came by (Intel SDM 3A §4.10.4.1).
  cpu.invalidatePage(address);
  return own;
}

/** Both tables hold the pages from now on: neither may store into them. */
function copyTable(from: u64, to: u64): void {
  for (let offset: u64 = 0; offset < PAGE; offset += 8) {
    let entry = mem.load64(from + offset);
    if ((entry & WRITABLE) != 0) {
      entry &= ~WRITABLE;
      mem.store64(from + offset, entry);
    }
    if (entry != 0 && (entry & UNCOUNTED) == 0) frames.reference(entry & FRAME_MASK);
    mem.store64(to + offset, entry);
  }
}

/** Make the root's own every leaf table that [start, end) touches, so that entries there may change. False when memory is out. */
export function own(root: u64, start: u64, end: u64): bool {
  let address = nextCovered(root, start, end);
  while (address < end) {
    let slot = directory(root, address);
    let entry = mem.load64(slot);
    if ((entry & SHARED) != 0 && unshare(slot, entry, address) == 0) return false;
    address = nextCovered(root, (address | (TABLE_SPAN - 1)) + 1, end);
  }
  return true;
}

/**
 * Before all of [start, end) goes: shared leaf tables within it leave the root, those that it cuts become its own. Returns the
 * OWNED pages that left, -1 when memory is out: then nothing has changed. Whole tables need no memory.
 */
export function detach(root: u64, start: u64, end: u64): i64 {
  let first = (start + TABLE_SPAN - 1) & ~(TABLE_SPAN - 1);
  let last = end & ~(TABLE_SPAN - 1);
  if (start < first && !own(root, start, min(end, first))) return -1;
  if (last < end && last >= first && !own(root, last, end)) return -1;
  let pages: i64 = 0;
  let address = nextCovered(root, first, last);
  while (address < last) {
    let slot = directory(root, address);
    let entry = mem.load64(slot);
    if ((entry & SHARED) != 0) {
      mem.store64(slot, 0);
      pages += <i64>((entry >> COUNT_SHIFT) & COUNT_MASK);
      leave(entry & FRAME_MASK);
    }
    address = nextCovered(root, address + TABLE_SPAN, last);
  }
  return pages;
}

/** One user of a shared leaf table fewer; with the last one its pages go too. */
function leave(table: u64): void {
  if (frames.referenceCount(table) == 1) {
    for (let slot = DIRECT_BASE + table; slot < DIRECT_BASE + table + PAGE; slot += 8) {
      let entry = mem.load64(slot);
      if (entry != 0 && (entry & UNCOUNTED) == 0) frames.release(entry & FRAME_MASK);
    }
    tableCount--;
  }
  frames.release(table);
}

// One walk at a time: nothing between `firstLeaf` and the last `nextLeaf` starts another or frees tables.
let walkRoot: u64 = 0;
let walkEnd: u64 = 0;
let walkSlot: u64 = 0;
let walkTableEnd: u64 = 0;
/** The page whose entry `firstLeaf` or `nextLeaf` returned. */
export let leafAddress: u64 = 0;

/** The kernel-virtual address of the first leaf entry in [start, end) that is not 0; 0 when there is none. For changing it, see `own`. */
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
      address = nextCovered(walkRoot, address, walkEnd);
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

/** Let the walk go on behind the leaf table that it is in. */
export function skipTable(): void {
  leafAddress = walkTableEnd - PAGE;
}

/** The first address in [address, end) that a leaf table of `root` covers, or `end`: goes over what has no tables in large steps. */
function nextCovered(root: u64, address: u64, end: u64): u64 {
  while (address < end) {
    let entry = mem.load64(DIRECT_BASE + root + ((address >> 36) & 0xff8));
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
  return end;
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
