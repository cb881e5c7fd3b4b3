// Signals: man 2 rt_sigaction, rt_sigprocmask, rt_sigtimedwait, sigaltstack, kill, tgkill, rt_sigqueueinfo, pidfd_send_signal.

import * as mem from "machine/mem";
import { at, bytesAddress, pointerOf } from "memory/address";
import { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EPERM, ERESTARTNOHAND, ESRCH, ETIMEDOUT } from "../abi/errno";
import {
  KernelSigaction,
  KernelSiginfo,
  KernelStack,
  SA_UNSUPPORTED,
  SI_QUEUE,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCONT,
  SIGACTION_SIZE,
  SIGINFO_SIZE,
  SIGINFO_USED,
  SIGNAL_SET_SIZE,
  STACK_T_SIZE,
} from "../abi/signal";
import {
  SYS_kill,
  SYS_pause,
  SYS_pidfd_send_signal,
  SYS_restart_syscall,
  SYS_rt_sigaction,
  SYS_rt_sigpending,
  SYS_rt_sigprocmask,
  SYS_rt_sigqueueinfo,
  SYS_rt_sigreturn,
  SYS_rt_sigsuspend,
  SYS_rt_sigtimedwait,
  SYS_rt_tgsigqueueinfo,
  SYS_sigaltstack,
  SYS_signalfd,
  SYS_signalfd4,
  SYS_tgkill,
  SYS_tkill,
} from "../abi/syscall-numbers";
import { copyIn, copyOut, fetch64, fetched, store64 } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import { O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl";
import { PidFile } from "../process/pid-file";
import { Process, ProcessState } from "../process/process";
import { findProcess, findThread, isGroup, processAt, processCount } from "../process/process-table";
import { noRestart } from "../process/restart";
import { takePending } from "../process/signal-delivery";
import { SignalFile } from "../process/signal-file";
import { restoreFrame } from "../process/signal-frame";
import { replenish, SignalRecord } from "../process/signal-queue";
import { checkSender, discard, fillSender, sendToProcess, sendToThread, setMask } from "../process/signal-send";
import { contains, isSignal, setOf, SignalSet, UNBLOCKABLE } from "../process/signal-set";
import { processOf } from "../procfs/process-directory";
import { setSignalStack, signalStackState } from "../process/signal-stack";
import { holdMask } from "../process/temporary-mask";
import { readTimespec, timespecNs } from "../process/time-values";
import { UserThread } from "../process/user-thread";
import { block } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { File } from "../vfs/file";
import { define0, define2, define3, define4 } from "./table";

const actionBuffer = new StaticArray<u8>(<i32>SIGACTION_SIZE);
const action = at<KernelSigaction>(pointerOf(actionBuffer));
const infoBuffer = new StaticArray<u8>(<i32>SIGINFO_SIZE);
const info = at<KernelSiginfo>(pointerOf(infoBuffer));
const stackBuffer = new StaticArray<u8>(<i32>STACK_T_SIZE);
const stack = at<KernelStack>(pointerOf(stackBuffer));
const record = new SignalRecord();

function rtSigaction(signal: u64, newAction: u64, oldAction: u64, setSize: u64): i64 {
  let number = <i32>signal;
  if (setSize != SIGNAL_SET_SIZE || !isSignal(number)) return -EINVAL;
  if (newAction != 0 && contains(UNBLOCKABLE, number)) return -EINVAL;
  let process = currentProcess();
  let actions = process.signalActions;
  let handler: u64 = 0;
  let flags: u64 = 0;
  let restorer: u64 = 0;
  let mask: u64 = 0;
  if (newAction != 0) {
    if (copyIn(bytesAddress(actionBuffer), newAction, SIGACTION_SIZE) < 0) return -EFAULT;
    handler = action.handler;
    flags = action.flags & ~SA_UNSUPPORTED;
    restorer = action.restorer;
    mask = action.mask & ~UNBLOCKABLE;
  }
  if (oldAction != 0) {
    action.handler = actions.handler(number);
    action.flags = actions.flags(number);
    action.restorer = actions.restorer(number);
    action.mask = actions.mask(number);
    if (copyOut(oldAction, bytesAddress(actionBuffer), SIGACTION_SIZE) < 0) return -EFAULT;
  }
  if (newAction == 0) return 0;
  actions.set(number, handler, flags, restorer, mask);
  // man 2 sigaction: setting a pending signal to be ignored discards it.
  if (handler == SIG_IGN || (handler == SIG_DFL && actions.isIgnored(number))) discard(process, setOf(number));
  return 0;
}

function rtSigprocmask(how: u64, set: u64, oldSet: u64, setSize: u64): i64 {
  if (setSize != SIGNAL_SET_SIZE) return -EINVAL;
  let thread = currentThread();
  let old = thread.mask;
  if (set != 0) {
    if (fetch64(set) < 0) return -EFAULT;
    let change = fetched & ~UNBLOCKABLE;
    let mask: SignalSet;
    switch (<i32>how) {
      case SIG_BLOCK:
        mask = old | change;
        break;
      case SIG_UNBLOCK:
        mask = old & ~change;
        break;
      case SIG_SETMASK:
        mask = change;
        break;
      default:
        return -EINVAL;
    }
    if (mask != old) setMask(thread, mask);
  }
  return oldSet == 0 ? 0 : store64(oldSet, old);
}

function rtSigpending(set: u64, setSize: u64): i64 {
  if (setSize > SIGNAL_SET_SIZE) return -EINVAL;
  let thread = currentThread();
  record.word0 = (thread.pending.set | thread.process.pending.set) & thread.mask;
  return setSize == SIGNAL_SET_SIZE ? store64(set, record.word0) : -EINVAL;
}

function pause(): i64 {
  while (block() != -EINTR) {}
  return -ERESTARTNOHAND;
}

function rtSigsuspend(set: u64, setSize: u64): i64 {
  if (setSize != SIGNAL_SET_SIZE) return -EINVAL;
  if (fetch64(set) < 0) return -EFAULT;
  holdMask(currentThread(), fetched);
  return pause();
}

function rtSigtimedwait(set: u64, infoAddress: u64, timeout: u64, setSize: u64): i64 {
  if (setSize != SIGNAL_SET_SIZE) return -EINVAL;
  if (fetch64(set) < 0) return -EFAULT;
  let wanted = fetched & ~UNBLOCKABLE;
  let deadlineNs = FOREVER;
  if (timeout != 0) {
    let failed = readTimespec(timeout);
    if (failed < 0) return failed;
    deadlineNs = clock.nowNs() + timespecNs;
  }
  let thread = currentThread();
  let signal = takePending(thread, wanted, record);
  if (signal == 0) signal = awaitSignal(thread, wanted, deadlineNs);
  if (signal < 0) return signal;
  if (infoAddress != 0 && storeInfo(infoAddress) < 0) return -EFAULT;
  return signal;
}

/** Let the wanted signals reach the thread while it waits. Returns one of them in `record`, -EAGAIN (time over) or -EINTR. */
function awaitSignal(thread: UserThread, wanted: SignalSet, deadlineNs: u64): i32 {
  let mask = thread.mask;
  thread.realMask = mask;
  setMask(thread, mask & ~wanted);
  let signal = 0;
  let result = 0;
  while (true) {
    result = block(deadlineNs);
    signal = takePending(thread, wanted, record);
    if (signal != 0 || result == -ETIMEDOUT || result == -EINTR) break;
  }
  thread.realMask = 0;
  setMask(thread, mask);
  if (signal != 0) return signal;
  return result == -EINTR ? -EINTR : -EAGAIN;
}

/** `record` as a siginfo_t of the program. */
function storeInfo(address: u64): i32 {
  mem.fill(bytesAddress(infoBuffer), 0, SIGINFO_SIZE);
  record.store(info);
  return copyOut(address, bytesAddress(infoBuffer), SIGINFO_SIZE);
}

/** A siginfo_t of the program into `record`. */
function loadInfo(address: u64, signal: i32): i32 {
  if (copyIn(bytesAddress(infoBuffer), address, SIGINFO_USED) < 0) return -EFAULT;
  record.load(info);
  record.signal = signal;
  return 0;
}

/** man 2 rt_sigqueueinfo: only to oneself may a program claim to be the kernel or kill(2). */
function isForged(target: Process): bool {
  return (record.code >= SI_USER || record.code == SI_TKILL) && target !== currentProcess();
}

function rtSigqueueinfo(id: u64, signal: u64, infoAddress: u64): i64 {
  let target = findProcess(<i32>id);
  if (loadInfo(infoAddress, <i32>signal) < 0) return -EFAULT;
  if (target !== null && isForged(target)) return -EPERM;
  return sendInfo(target, null, <i32>signal);
}

function rtTgsigqueueinfo(group: u64, id: u64, signal: u64, infoAddress: u64): i64 {
  if (<i32>group <= 0 || <i32>id <= 0) return -EINVAL;
  if (loadInfo(infoAddress, <i32>signal) < 0) return -EFAULT;
  let thread = findThread(<i32>id);
  if (thread === null || thread.process.id != <i32>group) return -ESRCH;
  if (isForged(thread.process)) return -EPERM;
  return sendInfo(thread.process, thread, <i32>signal);
}

/**
 * The first process is the machine: what another process sends it and it does not handle, SIGKILL included, does nothing, as to
 * Linux's init (man 2 kill, NOTES). Orphans that signal the parent they had would end the machine otherwise.
 */
function isSpared(target: Process, signal: i32): bool {
  return (
    target.id == 1 &&
    target !== currentProcess() &&
    signal != SIGCONT &&
    target.signalActions.handler(signal) == SIG_DFL
  );
}

/** Send `record` to a thread or, without one, to a process. Signal 0 only checks. */
function sendInfo(target: Process | null, thread: UserThread | null, signal: i32): i64 {
  if (target === null) return -ESRCH;
  if (signal != 0 && !isSignal(signal)) return -EINVAL;
  let refused = checkSender(target, signal);
  if (refused < 0 || signal == 0 || isSpared(target, signal)) return refused;
  replenish();
  return thread === null ? sendToProcess(target, record) : sendToThread(thread, record);
}

function kill(id: u64, signal: u64): i64 {
  let number = <i32>id;
  let signo = <i32>signal;
  if (signo != 0 && !isSignal(signo)) return -EINVAL;
  if (number > 0) return killProcess(findProcess(number), signo);
  if (number == i32.MIN_VALUE) return -ESRCH;
  return killMany(number, signo);
}

function killProcess(target: Process | null, signal: i32): i64 {
  if (target === null) {
    return -ESRCH;
  }
  fillSender(record, signal, SI_USER);
  return sendInfo(target, null, signal);
}

/** kill(0), kill(-1), kill(-group): success when one was reached. */
function killMany(selector: i32, signal: i32): i64 {
  let self = currentProcess();
  let group = selector == 0 ? self.groupId : -selector;
  if (selector != -1 && !isGroup(group)) return -ESRCH;
  let result: i64 = -ESRCH;
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    let isMeant = selector == -1 ? process.id != 1 && process !== self : process.groupId == group;
    if (isMeant) {
      let sent = killProcess(process, signal);
      if (sent == 0 || result == -ESRCH) result = sent;
    }
  }
  return result;
}

