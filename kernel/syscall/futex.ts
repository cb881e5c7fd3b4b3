// futex(2), futex_waitv(2), set_robust_list(2), get_robust_list(2).

import * as user from "machine/user";
import { bytesAddress, at, pointerOf } from "memory/address";
import {
  EAGAIN,
  EFAULT,
  EINTR,
  EINVAL,
  ENOSYS,
  EPERM,
  ERESTARTNOHAND,
  ERESTARTSYS,
  ESRCH,
  ETIMEDOUT,
} from "../abi/errno";
import {
  FUTEX2_PRIVATE,
  FUTEX2_SIZE_MASK,
  FUTEX2_SIZE_U32,
  FUTEX_BITSET_MATCH_ANY,
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMP_REQUEUE,
  FUTEX_LOCK_PI,
  FUTEX_LOCK_PI2,
  FUTEX_OP_ADD,
  FUTEX_OP_ANDN,
  FUTEX_OP_CMP_EQ,
  FUTEX_OP_CMP_GE,
  FUTEX_OP_CMP_GT,
  FUTEX_OP_CMP_LE,
  FUTEX_OP_CMP_LT,
  FUTEX_OP_CMP_NE,
  FUTEX_OP_OPARG_SHIFT,
  FUTEX_OP_OR,
  FUTEX_OP_SET,
  FUTEX_OP_XOR,
  FUTEX_PRIVATE_FLAG,
  FUTEX_REQUEUE,
  FUTEX_TRYLOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAITV_MAX,
  FUTEX_WAITV_SIZE,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
  FUTEX_WAKE_OP,
  FutexWaitv,
  ROBUST_LIST_HEAD_SIZE,
} from "../abi/futex";
import { SYS_futex, SYS_futex_waitv, SYS_get_robust_list, SYS_set_robust_list } from "../abi/syscall-numbers";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../abi/time";
import { copyIn, store64 } from "../memory/user";
import { currentThread } from "../process/current";
import { dequeue, enqueue, findKey, requeueFutex, waitFutex, wakeFutex, wakeKey } from "../process/futex";
import { lockFutex, unlockFutex } from "../process/futex-lock";
import { FutexWaiter } from "../process/futex-waiter";
import { findThread } from "../process/process-table";
import { restartWith } from "../process/restart";
import { readTimespec, timespecNs } from "../process/time-values";
import { UserThread } from "../process/user-thread";
import { block } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { define2, define3, define5, define6 } from "./table";

