// File locks. Three kinds, two families (man 2 fcntl "Advisory record locking", man 2 flock):
//
//   record locks on byte ranges   POSIX: owned by a descriptor table, gone when it closes any descriptor of the file
//                                 open file description (OFD): owned by the open file, gone with it
//   flock                         on the whole file, owned by the open file
//
// Within a family locks of different owners conflict; the families do not see each other.

import { EAGAIN, EDEADLK } from "../abi/errno";
import { List } from "../lib/list";
import { waitRestartable } from "../sched/block";
import { File } from "./file";
import { Inode } from "./inode";
import { FileLock, LockList } from "./lock-list";

/** One past every offset: the end of a lock "to the end of the file". */
export const TO_END: u64 = 0x7fffffffffffffff;

function locksOf(inode: Inode): LockList {
  let locks = inode.locks;
  if (locks === null) {
    locks = new LockList();
    inode.locks = locks;
  }
  return locks;
}

function isSameOwner(lock: FileLock, table: u32, file: File | null): bool {
  return lock.table == table && lock.file === file;
}

/** The first record lock of another owner that stands in the way of [start, end]; null when it is free. */
export function findConflict(
  inode: Inode,
  table: u32,
  file: File | null,
  isExclusive: bool,
  start: u64,
  end: u64,
): FileLock | null {
  let locks = inode.locks;
  if (locks === null) return null;
  let node = locks.records.first;
  while (node !== null) {
    let lock = node as FileLock;
    if (
      !isSameOwner(lock, table, file) &&
      (isExclusive || lock.isExclusive) &&
      lock.start <= end &&
      start <= lock.end
    ) {
      return lock;
    }
    node = node.next;
  }
  return null;
}

/**
 * Lock [start, end] for an owner (`table` for POSIX, `file` for OFD locks), waiting for it when `isBlocking`. Returns 0,
 * -EAGAIN, -EINTR or -EDEADLK.
 */
export function lockRange(
  inode: Inode,
  table: u32,
  file: File | null,
  processId: i32,
  isExclusive: bool,
  start: u64,
  end: u64,
  isBlocking: bool,
): i32 {
  let locks = locksOf(inode);
  while (true) {
    let conflict = findConflict(inode, table, file, isExclusive, start, end);
    if (conflict === null) break;
    if (!isBlocking) return -EAGAIN;
    if (table != 0 && conflict.table != 0) {
      if (wouldDeadlock(table, conflict.table)) return -EDEADLK;
      waitingTables.push(table);
      waitedTables.push(conflict.table);
    }
    let reason = waitRestartable(locks.released);
    if (table != 0) forgetWaiting(table);
    if (reason < 0) return reason;
  }
  unlockRange(inode, table, file, start, end);
  let lock = new FileLock();
  lock.table = table;
  lock.file = file;
  lock.processId = processId;
  lock.isExclusive = isExclusive;
  lock.start = start;
  lock.end = end;
  // A shared lock in place of an exclusive one may let others in.
  locks.records.push(lock);
  locks.released.wakeAll();
  return 0;
}

/** Unlock [start, end], splitting locks that reach over its ends. */
export function unlockRange(inode: Inode, table: u32, file: File | null, start: u64, end: u64): void {
  let locks = inode.locks;
  if (locks === null) return;
  let hasChanged = false;
  let node = locks.records.first;
  while (node !== null) {
    let next = node.next;
    let lock = node as FileLock;
    if (isSameOwner(lock, table, file) && lock.start <= end && start <= lock.end) {
      hasChanged = true;
      if (lock.start < start && lock.end > end) {
        let upper = new FileLock();
        upper.table = lock.table;
        upper.file = lock.file;
        upper.processId = lock.processId;
        upper.isExclusive = lock.isExclusive;
        upper.start = end + 1;
        upper.end = lock.end;
        locks.records.push(upper);
        lock.end = start - 1;
      } else if (lock.start < start) lock.end = start - 1;
      else if (lock.end > end) lock.start = end + 1;
      else locks.records.remove(lock);
    }
    node = next;
  }
  if (hasChanged) locks.released.wakeAll();
}

// Who waits for whom among POSIX owners: pairs at equal indices. Few at any time.
const waitingTables: Array<u32> = [] as u32[];
const waitedTables: Array<u32> = [] as u32[];

function forgetWaiting(table: u32): void {
  let at = waitingTables.indexOf(table);
  if (at < 0) return;
  waitingTables.splice(at, 1);
  waitedTables.splice(at, 1);
}

/** Whether `holder` waits, directly or through others, for `table`. */
function wouldDeadlock(table: u32, holder: u32): bool {
  let next = holder;
  for (let steps = 0; steps <= waitingTables.length; steps++) {
    let at = waitingTables.indexOf(next);
    if (at < 0) return false;
    next = waitedTables[at];
    if (next == table) return true;
  }
  return false;
}

/** flock(2): take, change or wait for the lock of an open file. Returns 0, -EAGAIN or -EINTR. */
export function lockWhole(inode: Inode, file: File, isExclusive: bool, isBlocking: bool): i32 {
  let locks = locksOf(inode);
  let own = findOwn(locks.whole, file);
  if (own !== null && own.isExclusive == isExclusive) return 0;
  // As Linux: a conversion gives the old lock up first.
  if (own !== null) {
    locks.whole.remove(own);
    locks.released.wakeAll();
  }
  while (hasConflict(locks.whole, file, isExclusive)) {
    if (!isBlocking) return -EAGAIN;
    let reason = waitRestartable(locks.released);
    if (reason < 0) return reason;
  }
  let lock = new FileLock();
  lock.file = file;
  lock.isExclusive = isExclusive;
  locks.whole.push(lock);
  return 0;
}

export function unlockWhole(inode: Inode, file: File): void {
  let locks = inode.locks;
  if (locks === null) return;
  let own = findOwn(locks.whole, file);
  if (own === null) return;
  locks.whole.remove(own);
  locks.released.wakeAll();
}

function findOwn(list: List, file: File): FileLock | null {
  let node = list.first;
  while (node !== null) {
    if ((node as FileLock).file === file) return node as FileLock;
    node = node.next;
  }
  return null;
}

function hasConflict(list: List, file: File, isExclusive: bool): bool {
  let node = list.first;
  while (node !== null) {
    let lock = node as FileLock;
    if (lock.file !== file && (isExclusive || lock.isExclusive)) return true;
    node = node.next;
  }
  return false;
}

/** A descriptor table closed a descriptor of the inode: its POSIX locks go. */
export function releaseTableLocks(inode: Inode, table: u32): void {
  unlockRange(inode, table, null, 0, TO_END);
}

/** An open file is over: its OFD locks and its flock go. */
export function releaseFileLocks(inode: Inode, file: File): void {
  unlockRange(inode, 0, file, 0, TO_END);
  unlockWhole(inode, file);
}