function tkill(id: u64, signal: u64): i64 {
  return killThread(0, <i32>id, <i32>signal);
}

function tgkill(group: u64, id: u64, signal: u64): i64 {
  return <i32>group <= 0 ? -EINVAL : killThread(<i32>group, <i32>id, <i32>signal);
}

function killThread(group: i32, id: i32, signal: i32): i64 {
  if (id <= 0 || (signal != 0 && !isSignal(signal))) return -EINVAL;
  let thread = findThread(id);
  if (thread === null) {
    // A zombie's number still names it.
    let process = findProcess(id);
    let isThere = process !== null && process.state == ProcessState.ZOMBIE && (group == 0 || group == id);
    return isThere ? 0 : -ESRCH;
  }
  if (group != 0 && thread.process.id != group) return -ESRCH;
  fillSender(record, signal, SI_TKILL);
  return sendInfo(thread.process, thread, signal);
}

/** The process of a pidfd, or of an open directory /proc/PID. */
function processBehind(file: File | null): Process | null {
  if (file === null) return null;
  if (file instanceof PidFile) return (file as PidFile).process;
  let inode = file.inode;
  return inode === null ? null : processOf(inode);
}

function pidfdSendSignal(descriptor: u64, signal: u64, infoAddress: u64, flags: u64): i64 {
  if (<u32>flags > 4) return -EINVAL;
  let target = processBehind(currentProcess().descriptors.get(<i32>descriptor));
  if (target === null) return -EBADF;
  if (target.state == ProcessState.REAPED) return -ESRCH;
  if (infoAddress == 0) return killProcess(target, <i32>signal);
  if (loadInfo(infoAddress, <i32>signal) < 0) return -EFAULT;
  if (info.signal != <i32>signal) return -EINVAL;
  if (isForged(target) && record.code != SI_QUEUE) return -EPERM;
  return sendInfo(target, null, <i32>signal);
}

