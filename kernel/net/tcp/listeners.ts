// Listeners by port. The most specific wins: this very address before any; among equals (SO_REUSEPORT) the peer's
// address chooses, so that one peer always meets the same.

import { Address } from "../address";
import { bucket } from "../secret";
import { Listener } from "./listener";

const BUCKETS: u32 = 256;
const table: StaticArray<Listener | null> = new StaticArray<Listener | null>(BUCKETS);

export function insert(listener: Listener): void {
  let slot = listener.binding.port % BUCKETS;
  listener.next = table[slot];
  table[slot] = listener;
}

export function remove(listener: Listener): void {
  let slot = listener.binding.port % BUCKETS;
  let at = table[slot];
  if (at === listener) {
    table[slot] = listener.next;
    listener.next = null;
    return;
  }
  while (at !== null && at.next !== listener) at = at.next;
  if (at !== null) at.next = listener.next;
  listener.next = null;
}

/** The first listener of a bucket, for /proc/net/tcp. */
export function first(index: i32): Listener | null {
  return index < <i32>BUCKETS ? table[index] : null;
}

/** How well a listener fits: 0 not at all. */
function fit(listener: Listener, local: Address, index: i32): u32 {
  let binding = listener.binding;
  if (binding.index != 0 && binding.index != index) return 0;
  let bonus: u32 = binding.index != 0 ? 4 : 0;
  if (binding.address.equals(local)) return 3 + bonus;
  if (!binding.address.isUnspecified) return 0;
  if (binding.address.isIpv4) return local.isIpv4 ? 2 + bonus : 0;
  if (!local.isIpv4) return 2 + bonus;
  return binding.isV6Only ? 0 : 1 + bonus;
}

/** The listener for a segment to `local`:`port` that came in over interface `index`; null when there is none. */
export function find(local: Address, port: u32, remote: Address, remotePort: u32, index: i32): Listener | null {
  let best: Listener | null = null;
  let bestFit: u32 = 0;
  let equals: u32 = 0;
  let at = table[port % BUCKETS];
  while (at !== null) {
    if (at.binding.port == port) {
      let value = fit(at, local, index);
      if (value > bestFit) {
        best = at;
        bestFit = value;
        equals = 1;
      } else if (value == bestFit && value != 0) {
        equals++;
      }
    }
    at = at.next;
  }
  if (equals <= 1) return best;
  return choose(local, port, index, bestFit, bucket(remote.high, remote.low, remotePort) % equals);
}

function choose(local: Address, port: u32, index: i32, wanted: u32, position: u32): Listener | null {
  let at = table[port % BUCKETS];
  while (at !== null) {
    if (at.binding.port == port && fit(at, local, index) == wanted && position-- == 0) return at;
    at = at.next;
  }
  return null;
}
