// Waiting: who waits for what, and how they are told.
//
//   a thread      wait(queue)            one queue, blocks            (sched/block.ts)
//   poll, select  one Waiter per file    many queues, one thread
//   epoll         one Waiter per item    no thread: marks the item ready
//
// Rules of use: a blocking call is a plain loop, `while (!ready) { const why = wait(queue, deadline); if (why < 0) return why; }`.
// Kernel code is atomic between blocking calls, so there is no lost wake-up between the test and the wait.

import { List, ListNode } from "../lib/list";

/** Something that is told when a queue wakes. A waiter is on at most one queue. */
export class Waiter extends ListNode {
  /** An exclusive waiter takes a wake-up for itself: `wakeOne` stops at the first one that accepts. */
  isExclusive: bool = false;

  /**
   * The queue's condition may have changed; `events` are the EPOLL* bits concerned (0 = unknown). Runs in the waker's context: must not
   * block. Returns whether the wake-up was of use, which ends a `wakeOne`. The waiter may take itself off the queue.
   */
  notify(_events: u32): bool {
    return false;
  }
}

/** Those who wait for one condition, first come first served. */
export class WaitQueue {
  private waiters: List = new List();

  get isEmpty(): bool {
    return this.waiters.isEmpty;
  }

  add(waiter: Waiter): void {
    this.waiters.push(waiter);
  }

  remove(waiter: Waiter): void {
    this.waiters.remove(waiter);
  }

  /** Notify every waiter that is on the queue now. */
  wakeAll(events: u32 = 0): void {
    // A notified waiter may leave the queue, and one that stays is not told twice: walk by count.
    let node = this.waiters.first;
    while (node !== null) {
      let next = node.next;
      (node as Waiter).notify(events);
      node = next;
    }
  }

  /** Notify all non-exclusive waiters and the first exclusive one that accepts; returns how many accepted. */
  wakeOne(events: u32 = 0): i32 {
    return this.wake(1, events);
  }

  /** Notify all non-exclusive waiters and up to `count` exclusive ones; returns how many accepted. */
  wake(count: i32, events: u32 = 0): i32 {
    let accepted = 0;
    let exclusive = 0;
    let node = this.waiters.first;
    while (node !== null) {
      let next = node.next;
      let waiter = node as Waiter;
      let isExclusive = waiter.isExclusive;
      if (waiter.notify(events)) {
        accepted++;
        if (isExclusive && ++exclusive >= count) break;
      }
      node = next;
    }
    return accepted;
  }
}
