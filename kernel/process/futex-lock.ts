// Locks whose word names the owner, handed over in the kernel: FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI (man 2 futex).
// All threads run with one priority here, so there is none to inherit; what stays is the hand-over in order.

import * as user from "machine/user";
import { EAGAIN, EDEADLK, EFAULT, EINTR, EPERM, ESRCH, ETIMEDOUT } from "../abi/errno";
import { FUTEX_BITSET_MATCH_ANY, FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from "../abi/futex";
import { block } from "../sched/block";
import { currentThread } from "./current";
import { dequeue, enqueue, findKey, firstWaiter, release } from "./futex";
import { findThread } from "./process-table";

/** Replace a word's value that was `found`; false when it cannot be stored to. */
function exchange(address: u64, found: u32, value: u32): bool {
  return user.compareExchange32(address, found, value) == <i64>found;
}

/** FUTEX_LOCK_PI and, with `waits` false, FUTEX_TRYLOCK_PI. Returns 0 or a negative errno. */
export function lockFutex(address: u64, isPrivate: bool, waits: bool, deadlineNs: u64): i64 {
  let failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  let thread = currentThread();
  let value = user.load32(address);
  if (value < 0) return -EFAULT;
  findKey(address, isPrivate); // the load may have waited
  let word = <u32>value;
  let owner = word & FUTEX_TID_MASK;
  let id = <u32>thread.id;
  if (owner == id) return -EDEADLK;
  if (owner == 0) {
    let taken = id | (word & FUTEX_OWNER_DIED) | (firstWaiter() !== null ? FUTEX_WAITERS : 0);
    return exchange(address, word, taken) ? 0 : -EFAULT;
  }
  if (!waits) return -EAGAIN;
  if (findThread(owner) === null) return -ESRCH;
  if (!exchange(address, word, word | FUTEX_WAITERS)) return -EFAULT;
  if (findKey(address, isPrivate) < 0) return -EFAULT;
  let waiter = thread.futex;
  waiter.isLock = true;
  enqueue(waiter, FUTEX_BITSET_MATCH_ANY);
  while (true) {
    let result = block(deadlineNs);
    if (!waiter.isWoken && result != -ETIMEDOUT && result != -EINTR) continue;
    dequeue(waiter);
    waiter.isLock = false;
    return waiter.isWoken ? 0 : result;
  }
}

/** FUTEX_UNLOCK_PI: give the lock to the one who has waited longest. Returns 0, -EPERM or -EFAULT. */
export function unlockFutex(address: u64, isPrivate: bool): i64 {
  let failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  let value = user.load32(address);
  if (value < 0) return -EFAULT;
  if ((<u32>value & FUTEX_TID_MASK) != <u32>currentThread().id) return -EPERM;
  findKey(address, isPrivate); // the load may have waited
  return handOver(address, <u32>value, 0) ? 0 : -EFAULT;
}

/** Store the next owner of the lock under the key found last, and wake it. `extra`: FUTEX_OWNER_DIED. */
export function handOver(address: u64, word: u32, extra: u32): bool {
  let next = firstWaiter();
  while (next !== null && !next.isLock) {
    release(next);
    next = firstWaiter();
  }
  if (next === null) return exchange(address, word, extra);
  dequeue(next);
  let owner = next.thread!;
  let isMore = firstWaiter() !== null;
  if (!exchange(address, word, <u32>owner.id | extra | (isMore ? FUTEX_WAITERS : 0))) return false;
  release(next);
  return true;
}
