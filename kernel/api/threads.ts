// Kernel threads, and waiting.
//
//   class Watch extends Task { run(): void { while (true) threads.sleep(1_000_000_000); } }
//   threads.start("watch", new Watch());
//
// A blocking call is a plain loop: `while (!ready) { let why = threads.wait(queue); if (why < 0) return why; }`. Kernel code is
// atomic between blocking calls.

import { ETIMEDOUT } from "../abi/errno";
import { waitUninterruptibly as waitOnOnly, wait as waitOn } from "../sched/block";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";
import { Thread } from "../sched/thread";
import { FOREVER } from "../sched/timer";
import { WaitQueue } from "../sched/wait";

export { WaitQueue } from "../sched/wait";

/** What a thread does. */
export abstract class Task {
  /** Runs once on the thread's own stack; the thread ends when it returns. */
  abstract run(): void;
}

class TaskThread extends Thread {
  constructor(
    private readonly task: Task,
    label: string,
  ) {
    super();
    for (let i = 0; i < label.length && i < 15; i++) this.name[i] = <u8>label.charCodeAt(i);
  }

  override main(): void {
    this.task.run();
  }
}

/** Start a thread; false when there is no memory for its stack. `name` is cut to 15 bytes. */
export function start(name: string, task: Task): bool {
  return scheduler.start(new TaskThread(task, name));
}

/**
 * Wait until `queue` is woken. 0 when woken (look at the condition again), -ETIMEDOUT when `deadlineNs` (since boot) passed,
 * -EINTR when a signal came for the program whose call this is.
 */
export function wait(queue: WaitQueue, deadlineNs: u64 = FOREVER): i32 {
  return waitOn(queue, deadlineNs);
}

/** As `wait`, but signals do not end it: for what ends by itself, such as a device's answer. */
export function waitUninterruptibly(queue: WaitQueue, deadlineNs: u64 = FOREVER): i32 {
  return waitOnOnly(queue, deadlineNs);
}

/** Let `durationNs` nanoseconds pass. 0, or -EINTR. */
export function sleep(durationNs: u64): i32 {
  let reason = waitOn(new WaitQueue(), clock.nowNs() + durationNs);
  return reason == -ETIMEDOUT ? 0 : reason;
}

/** Let others run that are ready. */
export function yieldNow(): void {
  scheduler.yieldNow();
}
