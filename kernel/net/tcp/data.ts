// Payload that arrives, in order or not, and the acknowledgments it asks for (RFC 9293 §3.10.7.4 "seventh", RFC 5681 §4.2).

import * as clock from "../clock";
import { Counter, count } from "../counters";
import { heads } from "../packet/buffer";
import { Packet } from "../packet/packet";
import { Acknowledge, Connection } from "./connection";
import { after, atOrAfter, before } from "./sequence";

/** How long an acknowledgment may wait for data to travel with (Linux's TCP_DELACK_MIN; RFC 9293 allows 500 ms). */
export const DELAYED_NS: u64 = 40 * clock.MILLISECOND;
/**
 * So many bytes are acknowledged at once even where a segment is larger: on the loopback two full segments, 128 KB, are
 * more than a sender's buffer holds, and it would wait for an acknowledgment that waits for it.
 */
const MUCH: u32 = 32768;
/** Memory a connection may hold beyond what its bytes need: small segments in large packets. */
const FOOTPRINT_FACTOR: u32 = 4;
const FOOTPRINT_FLOOR: u32 = 65536;

/** Take in payload that may be old, in order, or ahead. The packet is ours from here on. */
export function receive(c: Connection, packet: Packet): void {
  let window = c.receiveWindow;
  if (before(packet.sequence, window.next)) {
    let old = window.next - packet.sequence;
    if (old >= packet.length) {
      count(Counter.TCP_DUPLICATES);
      c.reassembly.noteDuplicate(packet.sequence, packet.sequenceEnd);
      c.acknowledgeWhen = Acknowledge.NOW;
      packet.release();
      return;
    }
    packet.strip(old);
    packet.sequence = window.next;
    c.acknowledgeWhen = Acknowledge.NOW;
  }
  if (after(packet.sequenceEnd, window.edge)) {
    if (atOrAfter(packet.sequence, window.edge)) {
      packet.release();
      return;
    }
    packet.trim(window.edge - packet.sequence);
    packet.sequenceEnd = window.edge;
  }
  if (packet.length == 0) {
    packet.release();
    return;
  }
  if (isTooMuch(c)) {
    count(Counter.TCP_RECEIVE_BUFFER_DROPS);
    packet.release();
    return;
  }
  if (packet.sequence == window.next) {
    acceptInOrder(c, packet);
    if (!c.reassembly.isEmpty) acceptFollowing(c);
  } else {
    acceptAhead(c, packet);
  }
}

/** Append payload at RCV.NXT. */
export function acceptInOrder(c: Connection, packet: Packet): void {
  let window = c.receiveWindow;
  let length = packet.length;
  window.next += length;
  let share = packet.segmentSize != 0 ? min(packet.segmentSize, length) : length;
  if (share > window.segmentSize) window.segmentSize = min<u32>(share, c.peerSegmentSize);
  if (c.isReceiveShut) packet.release();
  else c.receiveQueue.push(packet);
  scheduleAcknowledgment(c);
  let observer = c.observer;
  if (observer !== null) observer.readable();
}

/** At least every second full segment is acknowledged, and none waits long (RFC 5681 §4.2). */
function scheduleAcknowledgment(c: Connection): void {
  if (c.acknowledgeWhen == Acknowledge.NOW) return;
  let window = c.receiveWindow;
  let isMuch = window.next - window.acknowledged >= min<u32>(2 * window.segmentSize, MUCH);
  if (isMuch || c.quickAcknowledgments > 0 || c.options.quickAcknowledge) {
    if (c.quickAcknowledgments > 0) c.quickAcknowledgments--;
    c.acknowledgeWhen = Acknowledge.NOW;
    return;
  }
  if (c.acknowledgeWhen == Acknowledge.LATER) return;
  c.acknowledgeWhen = Acknowledge.LATER;
  clock.arm(c.delayedAcknowledgment, DELAYED_NS);
}

/** The gap was filled: append what waited behind it. */
function acceptFollowing(c: Connection): void {
  let window = c.receiveWindow;
  let packet = c.reassembly.take(window.next);
  while (packet !== null) {
    window.next = packet.sequenceEnd;
    if (c.isReceiveShut) packet.release();
    else c.receiveQueue.push(packet);
    packet = c.reassembly.take(window.next);
  }
  c.reassembly.trimBlocks(window.next);
  c.acknowledgeWhen = Acknowledge.NOW;
}

/** Keep it, and say at once that something is missing (RFC 5681 §4.2). */
function acceptAhead(c: Connection, packet: Packet): void {
  c.acknowledgeWhen = Acknowledge.NOW;
  if (heads.isScarce) {
    count(Counter.TCP_OUT_OF_ORDER_DROPS);
    packet.release();
    return;
  }
  count(Counter.TCP_OUT_OF_ORDER);
  c.reassembly.insert(packet);
}

/** Whether this connection holds more memory than its share; what is out of order goes first. */
function isTooMuch(c: Connection): bool {
  let limit = FOOTPRINT_FACTOR * c.receiveWindow.limit + FOOTPRINT_FLOOR;
  let isOver = c.receiveQueue.footprint + c.reassembly.footprint > limit;
  if (!isOver && c.receiveQueue.packetCount < heads.fairShare) return false;
  if (!c.reassembly.isEmpty) {
    count(Counter.TCP_OUT_OF_ORDER_PRUNED);
    c.reassembly.clear();
  }
  // Everyone may have something: a request, not a flood.
  if (c.receiveQueue.isEmpty) return heads.isCritical;
  return c.receiveQueue.footprint > limit || c.receiveQueue.packetCount >= heads.fairShare;
}
