// UDP endpoints by local port, and which of them a datagram is for: the connected one before the bound one before any.

import { Address } from "../address";
import { Cast, Packet } from "../packet/packet";
import { bucket } from "../secret";
import { UdpEndpoint } from "./endpoint";

const BUCKETS: u32 = 256;
const table: StaticArray<UdpEndpoint | null> = new StaticArray<UdpEndpoint | null>(BUCKETS);

export function insert(endpoint: UdpEndpoint): void {
  let slot = endpoint.binding.port % BUCKETS;
  endpoint.next = table[slot];
  table[slot] = endpoint;
}

export function remove(endpoint: UdpEndpoint): void {
  let slot = endpoint.binding.port % BUCKETS;
  let at = table[slot];
  if (at === endpoint) table[slot] = endpoint.next;
  else {
    while (at !== null && at.next !== endpoint) at = at.next;
    if (at !== null) at.next = endpoint.next;
  }
  endpoint.next = null;
}

/** The first endpoint of a bucket, for /proc/net/udp. */
export function first(index: i32): UdpEndpoint | null {
  return index < <i32>BUCKETS ? table[index] : null;
}

/** How well an endpoint fits a datagram: 0 not at all. */
function fit(endpoint: UdpEndpoint, local: Address, remote: Address, remotePort: u32, index: i32): u32 {
  let binding = endpoint.binding;
  if (binding.index != 0 && binding.index != index) return 0;
  let value: u32 = binding.index != 0 ? 2 : 1;
  if (binding.address.isUnspecified) {
    let isIpv4Only = binding.address.isIpv4;
    if (local.isIpv4 ? binding.isV6Only : isIpv4Only) return 0;
  } else {
    if (!binding.address.equals(local)) return 0;
    value += 4;
  }
  if (endpoint.isConnected) {
    if (endpoint.remotePort != remotePort || !endpoint.remote.equals(remote)) return 0;
    value += 8;
  }
  return value;
}

/** The endpoint for a datagram; among equals (SO_REUSEPORT) the sender's address chooses. */
export function find(local: Address, port: u32, remote: Address, remotePort: u32, index: i32): UdpEndpoint | null {
  let best: UdpEndpoint | null = null;
  let bestFit: u32 = 0;
  let equals: u32 = 0;
  let at = table[port % BUCKETS];
  while (at !== null) {
    if (at.binding.port == port) {
      let value = fit(at, local, remote, remotePort, index);
      if (value > bestFit) {
        best = at;
        bestFit = value;
        equals = 1;
      } else if (value != 0 && value == bestFit) {
        equals++;
        if (bucket(remote.high, remote.low, remotePort + equals) % equals == 0) best = at;
      }
    }
    at = at.next;
  }
  return best;
}

/** Give every endpoint that fits a copy of a group's datagram. The packet is used up. True when there was one. */
export function deliverToGroup(packet: Packet, port: u32, index: i32): bool {
  let previous: UdpEndpoint | null = null;
  let at = table[port % BUCKETS];
  while (at !== null) {
    let isFor = at.binding.port == port && fit(at, packet.destination, packet.source, packet.sequence, index) != 0;
    if (isFor) {
      if (previous !== null) deliverCopy(previous, packet);
      previous = at;
    }
    at = at.next;
  }
  if (previous === null) {
    packet.release();
    return false;
  }
  previous.deliver(packet);
  return true;
}

function deliverCopy(to: UdpEndpoint, packet: Packet): void {
  let copy = packet.clone();
  if (copy !== null) {
    copy.cast = Cast.MULTICAST;
    to.deliver(copy);
  }
}
