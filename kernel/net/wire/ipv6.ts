// The IPv6 header and its extension headers (RFC 8200 §3, §4).
//
//    0 | version 4, traffic class 8, flow label 20 |
//    4 | payload length 16 | next header 8 | hop limit 8 |
//    8 | source 128 |  24 | destination 128 |
//
//   extension  | next header 8 | length in 8 bytes less 1 | options ... |
//   fragment   | next header 8 | 0 | offset 13, 0 2, more 1 | identification 32 |

import { Address } from "../address";
import { load8, load16, load32, store8, store16, store32, storeIpv6 } from "./bytes";

export const IPV6_HEADER: u32 = 40;
export const FRAGMENT_HEADER: u32 = 8;
/** The least MTU of any link that carries IPv6 (RFC 8200 §5). */
export const IPV6_MIN_MTU: u32 = 1280;
export const SOURCE: u64 = 8;
export const DESTINATION: u64 = 24;
const NEXT_HEADER: u64 = 6;

export const MORE_FRAGMENTS: u32 = 1;

export function trafficClass(header: u64): u32 {
  return (load16(header) >> 4) & 0xff;
}

export function payloadLength(header: u64): u32 {
  return load16(header + 4);
}

export function nextHeader(header: u64): u32 {
  return load8(header + NEXT_HEADER);
}

export function hopLimit(header: u64): u32 {
  return load8(header + 7);
}

export function isValid(header: u64, length: u32): bool {
  if (length < IPV6_HEADER || load8(header) >> 4 != 6) return false;
  return IPV6_HEADER + payloadLength(header) <= length;
}

export function write(
  header: u64,
  length: u32,
  class_: u32,
  flow: u32,
  next: u32,
  hops: u32,
  source: Address,
  destination: Address,
): void {
  store32(header, 0x6000_0000 | (class_ << 20) | (flow & 0xf_ffff));
  store16(header + 4, length);
  store8(header + NEXT_HEADER, next);
  store8(header + 7, hops);
  storeIpv6(header + SOURCE, source);
  storeIpv6(header + DESTINATION, destination);
}

/** Bytes of an extension header other than Fragment (RFC 8200 §4.3), of which two bytes are there. */
export function extensionLength(extension: u64): u32 {
  return (load8(extension + 1) + 1) * 8;
}

/** Offset in bytes of a fragment's payload (RFC 8200 §4.5). */
export function fragmentOffset(extension: u64): u32 {
  return load16(extension + 2) & 0xfff8;
}

export function hasMoreFragments(extension: u64): bool {
  return (load16(extension + 2) & MORE_FRAGMENTS) != 0;
}

export function fragmentIdentification(extension: u64): u32 {
  return load32(extension + 4);
}

export function writeFragment(extension: u64, next: u32, offsetAndMore: u32, identity: u32): void {
  store8(extension, next);
  store8(extension + 1, 0);
  store16(extension + 2, offsetAndMore);
  store32(extension + 4, identity);
}

/** What to do with an unknown option, by its two highest bits (RFC 8200 §4.2). */
export const enum UnknownOption {
  SKIP = 0,
  DISCARD = 1,
  DISCARD_AND_TELL = 2,
  DISCARD_AND_TELL_UNICAST = 3,
}

const OPTION_PAD1: u32 = 0;
const OPTION_PADN: u32 = 1;
const OPTION_ROUTER_ALERT: u32 = 5; // RFC 2711

/** Offset of the first option that this host does not know and may not skip, 0 when there is none. */
export function troublingOption(extension: u64, length: u32): u32 {
  let at: u32 = 2;
  while (at < length) {
    let kind = load8(extension + <u64>at);
    if (kind == OPTION_PAD1) {
      at++;
      continue;
    }
    if (at + 1 >= length) return at;
    let size = load8(extension + <u64>at + 1);
    if (at + 2 + size > length) return at;
    if (kind != OPTION_PADN && kind != OPTION_ROUTER_ALERT && kind >> 6 != UnknownOption.SKIP) return at;
    at += 2 + size;
  }
  return 0;
}
