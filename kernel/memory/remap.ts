// mremap(2): grow, shrink or move a mapping, pages and all.

import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import * as tables from "memory/user-tables";
import { EFAULT, EINVAL, ENOMEM } from "../abi/errno";
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "./address-space";
import * as fault from "./fault";
import { LOCKED, Mapping, SPECIAL } from "./mapping";
import { MAX_MAPPINGS } from "./mapping-set";
import { findRoom, isRoomAt, LOWEST } from "./placement";
import { pageUp } from "./pages";

/** mremap(2): the mapping's address, or a negative errno. */
export function remap(space: AddressSpace, start: u64, oldLength: u64, newLength: u64, flags: u32, target: u64): i64 {
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) return -EINVAL;
  let mayMove = (flags & MREMAP_MAYMOVE) != 0;
  let isFixed = (flags & MREMAP_FIXED) != 0;
  let keepsOld = (flags & MREMAP_DONTUNMAP) != 0;
  if ((isFixed || keepsOld) && !mayMove) return -EINVAL;
  if (keepsOld && oldLength != newLength) return -EINVAL;
  if ((start & (PAGE_SIZE - 1)) != 0) return -EINVAL;
  let oldSize = pageUp(oldLength);
  let newSize = pageUp(newLength);
  if (newSize == 0) return -EINVAL;
  if (oldSize < oldLength || oldSize > USER_END || start > USER_END - oldSize) return -EINVAL;
  if (newSize < newLength || newSize > USER_END) return isFixed ? -EINVAL : -ENOMEM;
  if (isFixed) {
    if ((target & (PAGE_SIZE - 1)) != 0 || target > USER_END - newSize || target < LOWEST) return -EINVAL;
    if (target < start + oldSize && start < target + newSize) return -EINVAL;
  }

  let set = space.mappings;
  let mapping = set.find(start);
  if (mapping === null) return -EFAULT;
  // Length 0 asks for a second view of a shared mapping.
  if (oldSize == 0 && (!mapping.isShared || !mayMove)) return -EINVAL;
  if ((mapping.flags & SPECIAL) != 0 && (keepsOld || newSize > oldSize)) return -EFAULT;
  if (isFixed || keepsOld) {
    if (oldSize > newSize) {
      let error = space.unmap(start + newSize, oldSize - newSize);
      if (error < 0) return error;
      oldSize = newSize;
    }
    if (start + oldSize > mapping.end) return -EFAULT;
    if (isFixed) {
      let error = space.unmap(target, newSize);
      if (error < 0) return error;
      // What was at the target may have been the same mapping's other part.
      mapping = set.find(start);
      if (mapping === null || start + oldSize > mapping.end) return -EFAULT;
    } else {
      target =
        target != 0 && isRoomAt(space, target & ~(PAGE_SIZE - 1), newSize)
          ? target & ~(PAGE_SIZE - 1)
          : findRoom(space, newSize);
      if (target == 0) return -ENOMEM;
    }
    return move(space, mapping, start, oldSize, newSize, target, keepsOld);
  }

  if (newSize < oldSize) {
    let error = space.unmap(start + newSize, oldSize - newSize);
    return error < 0 ? error : <i64>start;
  }
  if (start + oldSize > mapping.end) return -EFAULT;
  if (newSize == oldSize) return <i64>start;
  if (oldSize != 0 && start + oldSize == mapping.end && isRoomAt(space, mapping.end, newSize - oldSize)) {
    return extend(space, mapping, start, newSize - oldSize);
  }
  if (!mayMove) return -ENOMEM;
  target = findRoom(space, newSize);
  if (target == 0) return -ENOMEM;
  return move(space, mapping, start, oldSize, newSize, target, false);
}

/** Make `mapping` longer by `bytes` of free space above it. */
function extend(space: AddressSpace, mapping: Mapping, start: u64, bytes: u64): i64 {
  let refused = space.admit(bytes >> PAGE_SHIFT, mapping.protection, mapping.flags);
  if (refused < 0) return refused;
  let source = mapping.source;
  if (source !== null) {
    refused = source.mapped(1, mapping.isShared, mapping.isWritable);
    if (refused < 0) return refused;
  }
  let isLocked = (mapping.flags & LOCKED) != 0;
  let from = mapping.end;
  space.place(
    from,
    from + bytes,
    mapping.protection,
    mapping.flags,
    source,
    mapping.offset + mapping.length,
    mapping.name,
  );
  if (isLocked) fault.populate(space, from, from + bytes);
  return <i64>start;
}

/** Move [start, start + oldSize) of `mapping` to `target`, where nothing is, as `newSize` bytes. */
function move(
  space: AddressSpace,
  mapping: Mapping,
  start: u64,
  oldSize: u64,
  newSize: u64,
  target: u64,
  keepsOld: bool,
): i64 {
  let set = space.mappings;
  if (set.length + 2 > MAX_MAPPINGS) return -ENOMEM;
  if (!space.ownTables(start, start + oldSize)) return -ENOMEM;
  let added = keepsOld || oldSize == 0 ? newSize : newSize - oldSize;
  let refused = space.admit(added >> PAGE_SHIFT, mapping.protection, mapping.flags);
  if (refused < 0) return refused;
  let source = mapping.source;
  if (source !== null) {
    refused = source.mapped(1, mapping.isShared, mapping.isWritable);
    if (refused < 0) return refused;
  }
  let isLocked = (mapping.flags & LOCKED) != 0;
  let offset = source === null ? 0 : mapping.offset + (start - mapping.start);
  space.place(target, target + newSize, mapping.protection, mapping.flags, source, offset, mapping.name);
  if (!movePages(space, start, oldSize, target)) {
    movePages(space, target, oldSize, start);
    space.unmap(target, newSize);
    return -ENOMEM;
  }
  space.invalidate(start, start + oldSize, 1);
  if (!keepsOld && oldSize != 0) space.unmap(start, oldSize);
  if (isLocked) fault.populate(space, target, target + newSize);
  return <i64>target;
}

/** Move the leaf entries of [from, from + length) to `to`. False when memory for a table is out; those moved stay moved. */
function movePages(space: AddressSpace, from: u64, length: u64, to: u64): bool {
  for (let slot = tables.firstLeaf(space.root, from, from + length); slot != 0; slot = tables.nextLeaf()) {
    let target = tables.make(space.root, to + (tables.leafAddress - from));
    if (target == 0) return false;
    mem.store64(target, mem.load64(slot));
    mem.store64(slot, 0);
  }
  return true;
}
