// The stack from outside: started once, told the time, polled.
//
//   stack.start(secret, secret)          before any device is registered; loopback comes up here
//   nextNs = stack.poll(nowNs)           after interrupts, at timers, before idling: takes in what devices received, runs
//                                        timers, sends what is due; returns when to poll again at the latest
//   stack.enter(nowNs) … stack.leave()   around calls into connections and endpoints from system calls
//
// Nothing here blocks or knows threads: sockets hear of changes through their observers, and time is an argument.

import { EHOSTUNREACH } from "../abi/errno";
import { Address } from "./address";
import * as clock from "./clock";
import * as addresses from "./configuration/addresses";
import { addLinkLocal } from "./configuration/automatic";
import * as dhcpv4 from "./configuration/dhcpv4";
import { solicitRouters } from "./configuration/routers";
import { reportUnreachable } from "./icmp/input";
import * as input from "./input";
import { AddressOrigin, Interface, prefixOfIpv4 } from "./ip/interface";
import * as interfaces from "./ip/interfaces";
import * as routes from "./ip/routes";
import { RouteOrigin } from "./ip/routes";
import { linkChanged } from "./changes";
import { Loopback } from "./link/loopback";
import * as link from "./link/registry";
import * as neighbours from "./neighbour/cache";
import { unreachable } from "./neighbour/neighbour";
import { setSourceChooser } from "./neighbour/solicit";
import { limitTo } from "./packet/buffer";
import * as secret from "./secret";
import * as pending from "./tcp/pending";
import { wakeStarved } from "./tcp/starvation";
import * as backpressure from "./udp/backpressure";
import * as waker from "./waker";

/** Packets handled in one poll: between batches others get their turn. */
const POLL_BUDGET: i32 = 256;
/** How often lifetimes of addresses and routes are looked at. */
const HOUSEKEEPING_NS: u64 = clock.SECOND;

let housekeepingNs: u64 = 0;
/** When the poller will come again at the latest. */
let promisedNs: u64 = 0;
/** Whether interfaces configure themselves (DHCP, autoconfiguration). */
let isAutomatic: bool = true;
/** Carrier as it was last seen, by device index. */
const hadCarrier: StaticArray<bool> = new StaticArray<bool>(link.MAX_DEVICES + 1);

/** Begin: 128 unpredictable bits, and the machine's memory, which bounds the pools. */
export function start(secretLow: u64, secretHigh: u64, memoryBytes: u64): void {
  secret.seed(secretLow, secretHigh);
  limitTo(memoryBytes);
  setSourceChooser(new interfaces.InterfaceSources());
  let loopback = new Loopback();
  link.register(loopback);
  let on = interfaces.attach(loopback);
  hadCarrier[loopback.index] = true;
  addresses.add(on, Address.ipv4(0x7f00_0001), prefixOfIpv4(8), AddressOrigin.LOOPBACK);
  addresses.add(on, new Address(0, 1), 128, AddressOrigin.LOOPBACK);
}

/** Leave interfaces that come up from now on to `addStatic`. */
export function configureByHand(): void {
  isAutomatic = false;
}

/** Give an interface an address by hand, and a default gateway unless that is unspecified. `prefixLength` is of its family. */
export function addStatic(to: Interface, address: Address, prefixLength: u32, gateway: Address): void {
  let bits = address.isIpv4 ? prefixOfIpv4(prefixLength) : prefixLength;
  addresses.add(to, address, bits, AddressOrigin.STATIC);
  if (!gateway.isUnspecified) addresses.addDefaultRoute(to, gateway, 0, RouteOrigin.STATIC);
}

/** Add a default gateway by hand. */
export function addGateway(to: Interface, gateway: Address): void {
  addresses.addDefaultRoute(to, gateway, 0, RouteOrigin.STATIC);
}

/** A system call enters the stack. */
export function enter(nowNs: u64): void {
  clock.advance(nowNs);
}

/** It leaves: what it caused is sent, and delivered if it stays on this machine. The poller hears of earlier deadlines. */
export function leave(): void {
  if (!link.backlog.isEmpty || !pending.isEmpty() || !unreachable.isEmpty) drain();
  link.flushDevices();
  let next = nextNs();
  if (next >= promisedNs) return;
  promisedNs = next;
  waker.rearm(next);
}

/** Take in, run timers, send. Returns the time of the next poll at the latest: now, when the budget was used up. */
export function poll(nowNs: u64): u64 {
  clock.advance(nowNs);
  waker.clear();
  if (link.hasLinkEvents) handleLinkEvents();
  link.pollDevices();
  if (!backpressure.isEmpty()) backpressure.wake();
  drain();
  clock.timers.expire(clock.nowNs);
  if (clock.nowNs >= housekeepingNs) keepHouse();
  drain();
  link.flushDevices();
  promisedNs = nextNs();
  return promisedNs;
}

/** Whether packets wait to be handled: idle only when not. */
export function hasWork(): bool {
  return !link.backlog.isEmpty || link.hasLinkEvents;
}

function nextNs(): u64 {
  if (hasWork()) return clock.nowNs;
  return min<u64>(clock.timers.nextNs, housekeepingNs);
}

function drain(): void {
  for (let budget = POLL_BUDGET; budget > 0; budget--) {
    let packet = link.backlog.shift();
    if (packet === null) {
      pending.flush();
      // Flushing may have put something on the loopback.
      if (link.backlog.isEmpty) break;
      continue;
    }
    let device = packet.device;
    if (device === null) packet.release();
    else input.receive(packet, device);
  }
  pending.flush();
  let failed = unreachable.shift();
  while (failed !== null) {
    reportUnreachable(failed, EHOSTUNREACH);
    failed = unreachable.shift();
  }
}

function keepHouse(): void {
  housekeepingNs = clock.nowNs + HOUSEKEEPING_NS;
  wakeStarved();
  routes.expire();
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry !== null) addresses.expire(entry);
  }
}

/** New devices get an interface; a cable that comes back makes everything be asked anew. */
function handleLinkEvents(): void {
  link.clearLinkEvents();
  interfaces.attachNew();
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null || entry.device.hasCarrier == hadCarrier[i]) continue;
    hadCarrier[i] = entry.device.hasCarrier;
    interfaces.changed();
    linkChanged(entry);
    if (entry.device.hasCarrier) comeUp(entry);
    else neighbours.forget(entry.device);
  }
}

function comeUp(entry: Interface): void {
  let isKnown = entry.linkLocal !== null;
  addLinkLocal(entry);
  // A new link-local address asks for routers when it has been checked.
  if (isKnown) solicitRouters(entry);
  if (isAutomatic) dhcpv4.start(entry);
}
