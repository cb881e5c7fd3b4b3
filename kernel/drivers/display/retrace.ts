// When the beam goes back: bit 3 of the VGA's input status register 1 (IBM VGA reference, "Input Status Register 1"). Real
// adapters and Bochs tell by it when a picture begins; QEMU's flips it at every read, which tells nothing.
//
// Rules of use: `measure` once; where it finds a rhythm, sleep until `beforeNext` and then `await`, which reads the bit until it
// is set and takes its time as the new beginning, so that the rhythm never drifts.

import * as clock from "../../sched/clock";

const RETRACE: u32 = 0x08;
/** Pictures come 40 to 125 times a second, or it is no rhythm. */
const LONGEST_NS: u64 = 25_000_000;
const SHORTEST_NS: u64 = 8_000_000;
/** A bit that changes so often within so many reads follows the reads, not a beam. */
const FIRST_READS: i32 = 64;
const FLIPS: i32 = 16;
/** Awake that long before the beam is expected, and give up that long after. */
const MARGIN_NS: u64 = 300_000;
const PATIENCE_NS: u64 = 2_000_000;

/** Where the register is. */
export abstract class StatusRegister {
  abstract read(): u32;
}

export class Retrace {
  /** From one beginning to the next; 0 while nothing is known. */
  periodNs: u64 = 0;
  private lastNs: u64 = 0;
  private hasMeasured: bool = false;

  constructor(private readonly register: StatusRegister) {}

  /** Whether the register tells anything. The first call takes two pictures' time where it does, 25 ms where it is still. */
  measure(): bool {
    if (this.hasMeasured) return this.periodNs != 0;
    this.hasMeasured = true;
    let flips = 0;
    let was = this.isBack;
    for (let i = 0; i < FIRST_READS; i++) {
      let is = this.isBack;
      if (is != was) flips++;
      was = is;
    }
    if (flips >= FLIPS) return false;
    let first = this.nextEdge();
    let second = first == 0 ? 0 : this.nextEdge();
    if (second == 0 || second - first < SHORTEST_NS) return false;
    this.periodNs = second - first;
    this.lastNs = second;
    return true;
  }

  /** A moment before the next beginning after `nowNs`. Precondition: `measure` found a rhythm. */
  beforeNext(nowNs: u64): u64 {
    let passed = (nowNs + MARGIN_NS - this.lastNs) / this.periodNs;
    return this.lastNs + (passed + 1) * this.periodNs - MARGIN_NS;
  }

  /** Read until the beam goes back. */
  await(): void {
    let end = clock.nowNs() + MARGIN_NS + PATIENCE_NS;
    while (clock.nowNs() < end) {
      if (!this.isBack) continue;
      this.lastNs = clock.nowNs();
      return;
    }
  }

  private get isBack(): bool {
    return (this.register.read() & RETRACE) != 0;
  }

  /** When the bit becomes set next; 0 when it does not in the longest time of a picture. */
  private nextEdge(): u64 {
    let end = clock.nowNs() + LONGEST_NS;
    let was: bool = true;
    while (clock.nowNs() < end) {
      let is = this.isBack;
      if (is && !was) return clock.nowNs();
      was = is;
    }
    return 0;
  }
}
