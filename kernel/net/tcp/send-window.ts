// The send sequence space (RFC 9293 §3.3.1).
//
//       acknowledged   |   in flight   |   may be sent   |   not yet
//   -------------- unacknowledged --- next ---- unacknowledged + window ----

import { after, before } from "./sequence";

export class SendWindow {
  /** ISS. */
  initial: u32 = 0;
  /** SND.UNA. */
  unacknowledged: u32 = 0;
  /** SND.NXT. */
  next: u32 = 0;
  /** SND.WND in bytes. */
  window: u32 = 0;
  /** The peer's shift (RFC 7323 §2). */
  scale: u32 = 0;
  /** The largest window the peer ever offered (RFC 9293 §3.8.6.2.1). */
  maximum: u32 = 0;
  /** SND.WL1, SND.WL2. */
  private updateSequence: u32 = 0;
  private updateAcknowledgment: u32 = 0;
  /** SND.UP: the byte after the urgent data, when hasUrgent. */
  urgent: u32 = 0;
  hasUrgent: bool = false;

  /** Bytes in flight. */
  get outstanding(): u32 {
    return this.next - this.unacknowledged;
  }

  /** Bytes the peer has room for beyond what is in flight; 0 also when it took room back. */
  get usable(): u32 {
    let end = this.unacknowledged + this.window;
    return after(end, this.next) ? end - this.next : 0;
  }

  start(initial: u32): void {
    this.initial = initial;
    this.unacknowledged = initial;
    this.next = initial;
  }

  /** Take the window of a SYN, which is never scaled. */
  open(window: u32, sequence: u32, acknowledgment: u32): void {
    this.window = window;
    this.maximum = window;
    this.updateSequence = sequence;
    this.updateAcknowledgment = acknowledgment;
  }

  /** Take the window of a segment unless a later one was seen (RFC 9293 §3.10.7.4). True when it changed. */
  update(field: u32, sequence: u32, acknowledgment: u32): bool {
    if (after(this.updateSequence, sequence)) return false;
    if (this.updateSequence == sequence && before(acknowledgment, this.updateAcknowledgment)) return false;
    let window = field << this.scale;
    let hasChanged = window != this.window;
    this.window = window;
    this.maximum = max(this.maximum, window);
    this.updateSequence = sequence;
    this.updateAcknowledgment = acknowledgment;
    return hasChanged;
  }
}
