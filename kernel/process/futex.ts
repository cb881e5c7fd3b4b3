// Futexes: threads that wait for a word of user memory to change (man 2 futex). Waiters stand in hash buckets by key; a
// thread brings its own waiter, so waiting allocates nothing.
//
// Kernel code is atomic between blocking calls and user code does not run meanwhile, so comparing the word and queueing
// need no lock.

import * as user from "machine/user";
import { EAGAIN, EFAULT, EINTR, EINVAL, ETIMEDOUT } from "../abi/errno";
import { FUTEX_BITSET_MATCH_ANY } from "../abi/futex";
import { List } from "../lib/list";
import { AddressSpace } from "../memory/address-space";
import { PageSource } from "../memory/page-source";
import { block } from "../sched/block";
import * as scheduler from "../sched/scheduler";
import { WakeReason } from "../sched/thread";
import { currentProcess, currentThread } from "./current";
import { FutexWaiter } from "./futex-waiter";

const BUCKETS: i32 = 256;
const buckets: StaticArray<List> = makeBuckets();

function makeBuckets(): StaticArray<List> {
  let lists = new StaticArray<List>(BUCKETS);
  for (let i = 0; i < BUCKETS; i++) lists[i] = new List();
  return lists;
}

/** The key that the last successful `findKey` found. */
let keySpace: AddressSpace | null = null;
let keySource: PageSource | null = null;
let keyPosition: u64 = 0;

/**
 * Find the key of a word of the calling process. A shared word (FUTEX_PRIVATE_FLAG not given) in a shared mapping is known by what the
 * mapping shows, everything else by its address. Returns 0, -EINVAL (unaligned) or -EFAULT.
 */
export function findKey(address: u64, isPrivate: bool): i32 {
  if ((address & 3) != 0) return -EINVAL;
  let space = currentProcess().addressSpace;
  keySpace = space;
  keySource = null;
  keyPosition = address;
  if (isPrivate) return 0;
  let mapping = space.mappings.find(address);
  if (mapping === null) return -EFAULT;
  if (!mapping.isShared) return 0;
  keySpace = null;
  keySource = mapping.source;
  keyPosition = mapping.offset + (address - mapping.start);
  return 0;
}

function bucketOf(position: u64): List {
  let hash = <u32>(position >> 2) * 0x9e3779b1;
  return buckets[<i32>(hash >> 24)];
}

function hasKey(waiter: FutexWaiter): bool {
  return waiter.position == keyPosition && waiter.space === keySpace && waiter.source === keySource;
}

/** Queue a waiter under the key found last. */
export function enqueue(waiter: FutexWaiter, bits: u32): void {
  waiter.space = keySpace;
  waiter.source = keySource;
  waiter.position = keyPosition;
  waiter.bits = bits;
  waiter.isWoken = false;
  bucketOf(keyPosition).push(waiter);
}

/** Take a waiter off, if it still waits. */
export function dequeue(waiter: FutexWaiter): void {
  let list = waiter.list;
  if (list !== null) list.remove(waiter);
  waiter.source = null;
  waiter.space = null;
}

/** The oldest waiter under the key found last, or null. */
export function firstWaiter(): FutexWaiter | null {
  let node = bucketOf(keyPosition).first;
  while (node !== null) {
    let waiter = node as FutexWaiter;
    if (hasKey(waiter)) return waiter;
    node = node.next;
  }
  return null;
}

/** Wake a waiter: it is off its queue and knows why. */
export function release(waiter: FutexWaiter): void {
  dequeue(waiter);
  waiter.isWoken = true;
  let thread = waiter.thread;
  if (thread !== null) scheduler.wake(thread, WakeReason.WOKEN);
}

/** Wake up to `count` waiters under the key found last whose bits meet `bits`; returns how many. */
export function wakeKey(count: i32, bits: u32): i32 {
  let woken = 0;
  let node = bucketOf(keyPosition).first;
  while (node !== null && woken < count) {
    let next = node.next;
    let waiter = node as FutexWaiter;
    if (!waiter.isLock && hasKey(waiter) && (waiter.bits & bits) != 0) {
      release(waiter);
      woken++;
    }
    node = next;
  }
  return woken;
}

/** Wake waiters on a word of the calling process that a dying thread leaves: shared or not. */
export function wakeWord(address: u64, count: i32): void {
  if (findKey(address, false) == 0) wakeKey(count, FUTEX_BITSET_MATCH_ANY);
  // A waiter with FUTEX_PRIVATE_FLAG on a word in a shared mapping stands under the address.
  if (keySource !== null && findKey(address, true) == 0) wakeKey(count, FUTEX_BITSET_MATCH_ANY);
}

/** FUTEX_WAKE, FUTEX_WAKE_BITSET. */
export function wakeFutex(address: u64, isPrivate: bool, count: i32, bits: u32): i64 {
  if (bits == 0) return -EINVAL;
  let failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  return wakeKey(max(count, 1), bits);
}

/**
 * FUTEX_WAIT, FUTEX_WAIT_BITSET: wait while the word has the value `expected`, until woken or `deadlineNs`. Returns 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT
 * or -EINVAL.
 */
export function waitFutex(address: u64, isPrivate: bool, expected: u32, bits: u32, deadlineNs: u64): i64 {
  if (bits == 0) return -EINVAL;
  let value = user.load32(address);
  let failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  if (value < 0) return -EFAULT;
  if (<u32>value != expected) return -EAGAIN;
  let waiter = currentThread().futex;
  enqueue(waiter, bits);
  while (true) {
    let result = block(deadlineNs);
    if (waiter.isWoken) return 0;
    if (result == -ETIMEDOUT || result == -EINTR) {
      dequeue(waiter);
      return result;
    }
  }
}

/**
 * FUTEX_REQUEUE, FUTEX_CMP_REQUEUE: wake up to `wakeCount` waiters on one word and let up to `moveCount` others wait on another.
 * `expected` is compared when `compares`. Returns how many were woken and moved, or -EAGAIN, -EFAULT, -EINVAL.
 */
export function requeueFutex(
  address: u64,
  target: u64,
  isPrivate: bool,
  isTargetPrivate: bool,
  wakeCount: i32,
  moveCount: i32,
  compares: bool,
  expected: u32,
): i64 {
  if (wakeCount < 0 || moveCount < 0) return -EINVAL;
  if (compares) {
    let value = user.load32(address);
    if (value < 0) return -EFAULT;
    if (<u32>value != expected) return -EAGAIN;
  }
  let failed = findKey(target, isTargetPrivate);
  if (failed < 0) return failed;
  let targetSpace = keySpace;
  let targetSource = keySource;
  let targetPosition = keyPosition;
  failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  let done = wakeKey(wakeCount, FUTEX_BITSET_MATCH_ANY);
  let from = bucketOf(keyPosition);
  let to = bucketOf(targetPosition);
  let node = from.first;
  let last = from.last;
  let moved = 0;
  while (node !== null && moved < moveCount) {
    let next = node.next;
    let waiter = node as FutexWaiter;
    let isLast = node === last;
    if (!waiter.isLock && hasKey(waiter)) {
      from.remove(waiter);
      waiter.space = targetSpace;
      waiter.source = targetSource;
      waiter.position = targetPosition;
      to.push(waiter);
      moved++;
    }
    if (isLast) break;
    node = next;
  }
  return done + moved;
}
