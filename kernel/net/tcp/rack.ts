// Recent acknowledgment: loss by time (RFC 8985 §6). A segment is lost when one sent after it has arrived and a
// reordering window has passed since; and a loss probe asks about the tail (§7).

import * as clock from "../clock";
import { Mark, Scoreboard, SentSegment } from "./scoreboard";
import { after, before } from "./sequence";

/** Rounds without a duplicate SACK after which a widened window shrinks again (RFC 8985 §6.2 step 4). */
const WINDOW_PERSISTS: u32 = 16;
/** The reordering window may widen up to SRTT; so many quarters of the minimum are plenty. */
const MAX_MULTIPLIER: u32 = 255;
/** How long a peer may delay its acknowledgment of a single segment (RFC 8985 §7.2; Linux assumes its own delay). */
const WORST_DELAYED_ACK_NS: u64 = 200 * clock.MILLISECOND;
/** A probe timeout is at least this: timers are not finer. */
const MIN_PROBE_NS: u64 = 2 * clock.MILLISECOND;

export class Rack {
  /** RACK.xmit_ts, RACK.end_seq: the latest-sent segment known to have arrived. */
  private sentNs: u64 = 0;
  private end: u32 = 0;
  /** RACK.rtt. */
  private roundTripNs: u64 = 0;
  /** RACK.fack: the highest sequence known to have arrived. */
  private forward: u32 = 0;
  private hasForward: bool = false;
  hasReordering: bool = false;
  private multiplier: u32 = 1;
  private persists: u32 = 0;
  private roundEnd: u32 = 0;
  private isRoundOpen: bool = false;

  /** TLP.end_seq and TLP.is_retrans, while a probe is out. */
  probeEnd: u32 = 0;
  isProbing: bool = false;
  isProbeRetransmission: bool = false;

  /** `record` is newly acknowledged, cumulatively or by SACK. `echoMs` is the timestamp echoed, when there is one. */
  update(record: SentSegment, minimumNs: u64, hasEcho: bool, isEchoOlder: bool): void {
    this.noteOrder(record);
    let roundTripNs = clock.nowNs - record.sentNs;
    if (record.has(Mark.REPEATED)) {
      // The acknowledgment may be for an earlier copy (RFC 8985 §6.2 step 2).
      if (hasEcho && isEchoOlder) return;
      if (roundTripNs < minimumNs) return;
    }
    this.roundTripNs = roundTripNs;
    if (isSentAfter(record.sentNs, record.end, this.sentNs, this.end)) {
      this.sentNs = record.sentNs;
      this.end = record.end;
    }
  }

  private noteOrder(record: SentSegment): void {
    if (!this.hasForward || after(record.end, this.forward)) {
      this.forward = record.end;
      this.hasForward = true;
    } else if (before(record.end, this.forward) && !record.has(Mark.REPEATED)) {
      this.hasReordering = true;
    }
  }

  /** A duplicate SACK says that a retransmission was needless: be more patient, once per round (RFC 8985 §6.2 step 4). */
  noteDuplicate(unacknowledged: u32, next: u32): void {
    if (this.isRoundOpen && before(unacknowledged, this.roundEnd)) return;
    this.isRoundOpen = true;
    this.roundEnd = next;
    if (this.multiplier < MAX_MULTIPLIER) this.multiplier++;
    this.persists = WINDOW_PERSISTS;
  }

  /** A recovery ended. */
  noteRecoveryEnd(): void {
    if (this.persists > 0) this.persists--;
    if (this.persists == 0) this.multiplier = 1;
  }

  private reorderingWindowNs(isRecovering: bool, isThresholdReached: bool, smoothedNs: u64, minimumNs: u64): u64 {
    if (!this.hasReordering && (isRecovering || isThresholdReached)) return 0;
    return min<u64>((<u64>this.multiplier * minimumNs) / 4, smoothedNs);
  }

  /**
   * Mark what is lost by now. Returns the time until the next segment may turn out to be, 0 when there is none.
   * `isThresholdReached`: three segments' worth is SACKED.
   */
  detect(board: Scoreboard, isRecovering: bool, isThresholdReached: bool, smoothedNs: u64, minimumNs: u64): u64 {
    let window = this.reorderingWindowNs(isRecovering, isThresholdReached, smoothedNs, minimumNs);
    let patienceNs = this.roundTripNs + window;
    let waitNs: u64 = 0;
    let record = board.first;
    while (record !== null) {
      let isCandidate = !record.has(Mark.SACKED) && !record.isPending;
      if (isCandidate && isSentAfter(this.sentNs, this.end, record.sentNs, record.end)) {
        let ageNs = clock.nowNs - record.sentNs;
        if (ageNs >= patienceNs) board.markLost(record);
        else waitNs = max<u64>(waitNs, patienceNs - ageNs);
      }
      record = record.next;
    }
    return waitNs;
  }

  /** A timeout: what was sent long enough ago is lost, the first segment in any case (RFC 8985 §6.3). */
  markTimedOut(board: Scoreboard, timeoutNs: u64): void {
    let record = board.first;
    let isFirst = true;
    while (record !== null) {
      let isOld = clock.nowNs - record.sentNs >= min<u64>(this.roundTripNs, timeoutNs);
      if (!record.has(Mark.SACKED) && !record.isPending && (isFirst || isOld)) board.markLost(record);
      isFirst = false;
      record = record.next;
    }
  }

  /** How long to wait for an acknowledgment before probing (RFC 8985 §7.2). */
  probeTimeoutNs(smoothedNs: u64, isSingle: bool): u64 {
    if (smoothedNs == 0) return clock.SECOND;
    return max<u64>(2 * smoothedNs, MIN_PROBE_NS) + (isSingle ? WORST_DELAYED_ACK_NS : 0);
  }
}

/** RACK_sent_after (RFC 8985 §6.2). */
function isSentAfter(leftNs: u64, leftEnd: u32, rightNs: u64, rightEnd: u32): bool {
  return leftNs > rightNs || (leftNs == rightNs && after(leftEnd, rightEnd));
}
