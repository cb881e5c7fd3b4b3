// A segment arrives for a connection (RFC 9293 §3.10.7.3 and §3.10.7.4, in its order of checks, with RFC 5961 and RFC 7323).

import { ECONNREFUSED, ECONNRESET, EPIPE } from "../../abi/errno";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { Packet } from "../packet/packet";
import { TcpFlag } from "../wire/tcp";
import * as acknowledgment from "./acknowledgment";
import { challenge } from "./challenge";
import { abort, enterTimeWait, finish, rearmSlow } from "./closing";
import { Acknowledge, Connection } from "./connection";
import * as data from "./data";
import { acceptSynAcknowledgment, crossOpen, establish } from "./opening";
import { acknowledge } from "./output";
import * as pending from "./pending";
import { resetStranger } from "./reset";
import { Segment } from "./segment";
import { after, atOrAfter, atOrBefore, before } from "./sequence";
import { afterFinAcknowledged, afterPeerFin, canReceive, State } from "./state";

/** RFC 7323 §5.5: a timestamp older than this may have wrapped. */
const TIMESTAMP_LIFETIME_NS: u64 = 24 * 86400 * clock.SECOND;

export function segmentArrives(c: Connection, segment: Segment, packet: Packet): void {
  switch (c.state) {
    case State.CLOSED:
    case State.LISTEN:
    case State.TIME_WAIT:
      resetStranger(segment, packet);
      packet.release();
      return;
    case State.SYN_SENT:
      arriveSynSent(c, segment, packet);
      return;
    case State.SYN_RECEIVED:
    case State.ESTABLISHED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
    case State.CLOSE_WAIT:
    case State.CLOSING:
    case State.LAST_ACK:
      break;
  }
  // Who keeps the packet is decided at the seventh step; all before it only look.
  if (!precheck(c, segment, packet) || !acknowledgeStep(c, segment, packet)) {
    packet.release();
    pending.add(c);
    return;
  }
  if (segment.has(TcpFlag.URG)) noteUrgent(c, segment);
  textStep(c, segment, packet);
  finStep(c);
  if (c.isOpen) pending.add(c);
}

/** RFC 9293 §3.10.7.3. */
function arriveSynSent(c: Connection, segment: Segment, packet: Packet): void {
  let hasAcknowledgment = segment.has(TcpFlag.ACK);
  if (hasAcknowledgment) {
    let number = segment.acknowledgment;
    if (atOrBefore(number, c.sendWindow.initial) || after(number, c.sendWindow.next)) {
      resetStranger(segment, packet);
      packet.release();
      return;
    }
  }
  if (segment.has(TcpFlag.RST)) {
    packet.release();
    // Without an acceptable acknowledgment it is a guess.
    if (hasAcknowledgment) {
      count(Counter.TCP_ATTEMPT_FAILS);
      finish(c, ECONNREFUSED);
    }
    return;
  }
  if (!segment.has(TcpFlag.SYN)) {
    count(Counter.TCP_IN_ERRORS);
    packet.release();
    return;
  }
  if (hasAcknowledgment) {
    acceptSynAcknowledgment(c, segment);
    textStep(c, segment, packet);
    finStep(c);
    pending.add(c);
  } else {
    crossOpen(c, segment);
    packet.release();
  }
}

/** First to fourth: sequence number, RST, security (none), SYN. False to drop the segment. */
function precheck(c: Connection, segment: Segment, packet: Packet): bool {
  if (c.hasTimestamps && !segment.has(TcpFlag.RST) && !isTimely(c, segment)) return false;
  let receive = c.receiveWindow;
  if (!isAcceptable(c, segment)) {
    count(Counter.TCP_OUT_OF_WINDOW);
    if (segment.has(TcpFlag.RST)) return false;
    let isOld = segment.end != segment.sequence && before(segment.sequence, receive.next);
    if (isOld && !segment.has(TcpFlag.SYN)) {
      // A needless retransmission deserves to be told so (RFC 2883).
      count(Counter.TCP_DUPLICATES);
      if (c.hasSack && segment.length > 0) c.reassembly.noteDuplicate(packet.sequence, packet.sequenceEnd);
      acknowledgeOld(c, segment, packet);
    } else {
      challenge(c);
    }
    return false;
  }
  if (segment.has(TcpFlag.RST)) {
    // RFC 5961 §3.2: only the exact number resets.
    if (segment.sequence == receive.next) resetByPeer(c);
    else challenge(c);
    return false;
  }
  if (segment.has(TcpFlag.SYN)) {
    // RFC 5961 §4.2. A SYN-ACK that crosses ours in SYN-RECEIVED acknowledges it (RFC 9293 figure 8).
    if (c.state != State.SYN_RECEIVED || segment.sequence != receive.initial) {
      challenge(c);
      return false;
    }
  }
  return true;
}

/**
 * A segment whose text we have: what it acknowledges is news all the same (RFC 9293 §3.10.7.4 makes allowance for valid
 * ACKs). When FINs cross and one is lost, the other side's FIN comes again with the acknowledgment of ours.
 */
function acknowledgeOld(c: Connection, segment: Segment, packet: Packet): void {
  // Its text was needless, and the connection may be over with this: answer first.
  if (c.state == State.CLOSING || c.state == State.LAST_ACK) acknowledge(c);
  else c.acknowledgeWhen = Acknowledge.NOW;
  if (c.state != State.SYN_RECEIVED) acknowledgeStep(c, segment, packet);
}

