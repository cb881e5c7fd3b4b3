// Timers: subclass Timer and override `fire`, which runs with interrupts off and must not block or allocate.

import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";
import { Timer } from "../sched/timer";

export { Timer } from "../sched/timer";

/** Have `timer` fire `delayNs` nanoseconds from now; an armed one is moved. */
export function arm(timer: Timer, delayNs: u64): void {
  scheduler.timers.arm(timer, clock.nowNs() + delayNs);
}

/** As `arm`, at a time since boot (`clock.nowNs`). */
export function armAt(timer: Timer, deadlineNs: u64): void {
  scheduler.timers.arm(timer, deadlineNs);
}

/** Nothing happens when it is not armed. */
export function cancel(timer: Timer): void {
  scheduler.timers.cancel(timer);
}
