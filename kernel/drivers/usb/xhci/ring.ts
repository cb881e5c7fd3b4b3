// Rings of request blocks (xHCI 1.2 §4.9): one page each.
//
//   | block | block | … | link to the first, toggles the cycle |        transfers and commands: the driver writes
//   | block | block | … |                                              events: the controller writes
//
// A block belongs to the reader once its cycle bit is what the reader expects; each turn of the ring inverts that.

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as reg from "./registers";
import { Trb } from "./registers";

const PAGE_SIZE: u64 = 4096;
export const RING_BLOCKS: u32 = 256;
/** The last block of a ring that the driver writes is the link. */
const LAST: u32 = RING_BLOCKS - 1;

/** A zeroed page for the controller: its physical address, 0 when there is none. */
export function allocatePage(isBelow4GB: bool): u64 {
  let physical = frames.allocateContiguous(1, isBelow4GB);
  if (physical != 0) mem.fill(direct(physical), 0, PAGE_SIZE);
  return physical;
}

/** A ring that the driver fills. */
export class Ring {
  private base: u64;
  private next: u32 = 0;
  private cycle: u32 = 1;

  /** On a zeroed page. */
  constructor(readonly physical: u64) {
    this.base = direct(physical);
    let link = this.base + <u64>LAST * reg.TRB_SIZE;
    mem.store64(link, physical);
    mem.store32(link + 12, ((<u32>Trb.LINK) << 10) | reg.TOGGLE_CYCLE);
  }

  /** Put a block; its physical address. `control` without kind and cycle. */
  put(kind: Trb, parameter: u64, status: u32, control: u32): u64 {
    let index = this.next;
    let at = this.base + <u64>index * reg.TRB_SIZE;
    mmio.write64(at, parameter);
    mmio.write32(at + 8, status);
    // The cycle bit hands it over: last.
    mmio.fence();
    mmio.write32(at + 12, control | ((<u32>kind) << 10) | this.cycle);
    this.advance();
    return this.physical + <u64>index * reg.TRB_SIZE;
  }

  private advance(): void {
    if (++this.next < LAST) return;
    let link = this.base + <u64>LAST * reg.TRB_SIZE;
    mmio.fence();
    mmio.write32(link + 12, ((<u32>Trb.LINK) << 10) | reg.TOGGLE_CYCLE | this.cycle);
    this.next = 0;
    this.cycle ^= 1;
  }

  /** Where the next block goes, with its cycle bit: what a stopped endpoint is told to go on from. */
  get dequeuePointer(): u64 {
    return (this.physical + <u64>this.next * reg.TRB_SIZE) | <u64>this.cycle;
  }
}

/** The ring of events, which the controller fills. */
export class EventRing {
  private base: u64;
  private next: u32 = 0;
  private cycle: u32 = 1;

  constructor(readonly physical: u64) {
    this.base = direct(physical);
  }

  private get at(): u64 {
    return this.base + <u64>this.next * reg.TRB_SIZE;
  }

  get hasEvent(): bool {
    return (mmio.read32(this.at + 12) & reg.CYCLE) == this.cycle;
  }

  // The event at hand; precondition: hasEvent.

  get parameter(): u64 {
    return mmio.read64(this.at);
  }

  get status(): u32 {
    return mmio.read32(this.at + 8);
  }

  get control(): u32 {
    return mmio.read32(this.at + 12);
  }

  advance(): void {
    if (++this.next < RING_BLOCKS) return;
    this.next = 0;
    this.cycle ^= 1;
  }

  /** What the controller is told was read. */
  get dequeuePointer(): u64 {
    return this.physical + <u64>this.next * reg.TRB_SIZE;
  }
}
