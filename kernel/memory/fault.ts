// Page faults, from ring 3 and from the kernel's copies to and from user memory: find the mapping, check the access, put a
// page there. What the program has no right to is reported, not decided: the trap entry turns it into a signal, a user
// copy into -EFAULT.

import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { ENOMEM } from "../abi/errno";
import { PAGE_SHIFT, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import { LIMIT_STACK } from "./limits";
import { Mapping, RANDOM } from "./mapping";
import { mayTakeFrame, relieve } from "./oom";
import { PageSource } from "./page-source";
import { STACK_GUARD } from "./placement";

export const enum FaultResult {
  /** The access can be tried again. */
  HANDLED = 0,
  /** Nothing is mapped there: SIGSEGV with SEGV_MAPERR. */
  NOT_MAPPED = 1,
  /** The mapping does not allow it: SIGSEGV with SEGV_ACCERR. */
  NOT_ALLOWED = 2,
  /** Beyond the end of the file, or it cannot be read: SIGBUS with BUS_ADRERR. */
  NO_SOURCE_PAGE = 3,
  /** No memory, and this program is the one that ends. */
  OUT_OF_MEMORY = 4,
}

/** Bits of a page fault's error code: Intel SDM 3A §4.7. */
export const FAULT_PRESENT: u64 = 1;
export const FAULT_WRITE: u64 = 2;
export const FAULT_USER: u64 = 4;
export const FAULT_FETCH: u64 = 16;

/** Pages that come along with one that a file mapping's fault brings in: the aligned group of 64 KB. */
const AROUND_PAGES: u64 = 16;

/** Pages that come along when a program fills anonymous memory in order: as many faults fewer. */
const AHEAD_PAGES: u64 = 7;

/** The frame of zeros that untouched anonymous memory reads as; 0 before the first use. */
let zeroFrame: u64 = 0;

/** Handle a page fault at a user address. `errorCode` is the processor's. */
export function handle(space: AddressSpace, address: u64, errorCode: u64): FaultResult {
  while (true) {
    let result = resolve(space, address, errorCode);
    if (result != FaultResult.OUT_OF_MEMORY) return result;
    if (!relieve(space)) return result;
  }
}

/** Make [start, end) resident as far as the mappings there allow it: MAP_POPULATE, mlock, MADV_POPULATE. Returns what stopped it, or HANDLED. */
export function populate(space: AddressSpace, start: u64, end: u64, forWrite: bool = true): FaultResult {
  let address = start;
  while (address < end) {
    let mapping = space.mappings.find(address);
    if (mapping === null) return FaultResult.NOT_MAPPED;
    let access: u64 = forWrite && mapping.isWritable && !mapping.isShared ? FAULT_WRITE : 0;
    let to = min(end, mapping.end);
    for (; address < to; address += PAGE_SIZE) {
      let slot = tables.find(space.root, address);
      if (slot != 0 && mem.load64(slot) != 0 && access == 0) continue;
      let result = resolve(space, address, access);
      if (result != FaultResult.HANDLED) return result;
    }
  }
  return FaultResult.HANDLED;
}

/** One try. */
function resolve(space: AddressSpace, address: u64, access: u64): FaultResult {
  if (address >= USER_END) return FaultResult.NOT_MAPPED;
  let mapping = space.mappings.find(address);
  if (mapping === null) {
    mapping = growStack(space, address);
    if (mapping === null) return FaultResult.NOT_MAPPED;
  }
  let isWrite = (access & FAULT_WRITE) != 0;
  let needed = isWrite ? PROT_WRITE : (access & FAULT_FETCH) != 0 ? PROT_EXEC : PROT_READ | PROT_WRITE | PROT_EXEC;
  if ((mapping.protection & needed) == 0) return FaultResult.NOT_ALLOWED;
  space.usage.minorFaults++;

  let page = address & ~(PAGE_SIZE - 1);
  let slot = space.isCondemned ? 0 : tables.make(space.root, page);
  if (slot == 0) return FaultResult.OUT_OF_MEMORY;
  let entry = mem.load64(slot);
  if (entry != 0) return isWrite ? storeInto(space, mapping, page, slot, entry) : again(space, page);
  let source = mapping.source;
  if (source === null) return fillAnonymous(space, mapping, page, slot, isWrite);
  return fillFromSource(space, mapping, source, page, isWrite);
}

/** The page is there and allows the access: the translation was stale. */
function again(space: AddressSpace, page: u64): FaultResult {
  space.invalidate(page, page + PAGE_SIZE, 1);
  return FaultResult.HANDLED;
}

/** The leaf entry of a page that is the program's own. */
export function ownedEntry(mapping: Mapping, frame: u64): u64 {
  let bits = mapping.entryBits | tables.OWNED | tables.DIRTY;
  return frame | (mapping.isWritable ? bits | tables.WRITABLE : bits);
}

function fillAnonymous(space: AddressSpace, mapping: Mapping, page: u64, slot: u64, isWrite: bool): FaultResult {
  if (!isWrite) {
    if (zeroFrame == 0) zeroFrame = frames.allocateZeroed();
    if (zeroFrame == 0) return FaultResult.OUT_OF_MEMORY;
    mem.store64(slot, zeroFrame | mapping.entryBits | tables.UNCOUNTED);
    return FaultResult.HANDLED;
  }
  let frame = mayTakeFrame() ? frames.allocateZeroed() : 0;
  if (frame == 0) return FaultResult.OUT_OF_MEMORY;
  mem.store64(slot, ownedEntry(mapping, frame));
  space.usage.anonymousPages++;
  if ((slot & (PAGE_SIZE - 1)) != 0 && (mem.load64(slot - 8) & tables.OWNED) != 0)
    fillAhead(space, mapping, page, slot);
  return FaultResult.HANDLED;
}

/** The page before this one is there already: the program goes upwards. Give it the next ones too, within table and mapping. */
function fillAhead(space: AddressSpace, mapping: Mapping, page: u64, slot: u64): void {
  if ((mapping.flags & RANDOM) != 0) return;
  let inTable = (PAGE_SIZE - (slot & (PAGE_SIZE - 1))) / 8 - 1;
  let inMapping = ((mapping.end - page) >> PAGE_SHIFT) - 1;
  let count = min(AHEAD_PAGES, min(inTable, inMapping));
  let added = 0;
  for (let next = slot + 8; next <= slot + count * 8; next += 8) {
    if (mem.load64(next) != 0 || !mayTakeFrame()) break;
    let frame = frames.allocateZeroed();
    if (frame == 0) break;
    mem.store64(next, ownedEntry(mapping, frame));
    added++;
  }
  space.usage.anonymousPages += added;
}

/** A store into a resident page that is not writable yet: take it for the program's own, copy it, or open a shared one. */
function storeInto(space: AddressSpace, mapping: Mapping, page: u64, slot: u64, entry: u64): FaultResult {
  if ((entry & tables.WRITABLE) != 0) return again(space, page);
  let source = mapping.source;
  if (source !== null && mapping.isShared) return openShared(space, mapping, source, page, slot);
  let old = entry & tables.FRAME_MASK;
  if ((entry & tables.OWNED) != 0 && frames.referenceCount(old) == 1) {
    mem.store64(slot, entry | tables.WRITABLE | tables.DIRTY);
    return again(space, page);
  }
  let isZero = (entry & tables.UNCOUNTED) != 0 && source === null;
  let frame = !mayTakeFrame() ? 0 : isZero ? frames.allocateZeroed() : frames.allocate();
  if (frame == 0) return FaultResult.OUT_OF_MEMORY;
  if (!isZero) mem.copyPage(direct(frame), direct(old));
  mem.store64(slot, ownedEntry(mapping, frame));
  if ((entry & tables.OWNED) == 0) {
    space.usage.anonymousPages++;
    if ((entry & tables.UNCOUNTED) == 0) space.countSource(mapping, -1);
  }
  if ((entry & tables.UNCOUNTED) == 0) frames.release(old);
  return again(space, page);
}

/** The first store into a page of a shared mapping. */
function openShared(space: AddressSpace, mapping: Mapping, source: PageSource, page: u64, slot: u64): FaultResult {
  let serial = mapping.serial;
  let frame = source.pageFrame(mapping.pageIndex(page), true);
  if (frame < 0) return sourceFailure(frame);
  let entry = mem.load64(slot);
  if (mapping.serial == serial && (entry & tables.FRAME_MASK) == <u64>frame) {
    mem.store64(slot, entry | tables.WRITABLE | tables.DIRTY);
    source.touched();
  }
  frames.release(<u64>frame);
  return again(space, page);
}

function sourceFailure(error: i64): FaultResult {
  return error == -ENOMEM ? FaultResult.OUT_OF_MEMORY : FaultResult.NO_SOURCE_PAGE;
}

function fillFromSource(
  space: AddressSpace,
  mapping: Mapping,
  source: PageSource,
  page: u64,
  isWrite: bool,
): FaultResult {
  let index = mapping.pageIndex(page);
  if (index >= (source.sizeBytes + PAGE_SIZE - 1) >> PAGE_SHIFT) return FaultResult.NO_SOURCE_PAGE;
  let isShared = mapping.isShared;
  let serial = mapping.serial;
  let found = source.pageFrame(index, isWrite && isShared);
  if (found < 0) return sourceFailure(found);
  let frame = <u64>found;
  // The source may have waited: the mapping, its tables and the page may be others now. Then the access is tried again.
  let slot =
    mapping.serial == serial && page >= mapping.start && page < mapping.end ? tables.make(space.root, page) : 0;
  if (slot == 0 || mem.load64(slot) != 0) {
    frames.release(frame);
    return FaultResult.HANDLED;
  }
  if (isWrite && !isShared) {
    let copy = mayTakeFrame() ? frames.allocate() : 0;
    if (copy != 0) {
      mem.copyPage(direct(copy), direct(frame));
      mem.store64(slot, ownedEntry(mapping, copy));
      space.usage.anonymousPages++;
    }
    frames.release(frame);
    return copy != 0 ? FaultResult.HANDLED : FaultResult.OUT_OF_MEMORY;
  }
  let bits = mapping.entryBits;
  if (isWrite) {
    bits |= tables.WRITABLE | tables.DIRTY;
    source.touched();
  }
  mem.store64(slot, frame | bits);
  space.countSource(mapping, 1);
  if (!isWrite && source.isStable && (mapping.flags & RANDOM) == 0) fillAround(space, mapping, source, page);
  return FaultResult.HANDLED;
}

/** Map the neighbours of `page` that the source has at hand, within the aligned group, the mapping and the file. */
function fillAround(space: AddressSpace, mapping: Mapping, source: PageSource, page: u64): void {
  let group = page & ~(AROUND_PAGES * PAGE_SIZE - 1);
  let from = max(mapping.start, group);
  let to = min(mapping.end, group + AROUND_PAGES * PAGE_SIZE);
  let sizePages = (source.sizeBytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
  let index = mapping.pageIndex(from);
  let slot = tables.find(space.root, from);
  let bits = mapping.entryBits;
  let added = 0;
  for (let address = from; address < to && index < sizePages; address += PAGE_SIZE, index++, slot += 8) {
    if (mem.load64(slot) != 0) continue;
    let frame = source.pageFrame(index, false);
    if (frame < 0) break;
    mem.store64(slot, <u64>frame | bits);
    added++;
  }
  if (source.isMemoryOnly) space.usage.sharedPages += added;
  else space.usage.filePages += added;
}

/** A fault below a stack: extend it down to `address`, within its limit and clear of the mapping below. Null: no stack, or no room. */
function growStack(space: AddressSpace, address: u64): Mapping | null {
  let set = space.mappings;
  let index = set.indexAbove(address);
  if (index == set.length) return null;
  let mapping = set.at(index);
  if (!mapping.growsDown) return null;
  let start = address & ~(PAGE_SIZE - 1);
  if (mapping.end - start > space.limits[LIMIT_STACK]) return null;
  if (start < STACK_GUARD) return null;
  if (index > 0) {
    let below = set.at(index - 1);
    if ((below.protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0 && below.end > start - STACK_GUARD) return null;
    if (below.end > start) return null;
  }
  let pages = (mapping.start - start) >> PAGE_SHIFT;
  if (space.admit(pages, mapping.protection, mapping.flags) < 0) return null;
  space.usage.addMapped(pages);
  if (mapping.isAccounted) space.usage.commit(pages);
  if (mapping.source !== null) {
    if (mapping.offset < mapping.start - start) return null;
    mapping.offset -= mapping.start - start;
  }
  mapping.start = start;
  return mapping;
}
