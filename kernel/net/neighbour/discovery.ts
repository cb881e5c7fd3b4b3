// Neighbour discovery messages that arrive (RFC 4861): all are checked as §6.1 and §7.1 ask, then acted on.

import { Address, ALL_NODES } from "../address";
import { routerAdvertised } from "../configuration/routers";
import { duplicateFound } from "../configuration/automatic";
import { Counter, count } from "../counters";
import { AddressState, InterfaceAddress } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { NetworkDevice } from "../link/device";
import { allocate, Packet } from "../packet/packet";
import { loadIpv6, storeIpv6 } from "../wire/bytes";
import * as icmp from "../wire/icmp";
import { Icmpv6Type } from "../wire/icmp";
import * as ndp from "../wire/ndp";
import { LINK_ADDRESS_OPTION, NdpOption, NEIGHBOUR_MESSAGE } from "../wire/ndp";
import * as cache from "./cache";
import { Neighbour, Reachability } from "./neighbour";
import { NDP_HOP_LIMIT, sendNdp } from "./solicit";

const target: Address = new Address();
const replyTo: Address = new Address();

/** A packet that stands at its ICMPv6 header; it stays the caller's. */
export function receive(packet: Packet, type: u32): void {
  let device = packet.device;
  let least = leastLength(type);
  let isSound = packet.hopLimit == NDP_HOP_LIMIT && icmp.code(packet.address) == 0 && packet.linearize();
  if (device === null || !isSound || packet.length < least) {
    invalid();
    return;
  }
  let options = packet.address + <u64>least;
  let length = packet.length - least;
  if (!ndp.areOptionsValid(options, length)) {
    invalid();
    return;
  }
  switch (type) {
    case Icmpv6Type.NEIGHBOUR_SOLICITATION:
      solicited(packet, device, options, length);
      return;
    case Icmpv6Type.NEIGHBOUR_ADVERTISEMENT:
      advertised(packet, device, options, length);
      return;
    case Icmpv6Type.ROUTER_ADVERTISEMENT:
      if (!packet.source.isLinkLocal) {
        invalid();
        return;
      }
      learnRouter(packet.source, device, options, length);
      routerAdvertised(packet, device, options, length);
      return;
    default:
      // Solicitations are for routers; redirects need a router we trust more than we can check.
      return;
  }
}

function leastLength(type: u32): u32 {
  switch (type) {
    case Icmpv6Type.NEIGHBOUR_SOLICITATION:
    case Icmpv6Type.NEIGHBOUR_ADVERTISEMENT:
      return NEIGHBOUR_MESSAGE;
    case Icmpv6Type.ROUTER_ADVERTISEMENT:
      return ndp.ROUTER_ADVERTISEMENT;
    case Icmpv6Type.REDIRECT:
      return ndp.REDIRECT;
    default:
      return ndp.ROUTER_SOLICITATION;
  }
}

function invalid(): void {
  count(Counter.NDP_INVALID);
}

/** RFC 4861 §7.2.3, §7.2.4. */
function solicited(packet: Packet, device: NetworkDevice, options: u64, length: u32): void {
  loadIpv6(packet.address + ndp.TARGET, target);
  if (target.isMulticast) {
    invalid();
    return;
  }
  let entry = interfaces.forDevice(device);
  let own: InterfaceAddress | null = entry === null ? null : entry.find(target);
  if (own === null) return;
  let isProbe = packet.source.isUnspecified;
  if (own.state == AddressState.TENTATIVE) {
    // Another station is checking the same address (RFC 4862 §5.4.3).
    if (isProbe) duplicateFound(device, target);
    return;
  }
  if (!own.isUsable) return;
  if (!isProbe) {
    let option = ndp.findOption(options, length, NdpOption.SOURCE_LINK_ADDRESS);
    if (option != 0) {
      let known = cache.obtain(device, packet.source);
      if (known !== null) known.update(ndp.linkAddress(option), false, true);
    }
  }
  let flags = ndp.ADVERTISEMENT_OVERRIDE | (isProbe ? 0 : ndp.ADVERTISEMENT_SOLICITED);
  replyTo.assign(isProbe ? ALL_NODES : packet.source);
  sendAdvertisement(device, replyTo, flags);
}

function sendAdvertisement(device: NetworkDevice, to: Address, flags: u32): void {
  let packet = allocate();
  if (packet === null) return;
  let message = packet.append(NEIGHBOUR_MESSAGE + LINK_ADDRESS_OPTION);
  icmp.write(message, Icmpv6Type.NEIGHBOUR_ADVERTISEMENT, 0, flags);
  storeIpv6(message + ndp.TARGET, target);
  let option = message + <u64>NEIGHBOUR_MESSAGE;
  ndp.writeLinkAddress(option, NdpOption.TARGET_LINK_ADDRESS, device.hardware);
  let known: Neighbour | null = to.isMulticast ? null : cache.find(device, to);
  let hardware: u64 = known !== null && known.isUsable ? known.hardware : 0;
  // An answer to someone whose station address we could not learn goes to everyone.
  sendNdp(device, packet, target, hardware == 0 ? ALL_NODES : to, hardware);
}

/** RFC 4861 §7.2.5. */
function advertised(packet: Packet, device: NetworkDevice, options: u64, length: u32): void {
  loadIpv6(packet.address + ndp.TARGET, target);
  let flags = icmp.rest(packet.address);
  let isSolicited = (flags & ndp.ADVERTISEMENT_SOLICITED) != 0;
  if (target.isMulticast || (packet.destination.isMulticast && isSolicited)) {
    invalid();
    return;
  }
  let entry = interfaces.forDevice(device);
  let own: InterfaceAddress | null = entry === null ? null : entry.find(target);
  if (own !== null) {
    if (own.state == AddressState.TENTATIVE) duplicateFound(device, target);
    return;
  }
  let known = cache.find(device, target);
  if (known === null || known.state == Reachability.NONE) return;
  let option = ndp.findOption(options, length, NdpOption.TARGET_LINK_ADDRESS);
  let hardware = option == 0 ? known.hardware : ndp.linkAddress(option);
  if (option == 0 && !known.isUsable) return;
  known.update(hardware, isSolicited, (flags & ndp.ADVERTISEMENT_OVERRIDE) != 0);
  known.isRouter = (flags & ndp.ADVERTISEMENT_ROUTER) != 0;
}

/** A router tells its station address along (RFC 4861 §6.3.4). */
function learnRouter(source: Address, device: NetworkDevice, options: u64, length: u32): void {
  let option = ndp.findOption(options, length, NdpOption.SOURCE_LINK_ADDRESS);
  if (option == 0) return;
  let known: Neighbour | null = cache.obtain(device, source);
  if (known === null) return;
  known.update(ndp.linkAddress(option), false, true);
  known.isRouter = true;
}
