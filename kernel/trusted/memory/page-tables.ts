// Page tables: 4 levels of 512 entries (Intel SDM 3A §4.5). A table is named by its physical address, its root by
// what goes into CR3.
//
//   lower half   a program's; the tables and one reference to each mapped frame belong to the root
//   upper half   the kernel's; every root points at the same second-level tables, made once at boot
//
// Rules of use:
// - A leaf that is not 0 is occupied, present or not (PROT_NONE keeps its page); unmapping releases its frame.
// - Tables of the lower half count their occupied entries (frames.tag) and go when the count is 0.
// - Range operations walk once, and forget translations once at their end, and only for the active root.
// - No kernel mapping is both writable and executable.
// Nothing here allocates managed objects.

import * as cpu from "machine/cpu";
import { DEVICE_BASE, DEVICE_END } from "machine/linear";
import * as mem from "machine/mem";
import { direct, physicalOf } from "memory/address";
import * as frames from "memory/frames";

// Bits of an entry (Intel SDM 3A table 4-20).
export const PRESENT: u64 = 1 << 0;
export const WRITABLE: u64 = 1 << 1;
export const USER: u64 = 1 << 2;
const WRITE_THROUGH: u64 = 1 << 3;
const CACHE_DISABLE: u64 = 1 << 4;
export const ACCESSED: u64 = 1 << 5;
export const DIRTY: u64 = 1 << 6;
/** In a second- or third-level entry: maps 2 MB or 1 GB. */
const LARGE: u64 = 1 << 7;
/** In a leaf: entry 4 of the page attribute table. */
const ATTRIBUTE: u64 = 1 << 7;
const ATTRIBUTE_LARGE: u64 = 1 << 12;
const GLOBAL: u64 = 1 << 8;
/** Software's: occupied though not present. */
export const INACCESSIBLE: u64 = 1 << 9;
export const NO_EXECUTE: u64 = (<u64>1) << 63;
const FRAME_MASK: u64 = 0x000ffffffffff000;

export const KERNEL_TEXT: u64 = PRESENT | GLOBAL;
export const KERNEL_READ_ONLY: u64 = PRESENT | GLOBAL | NO_EXECUTE;
export const KERNEL_DATA: u64 = PRESENT | GLOBAL | NO_EXECUTE | WRITABLE;

/** How accesses to a mapping are cached: the PAT entries that kernel/cpu sets, as leaf bits. */
export const WRITE_BACK: u64 = 0;
export const UNCACHED: u64 = CACHE_DISABLE | WRITE_THROUGH;
export const WRITE_COMBINING: u64 = ATTRIBUTE;

const PAGE: u64 = 0x1000;
const MEGABYTES_2: u64 = 0x200000;
const GIGABYTE: u64 = 0x40000000;
/** The levels: 0 holds 4 KB leaves, 1 may hold 2 MB leaves, 2 may hold 1 GB leaves, 3 is the root. */
const ROOT_LEVEL: u64 = 3;

/** Pages that are forgotten one by one; beyond it the whole TLB is. */
const MAX_SINGLE_INVALIDATIONS: u64 = 32;

let kernelRoot: u64 = 0;
let activeRoot: u64 = 0;
let hasGigabytePages: bool = false;
let deviceNext: u64 = DEVICE_BASE;
// The leaf table that `map` used last, and where it stands: neighbours skip the walk.
let recentRoot: u64 = 0;
let recentRegion: u64 = 0;
let recentTable: u64 = 0;

// ── Roots ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Make the kernel's root. Its stretches follow by `reserveKernel`. False: no memory. */
export function initialize(gigabytePages: bool): bool {
  hasGigabytePages = gigabytePages;
  kernelRoot = frames.allocateZeroed();
  return kernelRoot != 0;
}

/** The root without a program. */
export function kernel(): u64 {
  return kernelRoot;
}

/** Make the second-level tables for a stretch of the upper half. Before the first createRoot. */
export function reserveKernel(start: u64, end: u64): bool {
  for (let index = indexOf(start, ROOT_LEVEL); index <= indexOf(end - 1, ROOT_LEVEL); index++) {
    if (descend(direct(kernelRoot) + index * 8, true, 0) == 0) return false;
  }
  return true;
}

/** A root with an empty lower half; 0 when memory is out. */
export function createRoot(): u64 {
  let root = frames.allocate();
  if (root == 0) return 0;
  mem.fill(direct(root), 0, PAGE / 2);
  mem.copy(direct(root) + PAGE / 2, direct(kernelRoot) + PAGE / 2, PAGE / 2);
  frames.setTag(root, 0);
  return root;
}

