// What programs say about their memory, and ask: madvise, mincore, mlock, msync. Each works mapping by mapping over a range
// that must be mapped throughout, else -ENOMEM at the end (man 2 madvise).

import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import * as user from "machine/user";
import { bytesAddress } from "memory/address";
import * as tables from "memory/user-tables";
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "../abi/errno";
import * as mman from "../abi/mman";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import * as fault from "./fault";
import { LIMIT_MEMLOCK } from "./limits";
import {
  DONT_DUMP,
  DONT_FORK,
  LOCK_ON_FAULT,
  LOCKED,
  Mapping,
  RANDOM,
  SPECIAL,
  splitMapping,
  WIPE_ON_FORK,
} from "./mapping";
import { MAX_MAPPINGS } from "./mapping-set";
import { pageUp } from "./pages";

/** Where [start, start + length) ends: page-aligned, or 0 when it is no range of user pages. */
function rangeEnd(start: u64, length: u64): u64 {
  let size = pageUp(length);
  if ((start & (PAGE_SIZE - 1)) != 0 || size < length || size > USER_END || start > USER_END - size) return 0;
  return start + size;
}

/** madvise(2). */
export function advise(space: AddressSpace, start: u64, length: u64, advice: i32): i64 {
  if (!isKnownAdvice(advice)) return -EINVAL;
  let end = rangeEnd(start, length);
  if (end == 0 && (start | length) != 0) return -EINVAL;
  let set = space.mappings;
  let address = start;
  let hasHole = false;
  while (address < end) {
    let index = set.indexAbove(address);
    if (index >= set.length || set.at(index).start >= end) {
      hasHole = true;
      break;
    }
    let mapping = set.at(index);
    if (mapping.start > address) {
      hasHole = true;
      address = mapping.start;
    }
    let to = min(end, mapping.end);
    let error = adviseMapping(space, mapping, address, to, advice);
    if (error < 0) return error;
    address = to;
  }
  return hasHole ? -ENOMEM : 0;
}

function isKnownAdvice(advice: i32): bool {
  return (
    (advice >= mman.MADV_NORMAL && advice <= mman.MADV_DONTNEED) ||
    (advice >= mman.MADV_FREE && advice <= mman.MADV_COLLAPSE)
  );
}

function adviseMapping(space: AddressSpace, mapping: Mapping, from: u64, to: u64, advice: i32): i64 {
  switch (advice) {
    case mman.MADV_DONTNEED:
      if ((mapping.flags & (LOCKED | SPECIAL)) != 0) return -EINVAL;
      return discard(space, mapping, from, to);
    case mman.MADV_DONTNEED_LOCKED:
      if ((mapping.flags & SPECIAL) != 0) return -EINVAL;
      return discard(space, mapping, from, to);
    case mman.MADV_FREE:
      // Linux frees the pages when memory gets short; here they go at once, which a program cannot tell from that.
      if ((mapping.flags & (LOCKED | SPECIAL)) != 0 || mapping.source !== null) return -EINVAL;
      return discard(space, mapping, from, to);
    case mman.MADV_REMOVE:
      return -EINVAL;
    case mman.MADV_POPULATE_READ:
      return populateResult(fault.populate(space, from, to, false));
    case mman.MADV_POPULATE_WRITE:
      if (!mapping.isWritable) return -EINVAL;
      return populateResult(fault.populate(space, from, to, true));
    case mman.MADV_WILLNEED:
      return 0;
    case mman.MADV_RANDOM:
      return changeFlags(space, mapping, from, to, RANDOM, 0);
    case mman.MADV_NORMAL:
    case mman.MADV_SEQUENTIAL:
      return changeFlags(space, mapping, from, to, 0, RANDOM);
    case mman.MADV_DONTFORK:
      return changeFlags(space, mapping, from, to, DONT_FORK, 0);
    case mman.MADV_DOFORK:
      if ((mapping.flags & SPECIAL) != 0) return -EINVAL;
      return changeFlags(space, mapping, from, to, 0, DONT_FORK);
    case mman.MADV_WIPEONFORK:
      if (mapping.source !== null) return -EINVAL;
      return changeFlags(space, mapping, from, to, WIPE_ON_FORK, 0);
    case mman.MADV_KEEPONFORK:
      return changeFlags(space, mapping, from, to, 0, WIPE_ON_FORK);
    case mman.MADV_DONTDUMP:
      return changeFlags(space, mapping, from, to, DONT_DUMP, 0);
    case mman.MADV_DODUMP:
      return changeFlags(space, mapping, from, to, 0, DONT_DUMP);
    default:
      // MERGEABLE, HUGEPAGE, COLD, PAGEOUT, COLLAPSE and their opposites: advice that is not taken.
      return 0;
  }
}

function populateResult(result: fault.FaultResult): i64 {
  if (result == fault.FaultResult.HANDLED) return 0;
  return result == fault.FaultResult.OUT_OF_MEMORY || result == fault.FaultResult.NOT_MAPPED ? -ENOMEM : -EFAULT;
}

/** Drop the pages: the next access finds zeros, or what the source has. */
function discard(space: AddressSpace, mapping: Mapping, from: u64, to: u64): i64 {
  space.usage.notePeak();
  let left = space.leaveTables(from, to);
  if (left < 0) return left;
  space.invalidate(from, to, left + space.dropPages(mapping, from, to));
  return 0;
}

