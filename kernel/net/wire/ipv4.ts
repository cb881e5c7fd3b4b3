// The IPv4 header (RFC 791 §3.1).
//
//    0 | version 4, ihl 4 | traffic class 8 | total length 16 |
//    4 | identification 16 | 0 DF MF, fragment offset 13 |
//    8 | time to live 8 | protocol 8 | header checksum 16 |
//   12 | source 32 |  16 | destination 32 |  20 | options ...

import * as mem from "machine/mem";
import { Address } from "../address";
import * as checksum from "../checksum";
import { load8, load16, store8, store16, store32, storeIpv4 } from "./bytes";

export const IPV4_HEADER: u32 = 20;
export const IPV4_MAX: u32 = 65535;
const CHECKSUM: u64 = 10;
export const SOURCE: u64 = 12;
export const DESTINATION: u64 = 16;
const OPTIONS: u64 = 20;

export const DONT_FRAGMENT: u32 = 0x4000;
export const MORE_FRAGMENTS: u32 = 0x2000;
export const OFFSET_MASK: u32 = 0x1fff;

/** Protocols above, both families (IANA Protocol Numbers). */
export const enum Protocol {
  HOP_BY_HOP = 0,
  ICMP = 1,
  IGMP = 2,
  TCP = 6,
  UDP = 17,
  ROUTING = 43,
  FRAGMENT = 44,
  AUTHENTICATION = 51,
  ICMPV6 = 58,
  NO_NEXT = 59,
  DESTINATION_OPTIONS = 60,
}

export function headerLength(header: u64): u32 {
  return (load8(header) & 0xf) * 4;
}

export function trafficClass(header: u64): u32 {
  return load8(header + 1);
}

export function totalLength(header: u64): u32 {
  return load16(header + 2);
}

export function identification(header: u64): u32 {
  return load16(header + 4);
}

export function fragment(header: u64): u32 {
  return load16(header + 6);
}

export function timeToLive(header: u64): u32 {
  return load8(header + 8);
}

export function protocol(header: u64): u32 {
  return load8(header + 9);
}

/** Whether `length` bytes hold a header that is consistent with itself (RFC 1122 §3.2.1). */
export function isValid(header: u64, length: u32): bool {
  if (length < IPV4_HEADER || load8(header) >> 4 != 4) return false;
  let size = headerLength(header);
  return size >= IPV4_HEADER && totalLength(header) >= size && totalLength(header) <= length;
}

/** Whether the header's own checksum holds. Precondition: the header is all there. */
export function isIntact(header: u64): bool {
  return checksum.fold(checksum.add(0, header, headerLength(header))) == 0xffff;
}

/** Whether an option asks for source routing, which no host follows any more (RFC 7126 §4.3). */
export function hasSourceRoute(header: u64): bool {
  let size = headerLength(header);
  let at = OPTIONS;
  while (at < <u64>size) {
    let kind = load8(header + at);
    if (kind == 0) return false;
    if (kind == 1) {
      at++;
      continue;
    }
    if (kind == 131 || kind == 137) return true;
    let step = at + 1 < <u64>size ? load8(header + at + 1) : 0;
    if (step < 2) return true;
    at += <u64>step;
  }
  return false;
}

/** Write a header without options. */
export function write(
  header: u64,
  length: u32,
  class_: u32,
  identity: u32,
  flagsAndOffset: u32,
  hops: u32,
  carried: u32,
  source: Address,
  destination: Address,
): void {
  store8(header, 0x45);
  store8(header + 1, class_);
  store16(header + 2, length);
  store32(header + 4, (identity << 16) | flagsAndOffset);
  store8(header + 8, hops);
  store8(header + 9, carried);
  mem.store16(header + CHECKSUM, 0);
  storeIpv4(header + SOURCE, source);
  storeIpv4(header + DESTINATION, destination);
  mem.store16(header + CHECKSUM, checksum.compute(header, IPV4_HEADER));
}

/** Write an IGMP packet's header: with the Router Alert option (RFC 2113), 24 bytes. */
export const IPV4_ROUTER_ALERT_HEADER: u32 = 24;

export function writeRouterAlert(header: u64, length: u32, carried: u32, source: Address, destination: Address): void {
  write(header, length, 0xc0, 0, DONT_FRAGMENT, 1, carried, source, destination);
  store8(header, 0x46);
  store32(header + OPTIONS, 0x9404_0000);
  mem.store16(header + CHECKSUM, 0);
  mem.store16(header + CHECKSUM, checksum.compute(header, IPV4_ROUTER_ALERT_HEADER));
}
