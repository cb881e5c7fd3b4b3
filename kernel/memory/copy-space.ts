// fork: a second address space with the same mappings, whose private pages both sides share until one of them stores.

import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as tables from "memory/user-tables";
import { PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import { createMapping, DONT_FORK, LOCK_ON_FAULT, LOCKED, Mapping, WIPE_ON_FORK } from "./mapping";

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
    isComplete = copyMapping(mapping, copy);
  }
  // Pages that were writable are not any more.
  space.invalidate(0, tables.END, 1);
  if (isComplete) return copy;
  copy.release();
  return null;
}

function copyMapping(mapping: Mapping, copy: AddressSpace): bool {
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
  return copyPages(mapping, copy);
}

/** The program's own pages are shared from now on; those of a source are left to the copy's own faults. */
function copyPages(mapping: Mapping, copy: AddressSpace): bool {
  let root = mapping.space!.root;
  for (let slot = tables.firstLeaf(root, mapping.start, mapping.end); slot != 0; slot = tables.nextLeaf()) {
    let entry = mem.load64(slot);
    if ((entry & tables.OWNED) == 0) continue;
    let target = tables.make(copy.root, tables.leafAddress);
    if (target == 0) return false;
    entry &= ~tables.WRITABLE;
    mem.store64(slot, entry);
    mem.store64(target, entry);
    frames.reference(entry & tables.FRAME_MASK);
    copy.usage.anonymousPages++;
  }
  return true;
}
