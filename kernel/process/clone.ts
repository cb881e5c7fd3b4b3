// Making threads and processes: man 2 clone, fork, vfork. The caller checked the flags against each other (syscall/process.ts).

import { TRAP_FRAME_SIZE } from "machine/frame";
import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import * as frames from "memory/frames";
import { linearAddress } from "memory/address";
import { EAGAIN, ENOMEM } from "../abi/errno";
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_FS,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
} from "../abi/clone";
import { SS_DISABLE } from "../abi/signal";
import { copySpace } from "../memory/copy-space";
import { store32 } from "../memory/user";
import { waitUninterruptibly } from "../sched/block";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";
import { currentThread } from "./current";
import * as extendedState from "./extended-state";
import { PidFile } from "./pid-file";
import { Process } from "./process";
import { addProcess, addThread, allocateId, threadCount, threadLimit, threadsOf } from "./process-table";
import { RLIMIT_NPROC } from "./resource-limits";
import { UserThread } from "./user-thread";

/** Frames that must be free for a new thread: what is left lets those that are there go on and end. */
const FREE_FRAMES: u64 = 512;

/** What clone and clone3 have in common. */
export class CloneRequest {
  flags: u64 = 0;
  /** The signal to the parent at the end; 0 for none. */
  exitSignal: i32 = 0;
  /** The child's stack pointer; 0 keeps the caller's. */
  stackPointer: u64 = 0;
  /** User addresses. */
  parentTid: u64 = 0;
  childTid: u64 = 0;
  pidfd: u64 = 0;
  tls: u64 = 0;
}

/** Make a thread, in the caller's process or in a new one. Returns its number, 0 never, or a negative errno. */
export function clone(request: CloneRequest): i64 {
  let flags = request.flags;
  let caller = currentThread();
  if (threadCount() >= threadLimit()) return -EAGAIN;
  let user = caller.process.credentials.realUser;
  if (user != 0 && threadsOf(user) >= caller.process.limits.soft[RLIMIT_NPROC]) return -EAGAIN;
  let isThread = (flags & CLONE_THREAD) != 0;
  if (frames.freeCount() < FREE_FRAMES) return -ENOMEM;
  let process = isThread ? caller.process : copyProcess(caller.process, flags);
  if (process === null) return -ENOMEM;
  let thread = copyThread(caller, process, request);
  let failed = thread === null ? -EAGAIN : finish(caller, process, thread, request);
  if (failed < 0) {
    if (thread !== null) extendedState.forget(thread);
    if (!isThread) abandon(process);
    return failed;
  }
  let id = thread === null ? 0 : thread.id;
  if ((flags & CLONE_VFORK) != 0) waitForChild(caller, process);
  return id;
}

/** A new process that shares with or copies from `parent` what the flags say; null when memory is out. */
function copyProcess(parent: Process, flags: u64): Process | null {
  let space = parent.addressSpace;
  if ((flags & CLONE_VM) != 0) space.retain();
  else {
    let copy = copySpace(space);
    if (copy === null) return null;
    space = copy;
  }
  let process = new Process();
  process.addressSpace = space;
  if ((flags & CLONE_FILES) != 0) {
    process.descriptors = parent.descriptors;
    process.descriptors.references++;
  } else process.descriptors = parent.descriptors.copy();
  if ((flags & CLONE_FS) != 0) {
    process.files = parent.files;
    process.files.references++;
  } else process.files = parent.files.copy();
  if ((flags & CLONE_SIGHAND) != 0) {
    process.signalActions = parent.signalActions;
    process.signalActions.references++;
  } else {
    process.signalActions = parent.signalActions.copy();
    if ((flags & CLONE_CLEAR_SIGHAND) != 0) process.signalActions.resetHandled();
  }
  process.parent = (flags & CLONE_PARENT) != 0 ? parent.parent : parent;
  process.credentials = parent.credentials.copy();
  process.limits = parent.limits.copy();
  if ((flags & CLONE_VM) == 0) space.limits = process.limits.soft;
  if ((flags & CLONE_VM) == 0) space.limits = process.limits.soft;
  if (parent.processorLimit !== null) process.processorLimitChanged();
  process.groupId = parent.groupId;
  process.sessionId = parent.sessionId;
  process.hasNoTerminal = parent.hasNoTerminal;
  process.executable = parent.executable;
  process.startNs = clock.nowNs();
  process.isDumpable = parent.isDumpable;
  process.hasNoNewPrivileges = parent.hasNoNewPrivileges;
  process.personality = parent.personality;
  return process;
}

