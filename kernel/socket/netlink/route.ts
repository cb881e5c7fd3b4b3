// NETLINK_ROUTE requests (man 7 rtnetlink): interfaces, addresses and routes are told; changing them is not a program's.
// announcements.ts tells of changes with the same messages.

import * as mem from "machine/mem";
import { EINVAL, ENODEV, ENETUNREACH, EOPNOTSUPP, EPERM } from "../../abi/errno";
import { IFF_LOWER_UP } from "../../abi/inet";
import * as abi from "../../abi/netlink";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../abi/socket";
import { NEVER } from "../../lib/timer-queue";
import { Address, IPV4_PREFIX_BITS } from "../../net/address";
import * as clock from "../../net/clock";
import { NetworkDevice } from "../../net/link/device";
import { AddressOrigin, AddressState, Interface, InterfaceAddress } from "../../net/ip/interface";
import * as interfaces from "../../net/ip/interfaces";
import * as routes from "../../net/ip/routes";
import { Route, RouteOrigin } from "../../net/ip/routes";
import { flagsOf, putHardware } from "../interface-requests";
import { Reply } from "./reply";

const FOREVER_SECONDS: u32 = 0xffffffff;

/** The request under way: its family header and attributes. */
class Request {
  type: u32 = 0;
  flags: u32 = 0;
  /** After the nlmsghdr. */
  at: u64 = 0;
  length: u64 = 0;

  get isDump(): bool {
    return (this.flags & abi.NLM_F_DUMP) == abi.NLM_F_DUMP;
  }

  /** rtgen_family, the first byte of every request. */
  get family(): i32 {
    return this.length > 0 ? <i32>mem.load8(this.at) : AF_UNSPEC;
  }

  /** The data of an attribute behind a header of `header` bytes; 0 when it is missing or shorter than `least`. */
  attribute(type: u32, header: u64, least: u64): u64 {
    let offset = header;
    while (offset + 4 <= this.length) {
      let size = <u64>mem.load16(this.at + offset);
      if (size < 4 || size > this.length - offset) return 0;
      if (mem.load16(this.at + offset + 2) == type) return size - 4 >= least ? this.at + offset + 4 : 0;
      offset += (size + 3) & ~(<u64>3);
    }
    return 0;
  }
}

const request = new Request();
const wanted = new Address();

/**
 * Answer the request at `at`, `length` bytes with its nlmsghdr, into `reply`. Returns 0 when there are answers, or the
 * error to tell.
 */
export function answer(at: u64, length: u64, reply: Reply): i32 {
  request.type = mem.load16(at + 4);
  request.flags = mem.load16(at + 6);
  request.at = at + abi.NLMSG_HEADER;
  request.length = length - abi.NLMSG_HEADER;
  if (request.type < abi.RTM_NEWLINK || request.type >= abi.RTM_END) return -EOPNOTSUPP;
  // New, delete, get and set follow one another.
  if ((request.type & 3) != 2) return -EPERM;
  if (request.length < 1) return -EINVAL;
  if (request.isDump) return dump(reply);
  switch (request.type) {
    case abi.RTM_GETLINK:
      return giveLink(reply);
    case abi.RTM_GETROUTE:
      return giveRoute(reply);
    default:
      return -EOPNOTSUPP;
  }
}

function dump(reply: Reply): i32 {
  switch (request.type) {
    case abi.RTM_GETLINK:
      for (let i = 1; i <= interfaces.last; i++) {
        let entry = interfaces.find(i);
        if (entry !== null) putLink(reply, entry, abi.NLM_F_MULTI);
      }
      break;
    case abi.RTM_GETADDR:
      for (let i = 1; i <= interfaces.last; i++) {
        let entry = interfaces.find(i);
        if (entry !== null) putAddresses(reply, entry);
      }
      break;
    case abi.RTM_GETROUTE:
      for (let i = 0; i < routes.length; i++) {
        let route = routes.nth(i);
        if (route !== null && isWanted(route.isIpv4)) putRoute(reply, route, abi.RTM_NEWROUTE, abi.NLM_F_MULTI);
      }
      break;
    default:
      // Neighbours, rules and the rest: there are none to tell of.
      break;
  }
  reply.message(abi.NLMSG_DONE, abi.NLM_F_MULTI, 4);
  return 0;
}

/** Whether the request is about this family. */
function isWanted(isIpv4: bool): bool {
  let family = request.family;
  return family == AF_UNSPEC || family == (isIpv4 ? AF_INET : AF_INET6);
}

