// The names in a directory: a hash table, and the order in which they came, so that a position in the directory (a name's
// cookie) stays good while names come and go.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { HASH_PRIME, HASH_START } from "../../vfs/entry-cache";
import { Inode } from "../../vfs/inode";

export class TableName {
  next: TableName | null = null;
  isRemoved: bool = false;
  constructor(
    public name: StaticArray<u8>,
    public hash: u32,
    /** Null: a whiteout, which hides a name of the layer below. */
    public inode: Inode | null,
    /** Where reading the directory meets it: ascending. */
    public cookie: u64,
  ) {}
}

const INITIAL_BUCKETS: i32 = 8;

export class NameTable {
  /** Names that lead to an inode, without the whiteouts. */
  count: i32 = 0;
  private entries: i32 = 0;
  private buckets: StaticArray<TableName | null> = new StaticArray<TableName | null>(INITIAL_BUCKETS);
  private ordered: Array<TableName> = [] as TableName[];
  private removed: i32 = 0;
  private lastCookie: u64 = 0;

  /** The entry of a name (kernel-virtual address and length), whiteouts included; null when there is none. */
  find(name: u64, length: i32): TableName | null {
    if (this.entries == 0) return null;
    return this.findHashed(name, length, hashBytes(name, length));
  }

  private findHashed(name: u64, length: i32, hash: u32): TableName | null {
    let entry = this.buckets[hash & (this.buckets.length - 1)];
    while (entry !== null) {
      if (entry.hash == hash && entry.name.length == length) {
        if (length == 0 || mem.compare(bytesAddress(entry.name), name, <u64>length) == 0) return entry;
      }
      entry = entry.next;
    }
    return null;
  }

  /** Let a name lead to `inode` (null: be a whiteout), whatever it was before. */
  set(name: StaticArray<u8>, length: i32, inode: Inode | null): void {
    let address = bytesAddress(name);
    let hash = hashBytes(address, length);
    let entry = this.findHashed(address, length, hash);
    if (entry !== null) {
      if (entry.inode !== null) this.count--;
      if (inode !== null) this.count++;
      entry.inode = inode;
      return;
    }
    if (this.entries >= this.buckets.length) this.grow();
    let copy = new StaticArray<u8>(length);
    if (length > 0) mem.copy(bytesAddress(copy), address, <u64>length);
    entry = new TableName(copy, hash, inode, ++this.lastCookie);
    let bucket = hash & (this.buckets.length - 1);
    entry.next = this.buckets[bucket];
    this.buckets[bucket] = entry;
    this.ordered.push(entry);
    this.entries++;
    if (inode !== null) this.count++;
  }

  /** Forget a name. */
  remove(name: StaticArray<u8>, length: i32): void {
    let address = bytesAddress(name);
    let hash = hashBytes(address, length);
    let entry = this.findHashed(address, length, hash);
    if (entry === null) return;
    let bucket = hash & (this.buckets.length - 1);
    let at = this.buckets[bucket];
    if (at === entry) this.buckets[bucket] = entry.next;
    else {
      while (at !== null && at.next !== entry) at = at.next;
      if (at !== null) at.next = entry.next;
    }
    entry.next = null;
    entry.isRemoved = true;
    if (entry.inode !== null) this.count--;
    this.entries--;
    this.removed++;
    if (this.removed > 16 && this.removed > this.entries) this.compact();
  }

  /** Entries in order: how many slots there are to look at, removed ones included. */
  get slotCount(): i32 {
    return this.ordered.length;
  }

  /** The entry in a slot, null when it is removed. */
  at(slot: i32): TableName | null {
    let entry = this.ordered[slot];
    return entry.isRemoved ? null : entry;
  }

  /** The first slot whose cookie is at least `cookie`. */
  slotOf(cookie: u64): i32 {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      let middle = (low + high) >> 1;
      if (this.ordered[middle].cookie < cookie) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compact(): void {
    let kept = 0;
    for (let i = 0; i < this.ordered.length; i++) {
      let entry = this.ordered[i];
      if (!entry.isRemoved) this.ordered[kept++] = entry;
    }
    this.ordered.length = kept;
    this.removed = 0;
  }

  private grow(): void {
    let larger = new StaticArray<TableName | null>(this.buckets.length * 2);
    for (let i = 0; i < this.buckets.length; i++) {
      let entry = this.buckets[i];
      while (entry !== null) {
        let next = entry.next;
        let bucket = entry.hash & (larger.length - 1);
        entry.next = larger[bucket];
        larger[bucket] = entry;
        entry = next;
      }
    }
    this.buckets = larger;
  }
}

function hashBytes(name: u64, length: i32): u32 {
  let hash: u32 = HASH_START;
  for (let i = 0; i < length; i++) hash = (hash ^ mem.load8(name + <u64>i)) * HASH_PRIME;
  return hash;
}
