// Memory that a device reads and writes: in one piece, zeroed, at a known physical address. Accesses are volatile and checked.
// (What a device is told to do is beyond any check: without an IOMMU it reaches all memory.)

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { bytesAddress, direct } from "memory/address";
import * as frames from "memory/frames";

const PAGE: u64 = 4096;
/** Larger pieces are not to be had. */
const MOST_PAGES: u64 = 1024;

export class DmaBuffer {
  /** Bytes, a multiple of 4096; 0 when there was no memory. */
  length: u64 = 0;
  /** What the device is told. */
  physical: u64 = 0;

  /** At least `length` bytes, up to 4 MiB; below 4 GiB on demand. */
  constructor(length: u64, isBelow4GB: bool = false) {
    let pages = (length + PAGE - 1) / PAGE;
    if (pages > 0 && pages <= MOST_PAGES) this.allocate(<u32>pages, isBelow4GB);
  }

  private start: u64 = 0;
  private end: u64 = 0;

  private allocate(pages: u32, isBelow4GB: bool): void {
    let physical = frames.allocateContiguous(pages, isBelow4GB);
    if (physical == 0) return;
    this.physical = physical;
    this.length = <u64>pages * PAGE;
    this.start = physical;
    this.end = physical + this.length;
    mem.fill(direct(physical), 0, this.length);
  }

  get isThere(): bool {
    return this.end != 0;
  }

  /** Give the memory back; the device must have forgotten it. */
  release(): void {
    for (let frame = this.start; frame < this.end; frame += PAGE) frames.release(frame);
    this.start = 0;
    this.end = 0;
    this.length = 0;
  }

  private at(offset: u64, size: u64): u64 {
    let length = this.end - this.start;
    assert(offset <= length && size <= length - offset, "an access outside of the buffer");
    return direct(this.start + offset);
  }

  get8(offset: u64): u32 {
    return mmio.read8(this.at(offset, 1));
  }

  get16(offset: u64): u32 {
    return mmio.read16(this.at(offset, 2));
  }

  get32(offset: u64): u32 {
    return mmio.read32(this.at(offset, 4));
  }

  get64(offset: u64): u64 {
    return mmio.read64(this.at(offset, 8));
  }

  set8(offset: u64, value: u32): void {
    mmio.write8(this.at(offset, 1), value);
  }

  set16(offset: u64, value: u32): void {
    mmio.write16(this.at(offset, 2), value);
  }

  set32(offset: u64, value: u32): void {
    mmio.write32(this.at(offset, 4), value);
  }

  set64(offset: u64, value: u64): void {
    mmio.write64(this.at(offset, 8), value);
  }

  /** Copy the first `count` bytes of `bytes` to `offset`. */
  write(offset: u64, bytes: StaticArray<u8>, count: i32 = bytes.length): void {
    assert(count >= 0 && count <= bytes.length, "more bytes than there are");
    mem.copy(this.at(offset, <u64>count), bytesAddress(bytes), <u64>count);
    mmio.fence();
  }

  /** Copy `count` bytes at `offset` into `bytes`. */
  read(offset: u64, bytes: StaticArray<u8>, count: i32 = bytes.length): void {
    assert(count >= 0 && count <= bytes.length, "more bytes than there is room for");
    mmio.fence();
    mem.copy(bytesAddress(bytes), this.at(offset, <u64>count), <u64>count);
  }
}

/** What the device wrote is seen, and what was written is seen by the device, before what comes after. */
export function fence(): void {
  mmio.fence();
}
