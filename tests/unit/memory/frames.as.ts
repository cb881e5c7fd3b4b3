import * as frames from "memory/frames";

export {
  addRange,
  allocate,
  allocateZeroed,
  freeCount,
  initialize,
  reference,
  referenceCount,
  release,
  tableSize,
  totalCount,
} from "memory/frames";

/** With both arguments: an exported default parameter is hidden behind a count of arguments. */
export function allocateContiguous(count: u32, isBelow4GB: bool): u64 {
  return frames.allocateContiguous(count, isBelow4GB);
}
