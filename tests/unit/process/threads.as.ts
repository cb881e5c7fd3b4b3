// Processes and threads on a simulated machine, for threads.test.ts. A thread's program is a number: `run` says what it does in the
// kernel; what it found goes to a journal that the test reads.

import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { P_ALL } from "../../../kernel/abi/clone";

import { exitGroup, exitWithCode, exitThread, MachineEnd, setMachineEnd } from "../../../kernel/process/exit";
import * as extendedState from "../../../kernel/process/extended-state";
import { createFirstProcess } from "../../../kernel/process/first-process";
import { requeueFutex, waitFutex, wakeFutex } from "../../../kernel/process/futex";
import { lockFutex, unlockFutex } from "../../../kernel/process/futex-lock";
import { Process } from "../../../kernel/process/process";
import {
  addProcess,
  addThread,
  allocateId,
  findProcess,
  findThread,
  removeThread,
} from "../../../kernel/process/process-table";
import { deliverPending } from "../../../kernel/process/signal-delivery";
import { restoreFrame } from "../../../kernel/process/signal-frame";
import { replenish } from "../../../kernel/process/signal-queue";
import { setMask, signalProcess, signalThread } from "../../../kernel/process/signal-send";
import { SYS_kill } from "../../../kernel/abi/syscall-numbers";
import { defineSignalCalls } from "../../../kernel/syscall/signal";
import { find } from "../../../kernel/syscall/table";
import { UserThread } from "../../../kernel/process/user-thread";
import { ChildReport, waitForChild } from "../../../kernel/process/wait-child";
import { block } from "../../../kernel/sched/block";
import * as scheduler from "../../../kernel/sched/scheduler";
import { Thread } from "../../../kernel/sched/thread";
import { FOREVER } from "../../../kernel/sched/timer";

const ALL_BITS: u32 = 0xffffffff;
const journal: Array<i64> = [] as i64[];
let machineStatus: i32 = -1;

class Recorder extends MachineEnd {
  override onInitExit(status: i32): void {
    machineStatus = status;
  }
}

const enum Script {
  FUTEX_WAIT,
  LOCK_HOLD_UNLOCK,
  BLOCK,
  WAIT_CHILD,
  EXIT_WITH_7,
  EXIT_GROUP_9,
  KILL,
}

class TestThread extends UserThread {
  script: i32 = 0;
  argument: u64 = 0;
  deadlineNs: u64 = FOREVER;
  restarts: bool = true;

  override main(): void {
    this.run();
    // The way back to the program.
    while (this.attention != 0) deliverPending(this, false);
    exitThread();
  }

  private note(result: i64): void {
    journal.push(this.id);
    journal.push(result);
  }

  private run(): void {
    switch (this.script) {
      case Script.FUTEX_WAIT:
        this.note(waitFutex(this.argument, true, 0, ALL_BITS, this.deadlineNs));
        return;
      case Script.LOCK_HOLD_UNLOCK:
        this.note(lockFutex(this.argument, true, true, FOREVER));
        scheduler.yieldNow();
        this.note(unlockFutex(this.argument, true));
        return;
      case Script.BLOCK:
        while (true) {
          let result = block(this.deadlineNs);
          this.note(result);
          if (result == 0) continue;
          while (this.attention != 0) deliverPending(this, false);
          if (!this.restarts) return;
        }
      case Script.WAIT_CHILD: {
        let report = new ChildReport();
        let result = waitForChild(this.process, P_ALL, 0, <u32>this.argument, report);
        this.note(result < 0 ? result : <i64>report.id * 0x10000 + report.word);
        return;
      }
      case Script.EXIT_WITH_7:
        exitWithCode(7);
        return;
      case Script.KILL: {
        let call = find(<u64>SYS_kill);
        if (call !== null) this.note(call.run(this.argument >> 8, this.argument & 0xff, 0, 0, 0, 0));
        return;
      }
      default:
        exitGroup(9);
    }
  }
}

function launch(thread: UserThread): void {
  assert(scheduler.start(thread), "no stack");
}

export function threadMain(argument: usize): void {
  scheduler.runThread(changetype<Thread>(argument));
}

export function setUp(): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.reserveKernel(0xffffffff80000000, 0xfffffffffffff000);
  pageTables.activate(pageTables.kernel());
  extendedState.initialize();
  setMachineEnd(new Recorder());
  defineSignalCalls();
  replenish();
  createFirstProcess();
}

/** Forget the first process's first thread, which has no program here. */
export function dropFirstThread(): void {
  let thread = findThread(1)!;
  removeThread(thread);
  thread.process.threads.shift();
}

/** A process without threads, child of `parent`. */
export function makeProcess(parent: i32): i32 {
  let process = new Process();
  process.id = allocateId();
  process.parent = findProcess(parent);
  process.groupId = process.id;
  process.sessionId = 1;
  findProcess(parent)!.children.push(process);
  addProcess(process);
  return process.id;
}

