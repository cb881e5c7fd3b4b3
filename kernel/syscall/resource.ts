// Resource limits and use: man 2 getrlimit, prlimit, getrusage, times, getpriority.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from "../abi/errno";
import { PRIO_PGRP, PRIO_PROCESS, PRIO_USER, RUSAGE_CHILDREN, RUSAGE_SELF, RUSAGE_THREAD } from "../abi/resource";
import {
  SYS_getpriority,
  SYS_getrlimit,
  SYS_getrusage,
  SYS_ioprio_get,
  SYS_ioprio_set,
  SYS_prlimit64,
  SYS_setpriority,
  SYS_setrlimit,
  SYS_times,
} from "../abi/syscall-numbers";
import { NS_PER_CLOCK_TICK } from "../abi/time";
import { copyIn, copyOut } from "../memory/user";
import { processRunNs, processSystemNs } from "../process/cpu-time";
import { currentProcess, currentThread } from "../process/current";
import { Process } from "../process/process";
import { findProcess, findThread, processAt, processCount } from "../process/process-table";
import { LIMIT_COUNT, RLIMIT_CPU, RLIMIT_NOFILE } from "../process/resource-limits";
import { storeProcessUsage, storeThreadUsage, storeUsage } from "../process/usage";
import * as clock from "../sched/clock";
import { define1, define2, define3, define4 } from "./table";
import { MAX_DESCRIPTORS } from "../process/descriptor-table";

const limitBuffer = new StaticArray<u8>(16);

function storeLimit(address: u64, process: Process, resource: i32): i32 {
  mem.store64(bytesAddress(limitBuffer), process.limits.soft[resource]);
  mem.store64(bytesAddress(limitBuffer) + 8, process.limits.hard[resource]);
  return copyOut(address, bytesAddress(limitBuffer), 16);
}

/** Set a limit to what `limitBuffer` holds. Returns 0, -EINVAL or -EPERM. */
function setLimit(process: Process, resource: i32): i32 {
  let soft = mem.load64(bytesAddress(limitBuffer));
  let hard = mem.load64(bytesAddress(limitBuffer) + 8);
  if (soft > hard) return -EINVAL;
  if (resource == RLIMIT_NOFILE && hard > <u64>MAX_DESCRIPTORS) return -EPERM;
  if (hard > process.limits.hard[resource] && currentProcess().credentials.effectiveUser != 0) return -EPERM;
  process.limits.soft[resource] = soft;
  process.limits.hard[resource] = hard;
  if (resource == RLIMIT_CPU) process.processorLimitChanged();
  return 0;
}

function getrlimit(resource: u64, limit: u64): i64 {
  if (<u32>resource >= <u32>LIMIT_COUNT) return -EINVAL;
  return storeLimit(limit, currentProcess(), <i32>resource);
}

function setrlimit(resource: u64, limit: u64): i64 {
  return prlimit(0, resource, limit, 0);
}

function prlimit(id: u64, resource: u64, newLimit: u64, oldLimit: u64): i64 {
  let which = <i32>resource;
  if (<u32>which >= <u32>LIMIT_COUNT) return -EINVAL;
  let self = currentProcess();
  let process = <i32>id == 0 ? self : findProcess(<i32>id);
  if (process === null) return -ESRCH;
  if (process !== self && self.credentials.effectiveUser != 0) return -EPERM;
  if (newLimit != 0 && copyIn(bytesAddress(limitBuffer), newLimit, 16) < 0) return -EFAULT;
  let soft = mem.load64(bytesAddress(limitBuffer));
  let hard = mem.load64(bytesAddress(limitBuffer) + 8);
  if (oldLimit != 0) {
    if (newLimit != 0 && soft > hard) return -EINVAL;
    if (storeLimit(oldLimit, process, which) < 0) return -EFAULT;
    mem.store64(bytesAddress(limitBuffer), soft);
    mem.store64(bytesAddress(limitBuffer) + 8, hard);
  }
  return newLimit == 0 ? 0 : setLimit(process, which);
}

function getrusage(who: u64, usage: u64): i64 {
  let process = currentProcess();
  switch (<i32>who) {
    case RUSAGE_SELF:
      return storeProcessUsage(usage, process);
    case RUSAGE_CHILDREN:
      return storeUsage(usage, process.childrenRunTimeNs, process.childrenSystemNs, process.childrenPeakResidentPages);
    case RUSAGE_THREAD:
      return storeThreadUsage(usage, currentThread());
    default:
      return -EINVAL;
  }
}

const timesBuffer = new StaticArray<u8>(32);

function times(address: u64): i64 {
  let process = currentProcess();
  if (address != 0) {
    let first = bytesAddress(timesBuffer);
    let systemNs = processSystemNs(process);
    mem.store64(first, (processRunNs(process) - systemNs) / NS_PER_CLOCK_TICK);
    mem.store64(first + 8, systemNs / NS_PER_CLOCK_TICK);
    mem.store64(first + 16, (process.childrenRunTimeNs - process.childrenSystemNs) / NS_PER_CLOCK_TICK);
    mem.store64(first + 24, process.childrenSystemNs / NS_PER_CLOCK_TICK);
    if (copyOut(address, first, 32) < 0) return -EFAULT;
  }
  return <i64>(clock.nowNs() / NS_PER_CLOCK_TICK);
}

