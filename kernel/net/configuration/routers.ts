// Routers on the link (RFC 4861 §6.3): asking for their advertisements and doing what those say: default routes,
// prefixes, addresses, MTU, name servers (RFC 8106), and whether DHCPv6 knows more.

import { NEVER, Timer } from "../../lib/timer-queue";
import { Address, ALL_ROUTERS, UNSPECIFIED } from "../address";
import * as clock from "../clock";
import { AddressOrigin, Interface } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { MAX_DEVICES } from "../link/registry";
import { NetworkDevice } from "../link/device";
import * as neighbours from "../neighbour/cache";
import { sendNdp } from "../neighbour/solicit";
import { allocate, Packet } from "../packet/packet";
import { load32, loadIpv6 } from "../wire/bytes";
import * as icmp from "../wire/icmp";
import { Icmpv6Type } from "../wire/icmp";
import * as ndp from "../wire/ndp";
import { LINK_ADDRESS_OPTION, NdpOption } from "../wire/ndp";
import * as routes from "../ip/routes";
import { RouteOrigin } from "../ip/routes";
import * as addresses from "./addresses";
import { setAutomatic } from "./automatic";
import * as dhcpv6 from "./dhcpv6";
import * as resolvers from "./resolvers";
import { ServerOrigin } from "./resolvers";

/** RFC 4861 §10. */
const MAX_SOLICITATIONS: u32 = 3;
const SOLICITATION_INTERVAL_NS: u64 = 4 * clock.SECOND;
/** RFC 4862 §5.5.3 e: a prefix's lifetime is not shortened below two hours by an unauthenticated message. */
const TWO_HOURS_NS: u64 = 7200 * clock.SECOND;
const FOREVER_SECONDS: u32 = 0xffff_ffff;
/** As Linux's IP6_RT_PRIO_ADDRCONF for routes from advertisements. */
const ROUTER_METRIC: u32 = 1024;

const prefix: Address = new Address();
const address: Address = new Address();

class Solicitor extends Timer {
  sent: u32 = 0;

  constructor(private on: Interface) {
    super();
  }

  expired(_nowNs: u64): void {
    if (this.sent >= MAX_SOLICITATIONS) return;
    this.sent++;
    send(this.on);
    clock.arm(this, SOLICITATION_INTERVAL_NS);
  }

  answered(): void {
    this.sent = MAX_SOLICITATIONS;
    clock.cancel(this);
  }
}

const solicitors: StaticArray<Solicitor | null> = new StaticArray<Solicitor | null>(MAX_DEVICES + 1);

/** Ask for routers now and a few times more. */
export function solicitRouters(on: Interface): void {
  let solicitor = solicitors[on.index];
  if (solicitor === null) {
    solicitor = new Solicitor(on);
    solicitors[on.index] = solicitor;
  }
  solicitor.sent = 0;
  solicitor.expired(clock.nowNs);
}

function send(on: Interface): void {
  let packet = allocate();
  if (packet === null) return;
  let linkLocal = on.linkLocal;
  let hasSource = linkLocal !== null;
  let message = packet.append(ndp.ROUTER_SOLICITATION + (hasSource ? LINK_ADDRESS_OPTION : 0));
  icmp.write(message, Icmpv6Type.ROUTER_SOLICITATION, 0, 0);
  if (hasSource) {
    ndp.writeLinkAddress(message + <u64>ndp.ROUTER_SOLICITATION, NdpOption.SOURCE_LINK_ADDRESS, on.device.hardware);
  }
  sendNdp(on.device, packet, linkLocal !== null ? linkLocal.address : UNSPECIFIED, ALL_ROUTERS, 0);
}

/** A valid router advertisement arrived (RFC 4861 §6.3.4). */
export function routerAdvertised(packet: Packet, device: NetworkDevice, options: u64, length: u32): void {
  let on = interfaces.forDevice(device);
  if (on === null || on.isLoopback) return;
  let solicitor = solicitors[on.index];
  if (solicitor !== null) solicitor.answered();
  let message = packet.address;
  let hopLimit = ndp.routerHopLimit(message);
  if (hopLimit != 0) on.hopLimit = hopLimit;
  let reachableMs = ndp.routerReachableMs(message);
  let neighbour = neighbours.find(device, packet.source);
  if (neighbour !== null && reachableMs != 0) neighbour.reachableNs = <u64>reachableMs * clock.MILLISECOND;
  setDefaultRoute(on, packet.source, ndp.routerLifetimeSeconds(message));
  readOptions(on, options, length);
  let flags = ndp.routerFlags(message);
  if (flags & (ndp.ROUTER_MANAGED | ndp.ROUTER_OTHER)) dhcpv6.request(on);
}

