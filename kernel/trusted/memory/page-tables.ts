// Page tables: 4 levels of 512 entries (Intel SDM 3A §4.5). A table is named by its physical address, its root by
// what goes into CR3.
//
//   lower half   a program's: memory/user-tables.ts
//   upper half   the kernel's; every root points at the same second-level tables, made once at boot
//
// No kernel mapping is both writable and executable. Nothing here allocates managed objects.

import * as cpu from "machine/cpu";
import { DEVICE_BASE, DEVICE_END } from "machine/linear";
import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";

// Bits of an entry (Intel SDM 3A table 4-20).
export const PRESENT: u64 = 1 << 0;
export const WRITABLE: u64 = 1 << 1;
const WRITE_THROUGH: u64 = 1 << 3;
const CACHE_DISABLE: u64 = 1 << 4;
/** In a second- or third-level entry: maps 2 MB or 1 GB. */
const LARGE: u64 = 1 << 7;
/** In a leaf: entry 4 of the page attribute table. */
const ATTRIBUTE: u64 = 1 << 7;
const ATTRIBUTE_LARGE: u64 = 1 << 12;
const GLOBAL: u64 = 1 << 8;
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

let kernelRoot: u64 = 0;
let activeRoot: u64 = 0;
let hasGigabytePages: bool = false;
let deviceNext: u64 = DEVICE_BASE;

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
    if (descend(direct(kernelRoot) + index * 8, true) == 0) return false;
  }
  return true;
}

/** A root with an empty lower half; 0 when memory is out. */
export function createRoot(): u64 {
  let root = frames.allocate();
  if (root == 0) return 0;
  mem.fill(direct(root), 0, PAGE / 2);
  mem.copy(direct(root) + PAGE / 2, direct(kernelRoot) + PAGE / 2, PAGE / 2);
  return root;
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

/** The table below an entry, made if `isCreating`; 0 when there is none. */
function descend(slot: u64, isCreating: bool): u64 {
  let entry = mem.load64(slot);
  if ((entry & PRESENT) != 0) {
    assert((entry & LARGE) == 0, "a large page is in the way");
    return direct(entry & FRAME_MASK);
  }
  if (!isCreating) return 0;
  let frame = frames.allocateZeroed();
  if (frame == 0) return 0;
  mem.store64(slot, frame | PRESENT | WRITABLE);
  return direct(frame);
}

/** Where the leaf for an address is; 0 when its table is missing. */
function findLeaf(root: u64, address: u64): u64 {
  let table = direct(root);
  for (let level = ROOT_LEVEL; level > 0; level--) {
    table = descend(table + indexOf(address, level) * 8, false);
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
    table = descend(slot, true);
    if (table == 0) return 0;
  }
  return table + indexOf(address, lowest) * 8;
}
