// What packet size a destination is known to take (RFC 1191, RFC 8201): learned from "too big" messages, forgotten
// after ten minutes so that a better path is found again. Bounded; the oldest entry makes room.

import { Address } from "../address";
import * as clock from "../clock";
import { IPV6_MIN_MTU } from "../wire/ipv6";
import * as interfaces from "./interfaces";

const ENTRIES: i32 = 64;
/** RFC 8201 §4 recommends ten minutes. */
const LIFETIME_NS: u64 = 600 * clock.SECOND;
/** As Linux's min_pmtu: below this an answer is an attack rather than a link. */
const MINIMUM_IPV4: u32 = 552;

class Entry {
  destination: Address = new Address();
  mtu: u32 = 0;
  expiresNs: u64 = 0;
}

const entries: StaticArray<Entry | null> = new StaticArray<Entry | null>(ENTRIES);
let length: i32 = 0;

/** The MTU known for `destination`, 0 when nothing is. */
export function lookup(destination: Address): u32 {
  for (let i = 0; i < length; i++) {
    let entry = entries[i];
    if (entry !== null && entry.expiresNs > clock.nowNs && entry.destination.equals(destination)) return entry.mtu;
  }
  return 0;
}

/** A router says that `mtu` is the most that passes. Returns what is believed of it. */
export function learn(destination: Address, mtu: u32): u32 {
  mtu = max<u32>(mtu, destination.isIpv4 ? MINIMUM_IPV4 : IPV6_MIN_MTU);
  let place = choose(destination);
  if (place.destination.equals(destination) && place.expiresNs > clock.nowNs && place.mtu <= mtu) return place.mtu;
  place.destination.assign(destination);
  place.mtu = mtu;
  place.expiresNs = clock.nowNs + LIFETIME_NS;
  interfaces.changed();
  return mtu;
}

/** The entry of `destination`, or the one to use for it. */
function choose(destination: Address): Entry {
  let oldest: Entry | null = null;
  for (let i = 0; i < length; i++) {
    let entry = entries[i] as Entry;
    if (entry.destination.equals(destination)) return entry;
    if (oldest === null || entry.expiresNs < oldest.expiresNs) oldest = entry;
  }
  if (length < ENTRIES || oldest === null) {
    let fresh = new Entry();
    entries[length++] = fresh;
    return fresh;
  }
  return oldest;
}