/** Unmap everything a program had and free its root. */
export function destroyRoot(root: u64): void {
  assert(root != kernelRoot);
  if (root == activeRoot) activate(kernelRoot);
  recentRoot = 0;
  clear(direct(root), ROOT_LEVEL, 0, (<u64>1) << 47);
  frames.release(root);
}

/** Translate with this root from now on. */
export function activate(root: u64): void {
  if (root == activeRoot) return;
  activeRoot = root;
  cpu.writeCr3(root);
}

export function active(): u64 {
  return activeRoot;
}

// ── Programs ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Map one page; the root takes over the caller's reference to `frame`. False when memory for a table is out (the
 * reference stays the caller's). Precondition: not occupied. Flags: PRESENT | USER and what applies of WRITABLE,
 * NO_EXECUTE, UNCACHED or WRITE_COMBINING.
 */
export function map(root: u64, address: u64, frame: u64, flags: u64): bool {
  let slot = leafSlot(root, address);
  if (slot == 0) return false;
  assert(mem.load64(slot) == 0, "the page is mapped already");
  mem.store64(slot, frame | flags);
  countEntry(slot, 1);
  return true;
}

/** The leaf entry for an address; 0 when there is none. */
export function lookup(root: u64, address: u64): u64 {
  let slot = findLeaf(root, address);
  return slot == 0 ? 0 : mem.load64(slot);
}

/** The frame that an entry maps. */
export function frameOf(entry: u64): u64 {
  return entry & FRAME_MASK;
}

/** Exchange an occupied leaf, the reference to the old frame becoming the caller's; returns the old entry. */
export function replace(root: u64, address: u64, frame: u64, flags: u64): u64 {
  let slot = findLeaf(root, address);
  assert(slot != 0);
  let old = mem.load64(slot);
  assert(old != 0);
  mem.store64(slot, frame | flags);
  if (root == activeRoot) cpu.invalidatePage(address);
  return old;
}

/** Unmap [start, end), releasing the frames and the tables that become empty. Returns the number of pages unmapped. */
export function unmapRange(root: u64, start: u64, end: u64): u64 {
  if (start >= end) return 0;
  recentRoot = 0;
  let pages = clear(direct(root), ROOT_LEVEL, start, end);
  if (pages > 0) forget(root, start, end);
  return pages;
}

/**
 * Give the occupied leaves in [start, end) new flags, which are those of `map`, or INACCESSIBLE alone. In a private mapping
 * a page becomes writable here only if nobody else refers to its frame; others fault first and are copied.
 */
export function protectRange(root: u64, start: u64, end: u64, flags: u64, isPrivate: bool): void {
  let pages: u64 = 0;
  let address = start;
  while (address < end) {
    let slot = findLeaf(root, address);
    let regionEnd = min(end, (address | (MEGABYTES_2 - 1)) + 1);
    if (slot == 0) {
      address = nextTable(root, address);
      continue;
    }
    while (address < regionEnd) {
      let entry = mem.load64(slot);
      if (entry != 0) {
        let frame = entry & FRAME_MASK;
        let leaf = frame | flags | (entry & (ACCESSED | DIRTY));
        if ((flags & WRITABLE) != 0 && isPrivate && frames.referenceCount(frame) != 1) leaf &= ~WRITABLE;
        mem.store64(slot, leaf);
        pages++;
      }
      slot += 8;
      address += PAGE;
    }
  }
  if (pages > 0) forget(root, start, end);
}

/**
 * Fork: map what `from` has in [start, end) in `to` as well, where nothing is mapped; private pages become read-only in
 * both. False when memory is out: the caller destroys `to`.
 */
export function copyRange(from: u64, to: u64, start: u64, end: u64, isPrivate: bool): bool {
  let isComplete = true;
  let address = start;
  while (address < end && isComplete) {
    let slot = findLeaf(from, address);
    if (slot == 0) {
      address = nextTable(from, address);
      continue;
    }
    let regionEnd = min(end, (address | (MEGABYTES_2 - 1)) + 1);
    while (address < regionEnd) {
      let entry = mem.load64(slot);
      if (entry != 0) {
        if (isPrivate && (entry & WRITABLE) != 0) {
          entry &= ~WRITABLE;
          mem.store64(slot, entry);
        }
        if (!map(to, address, entry & FRAME_MASK, entry & ~FRAME_MASK)) {
          isComplete = false;
          break;
        }
        frames.reference(entry & FRAME_MASK);
      }
      slot += 8;
      address += PAGE;
    }
  }
  if (isPrivate) forget(from, start, end);
  return isComplete;
}