function sigaltstack(newStack: u64, oldStack: u64): i64 {
  let thread = currentThread();
  let stackPointer = thread.registers.rsp;
  let oldPointer = thread.signalStack;
  let oldSize = thread.signalStackSize;
  let oldFlags = signalStackState(thread, stackPointer);
  if (newStack != 0) {
    if (copyIn(bytesAddress(stackBuffer), newStack, STACK_T_SIZE) < 0) return -EFAULT;
    let failed = setSignalStack(thread, stack.pointer, stack.flags, stack.size, stackPointer);
    if (failed < 0) return failed;
  }
  if (oldStack == 0) return 0;
  stack.pointer = oldPointer;
  stack.flags = oldFlags;
  stack.padding = 0;
  stack.size = oldSize;
  return copyOut(oldStack, bytesAddress(stackBuffer), STACK_T_SIZE);
}

/** man 2 signalfd: SFD_CLOEXEC and SFD_NONBLOCK are O_CLOEXEC and O_NONBLOCK. */
function signalfd4(descriptor: u64, mask: u64, maskSize: u64, flags: u64): i64 {
  if (maskSize != SIGNAL_SET_SIZE || (<u32>flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  if (fetch64(mask) < 0) return -EFAULT;
  let set = fetched & ~UNBLOCKABLE;
  let process = currentProcess();
  if (<i32>descriptor == -1) {
    let created = new SignalFile(process, set, (<u32>flags & O_NONBLOCK) != 0);
    let number = process.descriptors.add(created, (<u32>flags & O_CLOEXEC) != 0, process.limits.descriptors);
    if (number < 0) created.release();
    return number;
  }
  let file = process.descriptors.get(<i32>descriptor);
  if (file === null) return -EBADF;
  if (!(file instanceof SignalFile)) return -EINVAL;
  (file as SignalFile).set = set;
  process.signalArrived.wakeAll();
  return <i64>(<i32>descriptor);
}

function signalfd(descriptor: u64, mask: u64, maskSize: u64): i64 {
  return signalfd4(descriptor, mask, maskSize, 0);
}

function rtSigreturn(): i64 {
  let thread = currentThread();
  restoreFrame(thread);
  return <i64>thread.registers.rax;
}

function restartSyscall(): i64 {
  let thread = currentThread();
  let handler = thread.restartHandler;
  thread.restartHandler = noRestart;
  return handler(thread);
}

/** The rows of this family. */
export function defineSignalCalls(): void {
  define4(SYS_rt_sigaction, "rt_sigaction", "sig ptr ptr size", rtSigaction, "complete");
  define4(SYS_rt_sigprocmask, "rt_sigprocmask", "int ptr ptr size", rtSigprocmask, "complete");
  define2(SYS_rt_sigpending, "rt_sigpending", "ptr size", rtSigpending, "complete");
  define2(SYS_rt_sigsuspend, "rt_sigsuspend", "ptr size", rtSigsuspend, "complete");
  define4(SYS_rt_sigtimedwait, "rt_sigtimedwait", "ptr ptr ns size", rtSigtimedwait, "complete");
  define3(SYS_rt_sigqueueinfo, "rt_sigqueueinfo", "int sig ptr", rtSigqueueinfo, "complete");
  define4(SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo", "int int sig ptr", rtTgsigqueueinfo, "complete");
  define0(SYS_rt_sigreturn, "rt_sigreturn", "", rtSigreturn, "complete");
  define2(SYS_sigaltstack, "sigaltstack", "ptr ptr", sigaltstack, "complete");
  define0(SYS_pause, "pause", "", pause, "complete");
  define2(SYS_kill, "kill", "int sig", kill, "complete; process 1 is spared as Linux's init is");
  define2(SYS_tkill, "tkill", "int sig", tkill, "complete");
  define3(SYS_tgkill, "tgkill", "int int sig", tgkill, "complete");
  define4(SYS_pidfd_send_signal, "pidfd_send_signal", "fd sig ptr flags", pidfdSendSignal, "to the process");
  define3(SYS_signalfd, "signalfd", "fd ptr size", signalfd, "complete");
  define4(SYS_signalfd4, "signalfd4", "fd ptr size flags", signalfd4, "complete");
  define0(SYS_restart_syscall, "restart_syscall", "", restartSyscall, "complete");
}
