// All conversations by their four parts: a hash table, keyed with the secret so that no peer can choose its bucket,
// that grows with its load.

import { Address } from "../address";
import { bucket } from "../secret";
import { Endpoint } from "./endpoint";

const INITIAL_BUCKETS: u32 = 1024;
const MAX_BUCKETS: u32 = 65536;

let table: StaticArray<Endpoint | null> = new StaticArray<Endpoint | null>(INITIAL_BUCKETS);
let mask: u32 = INITIAL_BUCKETS - 1;
export let length: u32 = 0;

function slot(local: Address, remote: Address, ports: u32): i32 {
  return <i32>(bucket(remote.high, remote.low ^ rotl<u64>(local.low, 13), ports) & mask);
}

export function find(local: Address, remote: Address, localPort: u32, remotePort: u32): Endpoint | null {
  let ports = (localPort << 16) | remotePort;
  let entry = table[slot(local, remote, ports)];
  while (entry !== null) {
    if (entry.ports == ports && entry.remote.equals(remote) && entry.local.equals(local)) return entry;
    entry = entry.nextInBucket;
  }
  return null;
}

export function insert(entry: Endpoint): void {
  if (length > mask && mask + 1 < MAX_BUCKETS) grow();
  link(entry);
  entry.isInTable = true;
  length++;
}

export function remove(entry: Endpoint): void {
  if (!entry.isInTable) return;
  let place = slot(entry.local, entry.remote, entry.ports);
  let at = table[place];
  if (at === entry) table[place] = entry.nextInBucket;
  else {
    while (at !== null && at.nextInBucket !== entry) at = at.nextInBucket;
    if (at !== null) at.nextInBucket = entry.nextInBucket;
  }
  entry.nextInBucket = null;
  entry.isInTable = false;
  length--;
}

/** Put `successor` in the place of an entry with the same four parts. */
export function replace(entry: Endpoint, successor: Endpoint): void {
  remove(entry);
  insert(successor);
}

/** Buckets there are, and the first entry of one: how /proc/net/tcp walks. */
export function buckets(): i32 {
  return <i32>mask + 1;
}

export function first(index: i32): Endpoint | null {
  return table[index];
}

function link(entry: Endpoint): void {
  let place = slot(entry.local, entry.remote, entry.ports);
  entry.nextInBucket = table[place];
  table[place] = entry;
}

function grow(): void {
  let old = table;
  table = new StaticArray<Endpoint | null>(2 * old.length);
  mask = <u32>table.length - 1;
  for (let i = 0; i < old.length; i++) {
    let entry = old[i];
    while (entry !== null) {
      let following = entry.nextInBucket;
      link(entry);
      entry = following;
    }
  }
}
