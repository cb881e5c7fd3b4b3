// A split virtqueue (virtio 1.2 §2.7): how a driver and a device hand each other buffers.
//
//   descriptors   | address 8 | length 4 | flags 2 | next 2 |  × size      driver writes
//   available     | flags 2 | index 2 | head 2 × size | used event 2 |     driver writes
//   used          | flags 2 | index 2 | (head 4, length 4) × size | available event 2 |   device writes
//
// Rules of use: `begin`, `add` each piece, `commit` makes a chain; `publish` shows all committed chains and rings the
// doorbell if the device wants that. `take` gives back a head that the device has used. A head names its chain until then.
//
// What the device writes is read through machine/mmio; the barriers in publish and arm are the ones §2.7.13 asks for.

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { VirtioTransport } from "./transport";

const DESCRIPTOR: u64 = 16;
const FLAG_NEXT: u32 = 1;
const FLAG_WRITE: u32 = 2;
const FLAG_INDIRECT: u32 = 4;
const NO_INTERRUPT: u32 = 1;
const NO_NOTIFY: u32 = 1;
const PAGE: u32 = 4096;
/** Descriptors of an indirect table: one per head, 512 bytes. */
const INDIRECT_LIMIT: u32 = 32;

export class Virtqueue {
  /** Physical addresses for the device. */
  descriptorsPhysical: u64 = 0;
  availablePhysical: u64 = 0;
  usedPhysical: u64 = 0;
  private descriptors: u64 = 0;
  private available: u64 = 0;
  private used: u64 = 0;
  private indirect: u64 = 0;
  private indirectPhysical: u64 = 0;
  private hasEventIndex: bool = false;
  /** Free descriptors, linked through their `next`. */
  private free: u32 = 0;
  freeCount: u32;
  private availableIndex: u32 = 0;
  private publishedIndex: u32 = 0;
  private usedIndex: u32 = 0;
  /** The chain in the making: its pieces so far. */
  private pieces: u32 = 0;
  private wanted: u32 = 0;
  private head: u32 = 0;
  private last: u32 = 0;
  /** Bytes the device wrote into the chain that `take` gave back last. */
  takenLength: u32 = 0;

  constructor(
    private transport: VirtioTransport,
    readonly index: u32,
    readonly size: u32,
  ) {
    this.freeCount = size;
  }

  /** Get memory for the rings, the used one aligned to `alignment` bytes. False when there is none. */
  allocate(hasEventIndex: bool, hasIndirect: bool, alignment: u32): bool {
    this.hasEventIndex = hasEventIndex;
    let availableOffset = this.size * <u32>DESCRIPTOR;
    let usedOffset = (availableOffset + 6 + 2 * this.size + alignment - 1) & ~(alignment - 1);
    let total = usedOffset + 6 + 8 * this.size;
    let physical = contiguous(total);
    if (physical == 0) return false;
    this.descriptorsPhysical = physical;
    this.availablePhysical = physical + <u64>availableOffset;
    this.usedPhysical = physical + <u64>usedOffset;
    this.descriptors = direct(physical);
    this.available = direct(this.availablePhysical);
    this.used = direct(this.usedPhysical);
    for (let i: u32 = 0; i < this.size; i++) mem.store16(this.descriptor(i) + 14, i + 1);
    if (hasIndirect) {
      // Without memory for it chains simply stay direct.
      this.indirectPhysical = contiguous(this.size * INDIRECT_LIMIT * <u32>DESCRIPTOR);
      if (this.indirectPhysical != 0) this.indirect = direct(this.indirectPhysical);
    }
    return true;
  }

  private descriptor(at: u32): u64 {
    return this.descriptors + <u64>at * DESCRIPTOR;
  }

  /** Begin a chain of `count` pieces; false when the ring has no room for it now. */
  begin(count: u32): bool {
    let isIndirect = this.indirect != 0 && count > 1 && count <= INDIRECT_LIMIT;
    let needed: u32 = isIndirect ? 1 : count;
    if (this.freeCount < needed) return false;
    this.wanted = isIndirect ? count : 0;
    this.pieces = 0;
    this.head = this.free;
    return true;
  }

