// Ethernet II frames (IEEE 802.3 §3.2.6; type numbers: IANA IEEE 802 Numbers).
//
//   | destination 6 | source 6 | type 2 | payload 46..1500 |

import { load16, loadHardware, store16, storeHardware } from "./bytes";

export const ETHERNET_HEADER: u32 = 14;
const DESTINATION: u64 = 0;
const SOURCE: u64 = 6;
const TYPE: u64 = 12;

export const enum EtherType {
  IPV4 = 0x0800,
  ARP = 0x0806,
  IPV6 = 0x86dd,
}

export const BROADCAST: u64 = 0xffff_ffff_ffff;

/** The bit that marks a group address: multicast or broadcast. */
const GROUP_BIT: u64 = 0x0100_0000_0000;

export function destination(frame: u64): u64 {
  return loadHardware(frame + DESTINATION);
}

export function source(frame: u64): u64 {
  return loadHardware(frame + SOURCE);
}

export function type(frame: u64): u32 {
  return load16(frame + TYPE);
}

export function isGroup(hardware: u64): bool {
  return (hardware & GROUP_BIT) != 0;
}

export function write(frame: u64, to: u64, from: u64, etherType: u32): void {
  storeHardware(frame + DESTINATION, to);
  storeHardware(frame + SOURCE, from);
  store16(frame + TYPE, etherType);
}
