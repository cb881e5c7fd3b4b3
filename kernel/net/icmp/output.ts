// Sending ICMP and ICMPv6 messages: echo replies, and errors about packets we could not take (RFC 1122 §3.2.2,
// RFC 4443 §2.4).

import * as mem from "machine/mem";
import { Address } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import * as interfaces from "../ip/interfaces";
import * as output from "../ip/output";
import { Path } from "../ip/path";
import { allocate, Cast, Packet } from "../packet/packet";
import * as icmp from "../wire/icmp";
import { ICMP_CHECKSUM, ICMP_HEADER } from "../wire/icmp";
import { Protocol } from "../wire/ipv4";
import { UNSPECIFIED } from "../address";
import * as limiter from "./limiter";

/** How much of the offending packet an error carries: RFC 1812 §4.3.2.3 (576 in all), RFC 4443 §2.4 c (1280 in all). */
const QUOTE_IPV4: u32 = 576 - 20 - ICMP_HEADER;
const QUOTE_IPV6: u32 = 1280 - 40 - ICMP_HEADER;

const path: Path = new Path();
const replyTo: Address = new Address();

/** Complete and send a message that begins with its ICMP header. */
export function send(packet: Packet, from: Address, to: Address): i32 {
  let result = path.resolve(to, from, 0);
  if (result < 0) {
    packet.release();
    return result;
  }
  let isIpv4 = to.isIpv4;
  let protocol: u32 = isIpv4 ? Protocol.ICMP : Protocol.ICMPV6;
  let sum: u64 = isIpv4 ? 0 : checksum.pseudoHeader(path.source, to, protocol, packet.length);
  mem.store16(packet.address + ICMP_CHECKSUM, checksum.finish(packet.sumFrom(packet.front, sum)));
  count(Counter.ICMP_OUT_MESSAGES);
  return output.send(packet, path, to, protocol, 0, 0, true);
}

/** Turn an echo request, which begins with its ICMP header, round. */
export function sendEchoReply(packet: Packet, replyType: u32): void {
  if (!packet.pull(ICMP_HEADER)) {
    packet.release();
    return;
  }
  icmp.write(packet.address, replyType, 0, icmp.rest(packet.address));
  replyTo.assign(packet.source);
  let isOurs = interfaces.isLocal(packet.destination);
  count(Counter.ICMP_OUT_ECHO_REPLIES);
  send(packet, isOurs ? packet.destination : UNSPECIFIED, replyTo);
}

/**
 * Tell the sender of `packet` that it could not be taken. The packet stands at its transport header, with its network
 * header still in front; it stays the caller's.
 */
export function sendError(packet: Packet, type: u32, code: u32, value: u32): void {
  if (!mayAnswer(packet)) return;
  if (!limiter.permits()) {
    count(Counter.ICMP_OUT_RATE_LIMITED);
    return;
  }
  let error = allocate();
  if (error === null) return;
  let isIpv4 = packet.source.isIpv4;
  let inFront = packet.front - packet.networkOffset;
  let quoted = min(inFront + packet.headLength, isIpv4 ? QUOTE_IPV4 : QUOTE_IPV6);
  let at = error.append(ICMP_HEADER + quoted);
  icmp.write(at, type, code, value);
  mem.copy(at + <u64>ICMP_HEADER, packet.base + <u64>packet.networkOffset, <u64>quoted);
  count(Counter.ICMP_OUT_UNREACHABLE);
  replyTo.assign(packet.source);
  send(error, interfaces.isLocal(packet.destination) ? packet.destination : UNSPECIFIED, replyTo);
}

/** No error about broadcasts, multicasts, nobody's addresses, or other errors (RFC 1122 §3.2.2, RFC 4443 §2.4 e). */
function mayAnswer(packet: Packet): bool {
  if (packet.cast != Cast.UNICAST || packet.destination.isMulticast) return false;
  let source = packet.source;
  if (source.isUnspecified || source.isMulticast || interfaces.isBroadcast(source)) return false;
  if (packet.destination.isIpv4 && interfaces.isBroadcast(packet.destination)) return false;
  if (packet.protocol == Protocol.ICMPV6) return packet.headLength > 0 && icmp.type(packet.address) >= 128;
  return packet.protocol != Protocol.ICMP;
}
