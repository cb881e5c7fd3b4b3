// The first process: what the machine runs. main.ts makes it, loads a program into it (exec.ts) and starts its thread.

import { addProcess, addThread, allocateId } from "./process-table";
import * as extendedState from "./extended-state";
import { Process } from "./process";
import { UserThread } from "./user-thread";
import { replenish } from "./signal-queue";
import * as clock from "../sched/clock";

/** Process 1 with one thread, which has no program yet. Precondition: extended-state.ts is initialized. */
export function createFirstProcess(): UserThread {
  replenish();
  let process = new Process();
  let thread = new UserThread(process);
  thread.stateArea = extendedState.allocate();
  assert(thread.stateArea != 0, "no memory for the first thread");
  let id = allocateId();
  process.id = id;
  process.groupId = id;
  process.sessionId = id;
  process.startNs = clock.nowNs();
  thread.id = id;
  process.threads.push(thread);
  addProcess(process);
  addThread(thread);
  return thread;
}
