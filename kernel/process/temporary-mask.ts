// The signal mask of ppoll, pselect6, epoll_pwait and rt_sigsuspend: it holds while the call waits. On the way out the old mask
// comes back, after the handler when a signal broke the call off, before anything is delivered when it did not (man 2 ppoll).

import { EFAULT, EINVAL } from "../abi/errno";
import { SIGNAL_SET_SIZE } from "../abi/signal";
import { fetch64, fetched } from "../memory/user";
import { currentThread } from "./current";
import { setMask } from "./signal-send";
import { SignalSet, UNBLOCKABLE } from "./signal-set";
import { ATTENTION_MASK, UserThread } from "./user-thread";

/** Let the set at user address `mask` hold for the call at hand; nothing happens for address 0. Returns 0, -EINVAL (size) or -EFAULT. */
export function setTemporaryMask(mask: u64, maskSize: u64): i32 {
  if (mask == 0) return 0;
  if (maskSize != SIGNAL_SET_SIZE) return -EINVAL;
  if (fetch64(mask) < 0) return -EFAULT;
  holdMask(currentThread(), fetched);
  return 0;
}

/** Let `mask` hold for the call at hand. */
export function holdMask(thread: UserThread, mask: SignalSet): void {
  thread.savedMask = thread.mask;
  thread.hasSavedMask = true;
  thread.attention |= ATTENTION_MASK;
  setMask(thread, mask & ~UNBLOCKABLE);
}

/** Back to the mask from before the call. */
export function restoreMask(thread: UserThread): void {
  if (!thread.hasSavedMask) return;
  thread.hasSavedMask = false;
  setMask(thread, thread.savedMask);
}
