// Exceptions and interrupts. From ring 3 an exception becomes a filled page or a signal; from the kernel it is either a
// user copy that met a page not yet there, or a mistake, which ends in a panic.

import * as cpu from "machine/cpu";
import { TrapFrame } from "machine/frame";
import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import * as user from "machine/user";
import { at } from "memory/address";
import {
  BUS_ADRALN,
  BUS_ADRERR,
  FPE_FLTDIV,
  FPE_FLTINV,
  FPE_FLTOVF,
  FPE_FLTRES,
  FPE_FLTUND,
  FPE_INTDIV,
  ILL_ILLOPN,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SI_KERNEL,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_TRACE,
} from "../abi/signal";
import * as interrupts from "../interrupt/vectors";
import * as fault from "../memory/fault";
import { FaultResult } from "../memory/fault";
import * as panic from "../panic/panic";
import { addSample, isSampleDue, threadRunNs } from "../process/cpu-time";
import * as extendedState from "../process/extended-state";
import { raiseFault } from "../process/signal-send";
import { UserThread } from "../process/user-thread";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";
import { returnToUser } from "./return-to-user";

/** Vectors: Intel SDM 3A table 6-1. */
const DIVIDE_ERROR: u32 = 0;
const DEBUG_TRAP: u32 = 1;
const NON_MASKABLE: u32 = 2;
const BREAKPOINT: u32 = 3;
const OVERFLOW: u32 = 4;
const BOUND_RANGE: u32 = 5;
const INVALID_OPCODE: u32 = 6;
const DOUBLE_FAULT: u32 = 8;
const STACK_FAULT: u32 = 12;
const PAGE_FAULT: u32 = 14;
const X87_ERROR: u32 = 16;
const ALIGNMENT_CHECK: u32 = 17;
const MACHINE_CHECK: u32 = 18;
const SIMD_ERROR: u32 = 19;
const FIRST_INTERRUPT: u32 = 32;

/** The machine's entry for every vector: `frame` is the linear address of a TrapFrame. */
export function handleTrap(frame: usize): void {
  let registers = at<TrapFrame>(frame);
  let vector = <u32>registers.vector;
  if ((registers.cs & 3) == 0) {
    kernelTrap(registers, vector);
    return;
  }
  let thread = scheduler.current() as UserThread;
  thread.frame = frame;
  if (vector >= FIRST_INTERRUPT) interrupts.dispatch(vector);
  else if (vector == PAGE_FAULT) {
    let isTimed = isSampleDue();
    let startedNs = isTimed ? threadRunNs(thread) : 0;
    userPageFault(thread, registers);
    if (isTimed) addSample(thread, startedNs);
  } else userException(registers, vector);
  if (thread.attention != 0 || scheduler.isPreemptionDue(clock.nowNs())) returnToUser(thread, false);
}

function kernelTrap(registers: TrapFrame, vector: u32): void {
  if (vector >= FIRST_INTERRUPT) {
    interrupts.dispatch(vector);
    return;
  }
  let fixup = vector == NON_MASKABLE || vector == DOUBLE_FAULT ? 0 : user.fixup(registers.rip);
  if (fixup != 0) {
    if (vector == PAGE_FAULT) {
      let address = cpu.readCr2();
      let thread = scheduler.current();
      if (address < USER_END && thread instanceof UserThread) {
        let space = (thread as UserThread).process.addressSpace;
        if (fault.handle(space, address, registers.error) == FaultResult.HANDLED) return;
      }
    }
    registers.rip = fixup;
    return;
  }
  panic.panicOnTrap(registers);
}

function userPageFault(thread: UserThread, registers: TrapFrame): void {
  let address = cpu.readCr2();
  switch (fault.handle(thread.process.addressSpace, address, registers.error)) {
    case FaultResult.HANDLED:
      return;
    case FaultResult.NOT_ALLOWED:
      raiseFault(SIGSEGV, SEGV_ACCERR, address, PAGE_FAULT, registers.error);
      return;
    case FaultResult.NO_SOURCE_PAGE:
      raiseFault(SIGBUS, BUS_ADRERR, address, PAGE_FAULT, registers.error);
      return;
    case FaultResult.OUT_OF_MEMORY:
      raiseFault(SIGKILL, SI_KERNEL, address, PAGE_FAULT, registers.error);
      return;
    default:
      raiseFault(SIGSEGV, SEGV_MAPERR, address, PAGE_FAULT, registers.error);
  }
}

/** The signal and si_code of each exception: Linux arch/x86/kernel/traps.c. */
function userException(registers: TrapFrame, vector: u32): void {
  let error = registers.error;
  switch (vector) {
    case DIVIDE_ERROR:
      raiseFault(SIGFPE, FPE_INTDIV, registers.rip, vector, error);
      return;
    case DEBUG_TRAP:
      registers.rflags &= ~0x100; // the trap flag has done its step
      raiseFault(SIGTRAP, TRAP_TRACE, registers.rip, vector, error);
      return;
    case NON_MASKABLE:
      return;
    case BREAKPOINT:
      raiseFault(SIGTRAP, SI_KERNEL, 0, vector, error);
      return;
    case OVERFLOW:
    case BOUND_RANGE:
      raiseFault(SIGSEGV, SI_KERNEL, 0, vector, error);
      return;
    case INVALID_OPCODE:
      raiseFault(SIGILL, ILL_ILLOPN, registers.rip, vector, error);
      return;
    case STACK_FAULT:
      raiseFault(SIGBUS, SI_KERNEL, 0, vector, error);
      return;
    case X87_ERROR:
    case SIMD_ERROR:
      raiseFault(SIGFPE, floatingPointCode(vector == SIMD_ERROR), registers.rip, vector, error);
      return;
    case ALIGNMENT_CHECK:
      raiseFault(SIGBUS, BUS_ADRALN, 0, vector, error);
      return;
    case DOUBLE_FAULT:
    case MACHINE_CHECK:
      panic.panicOnTrap(registers);
      return;
    default:
      raiseFault(SIGSEGV, SI_KERNEL, 0, vector, error);
  }
}

/** si_code from the unmasked exception bits of the x87 status word or MXCSR (Intel SDM 1 §8.1.3, §10.2.3). */
function floatingPointCode(isSimd: bool): i32 {
  let thread = scheduler.current() as UserThread;
  extendedState.load(thread);
  extendedState.save(thread);
  let area = thread.stateArea;
  // Legacy area, Intel SDM 1 table 10-2: FCW at 0, FSW at 2, MXCSR at 24 with its masks seven bits above the flags.
  let mxcsr = mem.load32(area + 24);
  let bits = isSimd ? mxcsr & ~(mxcsr >> 7) : mem.load16(area + 2) & ~mem.load16(area);
  if ((bits & 1) != 0) return FPE_FLTINV;
  if ((bits & 4) != 0) return FPE_FLTDIV;
  if ((bits & 8) != 0) return FPE_FLTOVF;
  if ((bits & 0x12) != 0) return FPE_FLTUND;
  if ((bits & 0x20) != 0) return FPE_FLTRES;
  return SI_KERNEL;
}
