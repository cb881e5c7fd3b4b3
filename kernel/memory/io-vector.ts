// Where the bytes of a read go and those of a write come from: one or many pieces of user memory, or of kernel memory,
// consumed from the front. Every read and write of every file takes one of these, so that readv, sendmsg, splice and
// the kernel's own reads need no code of their own.
//
// Rules of use: each thread owns one for its system calls (reset before use, no garbage). A fault ends the transfer
// with -EFAULT unless bytes have moved before, as man 2 read says. The pieces were range-checked at reset: a piece
// marked user lies below USER_END, and only machine/user copies touch it.

import * as mem from "machine/mem";
import * as user from "machine/user";
import { isUserRange, linearAddress, pointerOf } from "memory/address";
import { EFAULT, EINVAL } from "../abi/errno";

/** man 2 readv: UIO_MAXIOV. */
export const MAX_PIECES: i32 = 1024;
/** Linux MAX_RW_COUNT: INT_MAX rounded down to a page. */
export const MAX_TRANSFER: u64 = 0x7ffff000;

/** Which way bytes go, as the kernel sees it. */
const enum Move {
  OUT,
  IN,
  ZERO,
}

export class IoVector {
  /** Bytes left. */
  remaining: u64 = 0;
  private isUser: bool = true;
  private index: i32 = 0;
  private count: i32 = 0;
  /** The current piece. */
  private address: u64 = 0;
  private length: u64 = 0;
  /** base, length pairs as struct iovec lays them out; grown on first need. */
  private pieces: StaticArray<u64> = new StaticArray<u64>(0);

  /** One piece of user memory. Returns 0 or -EFAULT. */
  setUser(address: u64, length: u64): i32 {
    if (!isUserRange(address, length)) return -EFAULT;
    this.isUser = true;
    this.address = address;
    this.length = length < MAX_TRANSFER ? length : MAX_TRANSFER;
    this.remaining = this.length;
    this.count = 0;
    this.index = 0;
    return 0;
  }

  /** `count` struct iovec at user address `vector` (man 2 readv). Returns 0, -EINVAL or -EFAULT. */
  setUserVector(vector: u64, count: u64): i32 {
    if (count > <u64>MAX_PIECES) return -EINVAL;
    let pieceCount = <i32>count;
    if (this.pieces.length < pieceCount * 2) this.pieces = new StaticArray<u64>(pieceCount <= 16 ? 32 : MAX_PIECES * 2);
    let pieces = this.pieces;
    if (!isUserRange(vector, count * 16)) return -EFAULT;
    if (pieceCount > 0 && user.copyIn(linearAddress(pointerOf(pieces)), vector, count * 16) != 0) return -EFAULT;
    let total: u64 = 0;
    for (let i = 0; i < pieceCount; i++) {
      let length = pieces[i * 2 + 1];
      if (<i64>length < 0) return -EINVAL;
      if (!isUserRange(pieces[i * 2], length)) return -EFAULT;
      if (length > MAX_TRANSFER - total) {
        length = MAX_TRANSFER - total;
        pieces[i * 2 + 1] = length;
      }
      total += length;
    }
    this.isUser = true;
    this.remaining = total;
    this.count = pieceCount;
    this.index = 0;
    this.address = pieceCount > 0 ? pieces[0] : 0;
    this.length = pieceCount > 0 ? pieces[1] : 0;
    return 0;
  }

  /** One piece of kernel memory (a kernel-virtual address). */
  setKernel(address: u64, length: u64): void {
    this.isUser = false;
    this.address = address;
    this.length = length;
    this.remaining = length;
    this.count = 0;
    this.index = 0;
  }

  /** Read side: move `length` bytes from kernel address `source` to the front. Returns bytes moved (all of them, or fewer when a fault came after some), or -EFAULT. */
  put(source: u64, length: u64): i64 {
    return this.move(Move.OUT, source, length);
  }

  /** Write side: move `length` bytes from the front to kernel address `destination`. Returns as `put`. */
  take(destination: u64, length: u64): i64 {
    return this.move(Move.IN, destination, length);
  }

  /** Read side: move `length` zero bytes to the front. Returns as `put`. */
  putZeros(length: u64): i64 {
    return this.move(Move.ZERO, 0, length);
  }

  private move(what: Move, kernel: u64, length: u64): i64 {
    let moved: u64 = 0;
    while (moved < length && this.remaining > 0) {
      if (this.length == 0) {
        this.nextPiece();
        continue;
      }
      let step = min(length - moved, this.length);
      let failed = this.isUser
        ? this.moveUser(what, kernel + moved, step)
        : this.moveKernel(what, kernel + moved, step);
      if (failed != 0) return this.faulted(moved, step - failed);
      this.advance(step);
      moved += step;
    }
    return <i64>moved;
  }

  /** Bytes that could not be moved between the program's memory at the front and the kernel's. */
  private moveUser(what: Move, kernel: u64, length: u64): u64 {
    if (what == Move.OUT) return user.copyOut(this.address, kernel, length);
    if (what == Move.IN) return user.copyIn(kernel, this.address, length);
    return user.zero(this.address, length);
  }

  private moveKernel(what: Move, kernel: u64, length: u64): u64 {
    if (what == Move.OUT) mem.copy(this.address, kernel, length);
    else if (what == Move.IN) mem.copy(kernel, this.address, length);
    else mem.fill(this.address, 0, length);
    return 0;
  }

  /** Leave out `length` bytes without touching memory. */
  skip(length: u64): void {
    let left = min(length, this.remaining);
    while (left > 0) {
      if (this.length == 0) {
        this.nextPiece();
        continue;
      }
      let step = min(left, this.length);
      this.advance(step);
      left -= step;
    }
  }

  /** Move no more than `length` bytes from here on. */
  limit(length: u64): void {
    if (this.remaining > length) this.remaining = length;
  }

  private faulted(before: u64, step: u64): i64 {
    this.advance(step);
    let total = before + step;
    return total > 0 ? <i64>total : -EFAULT;
  }

  private advance(step: u64): void {
    this.address += step;
    this.length -= step;
    this.remaining -= step;
  }

  private nextPiece(): void {
    this.index++;
    assert(this.index < this.count, "an I/O vector ends before its bytes do");
    this.address = this.pieces[this.index * 2];
    this.length = this.pieces[this.index * 2 + 1];
  }
}
