// Structures and numbers to and from user memory, for system-call handlers. A user address is an allegation: each call
// checks the range and returns -EFAULT for what cannot be read or written.

import * as user from "machine/user";
import { isUserRange, linearAddress, pointerOf } from "memory/address";
import { EFAULT } from "../abi/errno";

/** One 64-bit word that the scalar helpers copy through. */
const scratch: StaticArray<u64> = new StaticArray<u64>(2);

/** Copy `length` bytes from a program into kernel memory at linear `pointer`. 0 or -EFAULT. */
export function copyFromUser(pointer: usize, userAddress: u64, length: u64): i32 {
  if (!isUserRange(userAddress, length)) return -EFAULT;
  return user.copyIn(linearAddress(pointer), userAddress, length) == 0 ? 0 : -EFAULT;
}

/** Copy `length` bytes of kernel memory at linear `pointer` to a program. 0 or -EFAULT. */
export function copyToUser(userAddress: u64, pointer: usize, length: u64): i32 {
  if (!isUserRange(userAddress, length)) return -EFAULT;
  return user.copyOut(userAddress, linearAddress(pointer), length) == 0 ? 0 : -EFAULT;
}

/** Fill user memory with zeros. 0 or -EFAULT. */
export function zeroUser(userAddress: u64, length: u64): i32 {
  if (!isUserRange(userAddress, length)) return -EFAULT;
  return user.zero(userAddress, length) == 0 ? 0 : -EFAULT;
}

/** Read an i32; the value is in `loaded` when the result is 0. */
export function loadUser32(userAddress: u64): i32 {
  scratch[0] = 0;
  let error = copyFromUser(pointerOf(scratch), userAddress, 4);
  loaded = scratch[0];
  return error;
}

/** Read a u64; the value is in `loaded` when the result is 0. */
export function loadUser64(userAddress: u64): i32 {
  let error = copyFromUser(pointerOf(scratch), userAddress, 8);
  loaded = scratch[0];
  return error;
}

/** Read two u64 words (struct timespec and the like) into `loaded` and `loadedSecond`. */
export function loadUserPair(userAddress: u64): i32 {
  let error = copyFromUser(pointerOf(scratch), userAddress, 16);
  loaded = scratch[0];
  loadedSecond = scratch[1];
  return error;
}

/** Write the low 32 bits of `value`. 0 or -EFAULT. */
export function storeUser32(userAddress: u64, value: u32): i32 {
  scratch[0] = <u64>value;
  return copyToUser(userAddress, pointerOf(scratch), 4);
}

/** Write a u64. 0 or -EFAULT. */
export function storeUser64(userAddress: u64, value: u64): i32 {
  scratch[0] = value;
  return copyToUser(userAddress, pointerOf(scratch), 8);
}

/** Write two u64 words. 0 or -EFAULT. */
export function storeUserPair(userAddress: u64, first: u64, second: u64): i32 {
  scratch[0] = first;
  scratch[1] = second;
  return copyToUser(userAddress, pointerOf(scratch), 16);
}

/** What the last load helper read. */
export let loaded: u64 = 0;
/** The second word that loadUserPair read. */
export let loadedSecond: u64 = 0;
