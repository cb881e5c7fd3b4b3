// Scheduling: man 2 sched_yield, sched_setaffinity, sched_setscheduler. The scheduler is round robin for all: policies and
// priorities are kept and shown.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { E2BIG, EFAULT, EINVAL, EPERM, ESRCH } from "../abi/errno";
import { SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RESET_ON_FORK, SCHED_RR } from "../abi/resource";
import {
  SYS_sched_get_priority_max,
  SYS_sched_get_priority_min,
  SYS_sched_getaffinity,
  SYS_sched_getattr,
  SYS_sched_getparam,
  SYS_sched_getscheduler,
  SYS_sched_rr_get_interval,
  SYS_sched_setaffinity,
  SYS_sched_setattr,
  SYS_sched_setparam,
  SYS_sched_setscheduler,
  SYS_sched_yield,
} from "../abi/syscall-numbers";
import { copyIn, copyOut, fetch32, fetch64, fetched, store32, store64 } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import { findThread } from "../process/process-table";
import { writeTimespec } from "../process/time-values";
import { UserThread } from "../process/user-thread";
import * as scheduler from "../sched/scheduler";
import { define0, define1, define2, define3, define4 } from "./table";

const LOWEST: i32 = 1;
const HIGHEST: i32 = 99;

function schedYield(): i64 {
  scheduler.yieldNow();
  return 0;
}

function named(id: i32): UserThread | null {
  return id == 0 ? currentThread() : findThread(id);
}

function schedGetaffinity(id: u64, length: u64, mask: u64): i64 {
  if ((length & 7) != 0 || length < 8) return -EINVAL;
  if (named(<i32>id) === null) return -ESRCH;
  return store64(mask, 1) < 0 ? -EFAULT : 8;
}

function schedSetaffinity(id: u64, length: u64, mask: u64): i64 {
  if (named(<i32>id) === null) return -ESRCH;
  if (length == 0) return -EINVAL;
  // Only the first CPU is there; which others are asked for does not matter.
  let failed = length >= 8 ? fetch64(mask) : fetch32(mask);
  if (failed < 0) return -EFAULT;
  return (fetched & 1) != 0 ? 0 : -EINVAL;
}

function isRealTimePolicy(policy: i32): bool {
  return policy == SCHED_FIFO || policy == SCHED_RR;
}

function isPolicy(policy: i32): bool {
  return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || isRealTimePolicy(policy);
}

/** Set policy and priority. Returns 0, -EINVAL or -EPERM. */
function setPolicy(thread: UserThread, policy: i32, priority: i32): i64 {
  if (!isPolicy(policy)) return -EINVAL;
  if (isRealTimePolicy(policy) ? priority < LOWEST || priority > HIGHEST : priority != 0) return -EINVAL;
  if (isRealTimePolicy(policy) && currentProcess().credentials.effectiveUser != 0) return -EPERM;
  thread.policy = policy;
  thread.priority = priority;
  return 0;
}

function schedSetscheduler(id: u64, policy: u64, parameter: u64): i64 {
  if (<i32>id < 0) return -EINVAL;
  if (fetch32(parameter) < 0) return -EFAULT;
  let thread = named(<i32>id);
  if (thread === null) return -ESRCH;
  return setPolicy(thread, <i32>policy & ~SCHED_RESET_ON_FORK, <i32>fetched);
}

function schedGetscheduler(id: u64): i64 {
  if (<i32>id < 0) return -EINVAL;
  let thread = named(<i32>id);
  return thread === null ? -ESRCH : thread.policy;
}

function schedSetparam(id: u64, parameter: u64): i64 {
  if (<i32>id < 0 || parameter == 0) return -EINVAL;
  if (fetch32(parameter) < 0) return -EFAULT;
  let thread = named(<i32>id);
  return thread === null ? -ESRCH : setPolicy(thread, thread.policy, <i32>fetched);
}

function schedGetparam(id: u64, parameter: u64): i64 {
  if (<i32>id < 0 || parameter == 0) return -EINVAL;
  let thread = named(<i32>id);
  return thread === null ? -ESRCH : store32(parameter, thread.priority);
}