/** PAWS (RFC 7323 §5.3). */
function isTimely(c: Connection, segment: Segment): bool {
  if (!segment.hasTimestamps) {
    count(Counter.TCP_IN_ERRORS);
    return false;
  }
  if (<i32>(segment.timestampValue - c.timestampRecent) < 0) {
    if (clock.nowNs - c.timestampRecentNs < TIMESTAMP_LIFETIME_NS) {
      count(Counter.TCP_PAWS_DROPS);
      if (segment.length > 0 && c.hasSack && before(segment.sequence, c.receiveWindow.next)) {
        c.reassembly.noteDuplicate(segment.sequence, segment.sequence + segment.length);
      }
      challenge(c);
      return false;
    }
  }
  // §4.3: the segment that the last acknowledgment asked for carries the timestamp to echo.
  if (atOrBefore(segment.sequence, c.receiveWindow.acknowledged)) {
    c.timestampRecent = segment.timestampValue;
    c.timestampRecentNs = clock.nowNs;
  }
  return true;
}

/** RFC 9293 §3.10.7.4 table 6. A crossing SYN-ACK in SYN-RECEIVED begins one number earlier. */
function isAcceptable(c: Connection, segment: Segment): bool {
  let receive = c.receiveWindow;
  let start = segment.sequence;
  let length = segment.end - start;
  if (c.state == State.SYN_RECEIVED && segment.has(TcpFlag.SYN) && start == receive.initial) return true;
  let window = receive.window;
  // Into a closed window nothing may come but what needs no room; data at its very edge still brings an acknowledgment.
  if (window == 0) return start == receive.next;
  if (length == 0) return atOrAfter(start, receive.next) && before(start, receive.edge);
  return before(start, receive.edge) && after(start + length, receive.next);
}

/** Fifth: the acknowledgment. False to drop the segment. */
function acknowledgeStep(c: Connection, segment: Segment, packet: Packet): bool {
  if (!segment.has(TcpFlag.ACK)) {
    count(Counter.TCP_IN_ERRORS);
    return false;
  }
  c.receivedNs = clock.nowNs;
  if (c.state == State.SYN_RECEIVED) {
    let number = segment.acknowledgment;
    if (atOrBefore(number, c.sendWindow.unacknowledged) || after(number, c.sendWindow.next)) {
      resetStranger(segment, packet);
      return false;
    }
    establish(c, segment);
  } else if (!acknowledgment.process(c, segment)) {
    return false;
  }
  if (c.isFinSent && c.sendWindow.unacknowledged == c.sendWindow.next) finAcknowledged(c);
  return c.state != State.CLOSED && c.state != State.TIME_WAIT;
}

/** Our FIN has arrived. */
function finAcknowledged(c: Connection): void {
  let next = afterFinAcknowledged(c.state);
  if (next == c.state) return;
  if (next == State.TIME_WAIT) enterTimeWait(c);
  else if (next == State.CLOSED) finish(c, 0);
  else {
    c.state = next;
    rearmSlow(c);
  }
}

/** Sixth: note where the urgent data ends (RFC 9293 §3.8.5; the byte before the pointer is the urgent one). */
function noteUrgent(c: Connection, segment: Segment): void {
  if (segment.urgentPointer == 0 || !canReceive(c.state)) return;
  let position = segment.sequence + segment.urgentPointer - 1;
  if (before(position, c.receiveWindow.next)) return;
  if (c.hasUrgent && !after(position, c.urgentSequence)) return;
  c.hasUrgent = true;
  c.urgentSequence = position;
  let observer = c.observer;
  if (observer !== null) observer.urgent();
}

/** Seventh: the text, and where the FIN stands. The packet is used up. */
function textStep(c: Connection, segment: Segment, packet: Packet): void {
  if (!canReceive(c.state)) {
    packet.release();
    return;
  }
  if (segment.has(TcpFlag.FIN)) {
    let position = segment.sequence + segment.length + (segment.has(TcpFlag.SYN) ? 1 : 0);
    if (atOrBefore(position, c.receiveWindow.edge)) {
      c.hasEarlyFin = true;
      c.earlyFin = position;
    }
  }
  if (packet.length == 0) {
    packet.release();
    return;
  }
  if (c.isOrphan && after(packet.sequenceEnd, c.receiveWindow.next)) {
    // Data that nobody will ever read: the peer should know (RFC 9293 §3.6.1; Linux's TCPAbortOnData).
    packet.release();
    count(Counter.TCP_ABORT_ON_DATA);
    abort(c, EPIPE);
    return;
  }
  data.receive(c, packet);
}

/** Eighth: the FIN, when everything before it is there. */
function finStep(c: Connection): void {
  if (!c.hasEarlyFin || c.earlyFin != c.receiveWindow.next || !canReceive(c.state)) return;
  c.hasEarlyFin = false;
  c.receiveWindow.next++;
  c.reassembly.clear();
  c.acknowledgeWhen = Acknowledge.NOW;
  let next = afterPeerFin(c.state);
  if (next == State.TIME_WAIT) {
    acknowledge(c);
    enterTimeWait(c);
    return;
  }
  c.state = next;
  let observer = c.observer;
  if (observer !== null) observer.readable();
}

/** The peer reset the connection. */
function resetByPeer(c: Connection): void {
  switch (c.state) {
    case State.SYN_RECEIVED:
      finish(c, ECONNREFUSED);
      return;
    case State.CLOSE_WAIT:
      count(Counter.TCP_ESTABLISHED_RESETS);
      finish(c, EPIPE);
      return;
    case State.ESTABLISHED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
      count(Counter.TCP_ESTABLISHED_RESETS);
      finish(c, ECONNRESET);
      return;
    case State.CLOSING:
    case State.LAST_ACK:
      finish(c, 0);
      return;
    case State.SYN_SENT:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.LISTEN:
      return;
  }
}