/** Move the leaves of [start, start + length) to `target`, where nothing is mapped (mremap). False when memory is out: what moved is moved. */
export function moveRange(root: u64, start: u64, length: u64, target: u64): bool {
  let isComplete = true;
  let address = start;
  while (address < start + length) {
    let slot = findLeaf(root, address);
    if (slot == 0) {
      address = nextTable(root, address);
      continue;
    }
    let entry = mem.load64(slot);
    if (entry != 0) {
      if (!map(root, target + (address - start), entry & FRAME_MASK, entry & ~FRAME_MASK)) {
        isComplete = false;
        break;
      }
      frames.reference(entry & FRAME_MASK); // unmapRange below drops the one that moved
    }
    address += PAGE;
  }
  unmapRange(root, start, address);
  return isComplete;
}

/** Occupied pages in [start, end). */
export function countRange(root: u64, start: u64, end: u64): u64 {
  let pages: u64 = 0;
  let address = start;
  while (address < end) {
    let slot = findLeaf(root, address);
    if (slot == 0) {
      address = nextTable(root, address);
      continue;
    }
    let regionEnd = min(end, (address | (MEGABYTES_2 - 1)) + 1);
    while (address < regionEnd) {
      if (mem.load64(slot) != 0) pages++;
      slot += 8;
      address += PAGE;
    }
  }
  return pages;
}

// ── The kernel's half ──────────────────────────────────────────────────────────────────────────────────────────────

/** Map one page of the upper half for every root. False when memory for a table is out. */
export function mapKernel(address: u64, frame: u64, flags: u64): bool {
  assert((flags & WRITABLE) == 0 || (flags & NO_EXECUTE) != 0, "kernel memory is writable or executable, not both");
  let slot = kernelSlot(address, 0);
  if (slot == 0) return false;
  mem.store64(slot, frame | flags);
  return true;
}

/** Unmap one page of the upper half; returns the frame that was mapped there, 0 for none. */
export function unmapKernel(address: u64): u64 {
  let slot = findLeaf(kernelRoot, address);
  if (slot == 0) return 0;
  let entry = mem.load64(slot);
  mem.store64(slot, 0);
  cpu.invalidatePage(address);
  return entry & FRAME_MASK;
}

/** The physical address behind a kernel-virtual one; 0 where nothing is mapped. */
export function translateKernel(address: u64): u64 {
  let table = direct(kernelRoot);
  let level = ROOT_LEVEL;
  while (true) {
    let entry = mem.load64(table + indexOf(address, level) * 8);
    if ((entry & PRESENT) == 0) return 0;
    let mask = ((<u64>1) << (12 + 9 * level)) - 1;
    if (level == 0 || (entry & LARGE) != 0) return (entry & FRAME_MASK & ~mask) | (address & mask);
    table = direct(entry & FRAME_MASK);
    level--;
  }
}

/**
 * Map [physical, physical + length) at `address`, with the largest pages that fit; all three whole pages. Flags as
 * mapKernel, and the caching bits. False when memory for a table is out.
 */
export function mapKernelRange(address: u64, physical: u64, length: u64, flags: u64): bool {
  assert((flags & WRITABLE) == 0 || (flags & NO_EXECUTE) != 0, "kernel memory is writable or executable, not both");
  let largeFlags = (flags & ATTRIBUTE) != 0 ? (flags & ~ATTRIBUTE) | ATTRIBUTE_LARGE | LARGE : flags | LARGE;
  while (length > 0) {
    let both = address | physical;
    let size = PAGE;
    let level: u64 = 0;
    if (hasGigabytePages && (both & (GIGABYTE - 1)) == 0 && length >= GIGABYTE) {
      size = GIGABYTE;
      level = 2;
    } else if ((both & (MEGABYTES_2 - 1)) == 0 && length >= MEGABYTES_2) {
      size = MEGABYTES_2;
      level = 1;
    }
    let slot = kernelSlot(address, level);
    if (slot == 0) return false;
    mem.store64(slot, physical | (level == 0 ? flags : largeFlags));
    address += size;
    physical += size;
    length -= size;
  }
  return true;
}

/** Map device registers or device memory: `caching` is UNCACHED, WRITE_COMBINING or WRITE_BACK. Returns the address of `physical`, 0 when memory or room is out. */
export function mapDevice(physical: u64, length: u64, caching: u64): u64 {
  let start = physical & ~(PAGE - 1);
  let size = (physical + length - start + PAGE - 1) & ~(PAGE - 1);
  let address = deviceNext;
  if (size >= MEGABYTES_2) {
    address = ((address + MEGABYTES_2 - 1) & ~(MEGABYTES_2 - 1)) + (start & (MEGABYTES_2 - 1)); // large pages fit
  }
  if (size > DEVICE_END - address) return 0;
  deviceNext = address + size + PAGE; // a page that faults between devices
  if (!mapKernelRange(address, start, size, KERNEL_DATA | caching)) return 0;
  return address + (physical - start);
}

