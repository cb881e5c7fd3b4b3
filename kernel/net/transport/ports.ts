// Which ports are taken, for one transport: the rules of bind(2) (man 7 socket, SO_REUSEADDR, SO_REUSEPORT; man 7
// ipv6, IPV6_V6ONLY), and the choice of a free port (RFC 6056).

import { EADDRINUSE } from "../../abi/errno";
import { Address } from "../address";
import { hashFlow, randomBelow } from "../secret";

/** As net.ipv4.ip_local_port_range. */
export const EPHEMERAL_FIRST: u32 = 32768;
export const EPHEMERAL_LAST: u32 = 60999;
const EPHEMERAL_COUNT: u32 = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;

const BUCKETS: u32 = 256;

/** What one socket holds of the port space. */
export class Binding {
  address: Address = new Address();
  port: u32 = 0;
  /** Takes only IPv6 when bound to `::`. */
  isV6Only: bool = false;
  /** SO_REUSEADDR, SO_REUSEPORT as they were at bind. */
  canReuseAddress: bool = false;
  canReusePort: bool = false;
  /** Whose port it is: only the same user shares it by SO_REUSEPORT. */
  user: u32 = 0;
  isListening: bool = false;
  /** Interface it is bound to, 0 for any. */
  index: i32 = 0;
  isBound: bool = false;
  next: Binding | null = null;

  /** Whether the two could be asked for the same packet. */
  overlaps(other: Binding): bool {
    if (this.index != 0 && other.index != 0 && this.index != other.index) return false;
    if (this.address.equals(other.address)) return true;
    return this.covers(other) || other.covers(this);
  }

  /** Whether this is a wildcard that takes in the other's address. */
  private covers(other: Binding): bool {
    if (!this.address.isUnspecified) return false;
    let isIpv4 = this.address.isIpv4;
    if (other.address.isIpv4) return isIpv4 || !this.isV6Only;
    // 0.0.0.0 meets :: only when that takes IPv4 too.
    if (isIpv4) return other.address.isUnspecified && !other.isV6Only;
    return true;
  }
}

export class PortSpace {
  private table: StaticArray<Binding | null> = new StaticArray<Binding | null>(BUCKETS);
  private perturbation: u32 = 0;

  /** Datagram sockets share by SO_REUSEADDR even when both receive. */
  constructor(private isDatagram: bool) {}

  /** Take `binding.port`, or any free one when it is 0. Returns 0 or -EADDRINUSE. */
  bind(binding: Binding): i32 {
    if (binding.port == 0) return this.bindAny(binding);
    if (this.conflicts(binding)) return -EADDRINUSE;
    this.insert(binding);
    return 0;
  }

  /** Give the port back. Nothing happens when it is not bound. */
  release(binding: Binding): void {
    if (!binding.isBound) return;
    let slot = binding.port % BUCKETS;
    let at = this.table[slot];
    if (at === binding) this.table[slot] = binding.next;
    else {
      while (at !== null && at.next !== binding) at = at.next;
      if (at !== null) at.next = binding.next;
    }
    binding.next = null;
    binding.isBound = false;
  }

  /** Whether turning `binding` into a listener would break the rules that held at bind. */
  canListen(binding: Binding): i32 {
    binding.isListening = true;
    if (!this.conflicts(binding)) return 0;
    binding.isListening = false;
    return -EADDRINUSE;
  }

  /** Whether any socket has bound this port by name. */
  isTaken(port: u32): bool {
    let at = this.table[port % BUCKETS];
    while (at !== null) {
      if (at.port == port) return true;
      at = at.next;
    }
    return false;
  }

  /**
   * The place in the ephemeral range to start looking for a port towards a peer (RFC 6056 §3.3.4, "double-hash"): ports
   * to one peer rise, ports to others tell nothing about them.
   */
  startFor(local: Address, remote: Address, remotePort: u32): u32 {
    let hash = hashFlow(local.high, local.low, remote.high, remote.low, remotePort, 0x706f7274);
    this.perturbation += 2;
    return (<u32>hash + this.perturbation) % EPHEMERAL_COUNT;
  }

  private bindAny(binding: Binding): i32 {
    let start = randomBelow(EPHEMERAL_COUNT);
    for (let i: u32 = 0; i < EPHEMERAL_COUNT; i++) {
      binding.port = nthEphemeral(start, i);
      if (this.isTaken(binding.port)) continue;
      this.insert(binding);
      return 0;
    }
    binding.port = 0;
    return -EADDRINUSE;
  }

  private insert(binding: Binding): void {
    let slot = binding.port % BUCKETS;
    binding.next = this.table[slot];
    this.table[slot] = binding;
    binding.isBound = true;
  }

  private conflicts(binding: Binding): bool {
    let at = this.table[binding.port % BUCKETS];
    while (at !== null) {
      if (at !== binding && at.port == binding.port && at.overlaps(binding) && !this.mayShare(at, binding)) return true;
      at = at.next;
    }
    return false;
  }

  private mayShare(left: Binding, right: Binding): bool {
    if (left.canReusePort && right.canReusePort && left.user == right.user) return true;
    if (!left.canReuseAddress || !right.canReuseAddress) return false;
    return this.isDatagram || (!left.isListening && !right.isListening);
  }
}

/** The `step`th port from a start in the ephemeral range. */
export function nthEphemeral(start: u32, step: u32): u32 {
  return EPHEMERAL_FIRST + ((start + step) % EPHEMERAL_COUNT);
}

export const EPHEMERAL_PORTS: u32 = EPHEMERAL_COUNT;
