// What the program wrote and the peer has not acknowledged: a stream in page-sized chunks.
//
//   chunk 0               chunk 1               chunk 2
//   | gone | sent ......... | sent .. unsent .... | unsent .. | free |
//          ^ head            (chunks are always filled before the next begins)
//
// The program's bytes are copied here once. Segments, first sent or repeated, only refer to the chunks.
// Every chunk but the first and last is full, so the chunk of a byte is found by division.
//
// Rules of use: to write, ask `reserve` for a place, copy in, and `commit` what was copied.

import { Buffer, chunks, FRAME_SIZE } from "../packet/buffer";
import { Packet } from "../packet/packet";

/** Chunks the ring has room for before it first grows. */
const INITIAL_CHUNKS: i32 = 4;

export class SendBuffer {
  private ring: StaticArray<Buffer | null> = new StaticArray<Buffer | null>(INITIAL_CHUNKS);
  private firstChunk: i32 = 0;
  private chunkCount: i32 = 0;
  /** Bytes of the first chunk that are gone. */
  private head: u32 = 0;
  /** Bytes held. */
  length: u32 = 0;
  /** Where `reserve` says to write, and how much fits there. */
  writeAddress: u64 = 0;
  writeLength: u32 = 0;

  constructor(public limit: u32) {}

  get room(): u32 {
    return this.length < this.limit ? this.limit - this.length : 0;
  }

  /** Find a place for up to `wanted` bytes: sets writeAddress and writeLength. False when the limit or memory is reached. */
  reserve(wanted: u32): bool {
    let room = min(this.room, wanted);
    if (room == 0) return false;
    let used = (this.head + this.length) % FRAME_SIZE;
    let isFull = this.head + this.length == <u32>this.chunkCount * FRAME_SIZE;
    if (isFull) {
      if (!this.extend()) return false;
      used = 0;
    }
    let last = this.chunk(this.chunkCount - 1);
    this.writeAddress = last.address + <u64>used;
    this.writeLength = min(room, FRAME_SIZE - used);
    return true;
  }

  /** The first `count` of the reserved bytes have been written. */
  commit(count: u32): void {
    assert(count <= this.writeLength, "more committed than reserved");
    this.length += count;
    this.writeLength = 0;
  }

  /** Drop the first `count` bytes: acknowledged. */
  release(count: u32): void {
    assert(count <= this.length, "more released than held");
    this.length -= count;
    this.head += count;
    while (this.head >= FRAME_SIZE && this.chunkCount > 0) {
      this.head -= FRAME_SIZE;
      this.dropFirst();
    }
    if (this.length == 0 && this.chunkCount > 0) {
      // The last chunk is part filled: an idle connection keeps no memory.
      this.head = 0;
      this.dropFirst();
    }
  }

  /** Let a packet refer to `count` bytes from `offset` on. False when it has too many pieces: then it holds fewer. */
  attach(packet: Packet, offset: u32, count: u32): bool {
    let at = this.head + offset;
    while (count > 0) {
      let within = at % FRAME_SIZE;
      let part = min(count, FRAME_SIZE - within);
      if (!packet.addFragment(this.chunk(<i32>(at / FRAME_SIZE)), within, part)) return false;
      at += part;
      count -= part;
    }
    return true;
  }

  /** Give everything back. */
  clear(): void {
    while (this.chunkCount > 0) this.dropFirst();
    this.length = 0;
    this.head = 0;
  }

  private chunk(index: i32): Buffer {
    let buffer = this.ring[(this.firstChunk + index) & (this.ring.length - 1)];
    assert(buffer !== null, "a hole in the send buffer");
    return buffer as Buffer;
  }

  private dropFirst(): void {
    let buffer = this.ring[this.firstChunk];
    this.ring[this.firstChunk] = null;
    this.firstChunk = (this.firstChunk + 1) & (this.ring.length - 1);
    this.chunkCount--;
    if (buffer !== null) buffer.release();
  }

  private extend(): bool {
    if (this.chunkCount == this.ring.length) this.growRing();
    let buffer = chunks.allocate();
    if (buffer === null) return false;
    this.ring[(this.firstChunk + this.chunkCount) & (this.ring.length - 1)] = buffer;
    this.chunkCount++;
    return true;
  }

  private growRing(): void {
    let old = this.ring;
    let larger = new StaticArray<Buffer | null>(2 * old.length);
    for (let i = 0; i < this.chunkCount; i++) larger[i] = old[(this.firstChunk + i) & (old.length - 1)];
    this.ring = larger;
    this.firstChunk = 0;
  }
}
