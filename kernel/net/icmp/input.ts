// ICMP and ICMPv6 messages that arrive: echo requests are answered, errors passed on to the transports, neighbour
// discovery and multicast queries to their own files.

import { Address } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import * as interfaces from "../ip/interfaces";
import * as pathMtu from "../ip/path-mtu";
import * as discovery from "../neighbour/discovery";
import { Checksum, Packet } from "../packet/packet";
import * as tcp from "../tcp/control";
import * as udp from "../udp/control";
import * as echo from "./echo";
import { load8, load16, load32, loadIpv4, loadIpv6 } from "../wire/bytes";
import * as icmp from "../wire/icmp";
import { ICMP_HEADER, Icmpv4Type, Icmpv4Unreachable, Icmpv6Type, Icmpv6Unreachable } from "../wire/icmp";
import * as ipv4 from "../wire/ipv4";
import { IPV4_HEADER, Protocol } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { FRAGMENT_HEADER, IPV6_HEADER } from "../wire/ipv6";
import * as control from "./control";
import { message } from "./control";
import { sendEchoReply } from "./output";

/** Transport header bytes that every error quotes (RFC 792). */
const QUOTED_TRANSPORT: u32 = 8;
const IGMP_QUERY: u32 = 0x11;
const IGMP_LENGTH: u32 = 8;

export function receiveIpv4(packet: Packet): void {
  count(Counter.ICMP_IN_MESSAGES);
  if (!packet.pull(ICMP_HEADER) || packet.headLength < ICMP_HEADER) {
    discard(packet, Counter.ICMP_IN_ERRORS);
    return;
  }
  if (packet.checksum != Checksum.VALID && checksum.fold(packet.sumFrom(packet.front, 0)) != 0xffff) {
    discard(packet, Counter.ICMP_IN_CHECKSUM_ERRORS);
    return;
  }
  let at = packet.address;
  switch (icmp.type(at)) {
    case Icmpv4Type.ECHO_REQUEST:
      count(Counter.ICMP_IN_ECHOS);
      // Pings to a broadcast address would be answered by the whole link (RFC 1122 §3.2.2.6, "MAY be discarded").
      if (interfaces.isBroadcast(packet.destination)) break;
      sendEchoReply(packet, Icmpv4Type.ECHO_REPLY);
      return;
    case Icmpv4Type.ECHO_REPLY:
      count(Counter.ICMP_IN_ECHO_REPLIES);
      echo.receive(packet);
      return;
    case Icmpv4Type.UNREACHABLE:
    case Icmpv4Type.TIME_EXCEEDED:
    case Icmpv4Type.PARAMETER_PROBLEM:
      count(Counter.ICMP_IN_UNREACHABLE);
      receiveErrorIpv4(packet);
      break;
    default:
      break;
  }
  packet.release();
}

export function receiveIpv6(packet: Packet): void {
  count(Counter.ICMP_IN_MESSAGES);
  if (!packet.pull(ICMP_HEADER) || packet.headLength < ICMP_HEADER) {
    discard(packet, Counter.ICMP_IN_ERRORS);
    return;
  }
  if (packet.checksum != Checksum.VALID) {
    let sum = checksum.pseudoHeader(packet.source, packet.destination, Protocol.ICMPV6, packet.length);
    if (checksum.fold(packet.sumFrom(packet.front, sum)) != 0xffff) {
      discard(packet, Counter.ICMP_IN_CHECKSUM_ERRORS);
      return;
    }
  }
  let type = icmp.type(packet.address);
  switch (type) {
    case Icmpv6Type.ECHO_REQUEST:
      count(Counter.ICMP_IN_ECHOS);
      sendEchoReply(packet, Icmpv6Type.ECHO_REPLY);
      return;
    case Icmpv6Type.ECHO_REPLY:
      count(Counter.ICMP_IN_ECHO_REPLIES);
      echo.receive(packet);
      return;
    case Icmpv6Type.UNREACHABLE:
    case Icmpv6Type.PACKET_TOO_BIG:
    case Icmpv6Type.TIME_EXCEEDED:
    case Icmpv6Type.PARAMETER_PROBLEM:
      count(Counter.ICMP_IN_UNREACHABLE);
      receiveErrorIpv6(packet);
      break;
    case Icmpv6Type.MULTICAST_QUERY:
      receiveMulticastQuery(packet);
      break;
    case Icmpv6Type.ROUTER_SOLICITATION:
    case Icmpv6Type.ROUTER_ADVERTISEMENT:
    case Icmpv6Type.NEIGHBOUR_SOLICITATION:
    case Icmpv6Type.NEIGHBOUR_ADVERTISEMENT:
    case Icmpv6Type.REDIRECT:
      discovery.receive(packet, type);
      break;
    default:
      break;
  }
  packet.release();
}

/** IGMP (RFC 2236, RFC 3376): only queries concern a member. */
export function receiveIgmp(packet: Packet): void {
  let entry = interfaces.forDevice(packet.device);
  if (entry !== null && packet.pull(IGMP_LENGTH) && load8(packet.address) == IGMP_QUERY) {
    if (checksum.fold(packet.sumFrom(packet.front, 0)) == 0xffff) {
      entry.groups.queried(load8(packet.address + 1) * 100);
    }
  }
  packet.release();
}

