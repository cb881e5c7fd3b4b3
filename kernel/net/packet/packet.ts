// A packet on its way through the stack: a head with room in front for headers, then fragments of other buffers.
//
//   head buffer   | headroom | link | network | transport | payload ... | tailroom |
//                            ^ front                                    ^ back
//   fragments     | chunk, offset, length | chunk, offset, length | ...             (payload, in order)
//
// Headers are read and written in the head only; `pull` brings bytes there. On the way out each layer prepends its
// header, on the way in each layer strips it, leaving the offsets behind.
//
// Rules of use: whoever holds a packet either passes it on or releases it, once. Packets are pooled: nothing here
// allocates once the pool is warm.

import * as mem from "machine/mem";
import { Address } from "../address";
import * as checksum from "../checksum";
import { NetworkDevice } from "../link/device";
import { Buffer, HEAD_SIZE, heads } from "./buffer";

/** Room kept for the headers below TCP's payload: 14 link + 40 IPv6 + 60 TCP, and what a device wants before it. */
export const HEADROOM: u32 = 128;
/** Fragments a packet can hold: 64 KB in receive buffers of a packet head each, or in pages that begin anywhere (17). */
export const MAX_FRAGMENTS: i32 = 36;

/** What is known of a packet's transport checksum. */
export const enum Checksum {
  /** Received and not looked at, or sent and complete. */
  NONE = 0,
  /** Received: the device or this machine's own loopback vouches for it. */
  VALID = 1,
  /** To send: the device puts the sum over [checksumStart, end) at checksumStart + checksumOffset, where the pseudo-header's sum stands. */
  PARTIAL = 2,
}

/** Segmentation that the device is to do (virtio 1.2 §5.1.6 names them so too). */
export const enum Segmentation {
  NONE = 0,
  TCP_IPV4 = 1,
  TCP_IPV6 = 4,
}

/** How the frame was addressed on its link. */
export const enum Cast {
  UNICAST = 0,
  BROADCAST = 1,
  MULTICAST = 2,
  /** To another station; only promiscuous devices deliver these. */
  OTHER = 3,
}

/** What `locate` found: whoever reads packets extends this. */
export class Piece {
  pieceAddress: u64 = 0;
  pieceLength: u32 = 0;
}

export class Packet {
  /** The next packet of the queue this one is in. */
  next: Packet | null = null;

  private buffer: Buffer | null = null;
  /** Kernel-virtual address of the head buffer. */
  base: u64 = 0;
  front: u32 = 0;
  back: u32 = 0;

  fragmentCount: i32 = 0;
  /** Bytes in all fragments. */
  fragmentBytes: u32 = 0;
  private fragments: StaticArray<Buffer | null> = new StaticArray<Buffer | null>(MAX_FRAGMENTS);
  private offsets: StaticArray<u32> = new StaticArray<u32>(MAX_FRAGMENTS);
  private lengths: StaticArray<u32> = new StaticArray<u32>(MAX_FRAGMENTS);

  /** Offsets from `base`, set as the layers are passed. */
  linkOffset: u32 = 0;
  networkOffset: u32 = 0;
  transportOffset: u32 = 0;

  checksum: Checksum = Checksum.NONE;
  checksumStart: u32 = 0;
  checksumOffset: u32 = 0;
  segmentation: Segmentation = Segmentation.NONE;
  /** Payload bytes per segment when `segmentation` is set. */
  segmentSize: u32 = 0;

  /** Where it came from, or leaves. */
  device: NetworkDevice | null = null;
  cast: Cast = Cast.UNICAST;
  /** The network header's fields that the layers above ask for. */
  source: Address = new Address();
  destination: Address = new Address();
  protocol: u32 = 0;
  hopLimit: u32 = 0;
  trafficClass: u32 = 0;
  /** TCP: sequence number of the first payload byte and of the byte after the last. UDP: source port. */
  sequence: u32 = 0;
  sequenceEnd: u32 = 0;
  /** The footprint that its queue counts it with. */
  charge: u32 = 0;

  /** Address of the first byte. */
  get address(): u64 {
    return this.base + <u64>this.front;
  }

  /** Bytes in the head. */
  get headLength(): u32 {
    return this.back - this.front;
  }

  /** Bytes in all. */
  get length(): u32 {
    return this.back - this.front + this.fragmentBytes;
  }

  get headroom(): u32 {
    return this.front;
  }

  get tailroom(): u32 {
    return HEAD_SIZE - this.back;
  }

  /** Bytes of memory that it keeps from others, the truth that queue limits count. */
  get footprint(): u32 {
    return HEAD_SIZE + this.fragmentBytes;
  }

  attach(buffer: Buffer): void {
    this.buffer = buffer;
    this.base = buffer.address;
    this.front = HEADROOM;
    this.back = HEADROOM;
    this.checksum = Checksum.NONE;
    this.segmentation = Segmentation.NONE;
    this.cast = Cast.UNICAST;
    this.device = null;
  }

