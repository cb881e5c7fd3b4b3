// The way out, when something waits: signals, a stop, another thread's turn. The common return does not come here.

import { deliverPending } from "../process/signal-delivery";
import { UserThread } from "../process/user-thread";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";

/**
 * Do what must be done before `thread` runs its program again. `isSyscall`: the frame is a system call's, which a signal
 * may have to restart (man 7 signal).
 */
export function returnToUser(thread: UserThread, isSyscall: bool): void {
  let mayRestart = isSyscall;
  while (true) {
    if (thread.attention != 0) {
      deliverPending(thread, mayRestart);
      mayRestart = false;
      continue;
    }
    if (!scheduler.isPreemptionDue(clock.nowNs())) return;
    scheduler.yieldNow();
  }
}
