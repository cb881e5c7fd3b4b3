// Processes: man 2 clone, fork, vfork, wait4, waitid, getpid, setpgid, setsid, prctl, pidfd_open.

import * as mem from "machine/mem";
import { at, bytesAddress, pointerOf } from "memory/address";
import { E2BIG, EACCES, EBADF, ECHILD, EFAULT, EINTR, EINVAL, EPERM, ERESTARTSYS, ESRCH } from "../abi/errno";
import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  CLONE_ARGUMENTS_MIN,
  CLONE_ARGUMENTS_SIZE,
  CLONE_CLEAR_SIGHAND,
  CLONE_DETACHED,
  CLONE_FILES,
  CLONE_FS,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
  CloneArguments,
  CSIGNAL,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  PIDFD_NONBLOCK,
  PIDFD_THREAD,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
} from "../abi/clone";
import { KernelSiginfo, SIGCHLD, SIGINFO_SIZE } from "../abi/signal";
import {
  SYS_clone,
  SYS_clone3,
  SYS_fork,
  SYS_getpgid,
  SYS_getpgrp,
  SYS_getpid,
  SYS_getppid,
  SYS_getsid,
  SYS_pidfd_getfd,
  SYS_pidfd_open,
  SYS_process_vm_readv,
  SYS_process_vm_writev,
  SYS_setpgid,
  SYS_setsid,
  SYS_unshare,
  SYS_vfork,
  SYS_wait4,
  SYS_waitid,
} from "../abi/syscall-numbers";
import { copyIn, copyOut, fetch8, fetched, store32 } from "../memory/user";
import { clone, CloneRequest } from "../process/clone";
import { currentProcess } from "../process/current";
import { PidFile } from "../process/pid-file";
import { Process, ProcessState } from "../process/process";
import { findProcess, findThread, isGroup } from "../process/process-table";
import { isSignal } from "../process/signal-set";
import { storeUsage } from "../process/usage";
import { ChildReport, waitForChild } from "../process/wait-child";
import { processVmReadv, processVmWritev } from "./process-memory";
import { define0, define1, define2, define3, define4, define5, define6 } from "./table";

const NAMESPACES: u64 =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET |
  CLONE_NEWTIME;
/** All that clone3 knows. */
const CLONE3_FLAGS: u64 = 0xffffff00 | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
const PAGE_SIZE: u64 = 4096;

const request = new CloneRequest();
const argumentsBuffer = new StaticArray<u8>(<i32>CLONE_ARGUMENTS_SIZE);
const cloneArguments = at<CloneArguments>(pointerOf(argumentsBuffer));

/** The rules that clone and clone3 share: man 2 clone, ERRORS. */
function checkFlags(flags: u64): i32 {
  if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) return -EINVAL;
  if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_CLEAR_SIGHAND) != 0) return -EINVAL;
  if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) return -EINVAL;
  if ((flags & CLONE_FS) != 0 && (flags & (CLONE_NEWNS | CLONE_NEWUSER)) != 0) return -EINVAL;
  if ((flags & CLONE_PIDFD) != 0 && (flags & CLONE_DETACHED) != 0) return -EINVAL;
  if ((flags & CLONE_PARENT) != 0 && currentProcess().id == 1) return -EINVAL;
  // One namespace of each kind: as a kernel without support for more.
  if ((flags & NAMESPACES) != 0) return -EINVAL;
  return 0;
}

function cloneCall(flags: u64, stackPointer: u64, parentTid: u64, childTid: u64, tls: u64): i64 {
  let bits = flags & 0xffffffff & ~CSIGNAL;
  let failed = checkFlags(bits);
  if (failed < 0) return failed;
  if ((bits & CLONE_PIDFD) != 0 && (bits & (CLONE_PARENT_SETTID | CLONE_THREAD)) != 0) return -EINVAL;
  request.flags = bits;
  request.exitSignal = (bits & CLONE_THREAD) != 0 ? 0 : <i32>(flags & CSIGNAL);
  request.stackPointer = stackPointer;
  request.parentTid = parentTid;
  request.childTid = childTid;
  request.pidfd = parentTid;
  request.tls = tls;
  return clone(request);
}

