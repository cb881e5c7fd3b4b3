// The alternate signal stack: man 2 sigaltstack.

import { ENOMEM, EINVAL, EPERM } from "../abi/errno";
import { MINSIGSTKSZ, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from "../abi/signal";
import { UserThread } from "./user-thread";

/** Whether a stack pointer lies on the thread's signal stack. One with SS_AUTODISARM never counts as in use. */
export function isOnSignalStack(thread: UserThread, stackPointer: u64): bool {
  if ((thread.signalStackFlags & SS_AUTODISARM) != 0) return false;
  return stackPointer > thread.signalStack && stackPointer - thread.signalStack <= thread.signalStackSize;
}

/** ss_flags as sigaltstack(2) reports them. */
export function signalStackState(thread: UserThread, stackPointer: u64): u32 {
  let mode = thread.signalStackFlags & SS_AUTODISARM;
  if (thread.signalStackSize == 0) return SS_DISABLE | mode;
  return (isOnSignalStack(thread, stackPointer) ? SS_ONSTACK : 0) | mode;
}

/** Change the signal stack. Returns 0, -EPERM while it is in use, -EINVAL or -ENOMEM. */
export function setSignalStack(thread: UserThread, address: u64, flags: u32, size: u64, stackPointer: u64): i32 {
  if (isOnSignalStack(thread, stackPointer)) return -EPERM;
  let mode = flags & ~SS_AUTODISARM;
  if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE) return -EINVAL;
  if (mode == SS_DISABLE) {
    thread.signalStack = 0;
    thread.signalStackSize = 0;
  } else {
    if (size < MINSIGSTKSZ) return -ENOMEM;
    thread.signalStack = address;
    thread.signalStackSize = size;
  }
  thread.signalStackFlags = flags;
  return 0;
}
