// How an interrupt gets the stack polled: whoever polls (a kernel thread, the idle loop) sets itself here; drivers call
// `wake` from their interrupt handlers.

export abstract class Waker {
  /** Called with interrupts off, from anywhere: make the poller run soon. */
  abstract wake(): void;
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
