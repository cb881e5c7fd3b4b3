// Receiving: a frame's packet is checked, put together from its fragments, and handed to the protocol it carries.
//
// Every way out of here is either a delivery or a counted drop.

import { Counter, count } from "../counters";
import * as icmp from "../icmp/input";
import * as errors from "../icmp/output";
import { NetworkDevice } from "../link/device";
import { Packet } from "../packet/packet";
import * as tcp from "../tcp/input";
import * as udp from "../udp/input";
import { load8, loadIpv4, loadIpv6 } from "../wire/bytes";
import { Icmpv4Type, Icmpv4Unreachable, Icmpv6Type } from "../wire/icmp";
import * as ipv4 from "../wire/ipv4";
import { IPV4_HEADER, Protocol } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { FRAGMENT_HEADER, IPV6_HEADER, UnknownOption } from "../wire/ipv6";
import { Interface } from "./interface";
import * as interfaces from "./interfaces";
import * as reassembly from "./reassembly";

/** Extension headers one packet may have before we lose patience (RFC 8504 §5.3). */
const MAX_EXTENSIONS: i32 = 8;
/** Code of an ICMPv6 parameter problem: unknown next header, unknown option (RFC 4443 §3.4). */
const UNKNOWN_NEXT_HEADER: u32 = 1;
const UNKNOWN_OPTION: u32 = 2;

/** An IPv4 packet; it stands at its header. */
export function receiveIpv4(packet: Packet, device: NetworkDevice): void {
  count(Counter.IP_IN_RECEIVES);
  if (!packet.pull(IPV4_HEADER)) {
    discard(packet, Counter.IP_IN_HEADER_ERRORS);
    return;
  }
  let header = packet.address;
  if (!ipv4.isValid(header, packet.length)) {
    discard(packet, Counter.IP_IN_HEADER_ERRORS);
    return;
  }
  let size = ipv4.headerLength(header);
  if (size != IPV4_HEADER) {
    if (!packet.pull(size)) {
      discard(packet, Counter.IP_IN_HEADER_ERRORS);
      return;
    }
    if (ipv4.hasSourceRoute(header)) {
      discard(packet, Counter.IP_IN_HEADER_ERRORS);
      return;
    }
  }
  let fragment = ipv4.fragment(header);
  loadIpv4(header + ipv4.SOURCE, packet.source);
  loadIpv4(header + ipv4.DESTINATION, packet.destination);
  packet.protocol = ipv4.protocol(header);
  packet.hopLimit = ipv4.timeToLive(header);
  packet.trafficClass = ipv4.trafficClass(header);
  packet.networkOffset = packet.front;
  let entry = interfaces.forDevice(device);
  if (entry === null) {
    discard(packet, Counter.IP_IN_DISCARDS);
    return;
  }
  if (!entry.isLoopback) {
    packet.trim(ipv4.totalLength(header));
    if (!ipv4.isIntact(header)) {
      discard(packet, Counter.IP_IN_CHECKSUM_ERRORS);
      return;
    }
    if (isMartianIpv4(packet)) {
      discard(packet, Counter.IP_IN_MARTIANS);
      return;
    }
    if (!isForUsIpv4(packet, entry)) {
      discard(packet, Counter.IP_IN_ADDRESS_ERRORS);
      return;
    }
  }
  packet.strip(size);
  if (fragment & (ipv4.OFFSET_MASK | ipv4.MORE_FRAGMENTS)) {
    let offset = (fragment & ipv4.OFFSET_MASK) * 8;
    let hasMore = (fragment & ipv4.MORE_FRAGMENTS) != 0;
    let whole = reassembly.receive(packet, ipv4.identification(header), offset, hasMore);
    if (whole !== null) deliver(whole);
    return;
  }
  deliver(packet);
}

/** An IPv6 packet; it stands at its header. */
export function receiveIpv6(packet: Packet, device: NetworkDevice): void {
  count(Counter.IP_IN_RECEIVES);
  if (!packet.pull(IPV6_HEADER)) {
    discard(packet, Counter.IP_IN_HEADER_ERRORS);
    return;
  }
  let header = packet.address;
  let entry = interfaces.forDevice(device);
  if (entry === null) {
    discard(packet, Counter.IP_IN_DISCARDS);
    return;
  }
  if (!ipv6.isValid(header, packet.length)) {
    discard(packet, Counter.IP_IN_HEADER_ERRORS);
    return;
  }
  loadIpv6(header + ipv6.SOURCE, packet.source);
  loadIpv6(header + ipv6.DESTINATION, packet.destination);
  packet.hopLimit = ipv6.hopLimit(header);
  packet.trafficClass = ipv6.trafficClass(header);
  packet.networkOffset = packet.front;
  let next = ipv6.nextHeader(header);
  if (!entry.isLoopback) {
    packet.trim(IPV6_HEADER + ipv6.payloadLength(header));
    if (isMartianIpv6(packet)) {
      discard(packet, Counter.IP_IN_MARTIANS);
      return;
    }
    let destination = packet.destination;
    // A tentative address takes part in neighbour discovery only (RFC 4862 §5.4).
    let isOurs = destination.isMulticast ? entry.groups.has(destination) : interfaces.isLocal(destination);
    if (!isOurs) {
      discard(packet, Counter.IP_IN_ADDRESS_ERRORS);
      return;
    }
  }
  packet.strip(IPV6_HEADER);
  receiveExtensions(packet, next, true);
}

