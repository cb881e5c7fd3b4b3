// The routing table, both families in one: the longest prefix wins, then the lowest metric (RFC 1812 §5.2.4).
//
// A host has few routes; they stand in an array and a lookup reads all of them. It happens once per connection and
// epoch, not per packet (ip/path.ts).

import { NEVER } from "../../lib/timer-queue";
import { Address } from "../address";
import { routeChanged } from "../changes";
import * as clock from "../clock";
import { Interface } from "./interface";
import * as interfaces from "./interfaces";

export const MAX_ROUTES: i32 = 128;

export const enum RouteOrigin {
  /** A prefix that an interface address brings with it. */
  CONNECTED = 0,
  STATIC,
  DHCP,
  /** Router advertisements. */
  AUTOMATIC,
}

export class Route {
  prefix: Address = new Address();
  /** Of 128. */
  prefixLength: u32 = 0;
  /** The next hop; unspecified when the prefix is on the link itself. */
  gateway: Address = new Address();
  metric: u32 = 0;
  origin: RouteOrigin = RouteOrigin.STATIC;
  expiresNs: u64 = NEVER;

  constructor(public via: Interface) {}

  get hasGateway(): bool {
    return !this.gateway.isUnspecified;
  }

  get isIpv4(): bool {
    return this.prefix.isIpv4;
  }
}

const table: StaticArray<Route | null> = new StaticArray<Route | null>(MAX_ROUTES);
export let length: i32 = 0;

export function nth(index: i32): Route | null {
  return index < length ? table[index] : null;
}

/** Add a route, or renew the one that is the same but for its expiry; null when the table is full. */
export function add(
  prefix: Address,
  prefixLength: u32,
  gateway: Address,
  via: Interface,
  metric: u32,
  origin: RouteOrigin,
): Route | null {
  let route = findExact(prefix, prefixLength, gateway, via);
  let isNew = route === null;
  if (route === null) {
    if (length == MAX_ROUTES) return null;
    route = new Route(via);
    route.prefix.assign(prefix);
    route.prefix.mask(prefixLength);
    route.prefixLength = prefixLength;
    route.gateway.assign(gateway);
    table[length++] = route;
  }
  route.metric = metric;
  route.origin = origin;
  route.expiresNs = NEVER;
  interfaces.changed();
  if (isNew) routeChanged(route, false);
  return route;
}

export function findExact(prefix: Address, prefixLength: u32, gateway: Address, via: Interface): Route | null {
  for (let i = 0; i < length; i++) {
    let route = table[i];
    if (route === null || route.via !== via || route.prefixLength != prefixLength) continue;
    if (route.prefix.hasPrefix(prefix, prefixLength) && route.gateway.equals(gateway)) return route;
  }
  return null;
}

export function remove(route: Route): void {
  for (let i = 0; i < length; i++) {
    if (table[i] !== route) continue;
    table[i] = table[--length];
    table[length] = null;
    interfaces.changed();
    routeChanged(route, true);
    return;
  }
}

/** Remove every route of an interface and origin (a lease ended). */
export function removeAll(via: Interface, origin: RouteOrigin, isIpv4: bool): void {
  for (let i = length - 1; i >= 0; i--) {
    let route = table[i];
    if (route !== null && route.via === via && route.origin == origin && route.isIpv4 == isIpv4) remove(route);
  }
}

/** The best route to `destination`, over interface `index` only when that is not 0; null when there is none. */
export function lookup(destination: Address, index: i32): Route | null {
  let best: Route | null = null;
  for (let i = 0; i < length; i++) {
    let route = table[i];
    if (route === null || !route.via.isRunning || route.expiresNs <= clock.nowNs) continue;
    if (index != 0 && route.via.index != index) continue;
    if (!destination.hasPrefix(route.prefix, route.prefixLength)) continue;
    // A default route of one family is a prefix of the other in 128 bits; IPv4 is never sent over IPv6 routes.
    if (destination.isIpv4 != route.isIpv4) continue;
    if (best === null || isBetter(route, best)) best = route;
  }
  return best;
}

function isBetter(left: Route, right: Route): bool {
  if (left.prefixLength != right.prefixLength) return left.prefixLength > right.prefixLength;
  return left.metric < right.metric;
}

/** Drop what has expired. */
export function expire(): void {
  for (let i = length - 1; i >= 0; i--) {
    let route = table[i];
    if (route !== null && route.expiresNs <= clock.nowNs) remove(route);
  }
}
