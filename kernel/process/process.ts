// A process: what its threads share. man 2 clone lists what that is; man 5 proc_pid shows most of it.

import { SIGCHLD } from "../abi/signal";
import { AddressSpace } from "../memory/address-space";
import { WaitQueue } from "../sched/wait";
import { FileSystemContext } from "../vfs/context";
import { Path } from "../vfs/path";
import { Credentials } from "./credentials";
import { DescriptorTable } from "./descriptor-table";
import { IntervalTimers } from "./interval-timers";
import { PosixTimers } from "./posix-timers";
import { ProcessorLimit } from "./processor-limit";
import { ResourceLimits } from "./resource-limits";
import { SignalActions } from "./signal-actions";
import { SignalQueue } from "./signal-queue";
import { UserThread } from "./user-thread";

export const enum ProcessState {
  /** It has threads, or is being made. */
  RUNNING,
  /** It ended; its parent has not asked for the status. */
  ZOMBIE,
  /** Forgotten; only those who held a reference see it. */
  REAPED,
}

export class Process {
  /** The process's number: that of its first thread. */
  id: i32 = 0;
  state: ProcessState = ProcessState.RUNNING;
  parent: Process | null = null;
  children: Array<Process> = [] as Process[];
  /** Process group and session (man 7 credentials). */
  groupId: i32 = 0;
  sessionId: i32 = 0;
  /** It gave up the session's controlling terminal (TIOCNOTTY); so will its children have. */
  hasNoTerminal: bool = false;
  threads: Array<UserThread> = [] as UserThread[];
  addressSpace: AddressSpace = new AddressSpace();
  descriptors: DescriptorTable = new DescriptorTable();
  /** Root, current directory, umask. */
  files: FileSystemContext = new FileSystemContext();
  credentials: Credentials = new Credentials();
  limits: ResourceLimits = new ResourceLimits();
  signalActions: SignalActions = new SignalActions();
  /** Signals sent to the process as a whole. */
  pending: SignalQueue = new SignalQueue();
  /** Woken when a child changes state (wait4) or a thread leaves. */
  childChanged: WaitQueue = new WaitQueue();
  /** Woken when a signal becomes pending for the process or a thread of it: signalfd. */
  signalArrived: WaitQueue = new WaitQueue();
  /** Woken when the process has ended: pidfd. */
  ended: WaitQueue = new WaitQueue();

  /** The file it runs, for /proc/PID/exe; its name is each thread's `name`. */
  executable: Path | null = null;
  /** When it began, nanoseconds since boot. */
  startNs: u64 = 0;

  /** The signal that tells the parent of its end; 0 for none. */
  exitSignal: i32 = SIGCHLD;
  /** Its threads are to leave: exit_group or a fatal signal. `exitStatus` then holds. */
  isExiting: bool = false;
  /** As wait4 stores it: code << 8, or the signal, with 0x80 for a core dump. */
  exitStatus: i32 = 0;
  /** It has called execve since it was forked: setpgid by the parent is over. */
  hasExecuted: bool = false;
  /** A clone(CLONE_VFORK) caller waits for it: until it ends or executes. */
  vforkParent: UserThread | null = null;
  /** Adopted by the first process when its parent ended: goes without a zombie. */
  isOrphan: bool = false;

  /** Job control: the signal that stops it, 0 while it runs; how many threads have stopped. */
  stopSignal: i32 = 0;
  stoppedThreads: i32 = 0;
  /** The stop is complete and the parent knows. */
  isStopReported: bool = false;
  /** What waitid may still report of a stop and of a continuation. */
  hasStopReport: bool = false;
  hasContinueReport: bool = false;
  /** Where threads of a stopped process wait. */
  continued: WaitQueue = new WaitQueue();

  /** prctl(2). */
  isSubreaper: bool = false;
  isDumpable: i32 = 1;
  hasNoNewPrivileges: bool = false;
  /** personality(2). */
  personality: u32 = 0;

  intervalTimers: IntervalTimers = new IntervalTimers();
  posixTimers: PosixTimers = new PosixTimers();
  /** RLIMIT_CPU's timer; null while there is no limit. */
  processorLimit: ProcessorLimit | null = null;

  /** Used by threads that have left, and by children that were waited for. */
  pastRunTimeNs: u64 = 0;
  pastSystemNs: u64 = 0;
  pastVoluntarySwitches: u64 = 0;
  pastInvoluntarySwitches: u64 = 0;
  childrenRunTimeNs: u64 = 0;
  childrenSystemNs: u64 = 0;
  childrenPeakResidentPages: u64 = 0;
  /** Noted at its end, when the address space goes. */
  peakResidentPages: u64 = 0;

  /** Its place in the process table, and the next process in the same bucket. */
  tableIndex: i32 = 0;
  nextInBucket: Process | null = null;

  constructor() {
    this.intervalTimers.belongTo(this);
  }

  /** RLIMIT_CPU is another one now. */
  processorLimitChanged(): void {
    let limit = this.processorLimit;
    if (limit === null) {
      limit = new ProcessorLimit(this);
      this.processorLimit = limit;
    }
    limit.changed();
  }

  /** The thread whose number is the process's, or the oldest one left; null when none are left. */
  get firstThread(): UserThread | null {
    return this.threads.length > 0 ? this.threads[0] : null;
  }
}
