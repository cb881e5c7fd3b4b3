// ARP for IPv4 over Ethernet (RFC 826).
//
//    0 | hardware type 2 | protocol type 2 | hlen 1 | plen 1 | operation 2 |
//    8 | sender hardware 6 | sender IPv4 4 | target hardware 6 | target IPv4 4 |

import { load8, load16, load32, loadHardware, store8, store16, store32, storeHardware } from "./bytes";
import { EtherType } from "./ethernet";

export const ARP_LENGTH: u32 = 28;

export const enum ArpOperation {
  REQUEST = 1,
  REPLY = 2,
}

const HARDWARE_ETHERNET: u32 = 1; // RFC 826, IANA ARP Parameters

/** Whether `length` bytes at `packet` are an ARP message of this kind at all. */
export function isValid(packet: u64, length: u32): bool {
  if (length < ARP_LENGTH) return false;
  if (load16(packet) != HARDWARE_ETHERNET || load16(packet + 2) != EtherType.IPV4) return false;
  return load8(packet + 4) == 6 && load8(packet + 5) == 4;
}

export function operation(packet: u64): u32 {
  return load16(packet + 6);
}

export function senderHardware(packet: u64): u64 {
  return loadHardware(packet + 8);
}

export function senderIpv4(packet: u64): u32 {
  return load32(packet + 14);
}

export function targetIpv4(packet: u64): u32 {
  return load32(packet + 24);
}

export function write(packet: u64, kind: u32, fromHardware: u64, from: u32, toHardware: u64, to: u32): void {
  store16(packet, HARDWARE_ETHERNET);
  store16(packet + 2, EtherType.IPV4);
  store8(packet + 4, 6);
  store8(packet + 5, 4);
  store16(packet + 6, kind);
  storeHardware(packet + 8, fromHardware);
  store32(packet + 14, from);
  storeHardware(packet + 18, toHardware);
  store32(packet + 24, to);
}