export function makeThread(processId: i32, script: i32, argument: u64, deadlineNs: u64): i32 {
  let process = findProcess(processId)!;
  let thread = new TestThread(process);
  thread.script = script;
  thread.argument = argument;
  thread.deadlineNs = deadlineNs == 0 ? FOREVER : deadlineNs;
  thread.id = process.threads.length == 0 && findThread(processId) === null ? processId : allocateId();
  thread.stateArea = extendedState.allocate();
  process.threads.push(thread);
  addThread(thread);
  launch(thread);
  return thread.id;
}

/** Let every thread run until all are blocked. */
export function settle(): void {
  scheduler.expireTimers();
  scheduler.yieldNow();
}

export function journalLength(): i32 {
  return journal.length;
}
export function journalEntry(index: i32): i64 {
  return journal[index];
}
export function endStatus(): i32 {
  return machineStatus;
}

/** As the first process's only thread: wake, requeue. It must be the current thread for keys: a private key needs its process. */
class Waker extends UserThread {
  result: i64 = 0;
  kind: i32 = 0;
  address: u64 = 0;
  count: i32 = 0;
  target: u64 = 0;
  override main(): void {
    if (this.kind == 0) this.result = wakeFutex(this.address, true, this.count, ALL_BITS);
    else this.result = requeueFutex(this.address, this.target, true, true, this.count, i32.MAX_VALUE, false, 0);
    journal.push(-1);
    journal.push(this.result);
    this.process.threads.pop();
    scheduler.exitCurrent();
  }
}

export function wakeFrom(processId: i32, kind: i32, address: u64, count: i32, target: u64): void {
  let process = findProcess(processId)!;
  let waker = new Waker(process);
  waker.kind = kind;
  waker.address = address;
  waker.count = count;
  waker.target = target;
  process.threads.push(waker);
  launch(waker);
  scheduler.yieldNow();
}

export function sendToProcess(processId: i32, signal: i32): void {
  replenish();
  signalProcess(findProcess(processId)!, signal);
}
export function sendToThread(threadId: i32, signal: i32): void {
  replenish();
  signalThread(findThread(threadId)!, signal);
}
export function blockSignals(threadId: i32, mask: u64): void {
  setMask(findThread(threadId)!, mask);
}
export function setHandler(processId: i32, signal: i32, handler: u64, flags: u64, mask: u64): void {
  findProcess(processId)!.signalActions.set(signal, handler, flags, 0x1234, mask);
}
/** 0 running, 1 zombie, 2 reaped; -1 unknown. */
export function stateOf(processId: i32): i32 {
  let process = findProcess(processId);
  return process === null ? -1 : process.state;
}
export function threadsOf(processId: i32): i32 {
  return findProcess(processId)!.threads.length;
}
export function parentOf(processId: i32): i32 {
  return findProcess(processId)!.parent!.id;
}
export function pendingOf(processId: i32): u64 {
  return findProcess(processId)!.pending.set;
}
export function isThread(id: i32): bool {
  return findThread(id) !== null;
}
export function setRobustList(threadId: i32, head: u64): void {
  findThread(threadId)!.robustList = head;
}
export function clearTidOf(threadId: i32, address: u64): void {
  findThread(threadId)!.clearChildTid = address;
}

// ── Signal frames ──

export function setRegisters(threadId: i32, rip: u64, rsp: u64, rax: u64, callNumber: i64): void {
  let registers = findThread(threadId)!.registers;
  registers.r15 = 15;
  registers.rdi = 0xd1;
  registers.rip = rip;
  registers.rsp = rsp;
  registers.rax = rax;
  registers.rflags = 0x246;
  registers.vector = callNumber >= 0 ? 0x100 : 14;
  registers.error = <u64>callNumber;
}
export function register(threadId: i32, which: i32): u64 {
  let registers = findThread(threadId)!.registers;
  switch (which) {
    case 0:
      return registers.rip;
    case 1:
      return registers.rsp;
    case 2:
      return registers.rax;
    case 3:
      return registers.rdi;
    case 4:
      return registers.rsi;
    case 5:
      return registers.rdx;
    case 6:
      return registers.r15;
    case 7:
      return registers.vector;
    default:
      return registers.rflags;
  }
}
export function setSignalStack(threadId: i32, address: u64, size: u64): void {
  let thread = findThread(threadId)!;
  thread.signalStack = address;
  thread.signalStackSize = size;
  thread.signalStackFlags = 0;
}
export function maskOf(threadId: i32): u64 {
  return findThread(threadId)!.mask;
}
/** What the return to ring 3 does; the thread must not end or stop in it. */
export function deliver(threadId: i32, mayRestart: bool): void {
  let thread = findThread(threadId)!;
  while (thread.attention != 0) deliverPending(thread, mayRestart);
}
export function sigreturn(threadId: i32): void {
  restoreFrame(findThread(threadId)!);
}