/** getpriority and setpriority walk the processes that `which` and `who` name. */
function isMeant(process: Process, which: i32, who: i32): bool {
  let self = currentProcess();
  if (which == PRIO_PGRP) return process.groupId == (who == 0 ? self.groupId : who);
  return process.credentials.realUser == (who == 0 ? self.credentials.realUser : <u32>who);
}

/** 20 - nice, so that it is never negative (man 2 getpriority, "C library/kernel differences"). */
function getpriority(which: u64, who: u64): i64 {
  let kind = <i32>which;
  if (kind < PRIO_PROCESS || kind > PRIO_USER) return -EINVAL;
  if (kind == PRIO_PROCESS) {
    let thread = <i32>who == 0 ? currentThread() : findThread(<i32>who);
    return thread === null ? -ESRCH : 20 - thread.nice;
  }
  let best = -1;
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (isMeant(process, kind, <i32>who)) {
      for (let i = 0; i < process.threads.length; i++) best = max(best, 20 - process.threads[i].nice);
    }
  }
  return best < 0 ? -ESRCH : best;
}

function setpriority(which: u64, who: u64, value: u64): i64 {
  let kind = <i32>which;
  if (kind < PRIO_PROCESS || kind > PRIO_USER) return -EINVAL;
  let nice = max(-20, min(19, <i32>value));
  let isPrivileged = currentProcess().credentials.effectiveUser == 0;
  if (kind == PRIO_PROCESS) {
    let thread = <i32>who == 0 ? currentThread() : findThread(<i32>who);
    if (thread === null) return -ESRCH;
    if (nice < thread.nice && !isPrivileged) return -EACCES;
    thread.nice = nice;
    return 0;
  }
  let isFound = false;
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (isMeant(process, kind, <i32>who)) {
      for (let i = 0; i < process.threads.length; i++) {
        if (nice < process.threads[i].nice && !isPrivileged) return -EACCES;
        process.threads[i].nice = nice;
        isFound = true;
      }
    }
  }
  return isFound ? 0 : -ESRCH;
}

/** ioprio_set(2): a class in the upper bits, a level below. */
const IOPRIO_CLASS_SHIFT: u32 = 13;
const IOPRIO_CLASS_NONE: u32 = 0;
const IOPRIO_CLASS_IDLE: u32 = 3;
const IOPRIO_LEVELS: u32 = 8;
/** Whom ioprio calls mean, less one: PRIO_PROCESS, PRIO_PGRP, PRIO_USER. */
const IOPRIO_WHO_PROCESS: i32 = 1;

function ioprioGet(which: u64, who: u64): i64 {
  let kind = <i32>which - IOPRIO_WHO_PROCESS;
  if (kind < PRIO_PROCESS || kind > PRIO_USER) return -EINVAL;
  if (kind == PRIO_PROCESS) {
    let thread = <i32>who == 0 ? currentThread() : findThread(<i32>who);
    return thread === null ? -ESRCH : thread.ioPriority;
  }
  for (let p = 0; p < processCount(); p++) {
    let thread = isMeant(processAt(p), kind, <i32>who) ? processAt(p).firstThread : null;
    if (thread !== null) return thread.ioPriority;
  }
  return -ESRCH;
}

function ioprioSet(which: u64, who: u64, value: u64): i64 {
  let kind = <i32>which - IOPRIO_WHO_PROCESS;
  let priority = <u32>value;
  let ioClass = priority >> IOPRIO_CLASS_SHIFT;
  let level = priority & ((1 << IOPRIO_CLASS_SHIFT) - 1);
  if (kind < PRIO_PROCESS || kind > PRIO_USER || ioClass > IOPRIO_CLASS_IDLE) return -EINVAL;
  if (ioClass == IOPRIO_CLASS_NONE ? level != 0 : ioClass != IOPRIO_CLASS_IDLE && level >= IOPRIO_LEVELS)
    return -EINVAL;
  if (kind == PRIO_PROCESS) {
    let thread = <i32>who == 0 ? currentThread() : findThread(<i32>who);
    if (thread === null) return -ESRCH;
    thread.ioPriority = priority;
    return 0;
  }
  let isFound = false;
  for (let p = 0; p < processCount(); p++) {
    let process = processAt(p);
    if (!isMeant(process, kind, <i32>who)) continue;
    isFound = true;
    for (let i = 0; i < process.threads.length; i++) process.threads[i].ioPriority = priority;
  }
  return isFound ? 0 : -ESRCH;
}

/** The rows of this family. */
export function defineResourceCalls(): void {
  define2(SYS_getrlimit, "getrlimit", "int ptr", getrlimit, "complete");
  define2(SYS_setrlimit, "setrlimit", "int ptr", setrlimit, "complete; not all limits are enforced");
  define4(SYS_prlimit64, "prlimit64", "int int ptr ptr", prlimit, "complete; not all limits are enforced");
  define2(SYS_getrusage, "getrusage", "int ptr", getrusage, "complete; the kernel's share is sampled");
  define1(SYS_times, "times", "ptr", times, "complete; the kernel's share is sampled");
  define2(SYS_getpriority, "getpriority", "int int", getpriority, "complete");
  define2(SYS_ioprio_get, "ioprio_get", "int int", ioprioGet, "complete");
  define3(SYS_ioprio_set, "ioprio_set", "int int hex", ioprioSet, "kept and shown; there is no order of requests");
  define3(SYS_setpriority, "setpriority", "int int int", setpriority, "kept and shown; the scheduler is round robin");
}
