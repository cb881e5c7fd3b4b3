// Who asks: the user thread on the CPU and its process.

import { current } from "../sched/scheduler";
import { Process } from "./process";
import { UserThread } from "./user-thread";

/** The user thread on the CPU. Precondition: a system call or a trap from ring 3 is under way. */
export function currentThread(): UserThread {
  return current() as UserThread;
}

/** The process of the user thread on the CPU. Precondition as currentThread. */
export function currentProcess(): Process {
  return currentThread().process;
}
