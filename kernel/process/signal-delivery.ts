// What happens before a thread runs its program again: its extended state is loaded, it stops or ends, its signals are taken, a
// call that a signal broke off is settled (man 7 signal). The README says how calls ask to be run again.

import { SYSCALL_VECTOR, TrapFrame } from "machine/frame";
import { EINTR, ERESTARTNOHAND, ERESTARTSYS, ERESTART_RESTARTBLOCK } from "../abi/errno";
import { SA_NODEFER, SA_RESETHAND, SA_RESTART, SIGKILL, SIGSEGV, SIGSTOP, SIG_DFL } from "../abi/signal";
import { SYS_restart_syscall } from "../abi/syscall-numbers";
import { exitThread } from "./exit";
import * as extendedState from "./extended-state";
import { reportFatalSignal } from "./fatal-signal";
import { isOrphanedGroup } from "./process-group";
import { abortSequence } from "./restartable-sequence";
import { buildFrame } from "./signal-frame";
import { replenish, SignalRecord } from "./signal-queue";
import { beginExit, setMask, updateAttention } from "./signal-send";
import { contains, lowest, setOf, SignalSet, STOPPING, SYNCHRONOUS } from "./signal-set";
import { stopHere, stopProcess } from "./signal-stop";
import { restoreMask } from "./temporary-mask";
import { ATTENTION_MASK, ATTENTION_SEQUENCE, ATTENTION_SIGNAL, ATTENTION_STATE, UserThread } from "./user-thread";

/** The bytes of `syscall` (and `int 0x80`): what the program counter goes back by to run a call again. */
const CALL_LENGTH: u64 = 2;

const taken = new SignalRecord();

/**
 * Take one pending signal of `wanted`, the thread's own before the process's, faults first. Returns its number and fills `into`,
 * 0 when there is none.
 */
export function takePending(thread: UserThread, wanted: SignalSet, into: SignalRecord): i32 {
  let own = thread.pending.set & wanted;
  let shared = thread.process.pending.set & wanted;
  if ((own | shared) == 0) return 0;
  let faults = own & SYNCHRONOUS;
  let signal = lowest(faults != 0 ? faults : own | shared);
  if (contains(own, signal)) thread.pending.take(signal, into);
  else thread.process.pending.take(signal, into);
  into.signal = signal;
  return signal;
}

/**
 * Do all that `attention` asks for. `mayRestart`: the registers are a system call's with its result in rax. Never returns when
 * the thread ends.
 */
export function deliverPending(thread: UserThread, mayRestart: bool): void {
  if ((thread.attention & ATTENTION_STATE) != 0) {
    extendedState.load(thread);
    thread.attention &= ~ATTENTION_STATE;
  }
  if ((thread.attention & ATTENTION_SEQUENCE) != 0) {
    thread.attention &= ~ATTENTION_SEQUENCE;
    abortSequence(thread);
  }
  let process = thread.process;
  let isCall = mayRestart && thread.registers.vector == SYSCALL_VECTOR;
  if ((thread.attention & ATTENTION_MASK) != 0) {
    thread.attention &= ~ATTENTION_MASK;
    if (!isCall || !isBrokenOff(thread.registers)) restoreMask(thread);
  }
  if ((thread.attention & ATTENTION_SIGNAL) == 0) return;
  replenish();
  while (true) {
    if (process.isExiting || thread.isExiting) exitThread();
    if (process.stopSignal != 0) {
      stopHere(thread);
      continue;
    }
    let signal = takePending(thread, ~thread.mask, taken);
    if (signal == 0) break;
    let actions = process.signalActions;
    if (actions.isIgnored(signal)) continue;
    if (actions.handler(signal) == SIG_DFL) {
      actByDefault(thread, signal);
      continue;
    }
    if (isCall) settleCall(thread.registers, true, (actions.flags(signal) & SA_RESTART) != 0);
    isCall = false;
    runHandler(thread, signal);
  }
  if (isCall) settleCall(thread.registers, false, false);
  restoreMask(thread);
  updateAttention(thread);
}

/** Whether a call's result says that a signal ended it. */
function isBrokenOff(registers: TrapFrame): bool {
  let result = <i64>registers.rax;
  return result == -EINTR || result == -ERESTARTSYS || result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK;
}

/** Lay the handler's frame out and go there. A stack that cannot take it ends the program with SIGSEGV. */
function runHandler(thread: UserThread, signal: i32): void {
  let process = thread.process;
  let actions = process.signalActions;
  let flags = actions.flags(signal);
  let blocked = thread.mask | actions.mask(signal);
  if ((flags & SA_NODEFER) == 0) blocked |= setOf(signal);
  let previous = thread.hasSavedMask ? thread.savedMask : thread.mask;
  thread.hasSavedMask = false;
  if (thread.rseqArea != 0) abortSequence(thread);
  if (!buildFrame(thread, taken, previous)) {
    if (signal == SIGSEGV) actions.reset(SIGSEGV);
    end(thread, SIGSEGV);
    return;
  }
  if ((flags & SA_RESETHAND) != 0) actions.reset(signal);
  setMask(thread, blocked);
}

function actByDefault(thread: UserThread, signal: i32): void {
  if (contains(STOPPING, signal)) {
    if (signal != SIGSTOP && isOrphanedGroup(thread.process.groupId)) return;
    stopProcess(thread.process, signal);
    return;
  }
  end(thread, signal);
}

/** End the process by a signal, and say so. */
function end(thread: UserThread, signal: i32): void {
  if (signal != SIGKILL) reportFatalSignal(thread, taken, signal);
  beginExit(thread.process, signal);
}

/**
 * A call that was broken off: run it again, go on with what is left, or fail with EINTR, as its result asks and the signal's action
 * says. A call that was not is left alone.
 */
function settleCall(registers: TrapFrame, hasHandler: bool, handlerRestarts: bool): void {
  let result = <i64>registers.rax;
  if (result == -ERESTARTSYS) {
    if (hasHandler && !handlerRestarts) registers.rax = <u64>(<i64>-EINTR);
    else runAgain(registers, registers.error);
  } else if (result == -ERESTARTNOHAND) {
    if (hasHandler) registers.rax = <u64>(<i64>-EINTR);
    else runAgain(registers, registers.error);
  } else if (result == -ERESTART_RESTARTBLOCK) {
    if (hasHandler) registers.rax = <u64>(<i64>-EINTR);
    else runAgain(registers, <u64>SYS_restart_syscall);
  }
}

function runAgain(registers: TrapFrame, number: u64): void {
  registers.rax = number;
  registers.rip -= CALL_LENGTH;
}
