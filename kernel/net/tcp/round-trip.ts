// The round-trip time and the retransmission timeout that follows from it (RFC 6298), in nanoseconds.

import * as clock from "../clock";

/** Linux's TCP_RTO_MIN; RFC 6298 §2.4 would have a second, which no host has. */
export const MIN_TIMEOUT_NS: u64 = 200 * clock.MILLISECOND;
/** RFC 6298 §2.5. */
export const MAX_TIMEOUT_NS: u64 = 120 * clock.SECOND;
/** RFC 6298 §2.1. */
export const INITIAL_TIMEOUT_NS: u64 = clock.SECOND;
/** How long a minimum is believed (RFC 8985 §6.2 step 1; Linux's tcp_min_rtt_wlen). */
const MINIMUM_WINDOW_NS: u64 = 300 * clock.SECOND;

export class RoundTrip {
  /** SRTT, 0 until measured. */
  smoothedNs: u64 = 0;
  /** RTTVAR. */
  variationNs: u64 = 0;
  /** The smallest of the last minutes. */
  minimumNs: u64 = 0;
  private minimumAtNs: u64 = 0;
  /** RTO before any backing off. */
  timeoutNs: u64 = INITIAL_TIMEOUT_NS;

  get isMeasured(): bool {
    return this.smoothedNs != 0;
  }

  /** A measurement, from a segment that was sent once (Karn) or by timestamps. */
  sample(ns: u64): void {
    if (ns == 0) ns = 1;
    if (this.smoothedNs == 0) {
      this.smoothedNs = ns;
      this.variationNs = ns / 2;
    } else {
      let error = ns > this.smoothedNs ? ns - this.smoothedNs : this.smoothedNs - ns;
      this.variationNs = this.variationNs - this.variationNs / 4 + error / 4;
      this.smoothedNs = this.smoothedNs - this.smoothedNs / 8 + ns / 8;
    }
    if (this.minimumNs == 0 || ns <= this.minimumNs || clock.nowNs - this.minimumAtNs > MINIMUM_WINDOW_NS) {
      this.minimumNs = ns;
      this.minimumAtNs = clock.nowNs;
    }
    // Linux keeps the variation's share from vanishing, so that RTO ≥ SRTT + 200 ms.
    let timeout = this.smoothedNs + max<u64>(4 * this.variationNs, MIN_TIMEOUT_NS);
    this.timeoutNs = min<u64>(timeout, MAX_TIMEOUT_NS);
  }

  /** RTO after so many timeouts in a row (RFC 6298 §5.5). */
  backedOff(timeouts: u32): u64 {
    let shift = min<u32>(timeouts, 16);
    return min<u64>(this.timeoutNs << (<u64>shift), MAX_TIMEOUT_NS);
  }
}