  /** Add a piece; those the device writes come after those it reads (§2.7.4.2). */
  add(physical: u64, length: u32, isDeviceWritable: bool): void {
    assert(this.wanted != 0 ? this.pieces < this.wanted : this.freeCount > 0, "a chain longer than it was begun");
    let flags: u32 = isDeviceWritable ? FLAG_WRITE : 0;
    if (this.wanted != 0) {
      let at = this.indirect + <u64>(this.head * INDIRECT_LIMIT + this.pieces) * DESCRIPTOR;
      let hasNext = this.pieces + 1 < this.wanted;
      write(at, physical, length, flags | (hasNext ? FLAG_NEXT : 0), this.pieces + 1);
      this.pieces++;
      return;
    }
    let taken = this.free;
    let at = this.descriptor(taken);
    this.free = mem.load16(at + 14);
    this.freeCount--;
    write(at, physical, length, flags, this.free);
    if (this.pieces > 0) {
      let before = this.descriptor(this.last);
      mem.store16(before + 12, mem.load16(before + 12) | FLAG_NEXT);
    }
    this.last = taken;
    this.pieces++;
  }

  /** The chain is complete. Returns its head. */
  commit(): u32 {
    if (this.wanted != 0) {
      let at = this.descriptor(this.head);
      this.free = mem.load16(at + 14);
      this.freeCount--;
      let table = this.indirectPhysical + <u64>(this.head * INDIRECT_LIMIT) * DESCRIPTOR;
      write(at, table, this.pieces * <u32>DESCRIPTOR, FLAG_INDIRECT, this.free);
    }
    mem.store16(this.available + 4 + <u64>((this.availableIndex & (this.size - 1)) * 2), this.head);
    this.availableIndex = (this.availableIndex + 1) & 0xffff;
    return this.head;
  }

  /** Show the device what was committed, and ring the doorbell if it asked for that. */
  publish(): void {
    let from = this.publishedIndex;
    if (from == this.availableIndex) return;
    this.publishedIndex = this.availableIndex;
    mmio.write16(this.available + 2, this.availableIndex);
    mmio.fence();
    if (this.wantsDoorbell(from)) this.transport.notify(this.index);
  }

  private wantsDoorbell(from: u32): bool {
    if (!this.hasEventIndex) return (mmio.read16(this.used) & NO_NOTIFY) == 0;
    let event = mmio.read16(this.used + 4 + <u64>(8 * this.size));
    // vring_need_event (§2.7.10.1): the event index lies in what was just added.
    return ((this.availableIndex - event - 1) & 0xffff) < ((this.availableIndex - from) & 0xffff);
  }

  get hasUsed(): bool {
    return mmio.read16(this.used + 2) != this.usedIndex;
  }

  /** The head of a chain that the device is done with, and `takenLength`; -1 when there is none. */
  take(): i32 {
    if (!this.hasUsed) return -1;
    let entry = this.used + 4 + <u64>((this.usedIndex & (this.size - 1)) * 8);
    let head = mmio.read32(entry);
    this.takenLength = mmio.read32(entry + 4);
    this.usedIndex = (this.usedIndex + 1) & 0xffff;
    // A device that names what it was never given is broken; its entry is passed over.
    if (head >= this.size) return -1;
    this.recycle(head);
    return <i32>head;
  }

  private recycle(head: u32): void {
    let last = head;
    let count: u32 = 1;
    while ((mem.load16(this.descriptor(last) + 12) & FLAG_NEXT) != 0 && count < this.size) {
      last = mem.load16(this.descriptor(last) + 14);
      count++;
    }
    mem.store16(this.descriptor(last) + 12, 0);
    mem.store16(this.descriptor(last) + 14, this.free);
    this.free = head;
    this.freeCount += count;
  }

  /** Ask for an interrupt at the next used chain. Returns false when one came meanwhile: then look again. */
  arm(): bool {
    if (this.hasEventIndex) mmio.write16(this.available + 4 + <u64>(2 * this.size), this.usedIndex);
    else mmio.write16(this.available, 0);
    mmio.fence();
    return !this.hasUsed;
  }

  /** No interrupts, please, until `arm`. */
  disarm(): void {
    // With event indices: one that is as far away as can be.
    if (this.hasEventIndex) mmio.write16(this.available + 4 + <u64>(2 * this.size), (this.usedIndex - 1) & 0xffff);
    else mmio.write16(this.available, NO_INTERRUPT);
  }
}

function write(at: u64, physical: u64, length: u32, flags: u32, next: u32): void {
  mem.store64(at, physical);
  mem.store32(at + 8, length);
  mem.store32(at + 12, flags | (next << 16));
}

/** Zeroed memory in one piece; 0 when there is none. */
function contiguous(bytes: u32): u64 {
  let count = (bytes + PAGE - 1) / PAGE;
  let physical = frames.allocateContiguous(count);
  if (physical != 0) mem.fill(direct(physical), 0, <u64>(count * PAGE));
  return physical;
}
