// fork: a second address space with the same mappings, whose private pages both sides share until one of them stores. Where
// a leaf table holds nothing but such pages, and not few, both sides share the table itself (memory/user-tables).

import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import { createMapping, DONT_FORK, LOCK_ON_FAULT, LOCKED, Mapping, WIPE_ON_FORK } from "./mapping";

/** Address space that a leaf table covers, as a shift. */
const TABLE_SHIFT: u64 = 21;

/** A copy of `space`, or null when memory is out. The caller gives it the new process's limits. */
export function copySpace(space: AddressSpace): AddressSpace | null {
  let copy = new AddressSpace();
  if (!copy.initialize()) return null;
  copy.mapBase = space.mapBase;
  copy.searchTop = space.searchTop;
  copy.skippedGap = space.skippedGap;
  copy.limits = space.limits;
  copy.breakStart = space.breakStart;
  copy.breakEnd = space.breakEnd;
  copy.codeStart = space.codeStart;
  copy.codeEnd = space.codeEnd;
  copy.dataStart = space.dataStart;
  copy.dataEnd = space.dataEnd;
  copy.stackStart = space.stackStart;
  copy.argumentsStart = space.argumentsStart;
  copy.argumentsEnd = space.argumentsEnd;
  copy.environmentStart = space.environmentStart;
  copy.environmentEnd = space.environmentEnd;
  copy.vdso = space.vdso;
  copy.auxiliary = space.auxiliary;
  copy.barrierRegistrations = space.barrierRegistrations;

  let isComplete: bool = true;
  let set = space.mappings;
  for (let index = 0; index < set.length && isComplete; index++) {
    let mapping = set.at(index);
    if ((mapping.flags & DONT_FORK) != 0) continue;
    isComplete = copyMapping(space, index, copy);
  }
  // Pages that were writable are not any more.
  space.invalidate(0, tables.END, 1);
  if (isComplete) return copy;
  copy.release();
  return null;
}

function copyMapping(space: AddressSpace, index: i32, copy: AddressSpace): bool {
  let mapping = space.mappings.at(index);
  let source = mapping.source;
  if (source !== null && source.mapped(1, mapping.isShared, mapping.isWritable) < 0) return true;
  let flags = mapping.flags & ~(LOCKED | LOCK_ON_FAULT);
  let twin = createMapping(
    copy,
    mapping.start,
    mapping.end,
    mapping.protection,
    flags,
    source,
    mapping.offset,
    mapping.name,
  );
  copy.mappings.insert(copy.mappings.length, twin);
  copy.usage.addMapped(twin.length / PAGE_SIZE);
  if (twin.isAccounted) copy.usage.commit(twin.length / PAGE_SIZE);
  if (mapping.isShared || (mapping.flags & WIPE_ON_FORK) != 0) return true;
  return copyPages(space, index, copy);
}

/** The program's own pages are shared from now on; those of a source are left to the copy's own faults. */
function copyPages(space: AddressSpace, index: i32, copy: AddressSpace): bool {
  let mapping = space.mappings.at(index);
  let decided = u64.MAX_VALUE;
  for (let slot = tables.firstLeaf(space.root, mapping.start, mapping.end); slot != 0; slot = tables.nextLeaf()) {
    let address = tables.leafAddress;
    if (address >> TABLE_SHIFT != decided) {
      decided = address >> TABLE_SHIFT;
      let shared = shareTable(space, index, copy, address);
      if (shared < 0) return false;
      if (shared > 0) {
        tables.skipTable();
        continue;
      }
    }
    let entry = mem.load64(slot);
    if ((entry & tables.OWNED) == 0) continue;
    let target = tables.make(copy.root, address);
    if (target == 0) return false;
    entry &= ~tables.WRITABLE;
    mem.store64(slot, entry);
    mem.store64(target, entry);
    frames.reference(entry & tables.FRAME_MASK);
    copy.usage.anonymousPages++;
  }
  return true;
}

/** Share the leaf table around `address` when that can be: 1, also when an earlier mapping has; 0 when not; -1 when memory is out. */
function shareTable(space: AddressSpace, index: i32, copy: AddressSpace, address: u64): i32 {
  if (tables.isCovered(copy.root, address)) return tables.isShared(copy.root, address) ? 1 : 0;
  let start = (address >> TABLE_SHIFT) << TABLE_SHIFT;
  let end = start + ((<u64>1) << TABLE_SHIFT);
  let set = space.mappings;
  for (let below = index; below >= 0 && set.at(below).end > start; below--) if (!isPlain(set.at(below))) return 0;
  for (let above = index + 1; above < set.length && set.at(above).start < end; above++)
    if (!isPlain(set.at(above))) return 0;
  let pages = tables.share(space.root, copy.root, address);
  if (pages <= 0) return pages;
  copy.usage.anonymousPages += pages;
  space.sharesTables = true;
  copy.sharesTables = true;
  return 1;
}

/** Whether all that the mapping has are private pages that the copy gets too. */
function isPlain(mapping: Mapping): bool {
  return mapping.source === null && !mapping.isShared && (mapping.flags & (DONT_FORK | WIPE_ON_FORK)) == 0;
}