/** Undo copyProcess. */
function abandon(process: Process): void {
  if (--process.descriptors.references == 0) process.descriptors.closeAll();
  process.files.references--;
  process.signalActions.references--;
  process.addressSpace.release();
}

/** A thread with the caller's registers and signal state; null when memory is out. Not known to anybody yet. */
function copyThread(caller: UserThread, process: Process, request: CloneRequest): UserThread | null {
  let flags = request.flags;
  let thread = new UserThread(process);
  thread.stateArea = extendedState.allocate();
  if (thread.stateArea == 0) return null;
  extendedState.copy(caller, thread);
  mem.copy(linearAddress(thread.frame), linearAddress(caller.frame), <u64>TRAP_FRAME_SIZE);
  let registers = thread.registers;
  registers.rax = 0;
  if (request.stackPointer != 0) registers.rsp = request.stackPointer;
  thread.fsBase = (flags & CLONE_SETTLS) != 0 ? request.tls : cpu.readFsBase();
  thread.gsBase = cpu.readUserGsBase();
  thread.mask = caller.mask;
  let sharesMemory = (flags & CLONE_VM) != 0;
  if (!sharesMemory || (flags & CLONE_VFORK) != 0) {
    thread.signalStack = caller.signalStack;
    thread.signalStackSize = caller.signalStackSize;
    thread.signalStackFlags = caller.signalStackFlags;
  } else thread.signalStackFlags = SS_DISABLE;
  if (!sharesMemory) {
    thread.rseqArea = caller.rseqArea;
    thread.rseqLength = caller.rseqLength;
    thread.rseqSignature = caller.rseqSignature;
  }
  if ((flags & CLONE_CHILD_CLEARTID) != 0) thread.clearChildTid = request.childTid;
  if ((flags & CLONE_CHILD_SETTID) != 0) thread.setChildTid = request.childTid;
  thread.policy = caller.policy;
  thread.priority = caller.priority;
  thread.nice = caller.nice;
  thread.ioPriority = caller.ioPriority;
  thread.timerSlackNs = caller.timerSlackNs;
  thread.keepsCapabilities = caller.keepsCapabilities;
  for (let i = 0; i < thread.name.length; i++) thread.name[i] = caller.name[i];
  return thread;
}

/** Number the thread, tell the caller's memory, make it known and ready. Returns 0 or a negative errno with all undone. */
function finish(caller: UserThread, process: Process, thread: UserThread, request: CloneRequest): i32 {
  let flags = request.flags;
  let isThread = (flags & CLONE_THREAD) != 0;
  let id = allocateId();
  if (id == 0) return -EAGAIN;
  thread.id = id;
  if (!isThread) process.id = id;
  let pidfd = -1;
  if ((flags & CLONE_PIDFD) != 0) {
    let table = caller.process.descriptors;
    pidfd = table.add(new PidFile(process, false), true, caller.process.limits.descriptors);
    if (pidfd < 0) return pidfd;
    let failed = store32(request.pidfd, pidfd);
    if (failed < 0) {
      table.close(pidfd);
      return failed;
    }
  }
  if (!scheduler.start(thread)) {
    if (pidfd >= 0) caller.process.descriptors.close(pidfd);
    return -ENOMEM;
  }
  if ((flags & CLONE_PARENT_SETTID) != 0) store32(request.parentTid, id);
  process.threads.push(thread);
  addThread(thread);
  if (!isThread) {
    addProcess(process);
    let parent = process.parent;
    if (parent !== null) parent.children.push(process);
    process.exitSignal = request.exitSignal;
    if ((flags & CLONE_VFORK) != 0) process.vforkParent = caller;
  } else if (process.isExiting || process.stopSignal != 0) thread.attention |= 1;
  return 0;
}

/** clone(CLONE_VFORK): the caller waits until the child ends or executes; only its own end breaks that off. */
function waitForChild(caller: UserThread, child: Process): void {
  caller.isKillable = true;
  while (child.vforkParent === caller && !caller.process.isExiting) waitUninterruptibly(caller.vforkDone);
  caller.isKillable = false;
  if (child.vforkParent === caller) child.vforkParent = null;
}