function clone3(address: u64, size: u64): i64 {
  if (size > PAGE_SIZE) return -E2BIG;
  if (size < CLONE_ARGUMENTS_MIN) return -EINVAL;
  mem.fill(bytesAddress(argumentsBuffer), 0, CLONE_ARGUMENTS_SIZE);
  if (copyIn(bytesAddress(argumentsBuffer), address, min(size, CLONE_ARGUMENTS_SIZE)) < 0) return -EFAULT;
  for (let offset = CLONE_ARGUMENTS_SIZE; offset < size; offset++) {
    if (fetch8(address + offset) < 0) return -EFAULT;
    if (fetched != 0) return -E2BIG;
  }
  let flags = cloneArguments.flags;
  if ((flags & ~CLONE3_FLAGS & ~CLONE_NEWTIME) != 0 || (flags & CLONE_DETACHED) != 0) return -EINVAL;
  let failed = checkFlags(flags);
  if (failed < 0) return failed;
  let signal = cloneArguments.exitSignal;
  if (signal > CSIGNAL || (signal != 0 && !isSignal(<i32>signal))) return -EINVAL;
  if ((flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && signal != 0) return -EINVAL;
  if ((flags & CLONE_PIDFD) != 0 && (flags & CLONE_THREAD) != 0) return -EINVAL;
  if ((cloneArguments.stack == 0) != (cloneArguments.stackSize == 0)) return -EINVAL;
  if (cloneArguments.setTidSize != 0 || (flags & CLONE_INTO_CGROUP) != 0) return -EINVAL;
  request.flags = flags;
  request.exitSignal = <i32>signal;
  request.stackPointer = cloneArguments.stack + cloneArguments.stackSize;
  request.parentTid = cloneArguments.parentTid;
  request.childTid = cloneArguments.childTid;
  request.pidfd = cloneArguments.pidfd;
  request.tls = cloneArguments.tls;
  return clone(request);
}

function fork(): i64 {
  return cloneCall(<u64>SIGCHLD, 0, 0, 0, 0);
}

function vfork(): i64 {
  return cloneCall(CLONE_VFORK | CLONE_VM | <u64>SIGCHLD, 0, 0, 0, 0);
}

/** A process shares nothing that unshare could take apart but descriptors and directories, when clone made it so. */
function unshare(flags: u64): i64 {
  if ((flags & NAMESPACES) != 0) return -EINVAL;
  let process = currentProcess();
  if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0 && process.threads.length > 1) return -EINVAL;
  if ((flags & CLONE_FILES) != 0 && process.descriptors.references > 1) {
    process.descriptors.references--;
    process.descriptors = process.descriptors.copy();
  }
  if ((flags & CLONE_FS) != 0 && process.files.references > 1) {
    process.files.references--;
    process.files = process.files.copy();
  }
  return 0;
}

const report = new ChildReport();
const infoBuffer = new StaticArray<u8>(<i32>SIGINFO_SIZE);
const info = at<KernelSiginfo>(pointerOf(infoBuffer));
const WAIT_KINDS: u32 = __WNOTHREAD | __WCLONE | __WALL;

function wait4(selector: u64, status: u64, options: u64, usage: u64): i64 {
  let id = <i32>selector;
  let bits = <u32>options;
  if ((bits & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_KINDS)) != 0) return -EINVAL;
  if (id == i32.MIN_VALUE) return -ESRCH;
  let process = currentProcess();
  let kind = id == -1 ? P_ALL : id > 0 ? P_PID : P_PGID;
  let which = id == 0 ? process.groupId : id < -1 ? -id : id;
  let found = waitForChild(process, kind, which, bits | WEXITED, report);
  if (found < 0) return found == -EINTR ? -ERESTARTSYS : found;
  if (report.id == 0) return 0;
  let child = report.id;
  if (status != 0 && store32(status, report.word) < 0) return -EFAULT;
  if (usage != 0 && storeUsage(usage, report.runTimeNs, report.systemNs, report.peakResidentPages) < 0) return -EFAULT;
  return child;
}

function waitid(kind: u64, selector: u64, infoAddress: u64, options: u64, usage: u64): i64 {
  let bits = <u32>options;
  if ((bits & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | WAIT_KINDS)) != 0) return -EINVAL;
  if ((bits & (WEXITED | WSTOPPED | WCONTINUED)) == 0) return -EINVAL;
  let process = currentProcess();
  let id = <i32>selector;
  let which = <i32>kind;
  switch (which) {
    case P_ALL:
      break;
    case P_PID:
      if (id <= 0) return -EINVAL;
      break;
    case P_PGID:
      if (id < 0) return -EINVAL;
      if (id == 0) id = process.groupId;
      break;
    case P_PIDFD: {
      let target = processOf(id);
      if (target === null) return -EBADF;
      id = target.id;
      which = P_PID;
      if (target.parent !== process) return -ECHILD;
      break;
    }
    default:
      return -EINVAL;
  }
  let found = waitForChild(process, which, id, bits, report);
  if (found < 0) return found == -EINTR ? -ERESTARTSYS : found;
  if (
    usage != 0 &&
    report.id != 0 &&
    storeUsage(usage, report.runTimeNs, report.systemNs, report.peakResidentPages) < 0
  )
    return -EFAULT;
  if (infoAddress == 0) return 0;
  mem.fill(bytesAddress(infoBuffer), 0, SIGINFO_SIZE);
  if (report.id != 0) {
    info.signal = SIGCHLD;
    info.code = report.code;
    info.word0 = <u64>(<u32>report.id) | ((<u64>report.user) << 32);
    info.word1 = <u64>(<u32>report.status);
  }
  return copyOut(infoAddress, bytesAddress(infoBuffer), SIGINFO_SIZE);
}

/** The process behind a pidfd, or null. */
function processOf(descriptor: i32): Process | null {
  let file = currentProcess().descriptors.get(descriptor);
  return file !== null && file instanceof PidFile ? (file as PidFile).process : null;
}

