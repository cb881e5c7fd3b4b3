// How the stack gets polled in time: whoever polls (a kernel thread) sets itself here. Drivers call `wake` from their
// interrupt handlers; the stack calls `rearm` when a system call made something due earlier.

export abstract class Waker {
  /** Called with interrupts off, from anywhere: make the poller run soon. */
  abstract wake(): void;
  /** Make it run at `deadlineNs` at the latest. */
  abstract rearm(deadlineNs: u64): void;
}

let waker: Waker | null = null;
/** Whether a wake-up came since the last poll began. */
export let isWanted: bool = false;

export function setWaker(to: Waker): void {
  waker = to;
}

/** Something waits in a device. */
export function wake(): void {
  isWanted = true;
  let to = waker;
  if (to !== null) to.wake();
}

/** A poll begins: what comes from now on asks for another one. */
export function clear(): void {
  isWanted = false;
}

export function rearm(deadlineNs: u64): void {
  let to = waker;
  if (to !== null) to.rearm(deadlineNs);
}
