// CUBIC (RFC 9438): after a loss the window returns to where it was along a cubic curve of time, lingers there, and
// then looks further. Whole numbers only: time in milliseconds, windows in bytes.
//
//   W(t) = C (t − K)³ + Wmax      C = 0.4 segments/s³      K = ∛((Wmax − cwnd) / C)      β = 0.7

import * as clock from "../clock";
import { Congestion, milliseconds } from "./congestion";

/** The curve is not followed longer than this without a loss: beyond it the window is at its limit anyway. */
const MAX_TIME_MS: u64 = 60_000;

export class Cubic extends Congestion {
  /** Wmax. */
  private maximum: u32 = 0;
  /** When the present climb began; 0 for not yet. */
  private epochNs: u64 = 0;
  /** K. */
  private kMs: u64 = 0;
  /** What Reno would have (RFC 9438 §4.3), and bytes counted towards its next step. */
  private estimate: u32 = 0;
  private estimateCounted: u32 = 0;
  /** Bytes counted towards our next step. */
  private counted: u64 = 0;

  get name(): string {
    return "cubic";
  }

  protected avoid(bytes: u32, roundTripNs: u64): void {
    if (this.epochNs == 0) this.beginEpoch();
    let timeMs = min<u64>(milliseconds(clock.nowNs - this.epochNs + roundTripNs), MAX_TIME_MS);
    let target = this.curve(timeMs);
    // Not more than half again per round trip (RFC 9438 §4.4).
    target = max(min(target, this.window + (this.window >> 1)), this.window);
    this.followEstimate(bytes);
    if (target > this.window) {
      // (target − cwnd) / cwnd per acknowledged byte.
      this.counted += <u64>bytes * <u64>(target - this.window);
      let growth = <u32>(this.counted / <u64>this.window);
      this.counted -= <u64>growth * <u64>this.window;
      this.window += growth;
    }
    if (this.estimate > this.window) this.window = this.estimate;
  }

  protected backOff(): u32 {
    // Fast convergence: a second loss below the last maximum leaves room to newcomers (RFC 9438 §4.7).
    this.maximum = this.window < this.maximum ? <u32>((<u64>this.window * 17) / 20) : this.window;
    this.epochNs = 0;
    return <u32>((<u64>this.window * 7) / 10);
  }

  protected idle(): void {
    this.epochNs = 0;
  }

  private beginEpoch(): void {
    this.epochNs = clock.nowNs;
    this.estimate = this.window;
    this.estimateCounted = 0;
    this.counted = 0;
    if (this.window < this.maximum) {
      // K³ [ms³] = (segments / 0.4) · 10⁹.
      let segments = <u64>((this.maximum - this.window) / this.segment);
      this.kMs = cubeRoot(segments * 2_500_000_000);
    } else {
      this.kMs = 0;
      this.maximum = this.window;
    }
  }

  /** W(t) in bytes. */
  private curve(timeMs: u64): u32 {
    let distance = timeMs > this.kMs ? timeMs - this.kMs : this.kMs - timeMs;
    distance = min<u64>(distance, MAX_TIME_MS);
    // 0.4 · segment · d³ / 10⁹, ordered so that 64 bits suffice.
    let cube = (distance * distance * distance) / 1_000_000;
    let change = (cube * <u64>this.segment * 4) / 10_000;
    if (timeMs >= this.kMs) return <u32>min<u64>(<u64>this.maximum + change, <u64>u32.MAX_VALUE);
    return change < <u64>this.maximum ? this.maximum - <u32>change : this.segment;
  }

  /** W_est: α = 3 (1 − β) / (1 + β) = 9 / 17 segments per window acknowledged. */
  private followEstimate(bytes: u32): void {
    this.estimateCounted += bytes;
    if (this.estimateCounted < this.estimate) return;
    this.estimateCounted -= this.estimate;
    this.estimate += (this.segment * 9) / 17;
  }
}

/** The whole part of the cube root. */
export function cubeRoot(value: u64): u64 {
  let root: u64 = 0;
  for (let bit: u64 = 1 << 21; bit > 0; bit >>= 1) {
    let candidate = root | bit;
    if (candidate * candidate * candidate <= value) root = candidate;
  }
  return root;
}
