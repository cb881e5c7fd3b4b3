// Header prediction (Van Jacobson): the segment that nearly always comes is handled here, at a fraction of the price
// of arrival.ts: established, in order, no flags but ACK and PSH, nothing lost or out of order on either side.

import * as clock from "../clock";
import { Counter, count } from "../counters";
import { heads } from "../packet/buffer";
import { Packet } from "../packet/packet";
import { advanceInOrder } from "./acknowledgment";
import { Acknowledge, Connection } from "./connection";
import { acceptInOrder } from "./data";
import * as pending from "./pending";
import { Segment } from "./segment";
import { State } from "./state";
import { TcpFlag } from "../wire/tcp";

/** Handle the segment when it is the predicted one; false leaves everything to arrival.ts. */
export function predicted(c: Connection, segment: Segment, packet: Packet): bool {
  if (c.state != State.ESTABLISHED || (segment.flags & ~(<u32>TcpFlag.PSH)) != TcpFlag.ACK) return false;
  let receive = c.receiveWindow;
  let window = c.sendWindow;
  if (segment.sequence != receive.next || segment.length > receive.window) return false;
  let acknowledged = segment.acknowledgment - window.unacknowledged;
  if (acknowledged > window.outstanding || segment.sackCount != 0) return false;
  if (!c.recovery.isOpen || c.scoreboard.sackedBytes != 0 || c.hasUrgent || c.isReceiveShut || c.isOrphan) return false;
  if (c.hasTimestamps) {
    if (!segment.hasTimestamps || <i32>(segment.timestampValue - c.timestampRecent) < 0) return false;
  }
  if (segment.length != 0 && c.receiveQueue.packetCount >= heads.fairShare) return false;
  // A duplicate acknowledgment is news.
  if (acknowledged == 0 && segment.length == 0) return false;
  if (!c.reassembly.isEmpty) return false;

  // RFC 7323 §4.3: the echo belongs to the first segment that is not acknowledged yet.
  if (c.hasTimestamps && segment.sequence == receive.acknowledged) {
    c.timestampRecent = segment.timestampValue;
    c.timestampRecentNs = clock.nowNs;
  }
  c.receivedNs = clock.nowNs;
  window.update(segment.window, segment.sequence, segment.acknowledgment);
  if (acknowledged != 0) advanceInOrder(c, segment);
  if (segment.length == 0) {
    count(Counter.TCP_PURE_ACKS);
    packet.release();
  } else {
    count(Counter.TCP_HEADER_PREDICTIONS);
    acceptInOrder(c, packet);
  }
  if (window.outstanding == 0 && c.unsent == 0) {
    // Nothing in flight and nothing to send: no timer either.
    clock.cancel(c.retransmission);
    if (c.acknowledgeWhen != Acknowledge.NOW) return true;
  }
  pending.add(c);
  return true;
}