// ── Walking ────────────────────────────────────────────────────────────────────────────────────────────────────────

function indexOf(address: u64, level: u64): u64 {
  return (address >> (12 + 9 * level)) & 511;
}

/** The table below an entry, made if `isCreating`; 0 when there is none. New lower-half tables are counted in the table they hang in. */
function descend(slot: u64, isCreating: bool, userBit: u64): u64 {
  let entry = mem.load64(slot);
  if ((entry & PRESENT) != 0) {
    assert((entry & LARGE) == 0, "a large page is in the way");
    return direct(entry & FRAME_MASK);
  }
  if (!isCreating) return 0;
  let frame = frames.allocateZeroed();
  if (frame == 0) return 0;
  frames.setTag(frame, 0);
  mem.store64(slot, frame | PRESENT | WRITABLE | userBit);
  if (userBit != 0) countEntry(slot, 1);
  return direct(frame);
}

/** Where the leaf for a program's address is, its tables made as needed; 0 when memory is out. */
function leafSlot(root: u64, address: u64): u64 {
  let region = address >> 21;
  if (root != recentRoot || region != recentRegion) {
    let table = direct(root);
    for (let level = ROOT_LEVEL; level > 0; level--) {
      table = descend(table + indexOf(address, level) * 8, true, USER);
      if (table == 0) return 0;
    }
    recentRoot = root;
    recentRegion = region;
    recentTable = table;
  }
  return recentTable + indexOf(address, 0) * 8;
}

/** Where the leaf for an address is; 0 when its table is missing. */
function findLeaf(root: u64, address: u64): u64 {
  let table = direct(root);
  for (let level = ROOT_LEVEL; level > 0; level--) {
    table = descend(table + indexOf(address, level) * 8, false, 0);
    if (table == 0) return 0;
  }
  return table + indexOf(address, 0) * 8;
}

/** Where the kernel's entry for an address at a level is, its tables made as needed. */
function kernelSlot(address: u64, lowest: u64): u64 {
  let table = direct(kernelRoot);
  for (let level = ROOT_LEVEL; level > lowest; level--) {
    let slot = table + indexOf(address, level) * 8;
    assert(level != ROOT_LEVEL || activeRoot == 0 || mem.load64(slot) != 0, "no root but the kernel's would see this");
    table = descend(slot, true, 0);
    if (table == 0) return 0;
  }
  return table + indexOf(address, lowest) * 8;
}

/** The first address after the hole that a missing table leaves at `address`. */
function nextTable(root: u64, address: u64): u64 {
  let table = direct(root);
  let level = ROOT_LEVEL;
  while (level > 1) {
    let below = descend(table + indexOf(address, level) * 8, false, 0);
    if (below == 0) break;
    table = below;
    level--;
  }
  return (address | (((<u64>1) << (12 + 9 * level)) - 1)) + 1;
}

function countEntry(slot: u64, change: i32): void {
  let table = physicalOf(slot);
  frames.setTag(table, frames.tag(table) + change);
}

/** Release the leaves of [start, end) under a table and the tables that become empty; returns the number of leaves. */
function clear(table: u64, level: u64, start: u64, end: u64): u64 {
  let pages: u64 = 0;
  let removed: i32 = 0;
  let step = (<u64>1) << (12 + 9 * level);
  let address = start;
  while (address < end) {
    let slot = table + indexOf(address, level) * 8;
    let next = (address & ~(step - 1)) + step;
    let entry = mem.load64(slot);
    if (entry != 0) {
      let frame = entry & FRAME_MASK;
      if (level == 0) {
        pages++;
        removed++;
        mem.store64(slot, 0);
        frames.release(frame);
      } else {
        pages += clear(direct(frame), level - 1, address, min(next, end));
        if (frames.tag(frame) == 0) {
          removed++;
          mem.store64(slot, 0);
          frames.release(frame);
        }
      }
    }
    address = next;
  }
  if (removed > 0) countEntry(table, -removed);
  return pages;
}

/** Forget the translations of a program's [start, end). */
function forget(root: u64, start: u64, end: u64): void {
  if (root != activeRoot) return;
  if ((end - start) / PAGE > MAX_SINGLE_INVALIDATIONS) {
    cpu.writeCr3(root);
    return;
  }
  for (let address = start; address < end; address += PAGE) cpu.invalidatePage(address);
}
