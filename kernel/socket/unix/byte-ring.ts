// Bytes in order of arrival, in page frames: what a socket has received and not read.
//
//   slots   | page 8 | page 9 | page 6 | page 7 |        position >> 12 is a byte's page, page & (slots − 1) its slot
//                        ^ written  ^ taken
//
// Frames come when first written and go when drained; the table of slots grows with need.

import { direct } from "memory/address";
import * as frames from "memory/frames";
import { ENOMEM } from "../../abi/errno";
import { IoVector } from "../../memory/io-vector";

const PAGE_SIZE: u64 = 4096;
const PAGE_SHIFT: u64 = 12;
const PAGE_MASK: u64 = 4095;
const INITIAL_SLOTS: i32 = 4;

export class ByteRing {
  /** Positions count all bytes ever; they only grow. */
  taken: u64 = 0;
  written: u64 = 0;
  private slots: StaticArray<u64> = new StaticArray<u64>(INITIAL_SLOTS);

  get length(): u64 {
    return this.written - this.taken;
  }

  /** Append up to `count` bytes from `io`. Returns bytes (fewer when a fault or the end of memory came after some), -EFAULT or -ENOMEM. */
  append(io: IoVector, count: u64): i64 {
    let total: i64 = 0;
    while (count > 0 && io.remaining > 0) {
      let frame = this.frameAt(this.written);
      if (frame == 0) return total > 0 ? total : -ENOMEM;
      let within = this.written & PAGE_MASK;
      let step = min(min(PAGE_SIZE - within, count), io.remaining);
      let moved = io.take(direct(frame) + within, step);
      if (moved < 0) {
        if (this.length == 0) this.rest();
        return total > 0 ? total : moved;
      }
      this.written += <u64>moved;
      count -= <u64>moved;
      total += moved;
      if (<u64>moved < step) break;
    }
    return total;
  }

  /** Copy up to `count` bytes, from `offset` bytes behind the first, into `io`. Returns bytes or -EFAULT. */
  copy(io: IoVector, offset: u64, count: u64): i64 {
    let total: i64 = 0;
    let position = this.taken + offset;
    while (count > 0 && io.remaining > 0) {
      let frame = this.slots[<i32>(position >> PAGE_SHIFT) & (this.slots.length - 1)];
      let within = position & PAGE_MASK;
      let step = min(min(PAGE_SIZE - within, count), io.remaining);
      let moved = io.put(direct(frame) + within, step);
      if (moved < 0) return total > 0 ? total : moved;
      position += <u64>moved;
      count -= <u64>moved;
      total += moved;
      if (<u64>moved < step) break;
    }
    return total;
  }

  /** Forget the first `count` bytes. Precondition: there are so many. */
  drop(count: u64): void {
    let page = this.taken >> PAGE_SHIFT;
    this.taken += count;
    for (let end = this.taken >> PAGE_SHIFT; page < end; page++) this.releasePage(page);
    if (this.taken == this.written) this.rest();
  }

  /** Take back what was appended after `position`: a datagram that did not arrive whole. */
  cut(position: u64): void {
    let last = (this.written + PAGE_MASK) >> PAGE_SHIFT;
    this.written = position;
    for (let page = (position + PAGE_MASK) >> PAGE_SHIFT; page < last; page++) this.releasePage(page);
    if (this.taken == this.written) this.rest();
  }

  clear(): void {
    this.drop(this.length);
  }

  /** Empty: keep no frame, and begin with a whole page. */
  private rest(): void {
    let position = this.taken;
    if ((position & PAGE_MASK) == 0 && this.slots[<i32>(position >> PAGE_SHIFT) & (this.slots.length - 1)] == 0) return;
    this.releasePage(position >> PAGE_SHIFT);
    position = (position + PAGE_MASK) & ~PAGE_MASK;
    this.taken = position;
    this.written = position;
  }

  private releasePage(page: u64): void {
    let slot = <i32>page & (this.slots.length - 1);
    let frame = this.slots[slot];
    if (frame == 0) return;
    this.slots[slot] = 0;
    frames.release(frame);
  }

  /** The frame for the byte at `position`, made when it is missing; 0 when memory is out. */
  private frameAt(position: u64): u64 {
    let page = position >> PAGE_SHIFT;
    if (page - (this.taken >> PAGE_SHIFT) >= <u64>this.slots.length) this.grow();
    let slot = <i32>page & (this.slots.length - 1);
    let frame = this.slots[slot];
    if (frame != 0) return frame;
    frame = frames.allocate();
    this.slots[slot] = frame;
    return frame;
  }

  private grow(): void {
    let old = this.slots;
    let larger = new StaticArray<u64>(old.length * 2);
    let first = this.taken >> PAGE_SHIFT;
    for (let i = 0; i < old.length; i++) {
      let page = <i32>(first + <u64>i);
      larger[page & (larger.length - 1)] = old[page & (old.length - 1)];
    }
    this.slots = larger;
  }
}
