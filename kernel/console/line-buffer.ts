// Input that waits to be read: a ring of bytes in which lines end.
//
//   taken ≤ committed ≤ filled     (positions, modulo RING_SIZE)
//   [taken, committed)  can be read: whole lines, or all bytes when the terminal is not canonical
//   [committed, filled) the line being edited

import { bytesAddress } from "memory/address";
import { IoVector } from "../memory/io-vector";

/** Bytes of input kept; a power of two. */
export const RING_SIZE: u32 = 16384;
/** Room that must stay free for a line to be ended: the sender is stopped before it is used up. */
const RESERVE: u32 = 256;

export class LineBuffer {
  private ring: StaticArray<u8> = new StaticArray<u8>(RING_SIZE);
  /** One bit a ring byte: a line ends here; an end-of-file character (kept as 0) also carries one. */
  private ends: StaticArray<u8> = new StaticArray<u8>(RING_SIZE / 8);
  private taken: u32 = 0;
  private committed: u32 = 0;
  private filled: u32 = 0;
  /** Lines (ends) in [taken, committed). */
  lineCount: u32 = 0;

  /** Bytes that can be put before some would be lost. */
  get room(): u32 {
    let free = RING_SIZE - (this.filled - this.taken);
    // A line being edited that fills the ring will never be ended by waiting: let it overflow instead.
    if (free <= RESERVE && this.committed == this.taken) return RESERVE;
    return free > RESERVE ? free - RESERVE : 0;
  }

  /** Whether only the bytes that end a line still fit. */
  get isFull(): bool {
    return RING_SIZE - (this.filled - this.taken) <= 2;
  }

  /** Bytes that can be read. */
  get available(): u32 {
    return this.committed - this.taken;
  }

  /** Bytes of the line being edited. */
  get lineLength(): u32 {
    return this.filled - this.committed;
  }

  /** A byte of the line being edited. Precondition: index < lineLength. */
  lineByte(index: u32): u32 {
    return <u32>this.ring[(this.committed + index) & (RING_SIZE - 1)];
  }

  /** Add a byte to the line being edited. */
  put(byte: u32): void {
    let index = this.filled & (RING_SIZE - 1);
    this.ring[index] = <u8>byte;
    this.ends[index >> 3] &= ~(<u8>((<u32>1) << (index & 7)));
    this.filled++;
  }

  /** Add a byte that ends the line, 0 for an end of file. */
  endLine(byte: u32): void {
    this.put(byte);
    this.markEnd();
    this.committed = this.filled;
    this.lineCount++;
  }

  private markEnd(): void {
    let index = (this.filled - 1) & (RING_SIZE - 1);
    this.ends[index >> 3] |= <u8>((<u32>1) << (index & 7));
  }

  /** Everything put so far can be read. */
  commit(): void {
    this.committed = this.filled;
  }

  /** Take the last byte off the line being edited. Precondition: lineLength > 0. */
  removeLast(): u32 {
    this.filled--;
    return <u32>this.ring[this.filled & (RING_SIZE - 1)];
  }

  /** Forget the line being edited. */
  dropLine(): void {
    this.filled = this.committed;
  }

  /** Forget everything. */
  clear(): void {
    this.taken = this.filled;
    this.committed = this.filled;
    this.forgetEnds();
  }

  /** Lines lose their ends: everything can be read as bytes. */
  joinLines(): void {
    this.committed = this.filled;
    this.forgetEnds();
  }

  /** What is there becomes one line that ends with its last byte. */
  makeOneLine(): void {
    this.lineCount = 0;
    if (this.filled != this.taken) {
      this.markEnd();
      this.lineCount = 1;
    }
    this.committed = this.filled;
  }

  private forgetEnds(): void {
    this.lineCount = 0;
    for (let i = 0; i < this.ends.length; i++) this.ends[i] = 0;
  }

  private isEnd(position: u32): bool {
    let index = position & (RING_SIZE - 1);
    return ((this.ends[index >> 3] >> <u8>(index & 7)) & 1) != 0;
  }

  private isEndOfFile(position: u32): bool {
    return this.isEnd(position) && this.ring[position & (RING_SIZE - 1)] == 0;
  }

  private dropEnd(): void {
    this.taken++;
    this.lineCount--;
  }

  /**
   * Canonical read: at most one line, without its end-of-file character. Precondition: lineCount > 0. Returns bytes, 0 at an
   * end of file, or a negative errno.
   */
  readLine(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.committed) {
      // Bytes up to the line's end that lie together in the ring.
      let start = this.taken & (RING_SIZE - 1);
      let length: u32 = 0;
      let isEnding = false;
      while (this.taken + length != this.committed && start + length < RING_SIZE && <u64>length < io.remaining) {
        if (this.isEnd(this.taken + length)) {
          isEnding = true;
          break;
        }
        length++;
      }
      if (length > 0) {
        let moved = io.put(bytesAddress(this.ring) + <u64>start, <u64>length);
        if (moved < 0) return total > 0 ? total : moved;
        this.taken += <u32>moved;
        total += moved;
        if (moved < <i64>length) return total;
      }
      if (!isEnding) {
        // An end-of-file character right behind a read that was just filled belongs to this line.
        if (io.remaining == 0 && this.taken != this.committed && this.isEndOfFile(this.taken)) this.dropEnd();
        continue;
      }
      if (this.isEndOfFile(this.taken)) {
        this.dropEnd();
        return total;
      }
      let moved = io.put(bytesAddress(this.ring) + <u64>(this.taken & (RING_SIZE - 1)), 1);
      if (moved < 0) return total > 0 ? total : moved;
      this.dropEnd();
      return total + 1;
    }
    return total;
  }

  /** Raw read: what there is, in order. Returns bytes or a negative errno. */
  readBytes(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.committed) {
      let start = this.taken & (RING_SIZE - 1);
      let length = min(this.committed - this.taken, RING_SIZE - start);
      let moved = io.put(bytesAddress(this.ring) + <u64>start, min(<u64>length, io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      this.taken += <u32>moved;
      total += moved;
    }
    return total;
  }
}