/** Set and clear flags on [from, to) of `mapping`. */
function changeFlags(space: AddressSpace, mapping: Mapping, from: u64, to: u64, set: u32, clear: u32): i64 {
  let flags = (mapping.flags | set) & ~clear;
  if (flags == mapping.flags) return 0;
  let mappings = space.mappings;
  if (mappings.length + 2 > MAX_MAPPINGS) return -ENOMEM;
  let index = mappings.indexAbove(from);
  if (from > mapping.start) {
    mapping = splitMapping(mapping, from);
    mappings.insert(++index, mapping);
  }
  if (to < mapping.end) mappings.insert(index + 1, splitMapping(mapping, to));
  let pages = (to - from) >> PAGE_SHIFT;
  if ((flags & LOCKED) != 0 && (mapping.flags & LOCKED) == 0) space.usage.lockedPages += pages;
  if ((flags & LOCKED) == 0 && (mapping.flags & LOCKED) != 0) space.usage.lockedPages -= pages;
  mapping.flags = flags;
  space.joinAt(index + 1);
  space.joinAt(index);
  return 0;
}

/** mlock(2), munlock(2), mlock2(2): give [start, start + length) the lock flags `set` in place of what it has. */
export function lock(space: AddressSpace, start: u64, length: u64, set: u32, isPrivileged: bool): i64 {
  let from = start & ~(PAGE_SIZE - 1);
  let end = rangeEnd(from, length + (start - from));
  if (end == 0) return -EINVAL;
  let pages = (end - from) >> PAGE_SHIFT;
  if (set != 0 && !isPrivileged && space.usage.lockedPages + pages > space.limits[LIMIT_MEMLOCK] >> PAGE_SHIFT)
    return -ENOMEM;
  let mappings = space.mappings;
  let address = from;
  while (address < end) {
    let index = mappings.indexAbove(address);
    if (index >= mappings.length || mappings.at(index).start > address) return -ENOMEM;
    let mapping = mappings.at(index);
    let to = min(end, mapping.end);
    if ((mapping.flags & SPECIAL) == 0) {
      let error = changeFlags(space, mapping, address, to, set, (LOCKED | LOCK_ON_FAULT) & ~set);
      if (error < 0) return error;
    }
    address = to;
  }
  if ((set & (LOCKED | LOCK_ON_FAULT)) == LOCKED) {
    let result = fault.populate(space, from, end);
    if (result == fault.FaultResult.OUT_OF_MEMORY) return -EAGAIN;
    if (result != fault.FaultResult.HANDLED) return -ENOMEM;
  }
  return 0;
}

/** mlockall(2), munlockall(2): all that there is, and what comes (`future`). */
export function lockAll(space: AddressSpace, current: bool, set: u32, future: u32, isPrivileged: bool): i64 {
  if (set != 0 && current && !isPrivileged && space.usage.mappedPages > space.limits[LIMIT_MEMLOCK] >> PAGE_SHIFT)
    return -ENOMEM;
  space.futureLock = future;
  if (!current) return 0;
  let mappings = space.mappings;
  let address: u64 = 0;
  for (let index = 0; index < mappings.length; index = mappings.indexAbove(address)) {
    let mapping = mappings.at(index);
    let start = mapping.start;
    let end = mapping.end;
    address = end;
    if ((mapping.flags & SPECIAL) != 0) continue;
    let error = changeFlags(space, mapping, start, end, set, (LOCKED | LOCK_ON_FAULT) & ~set);
    if (error < 0) return error;
    if ((set & (LOCKED | LOCK_ON_FAULT)) == LOCKED) fault.populate(space, start, end);
  }
  return 0;
}

const CHUNK_PAGES: u64 = 256;
const residency = new StaticArray<u8>(<i32>CHUNK_PAGES);

/** mincore(2): one byte a page to user memory at `vector`. */
export function residentPages(space: AddressSpace, start: u64, length: u64, vector: u64): i64 {
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  let end = rangeEnd(start, length);
  if (end == 0 && length != 0) return -ENOMEM;
  let address = start;
  while (address < end) {
    let count = min(CHUNK_PAGES, (end - address) >> PAGE_SHIFT);
    for (let i: u64 = 0; i < count; i++) {
      let mapping = space.mappings.find(address + i * PAGE_SIZE);
      if (mapping === null) return -ENOMEM;
      residency[<i32>i] = isResident(space, mapping, address + i * PAGE_SIZE) ? 1 : 0;
    }
    if (user.copyOut(vector, bytesAddress(residency), count) != 0) return -EFAULT;
    vector += count;
    address += count * PAGE_SIZE;
  }
  return 0;
}

function isResident(space: AddressSpace, mapping: Mapping, address: u64): bool {
  let slot = tables.find(space.root, address);
  if (slot != 0 && mem.load64(slot) != 0) return true;
  let source = mapping.source;
  return source !== null && source.isStable && mapping.pageIndex(address) << PAGE_SHIFT < source.sizeBytes;
}

/** msync(2): stores through shared mappings are the file's at once, so only the range is checked. */
export function synchronize(space: AddressSpace, start: u64, length: u64, flags: u32): i64 {
  if ((flags & ~(mman.MS_ASYNC | mman.MS_INVALIDATE | mman.MS_SYNC)) != 0) return -EINVAL;
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  if ((flags & (mman.MS_ASYNC | mman.MS_SYNC)) == (mman.MS_ASYNC | mman.MS_SYNC)) return -EINVAL;
  let end = rangeEnd(start, length);
  if (end == 0 && length != 0) return -ENOMEM;
  let address = start;
  let mappings = space.mappings;
  for (let index = mappings.indexAbove(start); address < end; index++) {
    if (index >= mappings.length || mappings.at(index).start > address) return -ENOMEM;
    address = mappings.at(index).end;
  }
  return 0;
}