function schedGetPriorityMax(policy: u64): i64 {
  return isPolicy(<i32>policy) ? (isRealTimePolicy(<i32>policy) ? HIGHEST : 0) : -EINVAL;
}

function schedGetPriorityMin(policy: u64): i64 {
  return isPolicy(<i32>policy) ? (isRealTimePolicy(<i32>policy) ? LOWEST : 0) : -EINVAL;
}

function schedRrGetInterval(id: u64, interval: u64): i64 {
  if (<i32>id < 0) return -EINVAL;
  if (named(<i32>id) === null) return -ESRCH;
  return writeTimespec(interval, scheduler.TIME_SLICE_NS);
}

/** struct sched_attr, version 0: size, policy, flags, nice, priority, runtime, deadline, period. */
const ATTRIBUTES_SIZE: u64 = 48;
const attributes = new StaticArray<u8>(<i32>ATTRIBUTES_SIZE);

function schedGetattr(id: u64, address: u64, size: u64, flags: u64): i64 {
  if (address == 0 || <i32>id < 0 || flags != 0 || size < ATTRIBUTES_SIZE || size > 4096) return -EINVAL;
  let thread = named(<i32>id);
  if (thread === null) return -ESRCH;
  let first = bytesAddress(attributes);
  mem.fill(first, 0, ATTRIBUTES_SIZE);
  mem.store32(first, <u32>ATTRIBUTES_SIZE);
  mem.store32(first + 4, thread.policy);
  mem.store32(first + 16, thread.nice);
  mem.store32(first + 20, thread.priority);
  return copyOut(address, first, ATTRIBUTES_SIZE);
}

function schedSetattr(id: u64, address: u64, flags: u64): i64 {
  if (address == 0 || <i32>id < 0 || flags != 0) return -EINVAL;
  if (fetch32(address) < 0) return -EFAULT;
  let size = fetched == 0 ? ATTRIBUTES_SIZE : fetched;
  if (size < ATTRIBUTES_SIZE || size > 4096) {
    store32(address, <u32>ATTRIBUTES_SIZE);
    return -E2BIG;
  }
  let first = bytesAddress(attributes);
  if (copyIn(first, address, ATTRIBUTES_SIZE) < 0) return -EFAULT;
  let thread = named(<i32>id);
  if (thread === null) return -ESRCH;
  let failed = setPolicy(thread, <i32>mem.load32(first + 4), <i32>mem.load32(first + 20));
  if (failed == 0) thread.nice = max(-20, min(19, <i32>mem.load32(first + 16)));
  return failed;
}

/** The rows of this family. */
export function defineScheduleCalls(): void {
  define0(SYS_sched_yield, "sched_yield", "", schedYield, "complete");
  define3(SYS_sched_getaffinity, "sched_getaffinity", "int size ptr", schedGetaffinity, "one CPU");
  define3(SYS_sched_setaffinity, "sched_setaffinity", "int size ptr", schedSetaffinity, "one CPU");
  define3(SYS_sched_setscheduler, "sched_setscheduler", "int int ptr", schedSetscheduler, "kept and shown");
  define1(SYS_sched_getscheduler, "sched_getscheduler", "int", schedGetscheduler, "complete");
  define2(SYS_sched_setparam, "sched_setparam", "int ptr", schedSetparam, "kept and shown");
  define2(SYS_sched_getparam, "sched_getparam", "int ptr", schedGetparam, "complete");
  define1(SYS_sched_get_priority_max, "sched_get_priority_max", "int", schedGetPriorityMax, "complete");
  define1(SYS_sched_get_priority_min, "sched_get_priority_min", "int", schedGetPriorityMin, "complete");
  define2(SYS_sched_rr_get_interval, "sched_rr_get_interval", "int ptr", schedRrGetInterval, "complete");
  define4(SYS_sched_getattr, "sched_getattr", "int ptr size flags", schedGetattr, "complete");
  define3(SYS_sched_setattr, "sched_setattr", "int ptr flags", schedSetattr, "kept and shown; no SCHED_DEADLINE");
}
