// A thread of control in the kernel: its stack, its state, what it waits for. A user thread (process/user-thread.ts)
// is one of these with a program behind it; what differs is in the virtual methods.

import { ListNode } from "../lib/list";
import { wake } from "./scheduler";
import { Timer } from "./timer";
import { Waiter } from "./wait";

export const enum ThreadState {
  /** On the run queue. */
  READY,
  /** On the CPU. */
  RUNNING,
  /** Waiting to be woken. */
  BLOCKED,
  /** Done; its stack is freed by the next thread that runs. */
  EXITED,
}

/** Why a blocked thread runs again. */
export const enum WakeReason {
  /** The queue it waited on was woken. */
  WOKEN = 0,
  /** Its deadline passed. */
  TIMED_OUT = 1,
  /** A signal or a kill wants its attention. */
  INTERRUPTED = 2,
}

export class Thread extends ListNode {
  /** The thread's number, unique among living threads; Linux's tid. 0 is the idle thread. */
  id: i32 = 0;
  state: ThreadState = ThreadState.BLOCKED;
  /** End (one past the highest linear address) of the kernel stack. */
  stackTop: usize = 0;
  /** Why it was last woken. */
  wakeReason: WakeReason = WakeReason.WOKEN;
  /** Whether the wait under way ends when a signal comes. */
  isInterruptible: bool = false;
  /** Nanoseconds of CPU used, and when it was last put on the CPU. */
  runTimeNs: u64 = 0;
  runningSinceNs: u64 = 0;
  voluntarySwitches: u64 = 0;
  involuntarySwitches: u64 = 0;
  waiter: ThreadWaiter;
  timeout: ThreadTimeout;
  /** What it is called in listings: at most 15 bytes, as Linux's comm. */
  name: StaticArray<u8> = new StaticArray<u8>(16);

  constructor() {
    super();
    this.waiter = new ThreadWaiter();
    this.timeout = new ThreadTimeout();
    this.waiter.thread = this;
    this.timeout.thread = this;
  }

  /** The thread's body, run once on its own stack. When it returns the thread is over. */
  main(): void {}

  /** Whether no program is behind it. */
  get isKernels(): bool {
    return true;
  }

  /** Whether a signal waits that would end an interruptible wait. */
  get isInterrupted(): bool {
    return false;
  }

  /** About to leave the CPU for another thread. */
  switchOut(): void {}

  /** About to get the CPU: load what the hardware keeps per thread. Runs on the previous thread's stack. */
  switchIn(): void {}
}

/** Lets a thread wait on one queue. */
export class ThreadWaiter extends Waiter {
  thread: Thread | null = null;

  override notify(_events: u32): bool {
    let thread = this.thread;
    if (thread === null) return false;
    let queue = this.list;
    if (queue !== null) queue.remove(this);
    return wake(thread, WakeReason.WOKEN);
  }
}

/** Ends a thread's wait when its deadline passes. */
export class ThreadTimeout extends Timer {
  thread: Thread | null = null;

  override fire(_nowNs: u64): void {
    let thread = this.thread;
    if (thread !== null) wake(thread, WakeReason.TIMED_OUT);
  }
}
