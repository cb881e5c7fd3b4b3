// The cache of directory entries: a hash table of (parent, name), names that do not exist included, bounded; those not
// used since they were last looked at go first (the clock algorithm).
//
// A dropped entry may live on behind an open file and show its path; what must stay unique is an inode, so entries whose
// inode is in use stay, and so do roots, current directories, mount points and parents of cached entries.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { List } from "../lib/list";
import { DirectoryEntry } from "./directory-entry";
import { Inode } from "./inode";

const BUCKETS: i32 = 8192;
/** Entries kept when nothing else asks for more. */
let capacity: i32 = 16384;
/** Entries looked at in one go, when the cache is over its bound. */
const EVICTION_STEPS: i32 = 64;

const table: StaticArray<DirectoryEntry | null> = new StaticArray<DirectoryEntry | null>(BUCKETS);
const queue: List = new List();

/** How many entries are kept. */
export function count(): i32 {
  return queue.length;
}

/** Set the bound. */
export function setCapacity(entries: i32): void {
  capacity = entries;
}

/** FNV-1a (draft-eastlake-fnv §5): offset basis and prime. */
export const HASH_START: u32 = 0x811c9dc5;
export const HASH_PRIME: u32 = 0x01000193;

/** The hash of a name: FNV-1a. */
export function hashName(name: StaticArray<u8>, length: i32): u32 {
  let hash: u32 = HASH_START;
  for (let i = 0; i < length; i++) hash = (hash ^ name[i]) * HASH_PRIME;
  return hash;
}

function keyOf(parent: DirectoryEntry, nameHash: u32): u32 {
  let key = (nameHash ^ (parent.id * 0x9e3779b1)) * 0x85ebca6b;
  key ^= key >> 15;
  return key | 1;
}

/** The entry of a name (kernel-virtual address and length) in `parent`, null when the cache does not know; it counts as used. */
export function find(parent: DirectoryEntry, name: u64, length: i32, nameHash: u32): DirectoryEntry | null {
  let key = keyOf(parent, nameHash);
  let entry = table[(key >> 1) & (BUCKETS - 1)];
  while (entry !== null) {
    if (entry.hash == key && entry.parent === parent && entry.name.length == length) {
      if (mem.compare(bytesAddress(entry.name), name, <u64>length) == 0) {
        entry.wasUsed = true;
        return entry;
      }
    }
    entry = entry.hashNext;
  }
  return null;
}

/** Whether an entry has this name. */
export function isNamed(entry: DirectoryEntry, name: StaticArray<u8>, length: i32): bool {
  let own = entry.name;
  if (own.length != length) return false;
  return length == 0 || mem.compare(bytesAddress(own), bytesAddress(name), <u64>length) == 0;
}

/** Remember that `name` in `parent` leads to `inode` (null: does not exist). Precondition: the cache has no such entry. */
export function add(
  parent: DirectoryEntry,
  name: StaticArray<u8>,
  length: i32,
  nameHash: u32,
  inode: Inode | null,
): DirectoryEntry {
  let entry: DirectoryEntry | null = null;
  // A directory has one entry: the one that open files and working directories know.
  if (inode !== null && inode.isDirectory) entry = inode.directoryEntry;
  if (entry !== null) {
    if (entry.hash != 0) remove(entry);
    entry.parent = parent;
    if (!isNamed(entry, name, length)) entry.name = copyName(name, length);
    entry.isDeleted = false;
  } else {
    entry = new DirectoryEntry(parent, copyName(name, length), inode);
    if (inode !== null && inode.isDirectory) inode.directoryEntry = entry;
  }
  insert(entry, parent, nameHash);
  return entry;
}

/** An entry outside the cache, for directories whose names come and go by themselves. */
export function makeTransient(
  parent: DirectoryEntry,
  name: StaticArray<u8>,
  length: i32,
  inode: Inode | null,
): DirectoryEntry {
  return new DirectoryEntry(parent, copyName(name, length), inode);
}

/** The name behind a negative entry was created. */
export function becomePositive(entry: DirectoryEntry, inode: Inode): DirectoryEntry {
  let other = inode.isDirectory ? inode.directoryEntry : null;
  if (other !== null) {
    let parent = entry.parent!;
    let name = entry.name;
    remove(entry);
    return add(parent, name, name.length, hashName(name, name.length), inode);
  }
  entry.inode = inode;
  if (inode.isDirectory) inode.directoryEntry = entry;
  if (entry.hash != 0) inode.entryCount++;
  return entry;
}

/** The name is gone (unlink, rmdir, replaced by rename): the entry stays for those who hold it. */
export function forget(entry: DirectoryEntry): void {
  remove(entry);
  entry.isDeleted = true;
  let inode = entry.inode;
  if (inode !== null && inode.directoryEntry === entry) inode.directoryEntry = null;
}

/** rename: the entry goes by another name now. Precondition: no other entry of that name is in the cache. */
export function move(entry: DirectoryEntry, newParent: DirectoryEntry, name: StaticArray<u8>): void {
  remove(entry);
  entry.parent = newParent;
  entry.name = name;
  insert(entry, newParent, hashName(name, name.length));
}

/** Take an entry out of the table; it may come back. */
export function remove(entry: DirectoryEntry): void {
  if (entry.hash == 0) return;
  let bucket = (entry.hash >> 1) & (BUCKETS - 1);
  let at = table[bucket];
  if (at === entry) table[bucket] = entry.hashNext;
  else {
    while (at !== null) {
      if (at.hashNext === entry) {
        at.hashNext = entry.hashNext;
        break;
      }
      at = at.hashNext;
    }
  }
  entry.hashNext = null;
  entry.hash = 0;
  queue.remove(entry);
  let parent = entry.parent;
  if (parent !== null) parent.childCount--;
  let inode = entry.inode;
  if (inode !== null && --inode.entryCount == 0 && !inode.isUsed) inode.unreferenced();
}

function insert(entry: DirectoryEntry, parent: DirectoryEntry, nameHash: u32): void {
  let key = keyOf(parent, nameHash);
  let bucket = (key >> 1) & (BUCKETS - 1);
  entry.hash = key;
  entry.hashNext = table[bucket];
  table[bucket] = entry;
  queue.push(entry);
  parent.childCount++;
  let inode = entry.inode;
  if (inode !== null) inode.entryCount++;
}

/** Drop what is over the bound. Precondition: nobody walks, so that nobody holds entries that are in use by nothing else. */
export function trim(): void {
  for (let step = 0; step < EVICTION_STEPS && queue.length > capacity; step++) {
    let entry = queue.first as DirectoryEntry;
    let inode = entry.inode;
    let isNeeded =
      entry.wasUsed ||
      entry.childCount > 0 ||
      entry.isPinned ||
      entry.mountCount > 0 ||
      (inode !== null && inode.isUsed);
    if (isNeeded) {
      entry.wasUsed = false;
      queue.remove(entry);
      queue.push(entry);
      continue;
    }
    if (inode !== null && inode.directoryEntry === entry) inode.directoryEntry = null;
    remove(entry);
  }
}

/** The first `length` bytes of a name, as an array of their own. */
export function copyName(name: StaticArray<u8>, length: i32): StaticArray<u8> {
  let copy = new StaticArray<u8>(length);
  if (length > 0) mem.copy(bytesAddress(copy), bytesAddress(name), <u64>length);
  return copy;
}
