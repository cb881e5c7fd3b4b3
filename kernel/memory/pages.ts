// Page arithmetic.

import { PAGE_SIZE } from "../abi/mman";

/** The page boundary at or above `value`; 0 when there is none. */
export function pageUp(value: u64): u64 {
  return (value + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

export function isPageAligned(value: u64): bool {
  return (value & (PAGE_SIZE - 1)) == 0;
}
