// Where a connection stands between trouble and none (RFC 5681, RFC 6675, RFC 6582), and the size of the window on the way
// (proportional rate reduction, RFC 6937).
//
//          loss found                     everything acknowledged that was out when the trouble began
//   OPEN ---------------> RECOVERY ------------------------------------------------------------> OPEN
//     '----- timeout ---> LOSS ----------------------------------------------------------------^

import { Congestion } from "./congestion";
import { after, atOrAfter } from "./sequence";

export const enum Phase {
  OPEN = 0,
  RECOVERY,
  LOSS,
}

export class Recovery {
  phase: Phase = Phase.OPEN;
  /** SND.NXT when the trouble began: when this is acknowledged it is over. */
  point: u32 = 0;
  /** Duplicate acknowledgments in a row, of a peer without SACK. */
  duplicates: u32 = 0;
  /** Timeouts in a row. */
  timeouts: u32 = 0;
  /** RFC 6937: bytes delivered and sent in this recovery, and what was in flight when it began. */
  private delivered: u32 = 0;
  private sent: u32 = 0;
  private flight: u32 = 0;
  /** To take the reaction back when the loss was none (RFC 4015). */
  private priorWindow: u32 = 0;
  private priorThreshold: u32 = 0;
  private canUndo: bool = false;
  /** The timestamp of the first retransmission: an older echo means that the original arrived (RFC 3522). */
  private firstRetransmissionMs: u32 = 0;

  get isOpen(): bool {
    return this.phase == Phase.OPEN;
  }

  enterRecovery(congestion: Congestion, next: u32, pipe: u32, nowMs: u32): void {
    this.remember(congestion, nowMs);
    this.phase = Phase.RECOVERY;
    this.point = next;
    this.delivered = 0;
    this.sent = 0;
    this.flight = max<u32>(pipe, 1);
    congestion.lost();
  }

  enterLoss(congestion: Congestion, next: u32, nowMs: u32): void {
    if (this.phase == Phase.OPEN) {
      this.remember(congestion, nowMs);
      congestion.lost();
      this.point = next;
    } else if (this.phase == Phase.RECOVERY) {
      this.canUndo = false;
      this.point = next;
    }
    this.phase = Phase.LOSS;
    congestion.timedOut();
  }

  private remember(congestion: Congestion, nowMs: u32): void {
    this.priorWindow = congestion.window;
    this.priorThreshold = congestion.threshold;
    this.firstRetransmissionMs = nowMs;
    this.canUndo = true;
  }

  noteSent(bytes: u32): void {
    this.sent += bytes;
  }

  /** Whether an acknowledgment of new data shows, by its echo, that nothing had been lost; then the reaction is taken back. */
  undoIfSpurious(congestion: Congestion, hasEcho: bool, echoMs: u32): bool {
    if (!this.canUndo || this.phase == Phase.OPEN) return false;
    this.canUndo = false;
    if (!hasEcho || !after(this.firstRetransmissionMs, echoMs)) return false;
    congestion.undo(this.priorWindow, this.priorThreshold);
    this.phase = Phase.OPEN;
    return true;
  }

  /** End it when everything up to the point is acknowledged; true when it ended. */
  leaveAt(acknowledgment: u32, congestion: Congestion): bool {
    if (this.phase == Phase.OPEN || !atOrAfter(acknowledgment, this.point)) return false;
    if (this.phase == Phase.RECOVERY) congestion.window = congestion.threshold;
    this.phase = Phase.OPEN;
    this.duplicates = 0;
    this.canUndo = false;
    return true;
  }

  /** The window during recovery (RFC 6937 §3, with slow-start reduction bound). */
  reduce(congestion: Congestion, deliveredNow: u32, pipe: u32, segment: u32): void {
    this.delivered += deliveredNow;
    let allowance: i64;
    if (pipe > congestion.threshold) {
      let share = (<u64>this.delivered * <u64>congestion.threshold + <u64>this.flight - 1) / <u64>this.flight;
      allowance = <i64>share - <i64>this.sent;
    } else {
      let headroom = congestion.threshold - pipe;
      let owed = max<i64>(<i64>this.delivered - <i64>this.sent, <i64>deliveredNow);
      allowance = min<i64>(owed + <i64>segment, <i64>headroom);
    }
    // The first retransmission always goes out (RFC 6937 §3).
    if (this.sent == 0) allowance = max<i64>(allowance, <i64>segment);
    if (allowance < 0) allowance = 0;
    congestion.window = pipe + <u32>allowance;
  }
}
