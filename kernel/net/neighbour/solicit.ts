// Asking who has an address: an ARP request (RFC 826) or a neighbour solicitation (RFC 4861 §7.2.2), built whole
// and handed to the device, since it cannot itself wait for an address.

import * as mem from "machine/mem";
import { Address, BROADCAST_IPV4, UNSPECIFIED } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import { transmit } from "../link/registry";
import { LinkKind, NetworkDevice } from "../link/device";
import { allocate, Packet } from "../packet/packet";
import * as arp from "../wire/arp";
import { ARP_LENGTH, ArpOperation } from "../wire/arp";
import { storeIpv6 } from "../wire/bytes";
import * as ethernet from "../wire/ethernet";
import { ETHERNET_HEADER, EtherType } from "../wire/ethernet";
import * as icmp from "../wire/icmp";
import { ICMP_CHECKSUM, Icmpv6Type } from "../wire/icmp";
import { Protocol } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { IPV6_HEADER } from "../wire/ipv6";
import * as ndp from "../wire/ndp";
import { LINK_ADDRESS_OPTION, NEIGHBOUR_MESSAGE, NdpOption } from "../wire/ndp";

/** Hop limit that shows a message never crossed a router (RFC 4861 §3.1). */
export const NDP_HOP_LIMIT: u32 = 255;

/** Whose address to ask from: the interface layer fills this in before asking (it knows its addresses; we do not). */
export abstract class SourceChooser {
  /** Set `into` to an address of `device` fit for reaching `target`; unspecified when there is none. */
  abstract choose(device: NetworkDevice, target: Address, into: Address): void;
}

let chooser: SourceChooser | null = null;
const source: Address = new Address();
const group: Address = new Address();

export function setSourceChooser(with_: SourceChooser): void {
  chooser = with_;
}

/** Ask for `target` on `device`: everyone, or only the station `hardware` when it is not 0. */
export function solicit(device: NetworkDevice, target: Address, hardware: u64): void {
  if (device.kind != LinkKind.ETHERNET) return;
  let choice = chooser;
  source.assign(UNSPECIFIED);
  if (choice !== null) choice.choose(device, target, source);
  if (target.isIpv4) {
    let from: u32 = source.isIpv4 ? source.ipv4 : 0;
    sendArp(device, ArpOperation.REQUEST, from, target.ipv4, hardware);
  } else {
    sendSolicitation(device, source, target, hardware);
  }
}

/** Send an ARP message; `hardware` 0 broadcasts it. */
export function sendArp(device: NetworkDevice, kind: u32, from: u32, to: u32, hardware: u64): void {
  let packet = allocate();
  if (packet === null) {
    count(Counter.LINK_NO_MEMORY);
    return;
  }
  arp.write(packet.append(ARP_LENGTH), kind, device.hardware, from, hardware, to);
  let frame = packet.prepend(ETHERNET_HEADER);
  ethernet.write(frame, hardware == 0 ? ethernet.BROADCAST : hardware, device.hardware, EtherType.ARP);
  transmit(device, packet);
}

/** Send a neighbour solicitation; an unspecified `from` makes it a duplicate-address probe (RFC 4862 §5.4.2). */
export function sendSolicitation(device: NetworkDevice, from: Address, target: Address, hardware: u64): void {
  let packet = allocate();
  if (packet === null) {
    count(Counter.LINK_NO_MEMORY);
    return;
  }
  if (hardware != 0) group.assign(target);
  else group.setSolicitedNode(target);
  let isProbe = from.isUnspecified;
  let length = NEIGHBOUR_MESSAGE + (isProbe ? 0 : LINK_ADDRESS_OPTION);
  let message = packet.append(length);
  icmp.write(message, Icmpv6Type.NEIGHBOUR_SOLICITATION, 0, 0);
  storeIpv6(message + ndp.TARGET, target);
  if (!isProbe) {
    let option = message + <u64>NEIGHBOUR_MESSAGE;
    ndp.writeLinkAddress(option, NdpOption.SOURCE_LINK_ADDRESS, device.hardware);
  }
  sendNdp(device, packet, from, group, hardware);
}

/** Put checksum, IPv6 and Ethernet headers before an ICMPv6 message and send it; `hardware` 0 multicasts. */
export function sendNdp(device: NetworkDevice, packet: Packet, from: Address, to: Address, hardware: u64): void {
  let length = packet.length;
  let message = packet.address;
  let sum = checksum.pseudoHeader(from, to, Protocol.ICMPV6, length);
  mem.store16(message + ICMP_CHECKSUM, checksum.finish(checksum.add(sum, message, length)));
  ipv6.write(packet.prepend(IPV6_HEADER), length, 0, 0, Protocol.ICMPV6, NDP_HOP_LIMIT, from, to);
  let frame = packet.prepend(ETHERNET_HEADER);
  ethernet.write(frame, hardware == 0 ? groupHardware(to) : hardware, device.hardware, EtherType.IPV6);
  count(Counter.ICMP_OUT_MESSAGES);
  transmit(device, packet);
}

/** The station address that a multicast or broadcast address maps to (RFC 1112 §6.4, RFC 2464 §7). */
export function groupHardware(address: Address): u64 {
  if (!address.isIpv4) return 0x3333_0000_0000 | (address.low & 0xffff_ffff);
  if (!address.isMulticast || address.equals(BROADCAST_IPV4)) return ethernet.BROADCAST;
  return 0x0100_5e00_0000 | (address.low & 0x7f_ffff);
}
