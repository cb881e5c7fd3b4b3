// One thread waiting for many files: what poll(2) and select(2) block on. A set is kept per thread and used again, so that
// a program that polls in a loop makes no garbage.

import { block } from "../../sched/block";
import { current, wake } from "../../sched/scheduler";
import { Thread, WakeReason } from "../../sched/thread";
import { Waiter } from "../../sched/wait";
import { File } from "../../vfs/file";

class PollWaiter extends Waiter {
  file: File | null = null;
  thread: Thread | null = null;
  /** The bits that end the wait. */
  events: u32 = 0;

  override notify(events: u32): bool {
    if (events != 0 && (events & this.events) == 0) return false;
    let thread = this.thread;
    return thread !== null && wake(thread, WakeReason.WOKEN);
  }
}

export class PollSet {
  private waiters: Array<PollWaiter> = [] as PollWaiter[];
  private count: i32 = 0;

  /** Watch `file` for `events` (EPOLL* bits). Holds a reference until `clear`. */
  add(file: File, events: u32): void {
    if (this.count == this.waiters.length) this.waiters.push(new PollWaiter());
    let waiter = this.waiters[this.count++];
    file.retain();
    waiter.file = file;
    waiter.thread = current();
    waiter.events = events;
    file.readiness.add(waiter);
  }

  /** Block until a watched file may be ready. 0, -EINTR or -ETIMEDOUT. */
  wait(deadlineNs: u64): i32 {
    return block(deadlineNs);
  }

  /** Stop watching. */
  clear(): void {
    for (let i = 0; i < this.count; i++) {
      let waiter = this.waiters[i];
      let file = waiter.file;
      waiter.file = null;
      waiter.thread = null;
      if (file !== null) {
        file.readiness.remove(waiter);
        file.release();
      }
    }
    this.count = 0;
    if (this.waiters.length > 1024) this.waiters = [] as PollWaiter[];
  }
}
