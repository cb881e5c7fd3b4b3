// Sets of signals: bit n - 1 for signal n, as sigset_t has it (man 7 signal).

import {
  SI_KERNEL,
  SIGBUS,
  SIGCHLD,
  SIGCONT,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGNAL_COUNT,
  SIGRTMIN,
  SIGSEGV,
  SIGSTOP,
  SIGSYS,
  SIGTRAP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
} from "../abi/signal";

export type SignalSet = u64;

/** The set of one signal. Precondition: 1 <= signal <= 64. */
export function setOf(signal: i32): SignalSet {
  return (<u64>1) << (<u64>signal - 1);
}

export function contains(set: SignalSet, signal: i32): bool {
  return ((set >> (<u64>signal - 1)) & 1) != 0;
}

/** The lowest signal of a set, 0 for the empty set. */
export function lowest(set: SignalSet): i32 {
  return set == 0 ? 0 : <i32>ctz(set) + 1;
}

/** Whether a number names a signal. */
export function isSignal(number: i32): bool {
  return number >= 1 && number <= SIGNAL_COUNT;
}

/** Real-time signals queue: each one sent is delivered. */
export function isRealTime(signal: i32): bool {
  return signal >= SIGRTMIN;
}

/** Never blocked, caught or ignored. */
export const UNBLOCKABLE: SignalSet = ((<u64>1) << (SIGKILL - 1)) | ((<u64>1) << (SIGSTOP - 1));

/** What the processor raises in the instruction at hand; delivered before all others. */
export const SYNCHRONOUS: SignalSet =
  ((<u64>1) << (SIGSEGV - 1)) |
  ((<u64>1) << (SIGBUS - 1)) |
  ((<u64>1) << (SIGILL - 1)) |
  ((<u64>1) << (SIGTRAP - 1)) |
  ((<u64>1) << (SIGFPE - 1)) |
  ((<u64>1) << (SIGSYS - 1));

/** Default action: stop the process. */
export const STOPPING: SignalSet =
  ((<u64>1) << (SIGSTOP - 1)) | ((<u64>1) << (SIGTSTP - 1)) | ((<u64>1) << (SIGTTIN - 1)) | ((<u64>1) << (SIGTTOU - 1));

/** Default action: nothing. */
export const IGNORED_BY_DEFAULT: SignalSet =
  ((<u64>1) << (SIGCONT - 1)) | ((<u64>1) << (SIGCHLD - 1)) | ((<u64>1) << (SIGWINCH - 1)) | ((<u64>1) << (SIGURG - 1));

/** Whether a signal tells of a fault of the processor, with an address: not one that a program sent. */
export function isFault(signal: i32, code: i32): bool {
  return contains(SYNCHRONOUS, signal) && code > 0 && code != SI_KERNEL;
}
