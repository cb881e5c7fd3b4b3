// How much may be in the network: slow start and the window and threshold that every algorithm keeps (RFC 5681),
// in bytes. CUBIC (cubic.ts) and Reno differ in how they grow beyond slow start and how far they step back.

import * as clock from "../clock";

/** Segments a connection begins with (RFC 6928). */
const INITIAL_SEGMENTS: u32 = 10;
/** No window grows beyond this: no buffer is larger. */
const MAX_WINDOW: u32 = 64 << 20;

export abstract class Congestion {
  /** cwnd. */
  window: u32 = 0;
  /** ssthresh. */
  threshold: u32 = u32.MAX_VALUE;
  protected segment: u32 = 536;

  /** "cubic", "reno": TCP_CONGESTION. */
  abstract get name(): string;

  start(segment: u32): void {
    this.segment = segment;
    this.window = this.initialWindow;
  }

  /** The path takes other segments now. */
  setSegment(segment: u32): void {
    this.segment = segment;
    this.window = max(this.window, 2 * segment);
  }

  get initialWindow(): u32 {
    return INITIAL_SEGMENTS * this.segment;
  }

  get isSlowStart(): bool {
    return this.window < this.threshold;
  }

  /** `bytes` were newly acknowledged while the window was the limit. */
  acknowledged(bytes: u32, roundTripNs: u64): void {
    if (this.isSlowStart) {
      let growth = min(bytes, this.threshold - this.window);
      this.window = min(this.window + growth, MAX_WINDOW);
      bytes -= growth;
      if (bytes == 0) return;
    }
    this.avoid(bytes, roundTripNs);
    this.window = min(this.window, MAX_WINDOW);
  }

  /** A loss: returns the new threshold (not below two segments), and remembers what the algorithm needs. */
  lost(): u32 {
    this.threshold = max(this.backOff(), 2 * this.segment);
    return this.threshold;
  }

  /** A timeout: begin again with one segment (RFC 5681 §3.1 equation 4 and after). */
  timedOut(): void {
    this.window = this.segment;
  }

  /** Nothing was sent for a while: the old window says nothing any more (RFC 5681 §4.1). */
  restart(): void {
    this.threshold = max(this.threshold, (this.window >> 2) * 3);
    this.window = min(this.window, this.initialWindow);
    this.idle();
  }

  /** A loss was none: back to what was. */
  undo(window: u32, threshold: u32): void {
    this.window = max(this.window, window);
    this.threshold = threshold;
  }

  /** Grow in congestion avoidance. */
  protected abstract avoid(bytes: u32, roundTripNs: u64): void;

  /** The threshold after a loss at the present window. */
  protected abstract backOff(): u32;

  /** A pause ended. */
  protected idle(): void {}
}

/** RFC 5681: a segment per round trip, half on a loss. */
export class Reno extends Congestion {
  private counted: u32 = 0;

  get name(): string {
    return "reno";
  }

  protected avoid(bytes: u32, _roundTripNs: u64): void {
    this.counted += bytes;
    if (this.counted < this.window) return;
    this.counted -= this.window;
    this.window += this.segment;
  }

  protected backOff(): u32 {
    return this.window >> 1;
  }
}

/** Milliseconds, as CUBIC counts. */
export function milliseconds(ns: u64): u64 {
  return ns / clock.MILLISECOND;
}
