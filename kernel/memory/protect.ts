// mprotect(2): other rights for a range, mapping by mapping, and for the pages that are there.

import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { EACCES, EINVAL, ENOMEM } from "../abi/errno";
import { PAGE_SHIFT, PROT_EXEC, PROT_WRITE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import { Mapping, NEVER_EXECUTABLE, NEVER_WRITABLE, NO_RESERVE, SHARED, splitMapping } from "./mapping";
import { MAX_MAPPINGS } from "./mapping-set";
import { isPageAligned, pageUp } from "./pages";
import { mayCommit } from "./usage";

/** Give [start, start + length) the rights `protection`: 0 or a negative errno, what lies before the trouble being changed then. */
export function protectRange(space: AddressSpace, start: u64, length: u64, protection: u32): i64 {
  if (!isPageAligned(start)) return -EINVAL;
  if (length == 0) return 0;
  let end = start + pageUp(length);
  if (end <= start || end > USER_END) return -ENOMEM;
  let set = space.mappings;
  let index = set.indexAbove(start);
  let address = start;
  while (address < end) {
    if (index >= set.length) return -ENOMEM;
    let mapping = set.at(index);
    if (mapping.start > address) return -ENOMEM;
    let to = min(end, mapping.end);
    if (mapping.protection != protection) {
      let error = reprotect(space, index, address, to, protection);
      if (error < 0) return error;
    }
    address = to;
    index = set.indexAbove(address);
  }
  return 0;
}

/** Give [from, to), which lies in the mapping at `index`, another protection. 0 or a negative errno. */
function reprotect(space: AddressSpace, index: i32, from: u64, to: u64, protection: u32): i64 {
  let set = space.mappings;
  let mapping = set.at(index);
  if ((protection & PROT_WRITE) != 0 && (mapping.flags & NEVER_WRITABLE) != 0) return -EACCES;
  if ((protection & PROT_EXEC) != 0 && (mapping.flags & NEVER_EXECUTABLE) != 0) return -EACCES;
  if (!space.ownTables(from, to)) return -ENOMEM;
  let pages = (to - from) >> PAGE_SHIFT;
  let isAccountable = (mapping.flags & (SHARED | NO_RESERVE)) == 0;
  let wasWritable = mapping.isWritable;
  let becomesWritable = (protection & PROT_WRITE) != 0;
  if (isAccountable && becomesWritable && !wasWritable && !mayCommit(pages)) return -ENOMEM;
  let source = mapping.source;
  if (source === null && shiftBoundary(space, index, from, to, protection)) {
    recount(space, isAccountable, wasWritable, becomesWritable, pages);
    return 0;
  }
  if (set.length + 2 > MAX_MAPPINGS && (from > mapping.start || to < mapping.end)) return -ENOMEM;
  if (source !== null && becomesWritable != wasWritable) {
    let refused = source.mapped(1, mapping.isShared, becomesWritable);
    if (refused < 0) return refused;
  }
  if (from > mapping.start) {
    mapping = splitMapping(mapping, from);
    set.insert(++index, mapping);
  }
  if (to < mapping.end) set.insert(index + 1, splitMapping(mapping, to));
  if (source !== null && becomesWritable != wasWritable) source.mapped(-1, mapping.isShared, wasWritable);
  mapping.protection = protection;
  recount(space, isAccountable, wasWritable, becomesWritable, pages);
  rewritePages(space, mapping, from, to);
  space.joinAt(index + 1);
  space.joinAt(index);
  return 0;
}

function recount(space: AddressSpace, isAccountable: bool, was: bool, becomes: bool, pages: u64): void {
  if (!isAccountable || was == becomes) return;
  if (becomes) space.usage.commit(pages);
  else space.usage.uncommit(pages);
}

/**
 * A heap that grows into its reservation: when [from, to) is an end of the mapping and the neighbour there already has the
 * wanted protection, only the boundary between them moves.
 */
function shiftBoundary(space: AddressSpace, index: i32, from: u64, to: u64, protection: u32): bool {
  let set = space.mappings;
  let mapping = set.at(index);
  if (from == mapping.start && to < mapping.end && index > 0) {
    let below = set.at(index - 1);
    if (below.end == from && below.protection == protection && below.isAlike(mapping)) {
      below.end = to;
      mapping.trimFront(to);
      rewritePages(space, below, from, to);
      return true;
    }
  }
  if (to == mapping.end && from > mapping.start && index + 1 < set.length) {
    let above = set.at(index + 1);
    if (above.start == to && above.protection == protection && mapping.isAlike(above)) {
      mapping.end = from;
      above.start = from;
      rewritePages(space, above, from, to);
      return true;
    }
  }
  return false;
}

/** Bring the leaf entries in [from, to) in line with what `mapping` allows now. */
function rewritePages(space: AddressSpace, mapping: Mapping, from: u64, to: u64): void {
  let bits = mapping.entryBits;
  let mayWrite = mapping.isWritable;
  let isShared = mapping.isShared;
  let changed = 0;
  for (let slot = tables.firstLeaf(space.root, from, to); slot != 0; slot = tables.nextLeaf()) {
    let entry = mem.load64(slot);
    let fresh = (entry & (tables.FRAME_MASK | tables.OWNED | tables.UNCOUNTED | tables.DIRTY)) | bits;
    // A page that is the program's alone is made writable at once; for others the first store's fault decides.
    if (mayWrite && !isShared && (entry & tables.OWNED) != 0 && frames.referenceCount(entry & tables.FRAME_MASK) == 1)
      fresh |= tables.WRITABLE;
    if (fresh == entry) continue;
    mem.store64(slot, fresh);
    changed++;
  }
  space.invalidate(from, to, changed);
}
