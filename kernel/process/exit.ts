// The end of threads and processes: man 2 _exit, exit_group, wait.

import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, SIGCHLD } from "../abi/signal";
import { NS_PER_CLOCK_TICK } from "../abi/time";
import { EPOLLIN } from "../abi/poll";
import { store32 } from "../memory/user";
import * as scheduler from "../sched/scheduler";
import { processRunNs, processSystemNs, threadRunNs, threadSystemNs } from "./cpu-time";
import { currentThread } from "./current";
import * as extendedState from "./extended-state";
import { wakeWord } from "./futex";
import { releaseOrphanedGroup, sessionEnded } from "./process-group";
import { Process, ProcessState } from "./process";
import { firstProcess, removeProcess, removeThread } from "./process-table";
import { releaseRobustList } from "./robust-list";
import { SignalRecord } from "./signal-queue";
import { beginExit, retarget, sendToProcess, signalProcess } from "./signal-send";
import { reportStop } from "./signal-stop";
import { UserThread } from "./user-thread";

/** What the kernel does when the first process has ended. */
export class MachineEnd {
  /** `status` as wait4 stores it: exit code << 8, or the signal (with 0x80 for a core dump). Must not return. */
  onInitExit(_status: i32): void {}

  /** The machine is to start anew once it has ended. */
  restart(): void {}
}

/** Somebody who keeps things for processes and hears when one ends. */
export class ExitListener {
  /** Its threads are gone, its memory is not yet. */
  processEnded(_process: Process): void {}
}

const listeners: Array<ExitListener> = [] as ExitListener[];

export function addExitListener(listener: ExitListener): void {
  listeners.push(listener);
}

let machineEnd: MachineEnd = new MachineEnd();
const report = new SignalRecord();

/** Hand over what ends the machine. */
export function setMachineEnd(end: MachineEnd): void {
  machineEnd = end;
}

/** reboot(2): end the machine as if the first process had ended with `status`. Never returns. */
export function endMachine(status: i32): void {
  machineEnd.onInitExit(status);
}

/** reboot(2) with LINUX_REBOOT_CMD_RESTART: end the machine and, where nobody watches it, start it anew. Never returns. */
export function restartMachine(): void {
  machineEnd.restart();
  machineEnd.onInitExit(0);
}

/** exit_group(2): end the process with a code. Never returns. */
export function exitGroup(code: i32): void {
  beginExit(currentThread().process, (code & 0xff) << 8);
  exitThread();
}

/** exit(2): end the calling thread; the last one's code is the process's. Never returns. */
export function exitWithCode(code: i32): void {
  let process = currentThread().process;
  if (process.threads.length == 1) beginExit(process, (code & 0xff) << 8);
  exitThread();
}

/** End the calling thread; with the last one the process ends. Never returns. */
export function exitThread(): void {
  let thread = currentThread();
  let process = thread.process;
  thread.isExiting = true;
  releaseRobustList(thread);
  clearTid(thread);
  if (process.threads.length == 1) releaseDescriptors(process);
  process.posixTimers.threadLeft(thread);
  leave(process, thread);
  if (process.threads.length == 0) endProcess(process);
  else {
    retarget(process, process.pending.set);
    reportStop(process);
    process.childChanged.wakeAll();
  }
  extendedState.forget(thread);
  scheduler.exitCurrent();
}

/** set_tid_address(2): clear the word and wake one who waits for it. Pointless when nobody else sees the memory. */
function clearTid(thread: UserThread): void {
  let address = thread.clearChildTid;
  thread.clearChildTid = 0;
  if (address == 0) return;
  if (thread.process.threads.length == 1 && thread.process.addressSpace.references == 1) return;
  if (store32(address, 0) == 0) wakeWord(address, 1);
}

/** execve in a process made by vfork: what the thread has in its old address space. */
export function releaseUserWords(thread: UserThread): void {
  releaseRobustList(thread);
  clearTid(thread);
  thread.rseqArea = 0;
}

function releaseDescriptors(process: Process): void {
  if (--process.descriptors.references == 0) process.descriptors.closeAll();
}

function leave(process: Process, thread: UserThread): void {
  thread.pending.discard(u64.MAX_VALUE);
  process.pastRunTimeNs += threadRunNs(thread);
  process.pastSystemNs += threadSystemNs(thread);
  process.pastVoluntarySwitches += thread.voluntarySwitches;
  process.pastInvoluntarySwitches += thread.involuntarySwitches;
  let index = process.threads.indexOf(thread);
  process.threads.splice(index, 1);
  removeThread(thread);
}

