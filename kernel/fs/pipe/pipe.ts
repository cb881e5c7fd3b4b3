// A pipe: bytes from writers to readers in order, through a ring of page frames (man 7 pipe).
//
//   position mod capacity says where a byte lies; frames come when first written and go when drained.
//   written − taken = bytes inside. Writes of up to PIPE_BUF bytes are all or nothing.

import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EAGAIN, EBUSY, ENOMEM, EPIPE } from "../../abi/errno";
import { EPOLLERR, EPOLLHUP, READABLE, WRITABLE } from "../../abi/poll";
import { IoVector } from "../../memory/io-vector";
import { waitRestartable } from "../../sched/block";
import { WaitQueue } from "../../sched/wait";

/** man 7 pipe: writes up to this many bytes are atomic. */
export const PIPE_BUF: u64 = 4096;
/** man 7 pipe: the capacity of a new pipe. */
export const DEFAULT_CAPACITY: u64 = 65536;
/** /proc/sys/fs/pipe-max-size. */
export const MAX_CAPACITY: u64 = 1048576;

export class Pipe {
  readerCount: i32 = 0;
  writerCount: i32 = 0;
  /** Openings ever, for open(2) of a FIFO, which waits for the other side. */
  readerOpenings: u32 = 0;
  writerOpenings: u32 = 0;
  /** Blocked readers and writers, and pollers of either end. */
  readonly readable: WaitQueue = new WaitQueue();
  readonly writable: WaitQueue = new WaitQueue();
  readonly readPollers: WaitQueue = new WaitQueue();
  readonly writePollers: WaitQueue = new WaitQueue();
  capacity: u64 = DEFAULT_CAPACITY;
  /** Where packets end (O_DIRECT, man 2 pipe), as positions; empty for a plain stream. */
  private packetEnds: Array<u64> = [] as u64[];
  private taken: u64 = 0;
  private written: u64 = 0;
  private pages: StaticArray<u64> = new StaticArray<u64>(<i32>(DEFAULT_CAPACITY / 4096));

  /** Bytes waiting to be read. */
  get length(): u64 {
    return this.written - this.taken;
  }

  /** Readiness of the reading end; `openingsBefore`: how many writers there had been when it was opened. */
  pollRead(openingsBefore: u32): u32 {
    let events: u32 = this.length > 0 ? READABLE : 0;
    if (this.writerCount == 0 && this.writerOpenings != openingsBefore) events |= EPOLLHUP;
    return events;
  }

  /** Readiness of the writing end. */
  pollWrite(): u32 {
    let events: u32 = this.capacity - this.length >= PIPE_BUF ? WRITABLE : 0;
    if (this.readerCount == 0) events |= EPOLLERR;
    return events;
  }

  /** read(2): waits for the first byte unless nonblocking; 0 when no writer is left. */
  read(io: IoVector, isNonBlocking: bool): i64 {
    if (io.remaining == 0) return 0;
    while (this.length == 0) {
      if (this.writerCount == 0) return 0;
      if (isNonBlocking) return -EAGAIN;
      let why = waitRestartable(this.readable);
      if (why < 0) return why;
    }
    let wasFull = this.capacity - this.length < PIPE_BUF;
    let moved = this.packetEnds.length > 0 ? this.takePacket(io) : this.takeOut(io);
    if (moved > 0 && (wasFull || !this.writable.isEmpty)) this.wakeWriters();
    if (this.length > 0) this.readable.wakeOne();
    return moved;
  }

  /** write(2): waits for room unless nonblocking. -EPIPE when no reader is left; the caller raises SIGPIPE. */
  write(io: IoVector, isNonBlocking: bool, isPacket: bool = false): i64 {
    if (io.remaining == 0) return 0;
    let total: i64 = 0;
    let isAtomic = io.remaining <= PIPE_BUF;
    while (io.remaining > 0) {
      if (this.readerCount == 0) return total > 0 ? total : -EPIPE;
      let room = this.capacity - this.length;
      if (room == 0 || (isAtomic && room < io.remaining)) {
        if (isNonBlocking) return total > 0 ? total : -EAGAIN;
        let why = waitRestartable(this.writable);
        if (why < 0) return total > 0 ? total : why;
        continue;
      }
      let wasEmpty = this.length == 0;
      // A packet holds PIPE_BUF bytes at the most; a longer write becomes several.
      let moved = this.putIn(io, isPacket ? min(room, PIPE_BUF) : room);
      if (moved < 0) return total > 0 ? total : moved;
      total += moved;
      if (isPacket) this.packetEnds.push(this.written);
      if (wasEmpty || !this.readable.isEmpty) this.wakeReaders();
      else this.readPollers.wakeAll(READABLE);
    }
    if (this.capacity - this.length >= PIPE_BUF) this.writable.wakeOne();
    return total;
  }

