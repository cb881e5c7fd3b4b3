// The neighbours known, of both families: a hash table of bounded size. When it is full, the entry that was not
// used for longest makes room; entries that packets wait for go last.
//
// Rules of use: whoever keeps a Neighbour also keeps `generation`, and looks it up anew when that has changed.

import { Address } from "../address";
import { Counter, count } from "../counters";
import { NetworkDevice } from "../link/device";
import { bucket } from "../secret";
import { Neighbour, Reachability } from "./neighbour";

/** As gc_thresh3 of Linux's arp(7). */
const MAX_NEIGHBOURS: i32 = 1024;
const BUCKETS: u32 = 256;

const table: StaticArray<Neighbour | null> = new StaticArray<Neighbour | null>(BUCKETS);
let length: i32 = 0;

/** Changes whenever an entry leaves the cache. */
export let generation: u32 = 1;

function slot(device: NetworkDevice, address: Address): i32 {
  return <i32>(bucket(address.high, address.low, device.index) % BUCKETS);
}

export function find(device: NetworkDevice, address: Address): Neighbour | null {
  let entry = table[slot(device, address)];
  while (entry !== null) {
    if (entry.device === device && entry.address.equals(address)) return entry;
    entry = entry.next;
  }
  return null;
}

/** The entry for an address, made when there is none; null when the table is full of entries in use. */
export function obtain(device: NetworkDevice, address: Address): Neighbour | null {
  let known = find(device, address);
  if (known !== null) return known;
  let entry: Neighbour | null = length < MAX_NEIGHBOURS ? new Neighbour() : evict();
  if (entry === null) {
    count(Counter.NEIGHBOUR_TABLE_FULL);
    return null;
  }
  entry.device = device;
  entry.address.assign(address);
  let place = slot(device, address);
  entry.next = table[place];
  table[place] = entry;
  length++;
  return entry;
}

/** Forget everything about a device (its cable was out) except what was set by hand. */
export function forget(device: NetworkDevice): void {
  for (let i: u32 = 0; i < BUCKETS; i++) {
    let entry = table[i];
    while (entry !== null) {
      let following = entry.next;
      if (entry.device === device && entry.state != Reachability.PERMANENT) remove(entry);
      entry = following;
    }
  }
}

/** The entry after position `index` in table order, for /proc/net/arp; null at the end. */
export function nth(index: i32): Neighbour | null {
  for (let i: u32 = 0; i < BUCKETS; i++) {
    let entry = table[i];
    while (entry !== null) {
      if (index-- == 0) return entry;
      entry = entry.next;
    }
  }
  return null;
}

function remove(entry: Neighbour): void {
  let device = entry.device;
  if (device === null) return;
  let place = slot(device, entry.address);
  let at = table[place];
  if (at === entry) table[place] = entry.next;
  else {
    while (at !== null && at.next !== entry) at = at.next;
    if (at !== null) at.next = entry.next;
  }
  entry.next = null;
  entry.clear();
  length--;
  generation++;
}

function evict(): Neighbour | null {
  let oldest: Neighbour | null = null;
  let oldestNs = u64.MAX_VALUE;
  for (let i: u32 = 0; i < BUCKETS; i++) {
    let entry = table[i];
    while (entry !== null) {
      let isInUse = entry.state == Reachability.INCOMPLETE || entry.state == Reachability.PERMANENT;
      if (!isInUse && entry.usedNs < oldestNs) {
        oldest = entry;
        oldestNs = entry.usedNs;
      }
      entry = entry.next;
    }
  }
  if (oldest !== null) remove(oldest);
  return oldest;
}
