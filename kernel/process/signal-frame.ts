// The frame that a signal handler runs on, and the way back: Linux arch/x86/kernel/signal_64.c, so that C libraries, Go and V8
// find registers and extended state where they look.
//
//   higher   program's stack (or the end of the signal stack)
//            128 bytes that the program may use below its stack pointer (System V ABI §3.2.2)
//            extended state: XSAVE format, 64-byte aligned, then the word FP_XSTATE_MAGIC2
//            rt_sigframe (abi/signal.ts), address + 8 a multiple of 16 as at a function's entry
//   rsp  ->  the restorer's address

import { SYSCALL_VECTOR, TrapFrame, USER_CODE, USER_DATA } from "machine/frame";
import * as mem from "machine/mem";
import { at, bytesAddress, isUserRange, pointerOf } from "memory/address";
import {
  FP_XSTATE_MAGIC1,
  FP_XSTATE_MAGIC2,
  FRAME_CONTEXT,
  FRAME_INFO,
  FRAME_MASK,
  FRAME_REGISTERS,
  FRAME_SIZE,
  KernelSiginfo,
  SA_ONSTACK,
  SA_RESTORER,
  SI_KERNEL,
  SIGSEGV,
  SignalContext,
  SignalFrame,
  SS_AUTODISARM,
  SS_DISABLE,
  STATE_SOFTWARE_BYTES,
  UC_FP_XSTATE,
  UC_SIGCONTEXT_SS,
  UC_STRICT_RESTORE_SS,
} from "../abi/signal";
import { copyIn, copyOut, fetch64, fetched, store32, store64 } from "../memory/user";
import * as extendedState from "./extended-state";
import { SignalRecord } from "./signal-queue";
import { forceSignal, setMask } from "./signal-send";
import { SignalSet, UNBLOCKABLE } from "./signal-set";
import { isOnSignalStack, setSignalStack } from "./signal-stack";
import { UserThread } from "./user-thread";

const RED_ZONE: u64 = 128;
/** Flags that a handler finds clear: TF, DF, RF. */
const HANDLER_CLEARS: u64 = 0x10500;
/** Flags that sigreturn takes from the frame: CF PF AF ZF SF TF DF OF RF AC (Linux FIX_EFLAGS). */
const RESTORED_FLAGS: u64 = 0x50dd5;
/** IF and the bit that is always one. */
const FIXED_FLAGS: u64 = 0x202;

/**
 * The frame being built; the pages it goes to are made present first, so that no copy waits with the buffer in use. Fields that
 * are never set stay zero.
 */
const buffer = new StaticArray<u8>(<i32>FRAME_SIZE);
const frame = at<SignalFrame>(pointerOf(buffer));
const context = at<SignalContext>(pointerOf(buffer) + <usize>FRAME_REGISTERS);
const info = at<KernelSiginfo>(pointerOf(buffer) + <usize>FRAME_INFO);
/** The frame that sigreturn reads, up to its siginfo. */
const returned = new StaticArray<u8>(<i32>FRAME_INFO);
const returnedFrame = at<SignalFrame>(pointerOf(returned));
const returnedContext = at<SignalContext>(pointerOf(returned) + <usize>FRAME_REGISTERS);
const failure = new SignalRecord();

/** Bytes of extended state in a frame, with the closing word: what AT_MINSIGSTKSZ counts in. */
export function stateBytes(): u64 {
  return extendedState.areaSize() + (extendedState.enabledFeatures() != 0 ? 4 : 0);
}

/** AT_MINSIGSTKSZ: the most that one frame takes of a signal stack. */
export function largestFrame(): u64 {
  return FRAME_SIZE + 16 + 64 + stateBytes();
}

/**
 * Put a frame for `record` on the program's stack and point the registers at the handler. `mask` is what sigreturn brings
 * back. Returns false when the stack cannot take it.
 */
export function buildFrame(thread: UserThread, record: SignalRecord, mask: SignalSet): bool {
  let actions = thread.process.signalActions;
  let signal = record.signal;
  let flags = actions.flags(signal);
  if ((flags & SA_RESTORER) == 0) return false;
  let registers = thread.registers;

  let top = registers.rsp;
  let wasOnSignalStack = isOnSignalStack(thread, top);
  let entersSignalStack = (flags & SA_ONSTACK) != 0 && thread.signalStackSize != 0 && !wasOnSignalStack;
  if (entersSignalStack) top = thread.signalStack + thread.signalStackSize;
  else top -= RED_ZONE;
  let stateSize = stateBytes();
  let state = (top - stateSize) & ~(<u64>63);
  let address = ((state - FRAME_SIZE) & ~(<u64>15)) - 8;
  if (!isUserRange(address, state + stateSize - address)) return false;
  if (entersSignalStack || wasOnSignalStack) {
    if (address <= thread.signalStack) return false;
  }
  // Both ends, hence every page of it, are there before the copy begins.
  if (store64(address, 0) < 0 || store64(state + stateSize - 8, 0) < 0) return false;

  frame.restorer = actions.restorer(signal);
  frame.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (extendedState.enabledFeatures() != 0 ? UC_FP_XSTATE : 0);
  frame.stackPointer = thread.signalStack;
  frame.stackFlags = thread.signalStackFlags;
  frame.stackSize = thread.signalStackSize;
  if ((thread.signalStackFlags & SS_AUTODISARM) != 0) {
    thread.signalStack = 0;
    thread.signalStackSize = 0;
    thread.signalStackFlags = SS_DISABLE;
  }
  saveRegisters(registers);
  context.error = thread.trapError;
  context.trapNumber = thread.trapNumber;
  context.oldMask = mask;
  context.cr2 = thread.trapAddress;
  context.state = state;
  mem.store64(bytesAddress(buffer) + FRAME_MASK, mask);
  record.store(info);
  if (copyOut(address, bytesAddress(buffer), FRAME_SIZE) < 0) return false;
  if (!copyState(thread, state)) return false;

  registers.rdi = <u64>signal;
  registers.rsi = address + FRAME_INFO;
  registers.rdx = address + FRAME_CONTEXT;
  registers.rax = 0;
  registers.rip = actions.handler(signal);
  registers.rsp = address;
  registers.rflags = (registers.rflags & ~HANDLER_CLEARS) | FIXED_FLAGS;
  leaveByFrame(registers);
  return true;
}

