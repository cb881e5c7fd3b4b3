// Blocking: what a system call does when it has to wait.

import { EINTR, ERESTARTSYS, ETIMEDOUT } from "../abi/errno";
import { blockCurrent, current, timers } from "./scheduler";
import { WakeReason } from "./thread";
import { FOREVER } from "./timer";
import { WaitQueue } from "./wait";

/**
 * Wait until `queue` is woken. Returns 0 when woken (test the condition again: it may be spurious), -ETIMEDOUT when
 * `deadlineNs` (nanoseconds since boot) passed, -EINTR when a signal came.
 */
export function wait(queue: WaitQueue, deadlineNs: u64 = FOREVER, isExclusive: bool = false): i32 {
  let thread = current();
  if (thread.isInterrupted) return -EINTR;
  let waiter = thread.waiter;
  waiter.isExclusive = isExclusive;
  queue.add(waiter);
  let reason = block(deadlineNs);
  queue.remove(waiter);
  return reason;
}

/** As `wait`, for calls that start over after a signal (process/README.md): -ERESTARTSYS when one came. */
export function waitRestartable(queue: WaitQueue, deadlineNs: u64 = FOREVER): i32 {
  let result = wait(queue, deadlineNs);
  return result == -EINTR ? -ERESTARTSYS : result;
}

/** As `wait`, but signals do not end it: for waits that end by themselves. */
export function waitUninterruptibly(queue: WaitQueue, deadlineNs: u64 = FOREVER): i32 {
  let thread = current();
  thread.waiter.isExclusive = false;
  queue.add(thread.waiter);
  let result = blockUntil(deadlineNs, false);
  queue.remove(thread.waiter);
  return result;
}

/**
 * Wait until someone calls `wake(thread, …)`: for waits on several queues at once, whose Waiters the caller has added.
 * Results as `wait`.
 */
export function block(deadlineNs: u64 = FOREVER): i32 {
  if (current().isInterrupted) return -EINTR;
  return blockUntil(deadlineNs, true);
}

function blockUntil(deadlineNs: u64, isInterruptible: bool): i32 {
  let thread = current();
  if (deadlineNs != FOREVER) timers.arm(thread.timeout, deadlineNs);
  thread.isInterruptible = isInterruptible;
  let reason = blockCurrent();
  thread.isInterruptible = false;
  timers.cancel(thread.timeout);
  if (reason == WakeReason.TIMED_OUT) return -ETIMEDOUT;
  if (reason == WakeReason.INTERRUPTED) return -EINTR;
  return 0;
}