  /** Make `length` bytes of header in front. The packet's owner knows that they fit. */
  prepend(length: u32): u64 {
    assert(length <= this.front, "no headroom");
    this.front -= length;
    return this.base + <u64>this.front;
  }

  /** Grow the head at its end; returns where the new bytes begin. */
  append(length: u32): u64 {
    assert(length <= this.tailroom, "no tailroom");
    let address = this.base + <u64>this.back;
    this.back += length;
    return address;
  }

  /** Drop `length` bytes in front, fragments included. Precondition: length <= this.length. */
  strip(length: u32): void {
    if (length <= this.back - this.front) this.front += length;
    else this.stripFragments(length);
  }

  private stripFragments(length: u32): void {
    let rest = length - this.headLength;
    this.front = this.back;
    let first = 0;
    while (rest > 0) {
      let size = this.lengths[first];
      if (size > rest) {
        this.offsets[first] += rest;
        this.lengths[first] = size - rest;
        this.fragmentBytes -= rest;
        break;
      }
      rest -= size;
      this.fragmentBytes -= size;
      this.releaseFragment(first);
      first++;
    }
    if (first > 0) this.shiftFragments(first);
  }

  /** Keep only the first `length` bytes: what a length field says is there (Ethernet pads). */
  trim(length: u32): void {
    if (length < this.length) this.cutEnd(length);
  }

  private cutEnd(length: u32): void {
    let head = this.headLength;
    if (length <= head) {
      this.back = this.front + length;
      this.dropFragments();
      return;
    }
    while (this.length > length) {
      let excess = this.length - length;
      let last = this.fragmentCount - 1;
      let size = this.lengths[last];
      if (size > excess) {
        this.lengths[last] = size - excess;
        this.fragmentBytes -= excess;
      } else {
        this.fragmentBytes -= size;
        this.releaseFragment(last);
        this.fragmentCount = last;
      }
    }
  }

  /** See to it that the first `length` bytes lie in the head; false when the packet is shorter or the head too small. */
  pull(length: u32): bool {
    return length <= this.back - this.front || this.pullFragments(length);
  }

  private pullFragments(length: u32): bool {
    let missing = length - this.headLength;
    if (missing > this.fragmentBytes || missing > this.tailroom) return false;
    this.copyFragments(this.base + <u64>this.back, missing);
    let back = this.back;
    this.back = this.front;
    this.strip(missing);
    this.back = back + missing;
    return true;
  }

  /** Put a piece of `buffer` at the end; the packet takes a reference of its own. False when there is no place left. */
  addFragment(buffer: Buffer, offset: u32, length: u32): bool {
    let count = this.fragmentCount;
    if (count == MAX_FRAGMENTS) return false;
    buffer.retain();
    this.fragments[count] = buffer;
    this.offsets[count] = offset;
    this.lengths[count] = length;
    this.fragmentCount = count + 1;
    this.fragmentBytes += length;
    return true;
  }

  /** Find the byte at `offset` of the payload: where it stands and how many stand there in one piece. False at the end. */
  locate(offset: u32, piece: Piece): bool {
    let head = this.headLength;
    if (offset < head) {
      piece.pieceAddress = this.address + <u64>offset;
      piece.pieceLength = head - offset;
      return true;
    }
    offset -= head;
    for (let i = 0; i < this.fragmentCount; i++) {
      let size = this.lengths[i];
      if (offset < size) {
        piece.pieceAddress = this.fragmentAddress(i) + <u64>offset;
        piece.pieceLength = size - offset;
        return true;
      }
      offset -= size;
    }
    return false;
  }

  fragmentAddress(index: i32): u64 {
    let buffer = this.fragments[index];
    return buffer === null ? 0 : buffer.address + <u64>this.offsets[index];
  }

  fragmentLength(index: i32): u32 {
    return this.lengths[index];
  }

  /** Append the payload of `other`, which is done with after this, by reference; false when there are too many pieces. */
  absorb(other: Packet): bool {
    let pieces = other.fragmentCount + (other.headLength > 0 ? 1 : 0);
    if (this.fragmentCount + pieces > MAX_FRAGMENTS) return false;
    let head = other.buffer;
    if (head !== null && other.headLength > 0) this.addFragment(head, other.front, other.headLength);
    for (let i = 0; i < other.fragmentCount; i++) {
      let buffer = other.fragments[i];
      if (buffer !== null) this.addFragment(buffer, other.offsets[i], other.lengths[i]);
    }
    other.release();
    return true;
  }