function getpid(): i64 {
  return currentProcess().id;
}

function getppid(): i64 {
  let parent = currentProcess().parent;
  return parent === null ? 0 : parent.id;
}

/** The process that `id` names, 0 being the caller's. */
function named(id: i32): Process | null {
  return id == 0 ? currentProcess() : findProcess(id);
}

function setpgid(id: u64, group: u64): i64 {
  let self = currentProcess();
  let process = named(<i32>id);
  let groupId = <i32>group;
  if (groupId < 0) return -EINVAL;
  if (process === null || process.state != ProcessState.RUNNING) return -ESRCH;
  if (groupId == 0) groupId = process.id;
  if (process !== self) {
    if (process.parent !== self) return -ESRCH;
    if (process.sessionId != self.sessionId) return -EPERM;
    if (process.hasExecuted) return -EACCES;
  }
  if (process.sessionId == process.id) return -EPERM;
  if (groupId != process.id && !isGroupInSession(groupId, self.sessionId)) return -EPERM;
  process.groupId = groupId;
  return 0;
}

function isGroupInSession(groupId: i32, sessionId: i32): bool {
  let leader = findProcess(groupId);
  return isGroup(groupId) && (leader === null || leader.sessionId == sessionId);
}

function getpgid(id: u64): i64 {
  let process = named(<i32>id);
  return process === null ? -ESRCH : process.groupId;
}

function getpgrp(): i64 {
  return currentProcess().groupId;
}

function setsid(): i64 {
  let process = currentProcess();
  if (isGroup(process.id)) return -EPERM;
  process.sessionId = process.id;
  process.hasNoTerminal = false;
  process.groupId = process.id;
  return process.id;
}

function getsid(id: u64): i64 {
  let process = named(<i32>id);
  return process === null ? -ESRCH : process.sessionId;
}

function pidfdOpen(id: u64, flags: u64): i64 {
  if ((<u32>flags & ~(PIDFD_NONBLOCK | PIDFD_THREAD)) != 0 || <i32>id <= 0) return -EINVAL;
  let process = findProcess(<i32>id);
  if (process === null) return findThread(<i32>id) === null ? -ESRCH : -EINVAL;
  let self = currentProcess();
  let file = new PidFile(process, (<u32>flags & PIDFD_NONBLOCK) != 0);
  let number = self.descriptors.add(file, true, self.limits.descriptors);
  if (number < 0) file.release();
  return number;
}

function pidfdGetfd(descriptor: u64, target: u64, flags: u64): i64 {
  if (flags != 0) return -EINVAL;
  let process = processOf(<i32>descriptor);
  if (process === null) return -EBADF;
  if (process.state != ProcessState.RUNNING) return -ESRCH;
  let self = currentProcess();
  if (self.credentials.effectiveUser != 0 && self.credentials.effectiveUser != process.credentials.realUser)
    return -EPERM;
  let file = process.descriptors.get(<i32>target);
  if (file === null) return -EBADF;
  file.retain();
  let number = self.descriptors.add(file, true, self.limits.descriptors);
  if (number < 0) file.release();
  return number;
}

/** The rows of this family. */
export function defineProcessCalls(): void {
  define5(
    SYS_clone,
    "clone",
    "flags ptr ptr ptr hex",
    cloneCall,
    "complete but namespaces; threads always share descriptors and directories",
  );
  define2(SYS_clone3, "clone3", "ptr size", clone3, "as clone; no set_tid, no cgroups");
  define0(SYS_fork, "fork", "", fork, "complete");
  define0(SYS_vfork, "vfork", "", vfork, "complete");
  define1(SYS_unshare, "unshare", "flags", unshare, "descriptors and directories of a process; no namespaces");
  define4(SYS_wait4, "wait4", "int ptr flags ptr", wait4, "complete");
  define5(SYS_waitid, "waitid", "int int ptr flags ptr", waitid, "complete");
  define0(SYS_getpid, "getpid", "", getpid, "complete");
  define0(SYS_getppid, "getppid", "", getppid, "complete");
  define2(SYS_setpgid, "setpgid", "int int", setpgid, "complete");
  define1(SYS_getpgid, "getpgid", "int", getpgid, "complete");
  define0(SYS_getpgrp, "getpgrp", "", getpgrp, "complete");
  define0(SYS_setsid, "setsid", "", setsid, "complete");
  define1(SYS_getsid, "getsid", "int", getsid, "complete");
  define2(SYS_pidfd_open, "pidfd_open", "int flags", pidfdOpen, "processes; PIDFD_THREAD names the process");
  define6(SYS_process_vm_readv, "process_vm_readv", "int ptr size ptr size flags", processVmReadv, "complete");
  define6(SYS_process_vm_writev, "process_vm_writev", "int ptr size ptr size flags", processVmWritev, "complete");
  define3(SYS_pidfd_getfd, "pidfd_getfd", "fd fd flags", pidfdGetfd, "complete");
}
