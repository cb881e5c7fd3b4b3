// Giving an interface an address and taking it back, with all that hangs on it: the connected route, the solicited-node
// group, the check for duplicates.

import { Address, IPV4_PREFIX_BITS } from "../address";
import { addressChanged } from "../changes";
import * as clock from "../clock";
import { AddressOrigin, AddressState, Interface, InterfaceAddress } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import * as routes from "../ip/routes";
import { RouteOrigin } from "../ip/routes";
import { startCheck } from "./automatic";

const none: Address = new Address();
const group: Address = new Address();

/** Metric of connected routes. */
const CONNECTED_METRIC: u32 = 0;

/**
 * Add an address; `prefixLength` is of 128. An IPv6 address on a real link is tentative until nobody else has it.
 * Null when the interface has too many.
 */
export function add(
  to: Interface,
  address: Address,
  prefixLength: u32,
  origin: AddressOrigin,
): InterfaceAddress | null {
  let isNew = to.find(address) === null;
  let needsCheck = !address.isIpv4 && !to.isLoopback;
  let state = needsCheck ? AddressState.TENTATIVE : AddressState.PREFERRED;
  let entry = to.add(address, prefixLength, origin, state);
  if (entry === null) return null;
  // Router prefixes say themselves whether they are on the link.
  let isOnLink = origin != AddressOrigin.AUTOMATIC && prefixLength < 128;
  if (isOnLink) addConnected(to, address, prefixLength);
  updateSources(to);
  interfaces.changed();
  addressChanged(to, entry, false);
  if (isNew && needsCheck) {
    group.setSolicitedNode(address);
    to.groups.join(group);
    startCheck(to, entry);
  }
  return entry;
}

export function addConnected(to: Interface, address: Address, prefixLength: u32): void {
  if (address.isIpv4) none.setIpv4(0);
  else none.clear();
  routes.add(address, prefixLength, none, to, CONNECTED_METRIC, RouteOrigin.CONNECTED);
}

export function remove(from: Interface, address: Address): void {
  let entry = from.find(address);
  if (entry === null) return;
  let prefixLength = entry.prefixLength;
  if (address.isIpv4) none.setIpv4(0);
  else none.clear();
  from.remove(address);
  let route = routes.findExact(address, prefixLength, none, from);
  if (route !== null && !hasPrefix(from, address, prefixLength)) routes.remove(route);
  if (!address.isIpv4 && !from.isLoopback) {
    group.setSolicitedNode(address);
    from.groups.leave(group);
  }
  updateSources(from);
  interfaces.changed();
  addressChanged(from, entry, true);
}

/** Nobody else has it: the address may be used from now on. */
export function prefer(on: Interface, entry: InterfaceAddress): void {
  entry.state = AddressState.PREFERRED;
  updateSources(on);
  interfaces.changed();
  addressChanged(on, entry, false);
}

/** Deprecate and remove the addresses whose time is over. */
export function expire(on: Interface): void {
  for (let i = on.addressCount - 1; i >= 0; i--) {
    let entry = on.address(i);
    if (entry.validUntilNs <= clock.nowNs) {
      remove(on, entry.address);
    } else if (entry.preferredUntilNs <= clock.nowNs && entry.state == AddressState.PREFERRED) {
      entry.state = AddressState.DEPRECATED;
      interfaces.changed();
      addressChanged(on, entry, false);
    }
  }
}

/** A default route: 0.0.0.0/0 or ::/0. */
export function addDefaultRoute(
  via: Interface,
  gateway: Address,
  metric: u32,
  origin: RouteOrigin,
): routes.Route | null {
  let isIpv4 = gateway.isIpv4;
  if (isIpv4) none.setIpv4(0);
  else none.clear();
  return routes.add(none, isIpv4 ? IPV4_PREFIX_BITS : 0, gateway, via, metric, origin);
}

function hasPrefix(on: Interface, address: Address, prefixLength: u32): bool {
  for (let i = 0; i < on.addressCount; i++) {
    let entry = on.address(i);
    if (entry.prefixLength == prefixLength && entry.address.hasPrefix(address, prefixLength)) return true;
  }
  return false;
}

/** Group reports come from the interface's own addresses (RFC 3376 §4.2.13, RFC 3810 §5.2.13). */
function updateSources(on: Interface): void {
  let ipv4 = on.primary(true);
  if (ipv4 !== null) on.groups.sourceIpv4.assign(ipv4.address);
  else on.groups.sourceIpv4.setIpv4(0);
  let linkLocal = on.linkLocal;
  if (linkLocal !== null) on.groups.sourceIpv6.assign(linkLocal.address);
  else on.groups.sourceIpv6.clear();
}
