// Neighbour discovery messages (RFC 4861 §4) and their options (§4.6; RDNSS and DNSSL: RFC 8106).
//
//   solicitation    | ICMPv6 4 | reserved 4 | target 16 | options |
//   advertisement   | ICMPv6 4 | R S O, reserved 29 bits | target 16 | options |
//   router adv.     | ICMPv6 4 | hop limit 1 | M O 1 | lifetime 2 | reachable 4 | retransmit 4 | options |
//   redirect        | ICMPv6 4 | reserved 4 | target 16 | destination 16 | options |
//   option          | type 1 | length in 8 bytes 1 | ... |

import { load8, load16, load32, loadHardware, store8, storeHardware } from "./bytes";

export const NEIGHBOUR_MESSAGE: u32 = 24;
export const ROUTER_SOLICITATION: u32 = 8;
export const ROUTER_ADVERTISEMENT: u32 = 16;
export const REDIRECT: u32 = 40;
/** Where the target address stands in solicitations, advertisements and redirects. */
export const TARGET: u64 = 8;
export const REDIRECT_DESTINATION: u64 = 24;

export const ADVERTISEMENT_ROUTER: u32 = 0x8000_0000;
export const ADVERTISEMENT_SOLICITED: u32 = 0x4000_0000;
export const ADVERTISEMENT_OVERRIDE: u32 = 0x2000_0000;

export const ROUTER_MANAGED: u32 = 0x80;
export const ROUTER_OTHER: u32 = 0x40;

export const enum NdpOption {
  SOURCE_LINK_ADDRESS = 1,
  TARGET_LINK_ADDRESS = 2,
  PREFIX = 3,
  REDIRECTED = 4,
  MTU = 5,
  RDNSS = 25,
  DNSSL = 31,
}

/** A prefix information option (RFC 4861 §4.6.2): 32 bytes. */
export const PREFIX_OPTION: u32 = 32;
export const PREFIX_ON_LINK: u32 = 0x80;
export const PREFIX_AUTONOMOUS: u32 = 0x40;
export const PREFIX_ADDRESS: u64 = 16;

export const LINK_ADDRESS_OPTION: u32 = 8;

export function optionType(option: u64): u32 {
  return load8(option);
}

/** Bytes of the option; 0 makes the whole message invalid (RFC 4861 §4.6). */
export function optionLength(option: u64): u32 {
  return load8(option + 1) * 8;
}

/** Whether the options in [option, option + length) add up exactly. */
export function areOptionsValid(option: u64, length: u32): bool {
  while (length > 0) {
    if (length < 8) return false;
    let size = optionLength(option);
    if (size == 0 || size > length) return false;
    option += <u64>size;
    length -= size;
  }
  return true;
}

/** The first option of a type, 0 when there is none. Precondition: the options are valid. */
export function findOption(option: u64, length: u32, kind: u32): u64 {
  while (length > 0) {
    if (optionType(option) == kind) return option;
    let size = optionLength(option);
    option += <u64>size;
    length -= size;
  }
  return 0;
}

export function linkAddress(option: u64): u64 {
  return loadHardware(option + 2);
}

export function writeLinkAddress(option: u64, kind: u32, hardware: u64): void {
  store8(option, kind);
  store8(option + 1, 1);
  storeHardware(option + 2, hardware);
}

export function prefixLength(option: u64): u32 {
  return load8(option + 2);
}

export function prefixFlags(option: u64): u32 {
  return load8(option + 3);
}

export function prefixValidSeconds(option: u64): u32 {
  return load32(option + 4);
}

export function prefixPreferredSeconds(option: u64): u32 {
  return load32(option + 8);
}

export function routerHopLimit(message: u64): u32 {
  return load8(message + 4);
}

export function routerFlags(message: u64): u32 {
  return load8(message + 5);
}

export function routerLifetimeSeconds(message: u64): u32 {
  return load16(message + 6);
}

export function routerReachableMs(message: u64): u32 {
  return load32(message + 8);
}

export function routerRetransmitMs(message: u64): u32 {
  return load32(message + 12);
}
