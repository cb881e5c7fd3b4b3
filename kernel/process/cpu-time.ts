// Processor time of threads and processes: what the CPU clocks, times(2), getrusage(2) and /proc show.
//
// How much of it the kernel used is estimated: one system call or page fault in SAMPLE_INTERVAL is timed and stands for all.
// Timing each would cost a short call a third of its time.

import * as clock from "../sched/clock";
import { ThreadState } from "../sched/thread";
import { Process } from "./process";
import { UserThread } from "./user-thread";

/** Nanoseconds a thread has had the CPU. */
export function threadRunNs(thread: UserThread): u64 {
  let ns = thread.runTimeNs;
  if (thread.state == ThreadState.RUNNING) ns += clock.nowNs() - thread.runningSinceNs;
  return ns;
}

/** The same of all threads of a process, those gone included. */
export function processRunNs(process: Process): u64 {
  let ns = process.pastRunTimeNs;
  for (let i = 0; i < process.threads.length; i++) ns += threadRunNs(process.threads[i]);
  return ns;
}

/** A prime, so that programs that make calls in rounds are sampled evenly. */
const SAMPLE_INTERVAL: u64 = 17;
let untilSample: i32 = 1;
/** What the samples of all threads add up to: /proc/stat. */
export let sampledSystemNs: u64 = 0;

/** Whether the call or fault that begins is to be timed. */
export function isSampleDue(): bool {
  if (--untilSample > 0) return false;
  untilSample = <i32>SAMPLE_INTERVAL;
  return true;
}

/** A timed call or fault of the thread on the CPU is over; it began when the thread had run `startedNs`. */
export function addSample(thread: UserThread, startedNs: u64): void {
  let ns = (threadRunNs(thread) - startedNs) * SAMPLE_INTERVAL;
  thread.systemSampleNs += ns;
  sampledSystemNs += ns;
}

/** The part of a thread's processor time that the kernel used. Neither this nor the rest, the program's, ever goes back. */
export function threadSystemNs(thread: UserThread): u64 {
  let ns = threadRunNs(thread);
  let userNs = ns - min(thread.systemSampleNs, ns);
  if (userNs > thread.shownUserNs) thread.shownUserNs = userNs;
  return ns - thread.shownUserNs;
}

/** The same of all threads of a process, those gone included. */
export function processSystemNs(process: Process): u64 {
  let ns = process.pastSystemNs;
  for (let i = 0; i < process.threads.length; i++) ns += threadSystemNs(process.threads[i]);
  return ns;
}
