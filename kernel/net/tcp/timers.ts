// A connection's three timers. What they do is in timeout.ts.

import { Timer } from "../../lib/timer-queue";
import { Connection } from "./connection";
import { expireAcknowledgment, expireRetransmission, expireSlow } from "./timeout";

/** What the retransmission timer waits for; one at a time (RFC 8985 §7.1). */
export const enum Purpose {
  /** RFC 6298. */
  TIMEOUT = 0,
  /** Tail loss probe, RFC 8985 §7. */
  LOSS_PROBE,
  /** RACK's reordering window, RFC 8985 §6.2 step 5. */
  REORDER,
  /** Zero window, RFC 9293 §3.8.6.1. */
  PERSIST,
  /** A corked partial segment has waited long enough (man 7 tcp: 200 ms), or memory was short. */
  RELEASE,
}

export class RetransmissionTimer extends Timer {
  purpose: Purpose = Purpose.TIMEOUT;

  constructor(private connection: Connection) {
    super();
  }

  expired(_nowNs: u64): void {
    expireRetransmission(this.connection, this.purpose);
  }
}

export class AcknowledgmentTimer extends Timer {
  constructor(private connection: Connection) {
    super();
  }

  expired(_nowNs: u64): void {
    expireAcknowledgment(this.connection);
  }
}

/** Keepalive, and the time limits of closing. */
export class SlowTimer extends Timer {
  constructor(private connection: Connection) {
    super();
  }

  expired(_nowNs: u64): void {
    expireSlow(this.connection);
  }
}
