// ICMP (RFC 792) and ICMPv6 (RFC 4443): both begin alike.
//
//   0 | type 8 | code 8 | checksum 16 |
//   4 | rest of header 32 (echo: identifier 16, sequence 16; errors: 0, MTU or pointer) |
//   8 | data (errors: the packet that caused it, as much as fits) |

import * as mem from "machine/mem";
import { load8, load16, load32, store8, store32 } from "./bytes";

export const ICMP_HEADER: u32 = 8;
export const ICMP_CHECKSUM: u64 = 2;

/** RFC 792, RFC 1191. */
export const enum Icmpv4Type {
  ECHO_REPLY = 0,
  UNREACHABLE = 3,
  REDIRECT = 5,
  ECHO_REQUEST = 8,
  TIME_EXCEEDED = 11,
  PARAMETER_PROBLEM = 12,
}

export const enum Icmpv4Unreachable {
  NETWORK = 0,
  HOST = 1,
  PROTOCOL = 2,
  PORT = 3,
  FRAGMENTATION_NEEDED = 4,
}

/** RFC 4443 §2.1; 133 to 137: RFC 4861 §4; 130 to 132: RFC 2710; 143: RFC 3810. */
export const enum Icmpv6Type {
  UNREACHABLE = 1,
  PACKET_TOO_BIG = 2,
  TIME_EXCEEDED = 3,
  PARAMETER_PROBLEM = 4,
  ECHO_REQUEST = 128,
  ECHO_REPLY = 129,
  MULTICAST_QUERY = 130,
  MULTICAST_REPORT = 131,
  MULTICAST_DONE = 132,
  ROUTER_SOLICITATION = 133,
  ROUTER_ADVERTISEMENT = 134,
  NEIGHBOUR_SOLICITATION = 135,
  NEIGHBOUR_ADVERTISEMENT = 136,
  REDIRECT = 137,
  MULTICAST_REPORT_V2 = 143,
}

export const enum Icmpv6Unreachable {
  NO_ROUTE = 0,
  PROHIBITED = 1,
  ADDRESS = 3,
  PORT = 4,
}

export function type(header: u64): u32 {
  return load8(header);
}

export function code(header: u64): u32 {
  return load8(header + 1);
}

/** The four bytes after the checksum: MTU, pointer, or echo identifier and sequence. */
export function rest(header: u64): u32 {
  return load32(header + 4);
}

export function echoIdentifier(header: u64): u32 {
  return load16(header + 4);
}

/** Write everything but the checksum, which is left zero. */
export function write(header: u64, kind: u32, subkind: u32, value: u32): void {
  store8(header, kind);
  store8(header + 1, subkind);
  mem.store16(header + ICMP_CHECKSUM, 0);
  store32(header + 4, value);
}