  /** Copy `length` bytes from `skip` on to `destination`. Precondition: they are there. */
  copyOut(destination: u64, skip: u32, length: u32): void {
    let head = this.headLength;
    if (skip < head) {
      let part = min<u32>(head - skip, length);
      mem.copy(destination, this.address + <u64>skip, <u64>part);
      destination += <u64>part;
      length -= part;
      skip = 0;
    } else {
      skip -= head;
    }
    for (let i = 0; length > 0 && i < this.fragmentCount; i++) {
      let size = this.lengths[i];
      if (skip >= size) {
        skip -= size;
        continue;
      }
      let part = min<u32>(size - skip, length);
      mem.copy(destination, this.fragmentAddress(i) + <u64>skip, <u64>part);
      destination += <u64>part;
      length -= part;
      skip = 0;
    }
  }

  /** Partial checksum of everything from `offset` (of the head buffer) to the end. */
  sumFrom(offset: u32, sum: u64): u64 {
    let length = this.back - offset;
    sum = checksum.add(sum, this.base + <u64>offset, length);
    let isOdd = (length & 1) != 0;
    for (let i = 0; i < this.fragmentCount; i++) {
      let size = this.lengths[i];
      let part = checksum.add(0, this.fragmentAddress(i), size);
      sum += isOdd ? checksum.exchange(part) : <u64>checksum.fold(part);
      if (size & 1) isOdd = !isOdd;
    }
    return sum;
  }

  /** Do in software what PARTIAL leaves to the device. */
  completeChecksum(): void {
    if (this.checksum != Checksum.PARTIAL) return;
    let value = checksum.finish(this.sumFrom(this.checksumStart, 0));
    mem.store16(this.base + <u64>(this.checksumStart + this.checksumOffset), value == 0 ? 0xffff : value);
    this.checksum = Checksum.NONE;
  }

  /** Bring everything into the head, for devices that take one piece; false when it does not fit. */
  linearize(): bool {
    return this.fragmentCount == 0 || this.pull(this.length);
  }

  /** A second packet over the same bytes: its own copy of the head, shared fragments. Null when memory is short. */
  clone(): Packet | null {
    let copy = allocate();
    if (copy === null) return null;
    copy.front = this.front;
    copy.back = this.front;
    mem.copy(copy.append(this.headLength), this.address, <u64>this.headLength);
    for (let i = 0; i < this.fragmentCount; i++) {
      let buffer = this.fragments[i];
      if (buffer !== null) copy.addFragment(buffer, this.offsets[i], this.lengths[i]);
    }
    copy.linkOffset = this.linkOffset;
    copy.networkOffset = this.networkOffset;
    copy.transportOffset = this.transportOffset;
    copy.checksum = this.checksum;
    copy.checksumStart = this.checksumStart;
    copy.checksumOffset = this.checksumOffset;
    copy.segmentation = this.segmentation;
    copy.segmentSize = this.segmentSize;
    copy.device = this.device;
    copy.cast = this.cast;
    copy.source.assign(this.source);
    copy.destination.assign(this.destination);
    copy.protocol = this.protocol;
    copy.hopLimit = this.hopLimit;
    copy.trafficClass = this.trafficClass;
    copy.sequence = this.sequence;
    copy.sequenceEnd = this.sequenceEnd;
    return copy;
  }

  /** Give everything back. */
  release(): void {
    let buffer = this.buffer;
    assert(buffer !== null, "a packet is released twice");
    if (buffer !== null) buffer.release();
    this.buffer = null;
    this.dropFragments();
    this.next = spare;
    spare = this;
  }

  private dropFragments(): void {
    for (let i = 0; i < this.fragmentCount; i++) this.releaseFragment(i);
    this.fragmentCount = 0;
    this.fragmentBytes = 0;
  }

  private releaseFragment(index: i32): void {
    let buffer = this.fragments[index];
    this.fragments[index] = null;
    if (buffer !== null) buffer.release();
  }

  private shiftFragments(by: i32): void {
    let count = this.fragmentCount - by;
    for (let i = 0; i < count; i++) {
      this.fragments[i] = this.fragments[i + by];
      this.offsets[i] = this.offsets[i + by];
      this.lengths[i] = this.lengths[i + by];
    }
    for (let i = count; i < this.fragmentCount; i++) this.fragments[i] = null;
    this.fragmentCount = count;
  }

  private copyFragments(destination: u64, length: u32): void {
    for (let i = 0; length > 0; i++) {
      let part = min<u32>(this.lengths[i], length);
      mem.copy(destination, this.fragmentAddress(i), <u64>part);
      destination += <u64>part;
      length -= part;
    }
  }
}

/** Packets without memory, ready for use. */
let spare: Packet | null = null;

/** An empty packet with HEADROOM bytes in front, or null when the pool is used up. */
export function allocate(): Packet | null {
  let buffer = heads.allocate();
  if (buffer === null) return null;
  let packet = spare;
  if (packet === null) {
    packet = new Packet();
  } else {
    spare = packet.next;
    packet.next = null;
  }
  packet.attach(buffer);
  return packet;
}

/** As `allocate`, for data: refused already when only the reserve for control traffic is left. */
export function allocateForData(): Packet | null {
  if (heads.isScarce) {
    heads.refused++;
    return null;
  }
  return allocate();
}
