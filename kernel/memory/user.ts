// User memory as system calls use it: whole structures and single words, 0 or -EFAULT. Ranges are checked by
// machine/user; a fault on the way fills the page (demand-zero, file, copy-on-write) or ends the copy.
//
// A structure lives in a buffer that its module owns:
//
//   const buffer = new StaticArray<u8>(<i32>TIMESPEC_SIZE);
//   const time = at<Timespec>(pointerOf(buffer));
//   if (copyIn(bytesAddress(buffer), address, TIMESPEC_SIZE) < 0) return -EFAULT;
//
// Such a buffer is shared by all threads: use it up before anything that blocks.

import * as user from "machine/user";
import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { EFAULT } from "../abi/errno";

const wordBuffer = new StaticArray<u8>(8);

/** The value that the last successful `fetch64`, `fetch32` or `fetch8` found. */
export let fetched: u64 = 0;

/** Copy `length` bytes from the program to a kernel-virtual address. */
export function copyIn(destination: u64, userSource: u64, length: u64): i32 {
  return user.copyIn(destination, userSource, length) == 0 ? 0 : -EFAULT;
}

/** Copy `length` bytes from a kernel-virtual address to the program. */
export function copyOut(userDestination: u64, source: u64, length: u64): i32 {
  return user.copyOut(userDestination, source, length) == 0 ? 0 : -EFAULT;
}

/** Zero `length` bytes of the program. */
export function clear(userDestination: u64, length: u64): i32 {
  return user.zero(userDestination, length) == 0 ? 0 : -EFAULT;
}

/** Load a 64-bit word of the program into `fetched`. */
export function fetch64(address: u64): i32 {
  if (user.copyIn(bytesAddress(wordBuffer), address, 8) != 0) return -EFAULT;
  fetched = mem.load64(bytesAddress(wordBuffer));
  return 0;
}

/** Load a 32-bit word of the program, zero-extended, into `fetched`. */
export function fetch32(address: u64): i32 {
  if (user.copyIn(bytesAddress(wordBuffer), address, 4) != 0) return -EFAULT;
  fetched = <u64>mem.load32(bytesAddress(wordBuffer));
  return 0;
}

/** Load a byte of the program into `fetched`. */
export function fetch8(address: u64): i32 {
  if (user.copyIn(bytesAddress(wordBuffer), address, 1) != 0) return -EFAULT;
  fetched = <u64>mem.load8(bytesAddress(wordBuffer));
  return 0;
}

/** Store a 64-bit word into the program. */
export function store64(address: u64, value: u64): i32 {
  mem.store64(bytesAddress(wordBuffer), value);
  return user.copyOut(address, bytesAddress(wordBuffer), 8) == 0 ? 0 : -EFAULT;
}

/** Store a 32-bit word into the program. */
export function store32(address: u64, value: u32): i32 {
  mem.store32(bytesAddress(wordBuffer), value);
  return user.copyOut(address, bytesAddress(wordBuffer), 4) == 0 ? 0 : -EFAULT;
}
