// The locks that a dying thread holds: Linux Documentation/locking/robust-futex-ABI.rst. The C library keeps a list of
// them; each word that names the thread is marked FUTEX_OWNER_DIED and one waiter is woken.

import * as user from "machine/user";
import {
  FUTEX_BITSET_MATCH_ANY,
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  ROBUST_LIST_LIMIT,
} from "../abi/futex";
import { fetch64, fetched } from "../memory/user";
import { findKey, wakeKey } from "./futex";
import { handOver } from "./futex-lock";
import { UserThread } from "./user-thread";

/** Walk the thread's list (man 2 set_robust_list). Runs in its address space; stops at the first bad address. */
export function releaseRobustList(thread: UserThread): void {
  let head = thread.robustList;
  thread.robustList = 0;
  if (head == 0) return;
  if (fetch64(head) < 0) return;
  let entry = fetched;
  if (fetch64(head + 8) < 0) return;
  let offset = fetched;
  if (fetch64(head + 16) < 0) return;
  let pending = fetched;
  // The lowest bit of an entry says that it is a priority-inheriting lock.
  for (let count = 0; count < ROBUST_LIST_LIMIT && (entry & ~(<u64>1)) != head; count++) {
    let address = entry & ~(<u64>1);
    let hasNext = fetch64(address) == 0;
    let next = fetched;
    if (entry != pending && !releaseLock(thread, address + offset, (entry & 1) != 0, false)) return;
    if (!hasNext) return;
    entry = next;
  }
  if (pending != 0) releaseLock(thread, (pending & ~(<u64>1)) + offset, (pending & 1) != 0, true);
}

/** Returns false for a bad address. */
function releaseLock(thread: UserThread, address: u64, isInheriting: bool, isPending: bool): bool {
  if ((address & 3) != 0) return false;
  let value = user.load32(address);
  if (value < 0) return false;
  let word = <u32>value;
  // The thread died between unlocking and waking: a waiter may sleep for ever on a free lock.
  if (isPending && !isInheriting && word == 0) {
    if (findKey(address, false) == 0) wakeKey(1, FUTEX_BITSET_MATCH_ANY);
    return true;
  }
  if ((word & FUTEX_TID_MASK) != <u32>thread.id) return true;
  if (isInheriting) return findKey(address, false) == 0 && handOver(address, word, FUTEX_OWNER_DIED);
  if (user.compareExchange32(address, word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) != <i64>word) return false;
  if ((word & FUTEX_WAITERS) != 0 && findKey(address, false) == 0) wakeKey(1, FUTEX_BITSET_MATCH_ANY);
  return true;
}
