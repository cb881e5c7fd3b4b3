// What a connection does when its timers go off.

import { ETIMEDOUT } from "../../abi/errno";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { abort, finish } from "./closing";
import { Connection } from "./connection";
import { detectLosses } from "./acknowledgment";
import { DATA_RETRIES, ORPHAN_RETRIES } from "./options";
import { acknowledge, armRetransmission, probe, push, retransmit, sendLossProbe } from "./output";
import { resendSyn } from "./opening";
import { Mark } from "./scoreboard";
import { State } from "./state";
import { Purpose } from "./timers";

export function expireRetransmission(c: Connection, purpose: Purpose): void {
  switch (c.state) {
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
      expireSyn(c);
      return;
    case State.CLOSED:
    case State.LISTEN:
    case State.TIME_WAIT:
    case State.FIN_WAIT_2:
      return;
    case State.ESTABLISHED:
    case State.CLOSE_WAIT:
    case State.FIN_WAIT_1:
    case State.CLOSING:
    case State.LAST_ACK:
      break;
  }
  switch (purpose) {
    case Purpose.TIMEOUT:
      expireTimeout(c);
      return;
    case Purpose.LOSS_PROBE:
      sendLossProbe(c);
      armRetransmission(c, false);
      return;
    case Purpose.REORDER:
      c.reorderNs = 0;
      detectLosses(c);
      push(c);
      return;
    case Purpose.PERSIST:
      expirePersist(c);
      return;
    case Purpose.RELEASE:
      expireRelease(c);
      return;
  }
}

function expireSyn(c: Connection): void {
  c.recovery.timeouts++;
  let isOver = c.recovery.timeouts > c.options.synRetries || isUserTimeout(c);
  if (isOver) {
    count(Counter.TCP_ATTEMPT_FAILS);
    finish(c, c.softError != 0 ? c.softError : ETIMEDOUT);
    return;
  }
  resendSyn(c);
}

/** RFC 6298 §5.4 to §5.7, RFC 8985 §6.3. */
function expireTimeout(c: Connection): void {
  let recovery = c.recovery;
  if (recovery.timeouts >= (c.isOrphan ? ORPHAN_RETRIES : DATA_RETRIES) || isUserTimeout(c)) {
    giveUp(c);
    return;
  }
  let board = c.scoreboard;
  let first = board.first;
  if (first === null) {
    armRetransmission(c, true);
    return;
  }
  count(Counter.TCP_TIMEOUTS);
  // The first one SACKed, yet not acknowledged: the peer has gone back on it.
  if (first.has(Mark.SACKED)) board.clearSacks();
  c.rack.isProbing = false;
  c.reorderNs = 0;
  c.rack.markTimedOut(board, c.roundTrip.timeoutNs);
  recovery.enterLoss(c.congestion, c.sendWindow.next, clock.nowMs() + c.timestampOffset);
  recovery.timeouts++;
  c.progressNs = clock.nowNs;
  let pending = board.firstPending();
  if (pending !== null) retransmit(c, pending);
  armRetransmission(c, false);
}

/** RFC 9293 §3.8.6.1: ask for the window, ever less often, as long as the peer answers. */
function expirePersist(c: Connection): void {
  if (c.sendWindow.usable > 0) {
    expireRelease(c);
    if (c.sendWindow.outstanding > 0) return;
  }
  let limit = c.isOrphan ? ORPHAN_RETRIES : DATA_RETRIES;
  if (c.probes >= limit || isUserTimeout(c)) {
    giveUp(c);
    return;
  }
  c.probes++;
  count(Counter.TCP_ZERO_WINDOW_PROBES);
  probe(c);
  armRetransmission(c, false);
}

/** Let a partial segment go that was held back. */
function expireRelease(c: Connection): void {
  let isCorked = c.options.isCorked;
  let noDelay = c.options.noDelay;
  c.options.isCorked = false;
  c.options.noDelay = true;
  // The peer's window may be too small for what we would call worth sending: the time for that is over too.
  let maximum = c.sendWindow.maximum;
  c.sendWindow.maximum = 1;
  push(c);
  c.sendWindow.maximum = maximum;
  c.options.isCorked = isCorked;
  c.options.noDelay = noDelay;
}

function isUserTimeout(c: Connection): bool {
  let limit = c.options.userTimeoutNs;
  return limit != 0 && clock.nowNs - c.progressNs >= limit;
}

function giveUp(c: Connection): void {
  count(Counter.TCP_ABORT_ON_TIMEOUT);
  abort(c, c.softError != 0 ? c.softError : ETIMEDOUT);
}

export function expireAcknowledgment(c: Connection): void {
  c.isConversing = false;
  count(Counter.TCP_DELAYED_ACKS);
  acknowledge(c);
}

/** Keepalive (RFC 9293 §3.8.4), or the end of a state that must not last for ever. */
export function expireSlow(c: Connection): void {
  switch (c.state) {
    case State.FIN_WAIT_2:
      // Nobody listens, and the peer does not finish: Linux's tcp_fin_timeout.
      if (c.isOrphan) finish(c, 0);
      return;
    case State.FIN_WAIT_1:
    case State.CLOSING:
    case State.LAST_ACK:
      return;
    case State.ESTABLISHED:
    case State.CLOSE_WAIT:
      break;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.LISTEN:
      return;
  }
  if (!c.options.keepsAlive) return;
  let idleNs = clock.nowNs - c.receivedNs;
  let isBusy = c.sendWindow.outstanding > 0 || c.unsent > 0;
  if (isBusy || idleNs < c.options.keepIdleNs) {
    c.probes = isBusy ? c.probes : 0;
    clock.arm(c.slow, isBusy ? c.options.keepIdleNs : c.options.keepIdleNs - idleNs);
    return;
  }
  let isUserLimit = c.options.userTimeoutNs != 0 && c.probes > 0 && idleNs >= c.options.userTimeoutNs;
  if (c.probes >= c.options.keepProbes || isUserLimit) {
    giveUp(c);
    return;
  }
  c.probes++;
  count(Counter.TCP_KEEPALIVES);
  probe(c);
  clock.arm(c.slow, c.options.keepIntervalNs);
}

/** Keepalive was switched on, or its times changed. */
export function restartKeepalive(c: Connection): void {
  if (c.options.keepsAlive) clock.arm(c.slow, c.options.keepIdleNs);
}
