// What a program reads into or writes from: consumed from the front, one piece or many, never more than there is.

import { bytesAddress } from "memory/address";
import { EINVAL } from "../abi/errno";
import { IoVector } from "../memory/io-vector";

export class Buffer {
  private readonly io: IoVector;

  constructor(io: IoVector) {
    this.io = io;
  }

  /** Bytes left. */
  get remaining(): u64 {
    return this.io.remaining;
  }

  /**
   * For a read: give the program `count` bytes of `bytes` from `start` on. How many went (fewer when there is no more
   * room, or a fault came after some), or -EFAULT; -EINVAL where that is outside of the array.
   */
  put(bytes: StaticArray<u8>, start: i32 = 0, count: i32 = bytes.length - start): i64 {
    if (start < 0 || count < 0 || start > bytes.length || count > bytes.length - start) return -EINVAL;
    return this.io.put(bytesAddress(bytes) + <u64>start, <u64>count);
  }

  /** For a write: take `count` bytes from the program to `start` in `bytes`. Results as `put`. */
  take(bytes: StaticArray<u8>, start: i32 = 0, count: i32 = bytes.length - start): i64 {
    if (start < 0 || count < 0 || start > bytes.length || count > bytes.length - start) return -EINVAL;
    return this.io.take(bytesAddress(bytes) + <u64>start, <u64>count);
  }

  /** For a read: `count` zero bytes. */
  putZeros(count: u64): i64 {
    return this.io.putZeros(count);
  }

  /** Leave `count` bytes out. */
  skip(count: u64): void {
    this.io.skip(count);
  }
}