function setDefaultRoute(on: Interface, router: Address, lifetimeSeconds: u32): void {
  if (lifetimeSeconds == 0) {
    let known = routes.findExact(UNSPECIFIED, 0, router, on);
    if (known !== null) routes.remove(known);
    return;
  }
  let route = addresses.addDefaultRoute(on, router, ROUTER_METRIC, RouteOrigin.AUTOMATIC);
  if (route !== null) route.expiresNs = clock.nowNs + <u64>lifetimeSeconds * clock.SECOND;
}

function readOptions(on: Interface, options: u64, length: u32): void {
  while (length > 0) {
    let size = ndp.optionLength(options);
    switch (ndp.optionType(options)) {
      case NdpOption.PREFIX:
        if (size == ndp.PREFIX_OPTION) readPrefix(on, options);
        break;
      case NdpOption.MTU:
        if (size == 8) on.setMtuIpv6(load32(options + 4));
        break;
      case NdpOption.RDNSS:
        readServers(on, options, size);
        break;
      default:
        break;
    }
    options += <u64>size;
    length -= size;
  }
}

/** RFC 4861 §6.3.4 and RFC 4862 §5.5.3. */
function readPrefix(on: Interface, option: u64): void {
  let length = ndp.prefixLength(option);
  let flags = ndp.prefixFlags(option);
  let validNs = lifetimeNs(ndp.prefixValidSeconds(option));
  let preferredNs = lifetimeNs(ndp.prefixPreferredSeconds(option));
  loadIpv6(option + ndp.PREFIX_ADDRESS, prefix);
  if (length > 128 || prefix.isLinkLocal || prefix.isMulticast || prefix.isIpv4) return;
  if (flags & ndp.PREFIX_ON_LINK) setOnLink(on, length, validNs);
  if (!(flags & ndp.PREFIX_AUTONOMOUS) || length != 64 || preferredNs > validNs || validNs == 0) return;
  setAutomatic(address, prefix, on.device.hardware);
  let entry = on.find(address);
  if (entry === null) {
    entry = addresses.add(on, address, length, AddressOrigin.AUTOMATIC);
    if (entry === null) return;
  } else if (validNs != NEVER && validNs < TWO_HOURS_NS && entry.validUntilNs != NEVER) {
    let leftNs = entry.validUntilNs - clock.nowNs;
    if (leftNs > TWO_HOURS_NS) validNs = TWO_HOURS_NS;
    else if (validNs < leftNs) validNs = leftNs;
  }
  entry.validUntilNs = until(validNs);
  entry.preferredUntilNs = until(preferredNs);
}

function setOnLink(on: Interface, length: u32, validNs: u64): void {
  let route = routes.findExact(prefix, length, UNSPECIFIED, on);
  if (validNs == 0) {
    if (route !== null && route.origin == RouteOrigin.AUTOMATIC) routes.remove(route);
    return;
  }
  route = routes.add(prefix, length, UNSPECIFIED, on, 0, RouteOrigin.AUTOMATIC);
  if (route !== null) route.expiresNs = until(validNs);
}

function readServers(on: Interface, option: u64, size: u32): void {
  if (size < 24 || load32(option + 4) == 0) return;
  resolvers.clear(ServerOrigin.ROUTER, on.index);
  for (let at: u32 = 8; at + 16 <= size; at += 16) {
    loadIpv6(option + <u64>at, address);
    resolvers.add(address, ServerOrigin.ROUTER, on.index);
  }
}

function lifetimeNs(seconds: u32): u64 {
  return seconds == FOREVER_SECONDS ? NEVER : <u64>seconds * clock.SECOND;
}

function until(lifetime: u64): u64 {
  return lifetime == NEVER ? NEVER : clock.nowNs + lifetime;
}