function endProcess(process: Process): void {
  process.intervalTimers.cancelAll();
  process.posixTimers.deleteAll();
  let processorLimit = process.processorLimit;
  if (processorLimit !== null) processorLimit.cancel();
  process.pending.discard(u64.MAX_VALUE);
  for (let i = 0; i < listeners.length; i++) listeners[i].processEnded(process);
  process.files.references--;
  process.signalActions.references--;
  let space = process.addressSpace;
  process.peakResidentPages = <u64>space.usage.peakResidentPages;
  space.release();
  releaseVforkParent(process);
  if (process.id == 1) {
    process.state = ProcessState.ZOMBIE;
    machineEnd.onInitExit(process.exitStatus);
  }
  if (process.sessionId == process.id) sessionEnded(process.id);
  giveAwayChildren(process);
  releaseOrphanedGroup(process, process.parent, process);
  process.state = ProcessState.ZOMBIE;
  process.ended.wakeAll(EPOLLIN);
  tellParent(process);
}

/** The child no longer uses its parent's memory: clone(CLONE_VFORK) returns. */
export function releaseVforkParent(process: Process): void {
  let parent = process.vforkParent;
  if (parent === null) return;
  process.vforkParent = null;
  parent.vforkDone.wakeAll();
}

/** Children go to the nearest ancestor that asked for them, else to the first process. */
function giveAwayChildren(process: Process): void {
  let heir = process.parent;
  while (heir !== null && !(heir.isSubreaper && heir.state == ProcessState.RUNNING)) heir = heir.parent;
  if (heir === null) heir = firstProcess();
  if (heir === null) return;
  let children = process.children;
  for (let i = 0; i < children.length; i++) {
    let child = children[i];
    child.parent = heir;
    child.exitSignal = SIGCHLD;
    child.isOrphan = heir.id == 1 && !heir.isSubreaper;
    heir.children.push(child);
    for (let t = 0; t < child.threads.length; t++) {
      let signal = child.threads[t].parentDeathSignal;
      if (signal != 0) signalProcess(child, signal);
    }
    releaseOrphanedGroup(child, process, process);
    if (child.state == ProcessState.ZOMBIE) tellParent(child);
  }
  process.children = [] as Process[];
}

/** Tell the parent that the child is a zombie, or forget the child when the parent does not want to know. */
function tellParent(process: Process): void {
  let parent = process.parent;
  if (parent === null) return;
  let status = process.exitStatus;
  let isUnwanted = process.isOrphan || (process.exitSignal == SIGCHLD && parent.signalActions.reapsChildren);
  if ((status & 0x7f) == 0) notifyParent(process, CLD_EXITED, status >> 8);
  else notifyParent(process, (status & 0x80) != 0 ? CLD_DUMPED : CLD_KILLED, status & 0x7f);
  if (isUnwanted) reap(process);
}

/** SIGCHLD, or the signal that clone asked for, and whoever waits. `code` is CLD_*, `status` si_status. */
export function notifyParent(process: Process, code: i32, status: i32): void {
  let parent = process.parent;
  if (parent === null) return;
  let isEnd = code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED;
  let signal = isEnd ? process.exitSignal : SIGCHLD;
  if (signal != 0 && (isEnd || !parent.signalActions.isStopSilent)) {
    report.set(signal, code, <u64>(<u32>process.id) | ((<u64>process.credentials.realUser) << 32), <u64>(<u32>status));
    let systemNs = processSystemNs(process);
    report.word2 = (processRunNs(process) - systemNs) / NS_PER_CLOCK_TICK;
    report.word3 = systemNs / NS_PER_CLOCK_TICK;
    sendToProcess(parent, report);
  }
  parent.childChanged.wakeAll();
}

/** Forget a zombie: its number is free. */
export function reap(process: Process): void {
  let parent = process.parent;
  if (parent !== null) {
    parent.childrenSystemNs += processSystemNs(process) + process.childrenSystemNs;
    parent.childrenRunTimeNs += processRunNs(process) + process.childrenRunTimeNs;
    parent.childrenPeakResidentPages = max(parent.childrenPeakResidentPages, process.peakResidentPages);
    let index = parent.children.indexOf(process);
    if (index >= 0) parent.children.splice(index, 1);
  }
  process.parent = null;
  process.state = ProcessState.REAPED;
  removeProcess(process);
}
