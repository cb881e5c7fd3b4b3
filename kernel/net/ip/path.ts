// The way to a destination, worked out once and kept by whoever sends there: source address, next hop, neighbour,
// packet size. It holds until addresses, routes or neighbours change (an epoch), and is then worked out again.

import { EADDRNOTAVAIL, EHOSTUNREACH, EINVAL, ENETUNREACH } from "../../abi/errno";
import { Address } from "../address";
import { Counter, count } from "../counters";
import { NetworkDevice } from "../link/device";
import * as neighbours from "../neighbour/cache";
import { Neighbour } from "../neighbour/neighbour";
import { groupHardware } from "../neighbour/solicit";
import { Interface } from "./interface";
import * as interfaces from "./interfaces";
import * as pathMtu from "./path-mtu";
import * as routes from "./routes";

export class Path {
  via: Interface | null = null;
  source: Address = new Address();
  nextHop: Address = new Address();
  /** The next hop's entry; null for groups and for ourselves. */
  neighbour: Neighbour | null = null;
  /** The station address of a group, when `isGroup`. */
  hardware: u64 = 0;
  isGroup: bool = false;
  /** Whether the destination is this machine. */
  isLocal: bool = false;
  /** Largest IP packet. */
  mtu: u32 = 0;
  /** The router advertisements' or our own default. */
  hopLimit: u32 = 64;
  private epoch: u32 = 0;
  private neighbourGeneration: u32 = 0;

  /** Whether the answer still stands. */
  get isFresh(): bool {
    return this.epoch == interfaces.epoch && this.neighbourGeneration == neighbours.generation;
  }

  get device(): NetworkDevice | null {
    let via = this.via;
    return via === null ? null : via.device;
  }

  /**
   * Work out the way to `destination`. `source` is what the socket is bound to, or unspecified; `index` the interface it
   * is bound to, or 0. Returns 0, -ENETUNREACH, -EHOSTUNREACH, -EADDRNOTAVAIL or -EINVAL.
   */
  resolve(destination: Address, source: Address, index: i32): i32 {
    this.epoch = interfaces.epoch;
    this.neighbourGeneration = neighbours.generation;
    this.neighbour = null;
    this.isGroup = false;
    this.isLocal = false;
    if (destination.isUnspecified) return -EINVAL;
    let isBound = !source.isUnspecified;
    if (isBound && source.isIpv4 != destination.isIpv4) return -EINVAL;
    if (isBound && !interfaces.isLocal(source)) return this.fail(EADDRNOTAVAIL);
    if (interfaces.isLocal(destination)) return this.resolveLocal(destination, source, isBound);
    if (destination.isMulticast || interfaces.isBroadcast(destination)) {
      return this.resolveGroup(destination, source, index, isBound);
    }
    return this.resolveUnicast(destination, source, index, isBound);
  }

  /** The way to everyone on one interface, without an address of our own: what DHCP needs. */
  resolveBroadcast(via: Interface, destination: Address): void {
    this.epoch = interfaces.epoch;
    this.neighbourGeneration = neighbours.generation;
    this.neighbour = null;
    this.isLocal = false;
    this.setGroup(via, destination);
    this.source.setIpv4(0);
  }

  private resolveLocal(destination: Address, source: Address, isBound: bool): i32 {
    let loopback = interfaces.loopback;
    if (loopback === null) return this.fail(ENETUNREACH);
    this.via = loopback;
    this.isLocal = true;
    this.mtu = loopback.device.mtu;
    this.source.assign(isBound ? source : destination);
    this.nextHop.assign(destination);
    return 0;
  }

  private resolveGroup(destination: Address, source: Address, index: i32, isBound: bool): i32 {
    let via = index != 0 ? interfaces.find(index) : null;
    if (via === null && isBound) via = interfaces.owner(source);
    if (via === null) {
      let route = routes.lookup(destination, 0);
      if (route !== null) via = route.via;
    }
    if (via === null) via = firstRunning();
    if (via === null) return this.fail(ENETUNREACH);
    this.setGroup(via, destination);
    if (isBound) this.source.assign(source);
    else interfaces.chooseSource(via, destination, this.source);
    return 0;
  }

  private setGroup(via: Interface, destination: Address): void {
    this.via = via;
    this.isGroup = true;
    this.hardware = groupHardware(destination);
    this.nextHop.assign(destination);
    this.mtu = via.mtu(destination.isIpv4);
    this.hopLimit = via.hopLimit;
  }

  private resolveUnicast(destination: Address, source: Address, index: i32, isBound: bool): i32 {
    let route = routes.lookup(destination, index);
    if (route === null) return this.fail(ENETUNREACH);
    let via = route.via;
    this.via = via;
    this.nextHop.assign(route.hasGateway ? route.gateway : destination);
    if (isBound) this.source.assign(source);
    else if (!interfaces.chooseSource(via, destination, this.source)) return this.fail(EADDRNOTAVAIL);
    this.mtu = via.mtu(destination.isIpv4);
    this.hopLimit = via.hopLimit;
    let known = pathMtu.lookup(destination);
    if (known != 0) this.mtu = min(this.mtu, known);
    this.neighbour = neighbours.obtain(via.device, this.nextHop);
    if (this.neighbour === null) return this.fail(EHOSTUNREACH);
    this.neighbourGeneration = neighbours.generation;
    return 0;
  }

  private fail(error: i32): i32 {
    this.via = null;
    count(Counter.IP_OUT_NO_ROUTES);
    return -error;
  }
}

/** The first interface that is not the loopback and has a cable. */
function firstRunning(): Interface | null {
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry !== null && entry.isRunning && !entry.isLoopback) return entry;
  }
  return null;
}
