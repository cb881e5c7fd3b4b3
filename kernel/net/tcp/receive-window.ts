// The receive sequence space (RFC 9293 §3.3.1), and how much of it we offer.
//
//       received   |   offered to the peer   |   not yet
//   ------------ next ---------------------- edge ------
//
// The edge never moves left. It moves right only in steps worth a segment (silly window avoidance, §3.8.6.2.2).

import { after } from "./sequence";

/** As net.ipv4.tcp_rmem: what a connection begins with, and how far autotuning goes. */
export const DEFAULT_RECEIVE_BUFFER: u32 = 131072;
export const MAX_RECEIVE_BUFFER: u32 = 6 << 20;
export const MIN_RECEIVE_BUFFER: u32 = 2304;

/** The shift for our windows: the least that can say MAX_RECEIVE_BUFFER in 16 bits. */
export const RECEIVE_SCALE: u32 = 7;

/** The most that the header's window field says. */
const WINDOW_FIELD: u32 = 65535;

export class ReceiveWindow {
  /** IRS. */
  initial: u32 = 0;
  /** RCV.NXT. */
  next: u32 = 0;
  /** RCV.NXT + RCV.WND as the peer knows it. */
  edge: u32 = 0;
  /** Our shift; 0 when the peer does not scale. */
  scale: u32 = 0;
  /** The highest acknowledgment number sent. */
  acknowledged: u32 = 0;
  /** The largest segment seen: what the peer really sends. */
  segmentSize: u32 = 536;
  /** Bytes the program may leave unread. */
  limit: u32 = DEFAULT_RECEIVE_BUFFER;
  /** Whether `limit` follows the need; setting SO_RCVBUF ends that. */
  isAutomatic: bool = true;
  /** The largest window to offer (TCP_WINDOW_CLAMP), 0 for no such limit. */
  clamp: u32 = 0;
  /** Autotuning: bytes the program took since `measuredNs`. */
  private taken: u32 = 0;
  private measuredNs: u64 = 0;

  start(initial: u32): void {
    this.initial = initial;
    this.next = initial + 1;
    this.acknowledged = this.next;
    this.edge = this.next;
  }

  /** Bytes the peer may still send. */
  get window(): u32 {
    return after(this.edge, this.next) ? this.edge - this.next : 0;
  }

  /** How far the edge could move now, when `held` bytes wait in our queues. */
  gain(held: u32): u32 {
    let space = held < this.limit ? min(this.limit - held, WINDOW_FIELD << this.scale) : 0;
    if (this.clamp != 0) space = min(space, this.clamp);
    let edge = this.next + space;
    return after(edge, this.edge) ? edge - this.edge : 0;
  }

  /** The window field of a segment that leaves now; moves the edge. */
  advertise(held: u32): u32 {
    let gained = this.gain(held);
    if (gained > 0 && gained >= min(this.segmentSize, this.limit >> 1)) this.edge += gained;
    let field = this.window >> this.scale;
    if (field > WINDOW_FIELD) {
      field = WINDOW_FIELD;
      this.edge = this.next + (field << this.scale);
    }
    return field;
  }

  /** The window field of a SYN: not scaled. */
  advertiseUnscaled(): u32 {
    let window = min<u32>(this.limit, WINDOW_FIELD);
    this.edge = this.next + window;
    return window;
  }

  /**
   * The program took `count` bytes. When it takes more than half of `limit` in a round trip, it is the window that holds
   * the peer back: let it grow to twice what was taken (as Linux's dynamic right-sizing). True when it grew.
   */
  adapt(count: u32, nowNs: u64, roundTripNs: u64): bool {
    this.taken += count;
    if (nowNs - this.measuredNs < roundTripNs) return false;
    let wanted: u32 = 2 * this.taken + 16 * this.segmentSize;
    this.taken = 0;
    this.measuredNs = nowNs;
    if (!this.isAutomatic || wanted <= this.limit || this.limit >= MAX_RECEIVE_BUFFER) return false;
    this.limit = min(wanted, MAX_RECEIVE_BUFFER);
    return true;
  }
}
