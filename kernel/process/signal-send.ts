// Sending signals: to a thread, a process, a process group; faults of the instruction at hand. man 2 kill, man 7 signal.
//
// May be called from interrupt handlers: nothing here allocates or blocks.

import { EPERM } from "../abi/errno";
import { SIGCONT, SIGKILL, SIGSTOP, SI_KERNEL, SI_USER } from "../abi/signal";
import * as scheduler from "../sched/scheduler";
import { WakeReason } from "../sched/thread";
import { currentProcess, currentThread } from "./current";
import { Process, ProcessState } from "./process";
import { processAt, processCount } from "./process-table";
import { RLIMIT_SIGPENDING } from "./resource-limits";
import { continueProcess } from "./signal-stop";
import { SignalRecord } from "./signal-queue";
import { contains, isSignal, setOf, SignalSet, STOPPING } from "./signal-set";
import { ATTENTION_SIGNAL, UserThread } from "./user-thread";

/** The vector of a page fault (Intel SDM 3A table 6-1). */
const PAGE_FAULT: u64 = 14;
/** For signals that this module makes up. */
const made = new SignalRecord();

/** The signals that `thread` would take now. */
export function deliverable(thread: UserThread): SignalSet {
  return (thread.pending.set | thread.process.pending.set) & ~thread.mask;
}

/** Note that something wants the thread before it runs its program again, and end its interruptible wait. */
export function demandAttention(thread: UserThread): void {
  thread.attention |= ATTENTION_SIGNAL;
  scheduler.interrupt(thread);
}

/** Set or clear the signal bit of `attention` after mask, pending signals or the process's state changed. */
export function updateAttention(thread: UserThread): void {
  let process = thread.process;
  let wants = deliverable(thread) != 0 || process.isExiting || (process.stopSignal != 0 && !thread.isStopped);
  if (wants) demandAttention(thread);
  else thread.attention &= ~ATTENTION_SIGNAL;
}

/** Change a thread's mask. Signals to the process that it will not take any more go to another thread. */
export function setMask(thread: UserThread, mask: SignalSet): void {
  let newlyBlocked = mask & ~thread.mask;
  thread.mask = mask;
  updateAttention(thread);
  let orphaned = thread.process.pending.set & newlyBlocked;
  if (orphaned != 0) retarget(thread.process, orphaned);
}

/** Find takers for pending signals of the process. */
export function retarget(process: Process, signals: SignalSet): void {
  for (let i = 0; i < process.threads.length; i++) {
    let thread = process.threads[i];
    if ((signals & ~thread.mask) != 0 && !thread.isExiting) demandAttention(thread);
  }
}

/** Send to one thread. Returns 0 or -EAGAIN (no room for a real-time signal). */
export function sendToThread(thread: UserThread, record: SignalRecord): i32 {
  let process = thread.process;
  if (!prepare(process, thread, record.signal)) return 0;
  let result = thread.pending.add(record, process.limits.soft[RLIMIT_SIGPENDING]);
  if (result < 0) return result;
  if (!contains(thread.mask, record.signal)) demandAttention(thread);
  process.signalArrived.wakeAll();
  return 0;
}

/** Send to a process as a whole. Returns as sendToThread. */
export function sendToProcess(process: Process, record: SignalRecord): i32 {
  let first = process.firstThread;
  if (first === null || !prepare(process, first, record.signal)) return 0;
  let result = process.pending.add(record, process.limits.soft[RLIMIT_SIGPENDING]);
  if (result < 0) return result;
  let taker = chooseThread(process, record.signal);
  if (taker !== null) demandAttention(taker);
  process.signalArrived.wakeAll();
  return 0;
}

/** A thread that does not block the signal: the first one if it can, then one that waits, then any. */
function chooseThread(process: Process, signal: i32): UserThread | null {
  let any: UserThread | null = null;
  for (let i = 0; i < process.threads.length; i++) {
    let thread = process.threads[i];
    if (thread.isExiting || contains(thread.mask, signal)) continue;
    if (i == 0 || thread.isInterruptible) return thread;
    if (any === null) any = thread;
  }
  return any;
}

/**
 * What a signal does on being sent, whether or not anybody takes it (man 7 signal): SIGKILL ends the process, SIGCONT
 * continues it, stop signals and SIGCONT cancel each other. Returns whether the signal is to become pending.
 */
