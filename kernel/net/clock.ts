// The time the stack knows: an input, never read from the machine. Whoever enters the stack (a system call, a
// driver's bottom half, the timer) calls `advance` first; until the next entry time stands still.

import { Timer, TimerQueue } from "../lib/timer-queue";

export const MICROSECOND: u64 = 1_000;
export const MILLISECOND: u64 = 1_000_000;
export const SECOND: u64 = 1_000_000_000;

/** Nanoseconds since boot, as of the event being handled. */
export let nowNs: u64 = 0;

/** Every timer of the stack. */
export const timers: TimerQueue = new TimerQueue();

/** Enter the stack at `toNs`. Time never runs backwards. */
export function advance(toNs: u64): void {
  if (toNs > nowNs) nowNs = toNs;
}

/** Milliseconds since boot, as TCP's timestamps count (RFC 7323 §5.4: 1 ms to 1 s a tick). */
export function nowMs(): u32 {
  return <u32>(nowNs / MILLISECOND);
}

/** Arm `timer` to go off `delayNs` from now. */
export function arm(timer: Timer, delayNs: u64): void {
  timers.arm(timer, nowNs + delayNs);
}

export function cancel(timer: Timer): void {
  timers.cancel(timer);
}