/** Walk the extension headers (RFC 8200 §4) to the transport. */
function receiveExtensions(packet: Packet, next: u32, isFirst: bool): void {
  for (let i = 0; i < MAX_EXTENSIONS; i++) {
    switch (next) {
      case Protocol.HOP_BY_HOP:
      case Protocol.DESTINATION_OPTIONS:
      case Protocol.ROUTING: {
        if (next == Protocol.HOP_BY_HOP && !isFirst) {
          discard(packet, Counter.IP_IN_HEADER_ERRORS);
          return;
        }
        let following = passExtension(packet, next);
        if (following < 0) return;
        next = following;
        break;
      }
      case Protocol.FRAGMENT:
        receiveFragment(packet);
        return;
      case Protocol.NO_NEXT:
        packet.release();
        return;
      default:
        packet.protocol = next;
        deliver(packet);
        return;
    }
    isFirst = false;
  }
  discard(packet, Counter.IP_IN_HEADER_ERRORS);
}

/** Check and strip one extension header; returns the next header's number, -1 when the packet is gone. */
function passExtension(packet: Packet, kind: u32): i32 {
  if (!packet.pull(8)) return discarded(packet, Counter.IP_IN_HEADER_ERRORS);
  let length = ipv6.extensionLength(packet.address);
  if (!packet.pull(length)) return discarded(packet, Counter.IP_IN_HEADER_ERRORS);
  let extension = packet.address;
  if (kind == Protocol.ROUTING) {
    // No routing type is for a host that is the destination unless its segments are used up (RFC 8200 §4.4).
    if (load8(extension + 3) != 0) return discarded(packet, Counter.IP_IN_HEADER_ERRORS);
  } else {
    let trouble = ipv6.troublingOption(extension, length);
    if (trouble != 0) {
      let action = load8(extension + <u64>trouble) >> 6;
      if (action >= <u32>UnknownOption.DISCARD_AND_TELL) {
        let pointer = packet.front - packet.networkOffset + trouble;
        errors.sendError(packet, Icmpv6Type.PARAMETER_PROBLEM, UNKNOWN_OPTION, pointer);
      }
      return discarded(packet, Counter.IP_IN_HEADER_ERRORS);
    }
  }
  let next = <i32>load8(extension);
  packet.strip(length);
  return next;
}

function receiveFragment(packet: Packet): void {
  if (!packet.pull(FRAGMENT_HEADER)) {
    discard(packet, Counter.IP_IN_HEADER_ERRORS);
    return;
  }
  let extension = packet.address;
  let next = load8(extension);
  let offset = ipv6.fragmentOffset(extension);
  let hasMore = ipv6.hasMoreFragments(extension);
  let identity = ipv6.fragmentIdentification(extension);
  packet.strip(FRAGMENT_HEADER);
  packet.protocol = next;
  let whole: Packet | null = packet;
  // A packet in one "fragment" is complete in itself (RFC 6946).
  if (offset != 0 || hasMore) whole = reassembly.receive(packet, identity, offset, hasMore);
  if (whole === null) return;
  if (isExtension(next)) {
    receiveExtensions(whole, next, false);
    return;
  }
  deliver(whole);
}

function isExtension(next: u32): bool {
  return next == Protocol.DESTINATION_OPTIONS || next == Protocol.ROUTING || next == Protocol.NO_NEXT;
}

/** Hand a whole packet, which stands at its transport header, to its protocol. */
function deliver(packet: Packet): void {
  count(Counter.IP_IN_DELIVERS);
  packet.transportOffset = packet.front;
  let isIpv4 = packet.destination.isIpv4;
  switch (packet.protocol) {
    case Protocol.TCP:
      tcp.receive(packet);
      return;
    case Protocol.UDP:
      udp.receive(packet);
      return;
    case Protocol.ICMP:
      if (!isIpv4) break;
      icmp.receiveIpv4(packet);
      return;
    case Protocol.ICMPV6:
      if (isIpv4) break;
      icmp.receiveIpv6(packet);
      return;
    case Protocol.IGMP:
      if (!isIpv4) break;
      icmp.receiveIgmp(packet);
      return;
    default:
      break;
  }
  if (isIpv4) errors.sendError(packet, Icmpv4Type.UNREACHABLE, Icmpv4Unreachable.PROTOCOL, 0);
  else errors.sendError(packet, Icmpv6Type.PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER, 6);
  discard(packet, Counter.IP_IN_UNKNOWN_PROTOCOLS);
}

/** Addresses that cannot come from a wire (RFC 1122 §3.2.1.3). */
function isMartianIpv4(packet: Packet): bool {
  let source = packet.source;
  if (source.isMulticast || source.isLoopback || source.isLimitedBroadcast) return true;
  if (packet.destination.isLoopback || packet.destination.ipv4 == 0) return true;
  return source.ipv4 != 0 && interfaces.isLocal(source);
}

/** RFC 4291 §2.5.3, §2.5.5.2, §2.7. */
function isMartianIpv6(packet: Packet): bool {
  let source = packet.source;
  if (source.isMulticast || source.isLoopback || source.isIpv4) return true;
  let destination = packet.destination;
  if (destination.isLoopback || destination.isUnspecified || destination.isIpv4) return true;
  return destination.isMulticast && destination.multicastScope < 2;
}

function isForUsIpv4(packet: Packet, at: Interface): bool {
  let destination = packet.destination;
  if (interfaces.isLocal(destination)) return true;
  if (destination.isMulticast) return at.groups.has(destination);
  return interfaces.isBroadcast(destination);
}

function discard(packet: Packet, reason: Counter): void {
  count(reason);
  packet.release();
}

function discarded(packet: Packet, reason: Counter): i32 {
  discard(packet, reason);
  return -1;
}
