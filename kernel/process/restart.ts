// Calls that go on after a stop with what was left (Linux's restart_block): a call with a relative time that a signal broke off.
// When no handler runs, the program is sent to restart_syscall(2), which runs the handler kept here.

import { EINTR, ERESTARTSYS, ERESTART_RESTARTBLOCK } from "../abi/errno";
import { currentThread } from "./current";
import { UserThread } from "./user-thread";

/** Goes on with a call; its values are the thread's restart0 … restart3. */
export type RestartHandler = (thread: UserThread) => i64;

/** What restart_syscall does when no call was broken off. */
export function noRestart(_thread: UserThread): i64 {
  return -EINTR;
}

/** Leave the call so that `handler` goes on with it, given these values. Returns what the system call is to return. */
export function restartWith(handler: RestartHandler, a: u64, b: u64, c: u64, d: u64): i64 {
  let thread = currentThread();
  thread.restartHandler = handler;
  thread.restart0 = a;
  thread.restart1 = b;
  thread.restart2 = c;
  thread.restart3 = d;
  return -ERESTART_RESTARTBLOCK;
}

/** A blocking call's result: -EINTR of a wait becomes the request to be called again (man 7 signal, SA_RESTART). */
export function restartable(result: i64): i64 {
  return result == -EINTR ? -ERESTARTSYS : result;
}