/** RTM_GETLINK of one interface, by index or by name. */
function giveLink(reply: Reply): i32 {
  if (request.length < abi.IFINFO_SIZE) return -EINVAL;
  let index = <i32>mem.load32(request.at + 4);
  let entry = interfaces.find(index);
  let name = request.attribute(abi.IFLA_IFNAME, abi.IFINFO_SIZE, 1);
  if (index == 0 && name != 0) entry = findNamed(name);
  if (entry === null) return -ENODEV;
  putLink(reply, entry, 0);
  return 0;
}

function findNamed(at: u64): Interface | null {
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null) continue;
    let name = entry.device.name;
    let same = 0;
    while (same < name.length && mem.load8(at + <u64>same) == <u32>name.charCodeAt(same)) same++;
    if (same == name.length && mem.load8(at + <u64>same) == 0) return entry;
  }
  return null;
}

/** RTM_NEWLINK. */
export function putLink(reply: Reply, entry: Interface, flags: u32): void {
  let device = entry.device;
  let at = reply.message(abi.RTM_NEWLINK, flags, abi.IFINFO_SIZE);
  mem.store16(at + 2, <u32>device.kind);
  mem.store32(at + 4, <u32>entry.index);
  mem.store32(at + 8, flagsOf(entry) | (device.hasCarrier ? IFF_LOWER_UP : 0));
  reply.attributeText(abi.IFLA_IFNAME, device.name);
  reply.attribute32(abi.IFLA_TXQLEN, 1000);
  let state = entry.isLoopback ? abi.IF_OPER_UNKNOWN : device.hasCarrier ? abi.IF_OPER_UP : abi.IF_OPER_DOWN;
  reply.attribute8(abi.IFLA_OPERSTATE, state);
  reply.attribute8(abi.IFLA_LINKMODE, 0);
  reply.attribute32(abi.IFLA_MTU, device.mtu);
  reply.attribute8(abi.IFLA_CARRIER, device.hasCarrier ? 1 : 0);
  reply.attributeText(abi.IFLA_QDISC, entry.isLoopback ? "noqueue" : "fq");
  putHardware(reply.attribute(abi.IFLA_ADDRESS, 6), device.hardware);
  putHardware(reply.attribute(abi.IFLA_BROADCAST, 6), entry.isLoopback ? 0 : 0xffff_ffff_ffff);
  putStatistics(reply, device);
}

/** struct rtnl_link_stats64 and rtnl_link_stats: both begin with these, in this order. */
function putStatistics(reply: Reply, device: NetworkDevice): void {
  let wide = reply.attribute(abi.IFLA_STATS64, 192);
  let narrow = reply.attribute(abi.IFLA_STATS, 96);
  for (let i: u64 = 0; i < 9; i++) {
    let value = statistic(device, <i32>i);
    mem.store64(wide + 8 * i, value);
    mem.store32(narrow + 4 * i, <u32>value);
  }
}

function statistic(device: NetworkDevice, index: i32): u64 {
  switch (index) {
    case 0:
      return device.receivedPackets;
    case 1:
      return device.transmittedPackets;
    case 2:
      return device.receivedBytes;
    case 3:
      return device.transmittedBytes;
    case 4:
      return device.receiveErrors;
    case 5:
      return device.transmitErrors;
    case 6:
      return device.receiveDrops;
    case 7:
      return device.transmitDrops;
    default:
      return device.multicastPackets;
  }
}

function putAddresses(reply: Reply, entry: Interface): void {
  for (let i = 0; i < entry.addressCount; i++) {
    let address = entry.address(i);
    if (isWanted(address.address.isIpv4)) putAddress(reply, entry, address, abi.RTM_NEWADDR, abi.NLM_F_MULTI);
  }
}

/** RTM_NEWADDR or RTM_DELADDR. */
export function putAddress(reply: Reply, entry: Interface, own: InterfaceAddress, type: u32, messageFlags: u32): void {
  let address = own.address;
  let isIpv4 = address.isIpv4;
  let at = reply.message(type, messageFlags, abi.IFADDR_SIZE);
  let flags = flagsOfAddress(own);
  mem.store8(at, <u32>(isIpv4 ? AF_INET : AF_INET6));
  mem.store8(at + 1, isIpv4 ? own.prefixLength - IPV4_PREFIX_BITS : own.prefixLength);
  mem.store8(at + 2, flags);
  mem.store8(at + 3, scopeOf(address));
  mem.store32(at + 4, <u32>entry.index);
  reply.attributeAddress(abi.IFA_ADDRESS, address);
  if (isIpv4) {
    reply.attributeAddress(abi.IFA_LOCAL, address);
    let broadcast = entry.isLoopback ? 0 : own.broadcastIpv4;
    if (broadcast != 0) mem.store32(reply.attribute(abi.IFA_BROADCAST, 4), bswap<u32>(broadcast));
    reply.attributeText(abi.IFA_LABEL, entry.device.name);
  }
  reply.attribute32(abi.IFA_FLAGS, flags);
  let cache = reply.attribute(abi.IFA_CACHEINFO, 16);
  mem.store32(cache, secondsLeft(own.preferredUntilNs));
  mem.store32(cache + 4, secondsLeft(own.validUntilNs));
}