function futex(address: u64, operation: u64, value: u64, timeout: u64, address2: u64, value3: u64): i64 {
  let bits = <i32>operation;
  let command = bits & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  let isPrivate = (bits & FUTEX_PRIVATE_FLAG) != 0;
  let isWallClock = (bits & FUTEX_CLOCK_REALTIME) != 0;
  let word = <u32>value;
  if (isWallClock && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI2 && command != FUTEX_WAIT) return -ENOSYS;
  switch (command) {
    case FUTEX_WAIT:
      return waitRelative(address, isPrivate, word, timeout);
    case FUTEX_WAIT_BITSET:
      return waitAbsolute(address, isPrivate, word, <u32>value3, timeout, isWallClock);
    case FUTEX_WAKE:
      return wakeFutex(address, isPrivate, <i32>word, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
      return wakeFutex(address, isPrivate, <i32>word, <u32>value3);
    case FUTEX_REQUEUE:
      return requeueFutex(address, address2, isPrivate, isPrivate, <i32>word, <i32>timeout, false, 0);
    case FUTEX_CMP_REQUEUE:
      return requeueFutex(address, address2, isPrivate, isPrivate, <i32>word, <i32>timeout, true, <u32>value3);
    case FUTEX_WAKE_OP:
      return wakeOperation(address, address2, isPrivate, <i32>word, <i32>timeout, <u32>value3);
    case FUTEX_LOCK_PI:
      return lock(address, isPrivate, timeout, true);
    case FUTEX_LOCK_PI2:
      return lock(address, isPrivate, timeout, isWallClock);
    case FUTEX_TRYLOCK_PI:
      return lockFutex(address, isPrivate, false, FOREVER);
    case FUTEX_UNLOCK_PI:
      return unlockFutex(address, isPrivate);
    default:
      return -ENOSYS;
  }
}

function waitRelative(address: u64, isPrivate: bool, expected: u32, timeout: u64): i64 {
  let deadlineNs = FOREVER;
  if (timeout != 0) {
    let failed = readTimespec(timeout);
    if (failed < 0) return failed;
    deadlineNs = clock.nowNs() + timespecNs;
  }
  let result = waitFutex(address, isPrivate, expected, FUTEX_BITSET_MATCH_ANY, deadlineNs);
  if (result != -EINTR) return result;
  if (deadlineNs == FOREVER) return -ERESTARTSYS;
  return restartWith(continueWait, address, <u64>expected | ((<u64>(isPrivate ? 1 : 0)) << 32), deadlineNs, 0);
}

function continueWait(thread: UserThread): i64 {
  let deadlineNs = thread.restart2;
  let isPrivate = thread.restart1 >> 32 != 0;
  let result = waitFutex(thread.restart0, isPrivate, <u32>thread.restart1, FUTEX_BITSET_MATCH_ANY, deadlineNs);
  if (result != -EINTR) return result;
  return restartWith(continueWait, thread.restart0, thread.restart1, deadlineNs, 0);
}

function waitAbsolute(address: u64, isPrivate: bool, expected: u32, bits: u32, timeout: u64, isWallClock: bool): i64 {
  let failed = readDeadline(timeout, isWallClock ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  if (failed < 0) return failed;
  let result = waitFutex(address, isPrivate, expected, bits, deadline);
  return result == -EINTR ? (timeout == 0 ? -ERESTARTSYS : -ERESTARTNOHAND) : result;
}

/** An absolute struct timespec at a user address (0: none) as nanoseconds since boot. */
let deadline: u64 = FOREVER;
function readDeadline(address: u64, clockId: i32): i32 {
  deadline = FOREVER;
  if (address == 0) return 0;
  let failed = readTimespec(address);
  if (failed < 0) return failed;
  deadline = timespecNs;
  if (clockId == CLOCK_REALTIME) {
    let offset = clock.wallOffsetNs();
    deadline = timespecNs > offset ? timespecNs - offset : 0;
  }
  return 0;
}

function lock(address: u64, isPrivate: bool, timeout: u64, isWallClock: bool): i64 {
  let failed = readDeadline(timeout, isWallClock ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  if (failed < 0) return failed;
  let result = lockFutex(address, isPrivate, true, deadline);
  return result == -EINTR ? -ERESTARTSYS : result;
}

/** FUTEX_WAKE_OP: change the second word, wake on the first, and on the second when its old value compares. */
function wakeOperation(address: u64, address2: u64, isPrivate: bool, count: i32, count2: i32, encoded: u32): i64 {
  let operation = <i32>((encoded >> 28) & 7);
  let comparison = <i32>((encoded >> 24) & 15);
  let operand = <u32>(((<i32>encoded) << 8) >> 20);
  let comparand = ((<i32>encoded) << 20) >> 20;
  if (((encoded >> 28) & <u32>FUTEX_OP_OPARG_SHIFT) != 0) operand = (<u32>1) << (operand & 31);
  if (operation > FUTEX_OP_XOR || comparison > FUTEX_OP_CMP_GE) return -ENOSYS;
  let failed = findKey(address, isPrivate);
  if (failed < 0) return failed;
  failed = findKey(address2, isPrivate);
  if (failed < 0) return failed;
  let old = user.load32(address2);
  if (old < 0) return -EFAULT;
  let changed = operate(operation, <u32>old, operand);
  if (user.compareExchange32(address2, <u32>old, changed) != old) return -EFAULT;
  findKey(address, isPrivate);
  let woken = wakeKey(max(count, 1), FUTEX_BITSET_MATCH_ANY);
  if (compares(comparison, <i32>old, comparand)) {
    findKey(address2, isPrivate);
    woken += wakeKey(max(count2, 1), FUTEX_BITSET_MATCH_ANY);
  }
  return woken;
}

function operate(operation: i32, old: u32, operand: u32): u32 {
  switch (operation) {
    case FUTEX_OP_SET:
      return operand;
    case FUTEX_OP_ADD:
      return old + operand;
    case FUTEX_OP_OR:
      return old | operand;
    case FUTEX_OP_ANDN:
      return old & ~operand;
    default:
      return old ^ operand;
  }
}

function compares(comparison: i32, old: i32, comparand: i32): bool {
  switch (comparison) {
    case FUTEX_OP_CMP_EQ:
      return old == comparand;
    case FUTEX_OP_CMP_NE:
      return old != comparand;
    case FUTEX_OP_CMP_LT:
      return old < comparand;
    case FUTEX_OP_CMP_LE:
      return old <= comparand;
    case FUTEX_OP_CMP_GT:
      return old > comparand;
    default:
      return old >= comparand;
  }
}

const waitvBuffer = new StaticArray<u8>(<i32>(FUTEX_WAITV_SIZE * FUTEX_WAITV_MAX));

/** futex_waitv(2): wait for any of several words; the index of the one that was woken. */
function futexWaitv(vector: u64, count: u64, flags: u64, timeout: u64, clockId: u64): i64 {
  if (flags != 0 || count == 0 || count > FUTEX_WAITV_MAX || vector == 0) return -EINVAL;
  let which = <i32>clockId;
  if (timeout != 0 && which != CLOCK_REALTIME && which != CLOCK_MONOTONIC) return -EINVAL;
  let failed = readDeadline(timeout, which);
  if (failed < 0) return failed;
  let until = deadline;
  if (copyIn(bytesAddress(waitvBuffer), vector, count * FUTEX_WAITV_SIZE) < 0) return -EFAULT;
  let thread = currentThread();
  let waiters = new StaticArray<FutexWaiter>(<i32>count);
  let queued = 0;
  let result: i64 = 0;
  for (let i = 0; i < <i32>count; i++) {
    let entry = at<FutexWaitv>(pointerOf(waitvBuffer) + <usize>i * <usize>FUTEX_WAITV_SIZE);
    result = checkEntry(entry);
    if (result < 0) break;
    let waiter = new FutexWaiter();
    waiter.thread = thread;
    waiters[i] = waiter;
    enqueue(waiter, FUTEX_BITSET_MATCH_ANY);
    queued++;
  }
  while (result == 0) {
    let reason = block(until);
    let woken = findWoken(waiters, queued);
    if (woken >= 0) result = woken;
    else if (reason == -ETIMEDOUT) result = -ETIMEDOUT;
    else if (reason == -EINTR) result = timeout == 0 ? -ERESTARTSYS : -ERESTARTNOHAND;
    else continue;
    break;
  }
  for (let i = 0; i < queued; i++) dequeue(waiters[i]);
  return result;
}

function checkEntry(entry: FutexWaitv): i64 {
  if (entry.reserved != 0 || (entry.flags & ~(FUTEX2_SIZE_MASK | FUTEX2_PRIVATE)) != 0) return -EINVAL;
  if ((entry.flags & FUTEX2_SIZE_MASK) != FUTEX2_SIZE_U32) return -EINVAL;
  let isPrivate = (entry.flags & FUTEX2_PRIVATE) != 0;
  let failed = findKey(entry.address, isPrivate);
  if (failed < 0) return failed;
  let value = user.load32(entry.address);
  if (value < 0) return -EFAULT;
  return <u32>value == <u32>entry.value ? findKey(entry.address, isPrivate) : -EAGAIN;
}

function findWoken(waiters: StaticArray<FutexWaiter>, count: i32): i32 {
  for (let i = 0; i < count; i++) if (waiters[i].isWoken) return i;
  return -1;
}

function setRobustList(head: u64, length: u64): i64 {
  if (length != ROBUST_LIST_HEAD_SIZE) return -EINVAL;
  currentThread().robustList = head;
  return 0;
}

function getRobustList(id: u64, head: u64, length: u64): i64 {
  let thread: UserThread | null = <i32>id == 0 ? currentThread() : findThread(<i32>id);
  if (thread === null) return -ESRCH;
  let self = currentThread();
  if (thread.process !== self.process && self.process.credentials.effectiveUser != 0) return -EPERM;
  if (store64(length, ROBUST_LIST_HEAD_SIZE) < 0 || store64(head, thread.robustList) < 0) return -EFAULT;
  return 0;
}

/** The rows of this family. */
export function defineFutexCalls(): void {
  define6(
    SYS_futex,
    "futex",
    "ptr int uint ptr ptr uint",
    futex,
    "complete but FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI; one priority, so none is inherited",
  );
  define5(SYS_futex_waitv, "futex_waitv", "ptr uint flags ns int", futexWaitv, "complete for 32-bit words");
  define2(SYS_set_robust_list, "set_robust_list", "ptr size", setRobustList, "complete");
  define3(SYS_get_robust_list, "get_robust_list", "int ptr ptr", getRobustList, "complete");
}
