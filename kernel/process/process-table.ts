// All processes and threads by number. Numbers are given out in turn up to PID_LIMIT and not again while a process, thread,
// process group or session has them; how many there are at once is bounded by the kernel's stacks.

import * as frames from "memory/frames";
import { Process } from "./process";
import { UserThread } from "./user-thread";

/** /proc/sys/kernel/pid_max: numbers are below this. */
export const PID_LIMIT: i32 = 32768;
/** Kernel stacks bound how many threads there are at all. */
export const THREAD_LIMIT: i32 = 6000;
/** Frames of memory that there are for each thread at the least, as Linux has it: eight times a kernel stack of 16 KB. */
const FRAMES_PER_THREAD: u64 = 32;

const BUCKETS: i32 = 512;
const threadBuckets: StaticArray<UserThread | null> = new StaticArray<UserThread | null>(BUCKETS);
const processBuckets: StaticArray<Process | null> = new StaticArray<Process | null>(BUCKETS);
/** All processes, in no order. */
const all: Array<Process> = [] as Process[];
let threads: i32 = 0;
let lastId: i32 = 0;
/** Numbers have been used once round: group and session numbers may outlive their processes. */
let hasWrapped: bool = false;
/** Threads made since boot: /proc/stat "processes" counts these. */
export let createdThreads: u64 = 0;

/** /proc/sys/kernel/threads-max: how many threads this machine's memory is good for. */
export function threadLimit(): i32 {
  let affordable = frames.totalCount() / FRAMES_PER_THREAD;
  return affordable < <u64>THREAD_LIMIT ? <i32>affordable : THREAD_LIMIT;
}

/** A number nobody has, or 0 when the table is full. */
export function allocateId(): i32 {
  if (all.length >= 2 * THREAD_LIMIT) return 0;
  for (let tries = 0; tries < PID_LIMIT; tries++) {
    lastId++;
    if (lastId >= PID_LIMIT) {
      lastId = 300; // Linux RESERVED_PIDS: low numbers stay what they were
      hasWrapped = true;
    }
    if (!isUsed(lastId)) return lastId;
  }
  return 0;
}

function isUsed(id: i32): bool {
  if (findThread(id) !== null || findProcess(id) !== null) return true;
  return hasWrapped && (isGroup(id) || isSession(id));
}

export function addThread(thread: UserThread): void {
  let bucket = thread.id & (BUCKETS - 1);
  thread.nextInBucket = threadBuckets[bucket];
  threadBuckets[bucket] = thread;
  threads++;
  createdThreads++;
}

export function removeThread(thread: UserThread): void {
  let bucket = thread.id & (BUCKETS - 1);
  let previous: UserThread | null = null;
  let entry = threadBuckets[bucket];
  while (entry !== null) {
    if (entry === thread) {
      if (previous === null) threadBuckets[bucket] = thread.nextInBucket;
      else previous.nextInBucket = thread.nextInBucket;
      thread.nextInBucket = null;
      threads--;
      return;
    }
    previous = entry;
    entry = entry.nextInBucket;
  }
}

export function addProcess(process: Process): void {
  let bucket = process.id & (BUCKETS - 1);
  process.nextInBucket = processBuckets[bucket];
  processBuckets[bucket] = process;
  process.tableIndex = all.length;
  all.push(process);
}

export function removeProcess(process: Process): void {
  let bucket = process.id & (BUCKETS - 1);
  let previous: Process | null = null;
  let entry = processBuckets[bucket];
  while (entry !== null) {
    if (entry === process) {
      if (previous === null) processBuckets[bucket] = process.nextInBucket;
      else previous.nextInBucket = process.nextInBucket;
      process.nextInBucket = null;
      let last = all.pop();
      if (last !== process) {
        all[process.tableIndex] = last;
        last.tableIndex = process.tableIndex;
      }
      return;
    }
    previous = entry;
    entry = entry.nextInBucket;
  }
}

/** The living thread of a number. */
export function findThread(id: i32): UserThread | null {
  let thread = threadBuckets[id & (BUCKETS - 1)];
  while (thread !== null && thread.id != id) thread = thread.nextInBucket;
  return thread;
}

/** The process of a number, zombies included. */
export function findProcess(id: i32): Process | null {
  let process = processBuckets[id & (BUCKETS - 1)];
  while (process !== null && process.id != id) process = process.nextInBucket;
  return process;
}

/** For walking all processes in no order: indices are 0 to processCount() - 1, and change when a process goes. */
export function processAt(index: i32): Process {
  return all[index];
}

/** The process with the smallest number >= `id`: for walking in order, as /proc does. */
export function nextProcess(id: i32): Process | null {
  let best: Process | null = null;
  let bestId = i32.MAX_VALUE;
  for (let i = 0; i < all.length; i++) {
    let process = all[i];
    if (process.id >= id && process.id < bestId) {
      best = process;
      bestId = process.id;
    }
  }
  return best;
}

/** Living threads and processes (zombies included). */
export function threadCount(): i32 {
  return threads;
}
/** Threads of a user's processes, those that wait to be waited for included (RLIMIT_NPROC). */
export function threadsOf(realUser: u32): u64 {
  let count = 0;
  for (let i = 0; i < all.length; i++)
    if (all[i].credentials.realUser == realUser) count += max(1, all[i].threads.length);
  return <u64>count;
}

export function processCount(): i32 {
  return all.length;
}

/** The number given out last: /proc/loadavg. */
export function lastAllocatedId(): i32 {
  return lastId;
}

/** The first process: it adopts orphans, and the machine ends with it. */
export function firstProcess(): Process | null {
  return findProcess(1);
}

/** Whether a process group has members. */
export function isGroup(groupId: i32): bool {
  for (let i = 0; i < all.length; i++) if (all[i].groupId == groupId) return true;
  return false;
}

/** Whether a session has members. */
export function isSession(sessionId: i32): bool {
  for (let i = 0; i < all.length; i++) if (all[i].sessionId == sessionId) return true;
  return false;
}
