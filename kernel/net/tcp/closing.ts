// How a connection ends: in order, by reset, or because it must (RFC 9293 §3.6, §3.10.4, §3.10.5).

import { ECONNABORTED, ENOTCONN } from "../../abi/errno";
import * as clock from "../clock";
import { Counter, count, uncount } from "../counters";
import { Connection } from "./connection";
import { push, sendReset } from "./output";
import { ports } from "./ports";
import { afterClose, isSynchronized, State } from "./state";
import * as table from "./table";
import * as timeWait from "./time-wait";

/** The program sends no more: FIN after everything that is queued. Returns 0 or -ENOTCONN. */
export function shutdown(c: Connection): i32 {
  if (c.state == State.CLOSED || c.state == State.LISTEN) return -ENOTCONN;
  let next = afterClose(c.state);
  if (next == c.state) return 0;
  if (next == State.CLOSED) {
    finish(c, 0);
    return 0;
  }
  c.state = next;
  c.isFinQueued = true;
  push(c);
  return 0;
}

/** The socket is closed. What it wrote still goes out, unless it asked for a reset or left data unread. */
export function close(c: Connection, isAbortive: bool): void {
  let hasUnread = c.receiveQueue.length > 0;
  c.observer = null;
  c.isOrphan = true;
  c.receiveQueue.clear();
  switch (c.state) {
    case State.CLOSED:
    case State.TIME_WAIT:
    case State.LISTEN:
      releasePort(c);
      return;
    case State.SYN_SENT:
      finish(c, 0);
      return;
    case State.SYN_RECEIVED:
      abort(c, ECONNABORTED);
      return;
    case State.ESTABLISHED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
    case State.CLOSE_WAIT:
    case State.CLOSING:
    case State.LAST_ACK:
      break;
  }
  if (isAbortive || hasUnread) {
    // RFC 2525 §2.17: the peer must learn that its data was not read.
    count(isAbortive ? Counter.TCP_ABORT_ON_LINGER : Counter.TCP_ABORT_ON_CLOSE);
    abort(c, ECONNABORTED);
    return;
  }
  shutdown(c);
  rearmSlow(c);
}

/** Set the time limit for FIN-WAIT-2 when nobody holds the connection. */
export function rearmSlow(c: Connection): void {
  if (c.state == State.FIN_WAIT_2 && c.isOrphan) clock.arm(c.slow, c.options.finTimeoutNs);
}

/** Send RST and end. */
export function abort(c: Connection, error: i32): void {
  if (isSynchronized(c.state) || c.state == State.SYN_RECEIVED) sendReset(c);
  finish(c, error);
}

/** The connection is over; `error` (positive) is why, 0 when it ended as it should. What was received can still be read. */
export function finish(c: Connection, error: i32): void {
  if (c.state == State.CLOSED) return;
  leave(c);
  c.state = State.CLOSED;
  table.remove(c);
  tell(c, error);
}

/** Both FINs are sent and acknowledged, ours first: only the memory of it stays (RFC 9293 §3.6.1). */
export function enterTimeWait(c: Connection): void {
  leave(c);
  c.state = State.TIME_WAIT;
  timeWait.enter(c);
  tell(c, 0);
}

/** Stop everything that keeps going by itself. */
function leave(c: Connection): void {
  if (c.isEstablishedOnce && c.state != State.TIME_WAIT) uncount(Counter.TCP_CURRENT_ESTABLISHED);
  clock.timers.remove(c.retransmission);
  clock.timers.remove(c.delayedAcknowledgment);
  clock.timers.remove(c.slow);
  c.sendBuffer.clear();
  c.scoreboard.clear();
  c.reassembly.clear();
  let listener = c.listener;
  if (listener !== null) listener.forget(c);
  if (c.isOrphan) {
    c.receiveQueue.clear();
    releasePort(c);
  }
}

function releasePort(c: Connection): void {
  let binding = c.binding;
  if (binding !== null) ports.release(binding);
  c.binding = null;
}

function tell(c: Connection, error: i32): void {
  if (error != 0) c.error = error;
  let observer = c.observer;
  if (observer === null) return;
  if (error != 0) observer.failed(error);
  observer.closed();
}