function flagsOfAddress(own: InterfaceAddress): u32 {
  let flags = own.validUntilNs == NEVER ? abi.IFA_F_PERMANENT : 0;
  switch (own.state) {
    case AddressState.TENTATIVE:
      return flags | abi.IFA_F_TENTATIVE;
    case AddressState.DEPRECATED:
      return flags | abi.IFA_F_DEPRECATED;
    case AddressState.DUPLICATE:
      return flags | abi.IFA_F_TENTATIVE | abi.IFA_F_DADFAILED;
    default:
      return flags;
  }
}

function scopeOf(address: Address): u32 {
  if (address.isLoopback) return abi.RT_SCOPE_HOST;
  return address.isLinkLocal ? abi.RT_SCOPE_LINK : abi.RT_SCOPE_UNIVERSE;
}

function secondsLeft(untilNs: u64): u32 {
  if (untilNs == NEVER) return FOREVER_SECONDS;
  return untilNs > clock.nowNs ? <u32>((untilNs - clock.nowNs) / clock.SECOND) : 0;
}

/** RTM_GETROUTE of one destination: the route that packets would take. */
function giveRoute(reply: Reply): i32 {
  if (request.length < abi.RTMSG_SIZE) return -EINVAL;
  let isIpv4 = request.family == AF_INET;
  let at = request.attribute(abi.RTA_DST, abi.RTMSG_SIZE, isIpv4 ? 4 : 16);
  if (at == 0) return -EINVAL;
  if (isIpv4) wanted.setIpv4(bswap<u32>(mem.load32(at)));
  else wanted.set(bswap<u64>(mem.load64(at)), bswap<u64>(mem.load64(at + 8)));
  let route = routes.lookup(wanted, 0);
  if (route === null) return -ENETUNREACH;
  putRoute(reply, route, abi.RTM_NEWROUTE, 0);
  return 0;
}

/** RTM_NEWROUTE or RTM_DELROUTE. */
export function putRoute(reply: Reply, route: Route, type: u32, flags: u32): void {
  let isIpv4 = route.isIpv4;
  let length = isIpv4 ? route.prefixLength - IPV4_PREFIX_BITS : route.prefixLength;
  let at = reply.message(type, flags, abi.RTMSG_SIZE);
  mem.store8(at, <u32>(isIpv4 ? AF_INET : AF_INET6));
  mem.store8(at + 1, length);
  mem.store8(at + 4, abi.RT_TABLE_MAIN);
  mem.store8(at + 5, protocolOf(route));
  mem.store8(at + 6, route.hasGateway ? abi.RT_SCOPE_UNIVERSE : abi.RT_SCOPE_LINK);
  mem.store8(at + 7, abi.RTN_UNICAST);
  reply.attribute32(abi.RTA_TABLE, abi.RT_TABLE_MAIN);
  if (length > 0) reply.attributeAddress(abi.RTA_DST, route.prefix);
  if (route.hasGateway) reply.attributeAddress(abi.RTA_GATEWAY, route.gateway);
  reply.attribute32(abi.RTA_OIF, <u32>route.via.index);
  if (route.metric != 0) reply.attribute32(abi.RTA_PRIORITY, route.metric);
  let own = route.via.primary(isIpv4);
  if (own !== null && isIpv4 && own.origin != AddressOrigin.LOOPBACK)
    reply.attributeAddress(abi.RTA_PREFSRC, own.address);
}

function protocolOf(route: Route): u32 {
  switch (route.origin) {
    case RouteOrigin.CONNECTED:
      return abi.RTPROT_KERNEL;
    case RouteOrigin.DHCP:
      return abi.RTPROT_DHCP;
    case RouteOrigin.AUTOMATIC:
      return abi.RTPROT_RA;
    default:
      return abi.RTPROT_BOOT;
  }
}
