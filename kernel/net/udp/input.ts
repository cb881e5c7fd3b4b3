// A UDP datagram arrives (RFC 768, RFC 1122 §4.1).

import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import { sendError } from "../icmp/output";
import * as interfaces from "../ip/interfaces";
import { Checksum, Packet } from "../packet/packet";
import { Icmpv4Type, Icmpv4Unreachable, Icmpv6Type, Icmpv6Unreachable } from "../wire/icmp";
import { Protocol } from "../wire/ipv4";
import { load16 } from "../wire/bytes";
import * as wire from "../wire/udp";
import { UDP_CHECKSUM, UDP_HEADER } from "../wire/udp";
import { internal } from "./internal";
import * as table from "./table";

/** A packet that stands at its UDP header. */
export function receive(packet: Packet): void {
  if (!packet.pull(UDP_HEADER)) {
    discard(packet, Counter.UDP_IN_ERRORS);
    return;
  }
  let header = packet.address;
  let length = wire.length(header);
  if (length < UDP_HEADER || length > packet.length) {
    discard(packet, Counter.UDP_IN_ERRORS);
    return;
  }
  packet.trim(length);
  if (packet.checksum == Checksum.NONE && !isIntact(packet)) {
    discard(packet, Counter.UDP_IN_CHECKSUM_ERRORS);
    return;
  }
  let port = wire.destinationPort(header);
  packet.sequence = wire.sourcePort(header);
  let device = packet.device;
  let index = device === null ? 0 : device.index;
  let service = internal(port);
  if (service !== null && device !== null) {
    packet.strip(UDP_HEADER);
    service.received(packet, device);
    packet.release();
    return;
  }
  let destination = packet.destination;
  if (destination.isMulticast || interfaces.isBroadcast(destination)) {
    packet.strip(UDP_HEADER);
    if (!table.deliverToGroup(packet, port, index)) count(Counter.UDP_NO_PORTS);
    return;
  }
  let endpoint = table.find(destination, port, packet.source, packet.sequence, index);
  if (endpoint === null) {
    count(Counter.UDP_NO_PORTS);
    if (destination.isIpv4) sendError(packet, Icmpv4Type.UNREACHABLE, Icmpv4Unreachable.PORT, 0);
    else sendError(packet, Icmpv6Type.UNREACHABLE, Icmpv6Unreachable.PORT, 0);
    packet.release();
    return;
  }
  packet.strip(UDP_HEADER);
  endpoint.deliver(packet);
}

/** IPv4 allows no checksum at all; IPv6 does not (RFC 8200 §8.1). */
function isIntact(packet: Packet): bool {
  if (load16(packet.address + <u64>UDP_CHECKSUM) == 0) return packet.destination.isIpv4;
  let sum = checksum.pseudoHeader(packet.source, packet.destination, Protocol.UDP, packet.length);
  return checksum.fold(packet.sumFrom(packet.front, sum)) == 0xffff;
}

function discard(packet: Packet, reason: Counter): void {
  count(reason);
  packet.release();
}
