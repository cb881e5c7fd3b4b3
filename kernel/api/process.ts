// Who calls: for system-call handlers and device files, which run on the calling program's thread. In kernel threads and
// at boot there is no caller, and everything is 0.

import { UserThread } from "../process/user-thread";
import { current } from "../sched/scheduler";

function caller(): UserThread | null {
  let thread = current();
  return thread instanceof UserThread ? (thread as UserThread) : null;
}

/** The process id (getpid). */
export function id(): i32 {
  let thread = caller();
  return thread === null ? 0 : thread.process.id;
}

/** The thread id (gettid). */
export function threadId(): i32 {
  let thread = caller();
  return thread === null ? 0 : thread.id;
}

/** The effective user id. */
export function userId(): u32 {
  let thread = caller();
  return thread === null ? 0 : thread.process.credentials.effectiveUser;
}

/** Whether a signal waits for the caller: a long call should end with -EINTR. */
export function isInterrupted(): bool {
  return current().isInterrupted;
}
