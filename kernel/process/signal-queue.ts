// Signals sent and not yet delivered: a set, and for each one what siginfo says. A standard signal is pending once;
// real-time signals queue (man 7 signal, "Queueing and delivery semantics for real-time signals").
//
// Records come from a pool that `replenish` fills from system calls, so that sending from an interrupt handler allocates
// nothing. When the pool is dry a standard signal comes without details; a real-time one fails with -EAGAIN.

import { EAGAIN } from "../abi/errno";
import { KernelSiginfo, SI_KERNEL, SI_TIMER, SI_USER } from "../abi/signal";
import { List, ListNode } from "../lib/list";
import { contains, isRealTime, setOf, SignalSet } from "./signal-set";

/** One signal on its way: siginfo in the form that KernelSiginfo lays out. */
export class SignalRecord extends ListNode {
  signal: i32 = 0;
  error: i32 = 0;
  code: i32 = 0;
  word0: u64 = 0;
  word1: u64 = 0;
  word2: u64 = 0;
  word3: u64 = 0;
  /** Belongs to a timer, which sends it again and again: not of the pool. */
  isOwned: bool = false;
  /** Expiries of an owned record while it was pending, and what the last delivery said of them (timer_getoverrun). */
  overrun: i32 = 0;
  deliveredOverrun: i32 = 0;

  set(signal: i32, code: i32, word0: u64, word1: u64): void {
    this.signal = signal;
    this.error = 0;
    this.code = code;
    this.word0 = word0;
    this.word1 = word1;
    this.word2 = 0;
    this.word3 = 0;
  }

  copyFrom(other: SignalRecord): void {
    this.signal = other.signal;
    this.error = other.error;
    this.code = other.code;
    this.word0 = other.word0;
    this.word1 = other.word1;
    this.word2 = other.word2;
    this.word3 = other.word3;
  }

  /** Fill in a siginfo; the caller zeroed the rest of its 128 bytes. */
  store(info: KernelSiginfo): void {
    info.signal = this.signal;
    info.error = this.error;
    info.code = this.code;
    info.padding = 0;
    info.word0 = this.code == SI_TIMER ? (this.word0 & 0xffffffff) | ((<u64>(<u32>this.overrun)) << 32) : this.word0;
    info.word1 = this.word1;
    info.word2 = this.word2;
    info.word3 = this.word3;
  }

  load(info: KernelSiginfo): void {
    this.signal = info.signal;
    this.error = info.error;
    this.code = info.code;
    this.word0 = info.word0;
    this.word1 = info.word1;
    this.word2 = info.word2;
    this.word3 = info.word3;
  }
}

const POOL_LOW: i32 = 32;
const POOL_FULL: i32 = 64;
const pool = new List();

/** Fill the pool; called where allocation is allowed. */
export function replenish(): void {
  if (pool.length >= POOL_LOW) return;
  while (pool.length < POOL_FULL) pool.push(new SignalRecord());
}

/** Give a record back. One that a timer owns stays with its timer. */
export function releaseRecord(record: SignalRecord): void {
  if (!record.isOwned && pool.length < POOL_FULL) pool.push(record);
}

export class SignalQueue {
  /** The signals that are pending. */
  set: SignalSet = 0;
  private records: List = new List();

  /** Records queued: what RLIMIT_SIGPENDING bounds. */
  get length(): i32 {
    return this.records.length;
  }

  has(signal: i32): bool {
    return contains(this.set, signal);
  }

  /**
   * Queue a copy of `record`, or an owned record itself. `limit` bounds the queue. Returns 0, or -EAGAIN for a real-time signal that
   * found no room; a standard signal is then pending without details.
   */
  add(record: SignalRecord, limit: u64): i32 {
    let signal = record.signal;
    if (!isRealTime(signal) && !record.isOwned && this.has(signal)) return 0;
    if (record.isOwned) {
      if (record.isLinked) {
        if (record.overrun < i32.MAX_VALUE) record.overrun++;
        return 0;
      }
      if (!isRealTime(signal) && this.has(signal)) return 0;
      record.overrun = 0;
      this.records.push(record);
      this.set |= setOf(signal);
      return 0;
    }
    let stored = <u64>this.records.length < limit ? pool.shift() : null;
    if (stored === null) {
      if (isRealTime(signal) && record.code != SI_USER && record.code != SI_KERNEL) return -EAGAIN;
    } else {
      (stored as SignalRecord).copyFrom(record);
      this.records.push(stored);
    }
    this.set |= setOf(signal);
    return 0;
  }

  /** Take the oldest record of a pending signal into `into`. An owned record's overrun count goes along. */
  take(signal: i32, into: SignalRecord): void {
    let found: SignalRecord | null = null;
    let isMore = false;
    let node = this.records.first;
    while (node !== null) {
      let record = node as SignalRecord;
      if (record.signal == signal) {
        if (found !== null) {
          isMore = true;
          break;
        }
        found = record;
      }
      node = node.next;
    }
    if (!isMore) this.set &= ~setOf(signal);
    if (found === null) {
      into.set(signal, SI_USER, 0, 0);
      into.overrun = 0;
      return;
    }
    this.records.remove(found);
    into.copyFrom(found);
    into.overrun = found.overrun;
    found.deliveredOverrun = found.overrun;
    releaseRecord(found);
  }

  /** Drop all pending signals of a set. */
  discard(signals: SignalSet): void {
    if ((this.set & signals) == 0) return;
    this.set &= ~signals;
    let node = this.records.first;
    while (node !== null) {
      let next = node.next;
      let record = node as SignalRecord;
      if (contains(signals, record.signal)) {
        this.records.remove(record);
        releaseRecord(record);
      }
      node = next;
    }
  }

  /** A timer goes: take its record back. */
  withdraw(record: SignalRecord): void {
    if (record.list !== this.records) return;
    this.records.remove(record);
    let node = this.records.first;
    while (node !== null) {
      if ((node as SignalRecord).signal == record.signal) return;
      node = node.next;
    }
    this.set &= ~setOf(record.signal);
  }
}
