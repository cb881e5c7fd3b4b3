// Processor time of threads and processes: what the CPU clocks, times(2), getrusage(2) and /proc show.

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
