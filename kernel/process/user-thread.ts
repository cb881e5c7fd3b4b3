// A thread of a program: a kernel thread plus the program's registers, signals and extended state.

import * as cpu from "machine/cpu";
import { SYSCALL_VECTOR, TRAP_FRAME_SIZE, TrapFrame } from "machine/frame";
import { at, pointerOf } from "memory/address";
import { SS_DISABLE } from "../abi/signal";
import { PollSet } from "../fs/poll/poll-set";
import { IoVector } from "../memory/io-vector";
import { store32 } from "../memory/user";
import { Thread } from "../sched/thread";
import { WaitQueue } from "../sched/wait";
import * as extendedState from "./extended-state";
import { FutexWaiter } from "./futex-waiter";
import { Process } from "./process";
import { RestartHandler, noRestart } from "./restart";
import { deliverPending } from "./signal-delivery";
import { SignalQueue } from "./signal-queue";
import { SignalSet } from "./signal-set";

/** Bits of `attention`: what is to be done before the thread runs its program again. */
export const ATTENTION_SIGNAL: u32 = 1;
/** The processor holds another thread's extended state. */
export const ATTENTION_STATE: u32 = 2;
/** A temporary signal mask ends with the call at hand. */
export const ATTENTION_MASK: u32 = 4;
/** It was preempted and may stand in a restartable sequence. */
export const ATTENTION_SEQUENCE: u32 = 8;

/** man 2 prctl, PR_SET_TIMERSLACK: Linux's default. */
export const DEFAULT_TIMER_SLACK_NS: u64 = 50_000;

export class UserThread extends Thread {
  process: Process;
  /** For this thread's system calls: reset before use. */
  io: IoVector = new IoVector();
  /** For poll and select: what it watches, and the descriptors' table. */
  pollSet: PollSet = new PollSet();
  pollBuffer: StaticArray<u8> = new StaticArray<u8>(0);
  /** Linear pointer to the program's registers: the top of the kernel stack, before the first return to ring 3 `launch`. */
  frame: usize;
  /** The registers that the thread starts with. */
  private launch: StaticArray<u8> = new StaticArray<u8>(<i32>TRAP_FRAME_SIZE);

  /** ATTENTION_* bits; the return to ring 3 calls deliverPending while it is not 0. */
  attention: u32 = 0;
  /** Blocked signals. */
  mask: SignalSet = 0;
  /** The mask to go back to when the call at hand (rt_sigsuspend, ppoll …) is over and no handler ran. */
  savedMask: SignalSet = 0;
  hasSavedMask: bool = false;
  /** Signals sent to this thread alone. */
  pending: SignalQueue = new SignalQueue();
  /** The alternate signal stack (man 2 sigaltstack). */
  signalStack: u64 = 0;
  signalStackSize: u64 = 0;
  signalStackFlags: u32 = SS_DISABLE;
  /** What the last fault was, for sigcontext: vector, error code, address. */
  trapNumber: u64 = 0;
  trapError: u64 = 0;
  trapAddress: u64 = 0;

  /** What restart_syscall(2) runs, and its values. */
  restartHandler: RestartHandler = noRestart;
  restart0: u64 = 0;
  restart1: u64 = 0;
  restart2: u64 = 0;
  restart3: u64 = 0;

  /** Thread-local storage: loaded while the thread is on the CPU. */
  fsBase: u64 = 0;
  gsBase: u64 = 0;
  /** Where its extended state is kept: a kernel address (extended-state.ts). */
  stateArea: u64 = 0;

  /** set_tid_address(2): a user word to clear and wake when the thread ends. */
  clearChildTid: u64 = 0;
  /** set_robust_list(2). */
  robustList: u64 = 0;
  /** rseq(2): the registered area, its length, its signature. */
  rseqArea: u64 = 0;
  rseqLength: u32 = 0;
  rseqSignature: u32 = 0;
  /** prctl(PR_SET_PDEATHSIG). */
  parentDeathSignal: i32 = 0;
  /** PR_SET_KEEPCAPS: kept and shown; capabilities follow the effective user. */
  keepsCapabilities: bool = false;
  timerSlackNs: u64 = DEFAULT_TIMER_SLACK_NS;
  /** sched_setscheduler(2): kept and shown; the scheduler is round robin for all. */
  policy: i32 = 0;
  priority: i32 = 0;
  nice: i32 = 0;
  /** ioprio_set(2): kept and shown. */
  ioPriority: u32 = 0;

  /** Processor time that the kernel used for it, as sampled (cpu-time.ts). */
  systemSampleNs: u64 = 0;
  shownUserNs: u64 = 0;

  /** rt_sigtimedwait(2): signals waited for are out of `mask` meanwhile and count as blocked still. */
  realMask: SignalSet = 0;
  /** Its wait ends when the process does, though not for other signals. */
  isKillable: bool = false;
  /** clone(CLONE_CHILD_SETTID): where the thread stores its number before it runs; 0 for nowhere. */
  setChildTid: u64 = 0;
  /** clone(CLONE_VFORK) waits here for the child. */
  vforkDone: WaitQueue = new WaitQueue();
  /** It is on its way out of the process. */
  isExiting: bool = false;
  /** It waits in a stopped process. */
  isStopped: bool = false;
  futex: FutexWaiter = new FutexWaiter();
  /** The next thread in the same bucket of the process table. */
  nextInBucket: UserThread | null = null;

  constructor(process: Process) {
    super();
    this.process = process;
    this.frame = pointerOf(this.launch);
    this.futex.thread = this;
  }

  /** The registers as the program left them; changes take effect on the return to ring 3. */
  get registers(): TrapFrame {
    return at<TrapFrame>(this.frame);
  }

  /** Go to ring 3 for the first time. */
  override get isKernels(): bool {
    return false;
  }

  override main(): void {
    if (this.setChildTid != 0) store32(this.setChildTid, this.id);
    while (this.attention != 0) deliverPending(this, false);
    let frame = this.frame;
    this.frame = this.stackTop - TRAP_FRAME_SIZE;
    cpu.enterUser(frame);
  }

  override get isInterrupted(): bool {
    return (this.attention & ATTENTION_SIGNAL) != 0;
  }

  /** The program may have changed its bases itself (FSGSBASE). */
  override switchOut(): void {
    this.fsBase = cpu.readFsBase();
    this.gsBase = cpu.readUserGsBase();
    if (this.rseqArea != 0 && this.registers.vector != SYSCALL_VECTOR) this.attention |= ATTENTION_SEQUENCE;
  }

  override switchIn(): void {
    cpu.setKernelStack(this.stackTop);
    this.process.addressSpace.activate();
    cpu.writeFsBase(this.fsBase);
    cpu.writeUserGsBase(this.gsBase);
    if (!extendedState.isLoaded(this)) this.attention |= ATTENTION_STATE;
  }
}
