// Between the kernel's three kinds of address: linear pointers (32 bits), kernel-virtual addresses (u64) and
// physical addresses (u64). See machine/linear.ts for where each region stands.

import { DIRECT_BASE, LINEAR_BASE, USER_END } from "machine/linear";

/**
 * Read linear memory at `pointer` as a T: an `@unmanaged` overlay, or a managed object that some root keeps alive.
 * Compiles to nothing.
 */
export function at<T>(pointer: usize): T {
  return changetype<T>(pointer);
}

/** The linear pointer of an object: an `@unmanaged` overlay, or a managed object (which the caller keeps alive). */
export function pointerOf<T>(object: T): usize {
  return changetype<usize>(object);
}

/** The kernel-virtual address of a linear pointer. */
export function linearAddress(pointer: usize): u64 {
  return LINEAR_BASE + <u64>pointer;
}

/** The kernel-virtual address of a static array's first element; the caller keeps the array alive. */
export function bytesAddress(array: StaticArray<u8>): u64 {
  return LINEAR_BASE + <u64>changetype<usize>(array);
}

/** The kernel-virtual address of an unmanaged overlay or a managed object's first field. */
export function addressOf<T>(object: T): u64 {
  return LINEAR_BASE + <u64>changetype<usize>(object);
}

/** The kernel-virtual address of physical memory. */
export function direct(physical: u64): u64 {
  return DIRECT_BASE + physical;
}

/** The physical address behind a direct-map address. */
export function physicalOf(address: u64): u64 {
  return address - DIRECT_BASE;
}

/** Whether [address, address + length) lies wholly where programs live. A user pointer is an allegation until this holds. */
export function isUserRange(address: u64, length: u64): bool {
  return address <= USER_END && length <= USER_END - address;
}