function prepare(process: Process, thread: UserThread, signal: i32): bool {
  if (process.state != ProcessState.RUNNING || process.isExiting) return false;
  if (signal == SIGKILL) {
    beginExit(process, SIGKILL);
    return false;
  }
  if (signal == SIGCONT) {
    discard(process, STOPPING);
    continueProcess(process);
  } else if (contains(STOPPING, signal)) discard(process, setOf(SIGCONT));
  if (!process.signalActions.isIgnored(signal)) return true;
  return contains(thread.mask | thread.realMask, signal);
}

/** Drop pending signals of a set everywhere in a process. */
export function discard(process: Process, signals: SignalSet): void {
  process.pending.discard(signals);
  for (let i = 0; i < process.threads.length; i++) process.threads[i].pending.discard(signals);
}

/** Let every thread of the process leave: exit_group, a fatal signal. The first status given counts. */
export function beginExit(process: Process, status: i32): void {
  if (process.isExiting) return;
  process.isExiting = true;
  process.exitStatus = status;
  process.stopSignal = 0;
  process.continued.wakeAll();
  for (let i = 0; i < process.threads.length; i++) kill(process.threads[i]);
}

/** Let a thread end at its next way out of the kernel. */
export function kill(thread: UserThread): void {
  demandAttention(thread);
  if (thread.isKillable) scheduler.wake(thread, WakeReason.INTERRUPTED);
}

/** A signal from the kernel: no sender. */
export function signalProcess(
  process: Process,
  signal: i32,
  code: i32 = SI_KERNEL,
  word0: u64 = 0,
  word1: u64 = 0,
): void {
  made.set(signal, code, word0, word1);
  sendToProcess(process, made);
}

/** A signal from the kernel to one thread. */
export function signalThread(thread: UserThread, signal: i32, code: i32 = SI_KERNEL): void {
  made.set(signal, code, 0, 0);
  sendToThread(thread, made);
}

/** A signal from the kernel to every process of a group: the terminal's SIGINT, SIGWINCH, SIGHUP. Returns how many there were. */
export function signalGroup(groupId: i32, signal: i32, code: i32 = SI_KERNEL): i32 {
  let count = 0;
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (process.groupId == groupId && process.state == ProcessState.RUNNING) {
      signalProcess(process, signal, code);
      count++;
    }
  }
  return count;
}

/** A broken pipe's SIGPIPE, SIGXFSZ and the like: to the calling thread. */
export function signalSelf(signal: i32): void {
  made.set(signal, SI_USER, <u64>(<u32>currentProcess().id), 0);
  sendToThread(currentThread(), made);
}

/** Fill `record` as kill(2) does: who the sender is. */
export function fillSender(record: SignalRecord, signal: i32, code: i32): void {
  let process = currentProcess();
  record.set(signal, code, <u64>(<u32>process.id) | ((<u64>process.credentials.realUser) << 32), 0);
}

/** Whether the caller may send `signal` to a process: man 2 kill. Returns 0 or -EPERM. */
export function checkSender(target: Process, signal: i32): i32 {
  let process = currentProcess();
  if (process === target) return 0;
  let sender = process.credentials;
  let owner = target.credentials;
  if (sender.effectiveUser == 0) return 0;
  if (signal == SIGCONT && process.sessionId == target.sessionId) return 0;
  let isSame =
    sender.effectiveUser == owner.realUser ||
    sender.effectiveUser == owner.savedUser ||
    sender.realUser == owner.realUser ||
    sender.realUser == owner.savedUser;
  return isSame ? 0 : -EPERM;
}

/**
 * A signal that the thread cannot put off: a fault of the instruction at hand. Blocked or ignored, it ends the process (man 2 sigaction).
 */
export function forceSignal(thread: UserThread, record: SignalRecord): void {
  let actions = thread.process.signalActions;
  let signal = record.signal;
  if (contains(thread.mask, signal) || !actions.isHandled(signal)) {
    actions.reset(signal);
    thread.mask &= ~setOf(signal);
  }
  if (thread.pending.has(signal)) thread.pending.discard(setOf(signal));
  thread.pending.add(record, u64.MAX_VALUE);
  demandAttention(thread);
}

/**
 * The processor refused an instruction of the thread on the CPU: SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP with si_code `code` and
 * si_addr `address`. `trapNumber` and `errorCode` are the processor's, for sigcontext.
 */
export function raiseFault(signal: i32, code: i32, address: u64, trapNumber: u64, errorCode: u64): void {
  assert(isSignal(signal) && signal != SIGSTOP, "a fault raises a signal");
  let thread = currentThread();
  thread.trapNumber = trapNumber;
  thread.trapError = errorCode;
  if (trapNumber == PAGE_FAULT) thread.trapAddress = address;
  made.set(signal, code, address, 0);
  forceSignal(thread, made);
}