function receiveMulticastQuery(packet: Packet): void {
  let entry = interfaces.forDevice(packet.device);
  if (entry !== null && packet.source.isLinkLocal) entry.groups.queried(load16(packet.address + 4));
}

function receiveErrorIpv4(packet: Packet): void {
  let type = icmp.type(packet.address);
  let code = icmp.code(packet.address);
  let quoted = packet.address + <u64>ICMP_HEADER;
  let room = packet.headLength - ICMP_HEADER;
  if (room < IPV4_HEADER || load8(quoted) >> 4 != 4) return;
  let header = ipv4.headerLength(quoted);
  if (header < IPV4_HEADER || room < header + QUOTED_TRANSPORT) return;
  if (ipv4.fragment(quoted) & ipv4.OFFSET_MASK) return;
  if (!control.classifyIpv4(type, code)) return;
  noteReporter(packet.source, type, code);
  loadIpv4(quoted + ipv4.SOURCE, message.local);
  loadIpv4(quoted + ipv4.DESTINATION, message.remote);
  message.mtu = 0;
  if (type == Icmpv4Type.UNREACHABLE && code == Icmpv4Unreachable.FRAGMENTATION_NEEDED) {
    let mtu = load16(packet.address + 6);
    // Routers older than RFC 1191 say 0: take the next lower plateau that every link has (RFC 1191 §7.1).
    message.mtu = mtu == 0 ? 576 : mtu;
  }
  deliver(ipv4.protocol(quoted), quoted + <u64>header, room - header);
}

function receiveErrorIpv6(packet: Packet): void {
  let type = icmp.type(packet.address);
  let quoted = packet.address + <u64>ICMP_HEADER;
  let room = packet.headLength - ICMP_HEADER;
  if (room < IPV6_HEADER || load8(quoted) >> 4 != 6) return;
  let code = icmp.code(packet.address);
  if (!control.classifyIpv6(type, code)) return;
  noteReporter(packet.source, type, code);
  loadIpv6(quoted + ipv6.SOURCE, message.local);
  loadIpv6(quoted + ipv6.DESTINATION, message.remote);
  message.mtu = type == Icmpv6Type.PACKET_TOO_BIG ? icmp.rest(packet.address) : 0;
  let protocol = ipv6.nextHeader(quoted);
  let transport = quoted + <u64>IPV6_HEADER;
  room -= IPV6_HEADER;
  // Of extension headers we only ever send Fragment.
  if (protocol == Protocol.FRAGMENT && room >= FRAGMENT_HEADER) {
    if (ipv6.fragmentOffset(transport) != 0) return;
    protocol = load8(transport);
    transport += <u64>FRAGMENT_HEADER;
    room -= FRAGMENT_HEADER;
  }
  if (room < QUOTED_TRANSPORT) return;
  deliver(protocol, transport, room);
}

function noteReporter(reporter: Address, type: u32, code: u32): void {
  message.reporter.assign(reporter);
  message.type = type;
  message.code = code;
}

/** Hand the report to the transport that can tell whether it ever sent such a packet. */
function deliver(protocol: u32, transport: u64, length: u32): void {
  if (!interfaces.isLocal(message.local)) return;
  message.quoted = transport + <u64>QUOTED_TRANSPORT;
  message.quotedLength = length - QUOTED_TRANSPORT;
  message.localPort = load16(transport);
  message.remotePort = load16(transport + 2);
  if (protocol == Protocol.TCP) {
    message.sequence = load32(transport + 4);
    tcp.control(message);
  } else if (protocol == Protocol.UDP) {
    if (udp.hasSent(message)) {
      if (message.mtu != 0) message.mtu = pathMtu.learn(message.remote, message.mtu);
      udp.control(message);
    }
  } else if (protocol == Protocol.ICMP || protocol == Protocol.ICMPV6) {
    message.quoted = transport;
    message.quotedLength = length;
    message.localPort = icmp.echoIdentifier(transport);
    message.remotePort = 0;
    echo.report(message);
  }
}

/** A neighbour did not answer: our own packet comes back, standing at its IP header. */
export function reportUnreachable(packet: Packet, error: i32): void {
  message.local.assign(packet.source);
  message.remote.assign(packet.destination);
  message.error = error;
  message.mtu = 0;
  message.isHard = false;
  // As if our own address had said so (Linux arp_error_report, ndisc_error_report).
  if (packet.source.isIpv4) noteReporter(packet.source, Icmpv4Type.UNREACHABLE, Icmpv4Unreachable.HOST);
  else noteReporter(packet.source, Icmpv6Type.UNREACHABLE, Icmpv6Unreachable.ADDRESS);
  let transport = packet.base + <u64>packet.transportOffset;
  let length = packet.back - packet.transportOffset;
  if (packet.transportOffset + QUOTED_TRANSPORT <= packet.back) deliver(packet.protocol, transport, length);
  packet.release();
}

function discard(packet: Packet, reason: Counter): void {
  count(reason);
  packet.release();
}
