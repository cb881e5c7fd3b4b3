// Memory of the calling program, by the addresses that system calls and ioctls are given. A wrong address is -EFAULT, never
// more.

import * as user from "machine/user";
import { bytesAddress, isUserRange } from "memory/address";
import { EFAULT, EINVAL } from "../abi/errno";
import * as words from "../memory/user";

/** One range of the program's memory: `new UserMemory(address, length)`. */
export class UserMemory {
  constructor(
    readonly address: u64,
    readonly length: u64,
  ) {}

  private isInside(offset: u64, count: u64): bool {
    return (
      offset <= this.length &&
      count <= this.length - offset &&
      isUserRange(this.address, offset) &&
      this.isUser(offset, count)
    );
  }

  private isUser(offset: u64, count: u64): bool {
    return isUserRange(this.address + offset, count);
  }

  /** Copy `count` bytes at `offset` into `bytes`. 0, -EFAULT, or -EINVAL where that is outside of the array. */
  read(offset: u64, bytes: StaticArray<u8>, count: i32 = bytes.length): i32 {
    if (count < 0 || count > bytes.length) return -EINVAL;
    if (!this.isInside(offset, <u64>count)) return -EFAULT;
    return words.copyIn(bytesAddress(bytes), this.address + offset, <u64>count);
  }

  /** Copy the first `count` bytes of `bytes` to `offset`. Results as `read`. */
  write(offset: u64, bytes: StaticArray<u8>, count: i32 = bytes.length): i32 {
    if (count < 0 || count > bytes.length) return -EINVAL;
    if (!this.isInside(offset, <u64>count)) return -EFAULT;
    return words.copyOut(this.address + offset, bytesAddress(bytes), <u64>count);
  }

  /** Load a word into `UserMemory.loaded`. 0 or -EFAULT. */
  load64(offset: u64): i32 {
    if (!this.isInside(offset, 8)) return -EFAULT;
    let error = words.fetch64(this.address + offset);
    UserMemory.loaded = words.fetched;
    return error;
  }

  load32(offset: u64): i32 {
    if (!this.isInside(offset, 4)) return -EFAULT;
    let error = words.fetch32(this.address + offset);
    UserMemory.loaded = words.fetched;
    return error;
  }

  /** What the last successful load found. */
  static loaded: u64 = 0;

  store64(offset: u64, value: u64): i32 {
    return this.isInside(offset, 8) ? words.store64(this.address + offset, value) : -EFAULT;
  }

  store32(offset: u64, value: u32): i32 {
    return this.isInside(offset, 4) ? words.store32(this.address + offset, value) : -EFAULT;
  }

  /** The string there, without its NUL; null when it is longer than the range, or the address is wrong. */
  string(): StaticArray<u8> | null {
    if (!isUserRange(this.address, 1)) return null;
    let length = user.stringLength(this.address, this.length);
    if (length < 0) return null;
    let bytes = new StaticArray<u8>(<i32>length);
    return words.copyIn(bytesAddress(bytes), this.address, <u64>length) < 0 ? null : bytes;
  }
}
