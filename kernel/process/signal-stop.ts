// Job control: stopping and continuing a process (man 7 signal, man 2 wait). A stopped process's threads wait in the kernel,
// just before they would return to ring 3.

import { CLD_CONTINUED, CLD_STOPPED, SIGCONT } from "../abi/signal";
import { waitUninterruptibly } from "../sched/block";
import { notifyParent } from "./exit";
import { Process } from "./process";
import { demandAttention } from "./signal-send";
import { UserThread } from "./user-thread";

/** Let all threads stop; the parent is told when the last one has. */
export function stopProcess(process: Process, signal: i32): void {
  if (process.stopSignal != 0) return;
  process.stopSignal = signal;
  process.stoppedThreads = 0;
  process.isStopReported = false;
  process.hasContinueReport = false;
  for (let i = 0; i < process.threads.length; i++) demandAttention(process.threads[i]);
}

/** Stay here while the process is stopped. */
export function stopHere(thread: UserThread): void {
  let process = thread.process;
  thread.isStopped = true;
  process.stoppedThreads++;
  reportStop(process);
  while (process.stopSignal != 0 && !process.isExiting) waitUninterruptibly(process.continued);
  thread.isStopped = false;
}

/** Tell the parent once every thread has stopped (or left). */
export function reportStop(process: Process): void {
  if (process.stopSignal == 0 || process.isStopReported || process.stoppedThreads < process.threads.length) return;
  process.isStopReported = true;
  process.hasStopReport = true;
  notifyParent(process, CLD_STOPPED, process.stopSignal);
}

/** SIGCONT: let a stopped process go on. */
export function continueProcess(process: Process): void {
  if (process.stopSignal == 0) return;
  process.stopSignal = 0;
  process.hasStopReport = false;
  if (process.isStopReported) {
    process.hasContinueReport = true;
    notifyParent(process, CLD_CONTINUED, SIGCONT);
  }
  process.continued.wakeAll();
}
