// A TCP packet arrives: whose is it?

import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import { Cast, Checksum, Packet } from "../packet/packet";
import { Protocol } from "../wire/ipv4";
import { TcpFlag } from "../wire/tcp";
import { Listener } from "./listener";
import * as listeners from "./listeners";
import { resetStranger } from "./reset";
import { arrived, Segment } from "./segment";
import * as table from "./table";

/** A packet that stands at its TCP header. */
export function receive(packet: Packet): void {
  count(Counter.TCP_IN_SEGMENTS);
  if (packet.cast != Cast.UNICAST || packet.destination.isMulticast || packet.destination.isLimitedBroadcast) {
    drop(packet);
    return;
  }
  if (packet.source.isUnspecified) {
    drop(packet);
    return;
  }
  if (packet.checksum == Checksum.NONE && !isIntact(packet)) {
    count(Counter.TCP_IN_CHECKSUM_ERRORS);
    drop(packet);
    return;
  }
  let segment = arrived;
  if (!segment.parse(packet)) {
    drop(packet);
    return;
  }
  let entry = table.find(packet.destination, packet.source, segment.destinationPort, segment.sourcePort);
  if (entry !== null) entry.receive(segment, packet);
  else receiveUnknown(segment, packet);
}

/** A SYN for which an old conversation has made way. The packet is used up. */
export function openAnew(segment: Segment, packet: Packet): void {
  receiveUnknown(segment, packet);
}

/** No conversation: a listener may begin one, everything else is reset (RFC 9293 §3.10.7.1, §3.10.7.2). */
function receiveUnknown(segment: Segment, packet: Packet): void {
  let listener = findListener(segment, packet);
  if (listener !== null && !segment.has(TcpFlag.RST)) {
    if (segment.has(TcpFlag.ACK)) {
      if (!segment.has(TcpFlag.SYN) && listener.receiveCookie(segment, packet)) return;
    } else if (segment.has(TcpFlag.SYN)) {
      // SYN with FIN is no honest beginning.
      if (segment.has(TcpFlag.FIN)) {
        drop(packet);
        return;
      }
      listener.receiveSyn(segment, packet);
      return;
    } else {
      packet.release();
      return;
    }
  }
  resetStranger(segment, packet);
  packet.release();
}

function findListener(segment: Segment, packet: Packet): Listener | null {
  let device = packet.device;
  let index = device === null ? 0 : device.index;
  return listeners.find(packet.destination, segment.destinationPort, packet.source, segment.sourcePort, index);
}

function isIntact(packet: Packet): bool {
  let sum = checksum.pseudoHeader(packet.source, packet.destination, Protocol.TCP, packet.length);
  return checksum.fold(packet.sumFrom(packet.front, sum)) == 0xffff;
}

function drop(packet: Packet): void {
  count(Counter.TCP_IN_ERRORS);
  packet.release();
}
