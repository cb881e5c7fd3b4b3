// Memory for packets and socket buffers: equal pieces cut from page frames, counted references, a hard limit.
//
//   page frame 4096   | buffer 2048 | buffer 2048 |      packet heads
//                     | chunk 4096                |      send buffers, bulk receive
//
// A buffer is shared, not copied: a TCP segment on its way to the device refers to the send buffer's chunk, and the
// chunk lives until the last of them lets go.
//
// Rules of use: `allocate` gives one reference; every `retain` is paired with a `release`; nobody writes where another
// holder may read (a send buffer only appends behind what it has sent).

import { direct, physicalOf } from "memory/address";
import * as frames from "memory/frames";

export const FRAME_SIZE: u32 = 4096;

export class Buffer {
  /** Kernel-virtual address of the first byte. */
  address: u64 = 0;
  references: i32 = 0;
  /** The next one on the free list. */
  next: Buffer | null = null;

  constructor(public readonly pool: BufferPool) {}

  retain(): void {
    this.references++;
  }

  release(): void {
    assert(this.references > 0, "a buffer is released twice");
    if (--this.references == 0) this.pool.recycle(this);
  }
}

export class BufferPool {
  private free: Buffer | null = null;
  freeCount: u32 = 0;
  /** Buffers made so far, free or not. */
  total: u32 = 0;
  /** Allocations refused at the limit, or for want of frames. */
  refused: u64 = 0;

  /** Pieces of `size` bytes (a divisor of the frame), at most `limit` of them, `keep` of which stay when free. */
  constructor(
    public readonly size: u32,
    public limit: u32,
    private keep: u32,
  ) {}

  get used(): u32 {
    return this.total - this.freeCount;
  }

  /** What one holder may have at most, as long as others may want some too: an eighth of what is left for payload now. */
  get fairShare(): u32 {
    let forPayload = this.limit - (this.limit >> 4);
    return this.used < forPayload ? (forPayload - this.used) >> 3 : 0;
  }

  /** Whether only the last eighth is left: then ordinary data is turned away and control traffic still passes. */
  get isScarce(): bool {
    return this.used >= this.limit - (this.limit >> 3);
  }

  /** Whether only the last sixteenth is left: no payload is kept at all, so that devices still have buffers to receive into. */
  get isCritical(): bool {
    return this.used >= this.limit - (this.limit >> 4);
  }

  allocate(): Buffer | null {
    if (this.free === null && !this.grow()) {
      this.refused++;
      return null;
    }
    let buffer = this.free;
    if (buffer === null) return null;
    this.free = buffer.next;
    buffer.next = null;
    buffer.references = 1;
    this.freeCount--;
    return buffer;
  }

  recycle(buffer: Buffer): void {
    // A whole frame can go back at once; a frame in pieces stays, to be used again.
    if (this.size == FRAME_SIZE && this.freeCount >= this.keep) {
      frames.release(physicalOf(buffer.address));
      buffer.address = 0;
      this.total--;
      return;
    }
    buffer.next = this.free;
    this.free = buffer;
    this.freeCount++;
  }

  private grow(): bool {
    let pieces = FRAME_SIZE / this.size;
    if (this.total + pieces > this.limit) return false;
    let frame = frames.allocate();
    if (frame == 0) return false;
    for (let i: u32 = 0; i < pieces; i++) {
      let buffer = new Buffer(this);
      buffer.address = direct(frame) + <u64>(i * this.size);
      buffer.next = this.free;
      this.free = buffer;
    }
    this.freeCount += pieces;
    this.total += pieces;
    return true;
  }
}

/** Room of a packet head: a whole Ethernet frame with headroom. */
export const HEAD_SIZE: u32 = 2048;

/** Heads of packets in flight, in queues and posted to devices: 64 MB at most. */
const HEADS_LIMIT: u32 = 32768;
/** Chunks of send buffers: 64 MB at most. */
const CHUNKS_LIMIT: u32 = 16384;
/** Free chunks kept for the next send. */
const CHUNKS_KEPT: u32 = 256;

export const heads: BufferPool = new BufferPool(HEAD_SIZE, HEADS_LIMIT, HEADS_LIMIT);
export const chunks: BufferPool = new BufferPool(FRAME_SIZE, CHUNKS_LIMIT, CHUNKS_KEPT);

/** Fit the limits to the machine: an eighth of memory for each pool, as far as the limits above. */
export function limitTo(memoryBytes: u64): void {
  let share = memoryBytes >> 3;
  heads.limit = <u32>min<u64>(share / HEAD_SIZE, HEADS_LIMIT);
  chunks.limit = <u32>min<u64>(share / FRAME_SIZE, CHUNKS_LIMIT);
}
