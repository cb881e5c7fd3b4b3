// Restartable sequences: a few instructions of a program that start over when the thread was preempted or signalled in them, so
// that data of the CPU need no lock (Linux include/uapi/linux/rseq.h, man 2 rseq).

import { SIGSEGV, SI_KERNEL } from "../abi/signal";
import { fetch32, fetch64, fetched, store64 } from "../memory/user";
import { SignalRecord } from "./signal-queue";
import { forceSignal } from "./signal-send";
import { UserThread } from "./user-thread";

/** Offset of rseq_cs in struct rseq; of the fields of struct rseq_cs. */
const CURRENT_SEQUENCE: u64 = 8;
const START: u64 = 8;
const LENGTH: u64 = 16;
const ABORT: u64 = 24;

const failure = new SignalRecord();

/** If the thread stands inside a sequence, send it to the sequence's abort handler. A sequence that lies about itself is a SIGSEGV. */
export function abortSequence(thread: UserThread): void {
  if (thread.rseqArea == 0) return;
  if (tryAbort(thread)) return;
  failure.set(SIGSEGV, SI_KERNEL, 0, 0);
  forceSignal(thread, failure);
}

function tryAbort(thread: UserThread): bool {
  let slot = thread.rseqArea + CURRENT_SEQUENCE;
  if (fetch64(slot) < 0) return false;
  let sequence = fetched;
  if (sequence == 0) return true;
  if (fetch64(sequence + START) < 0) return false;
  let start = fetched;
  if (fetch64(sequence + LENGTH) < 0) return false;
  let length = fetched;
  let registers = thread.registers;
  if (registers.rip - start >= length) return store64(slot, 0) == 0;
  if (fetch64(sequence + ABORT) < 0) return false;
  let abort = fetched;
  if (abort - start < length || fetch32(abort - 4) < 0 || <u32>fetched != thread.rseqSignature) return false;
  if (store64(slot, 0) < 0) return false;
  registers.rip = abort;
  return true;
}
