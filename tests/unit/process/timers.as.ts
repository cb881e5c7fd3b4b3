// Interval and POSIX timers on a simulated clock, for timers.test.ts. Signals pile up in process 1, whose thread never runs.

import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { SIGEV_SIGNAL } from "../../../kernel/abi/signal";
import * as extendedState from "../../../kernel/process/extended-state";
import { createFirstProcess } from "../../../kernel/process/first-process";
import { PosixTimer } from "../../../kernel/process/posix-timers";
import { findProcess } from "../../../kernel/process/process-table";
import { RLIMIT_CPU } from "../../../kernel/process/resource-limits";
import { SignalRecord } from "../../../kernel/process/signal-queue";
import * as clock from "../../../kernel/sched/clock";
import * as scheduler from "../../../kernel/sched/scheduler";

const taken = new SignalRecord();

export function setUp(): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  extendedState.initialize();
  let thread = createFirstProcess();
  // The signals have handlers: they become pending.
  for (let signal = 1; signal <= 64; signal++) thread.process.signalActions.set(signal, 0x1000, 0, 0, 0);
}

export function expire(): void {
  scheduler.expireTimers();
}

/** The number of a new timer that sends `signal`. */
export function create(clockId: i32, signal: i32): i32 {
  let process = findProcess(1)!;
  let timer = process.posixTimers.create(process, clockId)!;
  timer.notify = SIGEV_SIGNAL;
  timer.signal = signal;
  timer.value = 42;
  return timer.id;
}

function find(id: i32): PosixTimer {
  return findProcess(1)!.posixTimers.find(id)!;
}

export function setTimer(id: i32, valueNs: u64, intervalNs: u64, isAbsolute: bool): void {
  find(id).set(valueNs, intervalNs, isAbsolute);
}
export function remaining(id: i32): u64 {
  return find(id).remainingNs;
}
export function remove(id: i32): void {
  findProcess(1)!.posixTimers.delete(find(id));
}
export function setWall(ns: u64): void {
  clock.setWallOffsetNs(ns - clock.nowNs());
  findProcess(1)!.posixTimers.wallClockChanged();
}

export function pending(): u64 {
  return findProcess(1)!.pending.set;
}
/** Take a pending signal; its overrun count. */
export function take(signal: i32): i32 {
  findProcess(1)!.pending.take(signal, taken);
  return taken.overrun;
}
export function takenValue(): u64 {
  return taken.word1;
}
export function overrunOf(id: i32): i32 {
  return find(id).record.deliveredOverrun;
}

export function setInterval(which: i32, valueNs: u64, intervalNs: u64): void {
  findProcess(1)!.intervalTimers.timer(which).set(valueNs, intervalNs);
}
export function intervalRemaining(which: i32): u64 {
  return findProcess(1)!.intervalTimers.timer(which).remainingNs;
}
export function setCpuLimit(soft: u64, hard: u64): void {
  let process = findProcess(1)!;
  process.limits.soft[RLIMIT_CPU] = soft;
  process.limits.hard[RLIMIT_CPU] = hard;
  process.processorLimitChanged();
}
export function isEnding(): bool {
  return findProcess(1)!.isExiting;
}
export function useCpu(ns: u64): void {
  findProcess(1)!.pastRunTimeNs += ns;
}
