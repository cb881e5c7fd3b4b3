// execve ends the other threads of the process; the one that called goes on alone, under the process's number, with what
// a new program does not inherit taken away (man 2 execve, "Effect on process attributes").

import { EAGAIN } from "../abi/errno";
import { SS_DISABLE } from "../abi/signal";
import { waitUninterruptibly } from "../sched/block";
import { releaseUserWords, releaseVforkParent } from "./exit";
import * as extendedState from "./extended-state";
import { Process } from "./process";
import { addThread, findThread, removeThread } from "./process-table";
import { kill } from "./signal-send";
import { UserThread } from "./user-thread";

/**
 * End all other threads and wait until they are gone. Returns 0, or -EAGAIN when the process is ending or another thread got here
 * first; the caller then returns to its end.
 */
export function becomeOnlyThread(thread: UserThread): i32 {
  let process = thread.process;
  if (process.isExiting || thread.isExiting) return -EAGAIN;
  for (let i = 0; i < process.threads.length; i++) {
    let other = process.threads[i];
    if (other === thread) continue;
    other.isExiting = true;
    kill(other);
  }
  thread.isKillable = true;
  while (process.threads.length > 1 && !process.isExiting) waitUninterruptibly(process.childChanged);
  thread.isKillable = false;
  if (process.isExiting || thread.isExiting) return -EAGAIN;
  takeNumber(process, thread);
  return 0;
}

/** The process's number is its first thread's, whichever that was. */
function takeNumber(process: Process, thread: UserThread): void {
  if (thread.id == process.id || findThread(process.id) !== null) return;
  removeThread(thread);
  thread.id = process.id;
  addThread(thread);
}

/**
 * Leave the old program behind, while its address space is still there: locks are released, a vfork parent goes on, handlers, timers,
 * signal stack and extended state are reset, descriptors marked close-on-exec are closed.
 */
export function resetForExec(thread: UserThread): void {
  let process = thread.process;
  releaseUserWords(thread);
  releaseVforkParent(process);
  process.hasExecuted = true;
  if (process.signalActions.references > 1) {
    process.signalActions.references--;
    process.signalActions = process.signalActions.copy();
  }
  process.signalActions.resetHandled();
  process.posixTimers.deleteAll();
  thread.signalStack = 0;
  thread.signalStackSize = 0;
  thread.signalStackFlags = SS_DISABLE;
  thread.setChildTid = 0;
  thread.fsBase = 0;
  thread.gsBase = 0;
  extendedState.clear(thread);
  if (process.descriptors.references > 1) {
    process.descriptors.references--;
    process.descriptors = process.descriptors.copy();
  }
  process.descriptors.closeMarked();
}