/** Every register counts from now on: not a system call's return any more. */
function leaveByFrame(registers: TrapFrame): void {
  if (registers.vector == SYSCALL_VECTOR) registers.vector = 0;
  registers.cs = USER_CODE;
  registers.ss = USER_DATA;
}

/** The extended state as it is now, marked as XSAVE's format when it is (struct _fpx_sw_bytes). */
function copyState(thread: UserThread, state: u64): bool {
  extendedState.save(thread);
  let area = thread.stateArea;
  let size = extendedState.areaSize();
  let features = extendedState.enabledFeatures();
  let software = area + STATE_SOFTWARE_BYTES;
  mem.store64(software, features == 0 ? 0 : <u64>FP_XSTATE_MAGIC1 | ((size + 4) << 32));
  mem.store64(software + 8, features);
  mem.store64(software + 16, features == 0 ? 0 : size);
  mem.store64(software + 24, 0);
  mem.store64(software + 32, 0);
  mem.store64(software + 40, 0);
  if (features != 0 && store32(state + size, FP_XSTATE_MAGIC2) < 0) return false;
  return copyOut(state, area, size) == 0;
}

function saveRegisters(registers: TrapFrame): void {
  context.r8 = registers.r8;
  context.r9 = registers.r9;
  context.r10 = registers.r10;
  context.r11 = registers.r11;
  context.r12 = registers.r12;
  context.r13 = registers.r13;
  context.r14 = registers.r14;
  context.r15 = registers.r15;
  context.rdi = registers.rdi;
  context.rsi = registers.rsi;
  context.rbp = registers.rbp;
  context.rbx = registers.rbx;
  context.rdx = registers.rdx;
  context.rax = registers.rax;
  context.rcx = registers.rcx;
  context.rsp = registers.rsp;
  context.rip = registers.rip;
  context.rflags = registers.rflags;
  context.cs = <u16>USER_CODE;
  context.ss = <u16>USER_DATA;
}

function loadRegisters(registers: TrapFrame): void {
  registers.r8 = returnedContext.r8;
  registers.r9 = returnedContext.r9;
  registers.r10 = returnedContext.r10;
  registers.r11 = returnedContext.r11;
  registers.r12 = returnedContext.r12;
  registers.r13 = returnedContext.r13;
  registers.r14 = returnedContext.r14;
  registers.r15 = returnedContext.r15;
  registers.rdi = returnedContext.rdi;
  registers.rsi = returnedContext.rsi;
  registers.rbp = returnedContext.rbp;
  registers.rbx = returnedContext.rbx;
  registers.rdx = returnedContext.rdx;
  registers.rax = returnedContext.rax;
  registers.rcx = returnedContext.rcx;
  registers.rsp = returnedContext.rsp;
  registers.rip = returnedContext.rip;
  registers.rflags = (registers.rflags & ~RESTORED_FLAGS) | (returnedContext.rflags & RESTORED_FLAGS) | FIXED_FLAGS;
  leaveByFrame(registers);
}

/** rt_sigreturn(2): take registers, mask, signal stack and extended state from the frame. A bad frame is a SIGSEGV. */
export function restoreFrame(thread: UserThread): void {
  let registers = thread.registers;
  let address = registers.rsp - 8; // the restorer's address was popped by the handler's return
  if (!restoreFrom(thread, registers, address)) {
    leaveByFrame(registers);
    failure.set(SIGSEGV, SI_KERNEL, 0, 0);
    forceSignal(thread, failure);
  }
}

function restoreFrom(thread: UserThread, registers: TrapFrame, address: u64): bool {
  if (fetch64(address) < 0 || copyIn(bytesAddress(returned), address, FRAME_INFO) < 0) return false;
  let mask = mem.load64(bytesAddress(returned) + FRAME_MASK);
  let state = returnedContext.state;
  let stack = returnedFrame.stackPointer;
  let stackFlags = returnedFrame.stackFlags;
  let stackSize = returnedFrame.stackSize;
  loadRegisters(registers);
  setMask(thread, mask & ~UNBLOCKABLE);
  setSignalStack(thread, stack, stackFlags, stackSize, registers.rsp);
  return state == 0 || restoreState(thread, state);
}

function restoreState(thread: UserThread, state: u64): bool {
  let size = extendedState.areaSize();
  let hasHeader = extendedState.enabledFeatures() != 0 && isWholeState(state, size);
  let area = thread.stateArea;
  let failed = copyIn(area, state, hasHeader ? size : extendedState.LEGACY_SIZE) < 0;
  extendedState.sanitize(area, hasHeader && !failed);
  extendedState.reload(thread);
  return !failed;
}

/** Whether the state at a user address says that it is all of XSAVE's format: both magic numbers and the size. */
function isWholeState(state: u64, size: u64): bool {
  let software = state + STATE_SOFTWARE_BYTES;
  if (fetch64(software) < 0 || <u32>fetched != FP_XSTATE_MAGIC1) return false;
  if (fetch64(software + 16) < 0 || <u64>(<u32>fetched) != size) return false;
  return fetch64(state + size - 4) == 0 && <u32>(fetched >> 32) == FP_XSTATE_MAGIC2;
}