  /** F_SETPIPE_SZ: the new capacity (a power of two pages), or -EBUSY when the bytes inside do not fit, -ENOMEM. */
  resize(bytes: u64): i64 {
    let wanted: u64 = 4096;
    while (wanted < bytes) wanted <<= 1;
    let length = this.length;
    if (wanted < length) return -EBUSY;
    for (let i = 0; i < this.packetEnds.length; i++) this.packetEnds[i] -= this.taken;
    let moved = new Pipe();
    moved.capacity = wanted;
    moved.pages = new StaticArray<u64>(<i32>(wanted / 4096));
    let io = new IoVector();
    while (moved.written < length) {
      let from = this.taken + moved.written;
      let offset = from % this.capacity;
      let step = min(4096 - (from & 4095), length - moved.written);
      io.setKernel(direct(this.pages[<i32>(offset / 4096)]) + (offset & 4095), step);
      if (moved.putIn(io, step) != <i64>step) {
        moved.drop();
        return -ENOMEM;
      }
    }
    this.drop();
    this.pages = moved.pages;
    this.capacity = wanted;
    this.written = length;
    this.wakeWriters();
    return <i64>wanted;
  }

  wakeReaders(): void {
    this.readable.wakeOne(READABLE);
    this.readPollers.wakeAll(READABLE);
  }

  wakeWriters(): void {
    this.writable.wakeOne(WRITABLE);
    this.writePollers.wakeAll(WRITABLE);
  }

  /** An end was closed: whoever waits for it has to look again. */
  endClosed(): void {
    this.readable.wakeAll(READABLE | EPOLLHUP);
    this.readPollers.wakeAll(READABLE | EPOLLHUP);
    this.writable.wakeAll(WRITABLE | EPOLLERR);
    this.writePollers.wakeAll(WRITABLE | EPOLLERR);
    if (this.readerCount == 0 && this.writerCount == 0) this.drop();
  }

  /** FIONREAD and splice: the address and length of the first bytes in one piece. */
  frontAddress(): u64 {
    let offset = this.taken % this.capacity;
    return direct(this.pages[<i32>(offset / 4096)]) + (offset & 4095);
  }

  frontLength(): u64 {
    return min(this.length, 4096 - (this.taken & 4095));
  }

  /** Forget `length` bytes at the front (they were moved by splice). */
  consume(length: u64): void {
    this.advance(length);
    this.wakeWriters();
  }

  /** One packet; what does not fit into `io` is lost (man 2 pipe, O_DIRECT). */
  private takePacket(io: IoVector): i64 {
    let end = this.packetEnds.shift();
    let asked = io.remaining;
    io.limit(end - this.taken);
    let moved = this.takeOut(io);
    io.remaining = asked - <u64>max(moved, 0);
    if (end > this.taken) this.advance(end - this.taken);
    return moved;
  }

  private takeOut(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.length > 0) {
      let step = min(this.frontLength(), io.remaining);
      let moved = io.put(this.frontAddress(), step);
      if (moved < 0) return total > 0 ? total : moved;
      this.advance(<u64>moved);
      total += moved;
      if (<u64>moved < step) break;
    }
    return total;
  }

  private putIn(io: IoVector, room: u64): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && room > 0) {
      let offset = this.written % this.capacity;
      let index = <i32>(offset / 4096);
      let frame = this.pages[index];
      if (frame == 0) {
        frame = frames.allocate();
        if (frame == 0) return total > 0 ? total : -ENOMEM;
        this.pages[index] = frame;
      }
      let step = min(min(4096 - (offset & 4095), room), io.remaining);
      let moved = io.take(direct(frame) + (offset & 4095), step);
      if (moved < 0) return total > 0 ? total : moved;
      this.written += <u64>moved;
      room -= <u64>moved;
      total += moved;
      if (<u64>moved < step) break;
    }
    return total;
  }

  /** Move the reader on; pages that it leaves go back, but the one that the writer has wrapped into. */
  private advance(length: u64): void {
    let page = this.taken / 4096;
    this.taken += length;
    for (let end = this.taken / 4096; page < end; page++) {
      let index = <i32>(((page * 4096) % this.capacity) / 4096);
      if (this.pages[index] != 0 && !this.coversWritten(index)) {
        frames.release(this.pages[index]);
        this.pages[index] = 0;
      }
    }
  }

  /** Whether the writer's next byte lies in ring page `index`, which the reader has just left. */
  private coversWritten(index: i32): bool {
    return this.length > 0 && <i32>(((this.written - 1) % this.capacity) / 4096) == index;
  }

  private drop(): void {
    for (let i = 0; i < this.pages.length; i++) {
      if (this.pages[i] != 0) frames.release(this.pages[i]);
      this.pages[i] = 0;
    }
    this.taken = 0;
    this.written = 0;
  }
}
