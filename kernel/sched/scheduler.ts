// The run queue and the switch. One CPU: round robin, a time slice for user threads while others wait, no tick otherwise.
//
// Interrupts stay off in the kernel; a thread runs until it blocks, yields, or returns to ring 3 and is preempted there.

import * as cpu from "machine/cpu";
import { pointerOf } from "memory/address";
import * as stacks from "memory/stacks";
import { List, ListNode } from "../lib/list";
import * as clock from "./clock";
import { Thread, ThreadState, WakeReason } from "./thread";
import { FOREVER, TimerHeap } from "./timer";

/** How long a user thread runs while others are ready. */
export const TIME_SLICE_NS: u64 = 4_000_000;

/** Work to do when there is nothing to run: collect garbage, look at rings once more. Registered at boot. */
export class IdleTask extends ListNode {
  /** Returns true when it did something that may have made a thread ready. */
  run(): bool {
    return false;
  }
}

const runQueue = new List();
const idleTasks = new List();
/** The timers of the whole kernel. */
export const timers = new TimerHeap();

const idleThread: Thread = new Thread(); // adopts the boot stack, in slot 0
idleThread.stackTop = stacks.topOf(0);
let currentThread: Thread = idleThread;
const ownThreads: Array<Thread> = [idleThread];
let sliceEndNs: u64 = FOREVER;
let deadThread: Thread | null = null;
let totalSwitches: u64 = 0;
let idleNs: u64 = 0;

/** The thread on the CPU. */
export function current(): Thread {
  return currentThread;
}

/** Whether another thread should get the CPU before this one returns to ring 3. */
export function isPreemptionDue(nowNs: u64): bool {
  return !runQueue.isEmpty && nowNs >= sliceEndNs;
}

/** Threads that could run now, without the current one. */
export function readyCount(): i32 {
  return runQueue.length;
}

/** Context switches since boot. */
export function switchCount(): u64 {
  return totalSwitches;
}

/** Nanoseconds spent with nothing to run. */
export function idleTimeNs(): u64 {
  return idleNs;
}

export function addIdleTask(task: IdleTask): void {
  idleTasks.push(task);
}

/** Give a new thread its stack and make it ready. Returns false when there is no memory or address room for a stack. */
export function start(thread: Thread): bool {
  let top = stacks.allocate();
  if (top == 0) return false;
  thread.stackTop = top;
  stacks.setSavedPointer(top, cpu.prepareStack(top, pointerOf(thread)));
  if (thread.isKernels) {
    for (let i = ownThreads.length - 1; i >= 0; i--) {
      if (ownThreads[i].state == ThreadState.EXITED) ownThreads.splice(i, 1);
    }
    ownThreads.push(thread);
  }
  enqueue(thread);
  return true;
}

/** The kernel's own threads, the idle one first; some may have ended. */
export function kernelThreads(): Array<Thread> {
  return ownThreads;
}

/** Make a blocked thread ready. Returns whether it was blocked. */
export function wake(thread: Thread, reason: WakeReason): bool {
  if (thread.state != ThreadState.BLOCKED) return false;
  thread.wakeReason = reason;
  enqueue(thread);
  return true;
}

/** A signal came: end an interruptible wait. */
export function interrupt(thread: Thread): void {
  if (thread.isInterruptible) wake(thread, WakeReason.INTERRUPTED);
}

function enqueue(thread: Thread): void {
  thread.state = ThreadState.READY;
  if (runQueue.isEmpty) clock.armTimerAtMost(sliceEndNs);
  runQueue.push(thread);
}

/** Give the CPU to whoever is ready; the caller stays ready. */
export function yieldNow(): void {
  if (runQueue.isEmpty) return;
  let thread = currentThread;
  if (thread !== idleThread) {
    thread.state = ThreadState.READY;
    runQueue.push(thread);
  }
  thread.involuntarySwitches++;
  switchToNext();
}

/** Leave the CPU until someone wakes the current thread. Precondition: the caller arranged for that. */
export function blockCurrent(): WakeReason {
  let thread = currentThread;
  assert(thread !== idleThread, "the idle thread must not block");
  thread.state = ThreadState.BLOCKED;
  thread.voluntarySwitches++;
  switchToNext();
  return thread.wakeReason;
}

/** End the current thread. Its stack goes with the next switch. Never returns. */
export function exitCurrent(): void {
  currentThread.state = ThreadState.EXITED;
  deadThread = currentThread;
  switchToNext();
}

function switchToNext(): void {
  let next: Thread;
  let first = runQueue.shift();
  if (first === null) next = idleThread;
  else next = first as Thread;
  let previous = currentThread;
  let nowNs = clock.nowNs();
  previous.runTimeNs += nowNs - previous.runningSinceNs;
  next.runningSinceNs = nowNs;
  next.state = ThreadState.RUNNING;
  sliceEndNs = nowNs + TIME_SLICE_NS;
  if (!runQueue.isEmpty) clock.armTimerAtMost(sliceEndNs);
  if (next === previous) return;
  totalSwitches++;
  previous.switchOut();
  next.switchIn();
  currentThread = next;
  cpu.switchTo(stacks.saveSlot(previous.stackTop), stacks.saveSlot(next.stackTop));
  reapDeadThread();
}

function reapDeadThread(): void {
  let dead = deadThread;
  if (dead === null || dead === currentThread) return;
  deadThread = null;
  stacks.release(dead.stackTop);
  dead.stackTop = 0;
}

/** Where a new thread's stack begins (main.ts exports it as `threadMain`). */
export function runThread(thread: Thread): void {
  reapDeadThread();
  thread.main();
  exitCurrent();
}

/** The idle loop: the boot thread ends here. */
export function idle(): void {
  idleThread.state = ThreadState.RUNNING;
  while (true) {
    expireTimers();
    if (!runQueue.isEmpty) {
      switchToNext();
      continue;
    }
    let task = idleTasks.first;
    let didWork = false;
    while (task !== null) {
      let next = task.next;
      if ((task as IdleTask).run()) didWork = true;
      task = next;
    }
    if (didWork || !runQueue.isEmpty) continue;
    let before = clock.nowNs();
    clock.armTimer(timers.nextDeadlineNs);
    cpu.halt();
    idleNs += clock.nowNs() - before;
  }
}

/** Fire the timers that are due; called from the timer interrupt and the idle loop. */
export function expireTimers(): void {
  let nowNs = clock.nowNs();
  if (timers.nextDeadlineNs <= nowNs) timers.expire(nowNs);
}

/** After a timer interrupt: set the hardware for the next deadline. */
export function rearmTimer(): void {
  let deadline = timers.nextDeadlineNs;
  if (!runQueue.isEmpty && sliceEndNs < deadline) deadline = sliceEndNs;
  clock.armTimer(deadline);
}
