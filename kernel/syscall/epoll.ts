// epoll_create(2), epoll_ctl(2), epoll_wait(2) and their kin.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EBADF, EFAULT, EINTR, EINVAL, EPERM, ERESTARTNOHAND, ETIMEDOUT } from "../abi/errno";
import { O_CLOEXEC } from "../abi/fcntl";
import { EPOLLEXCLUSIVE } from "../abi/poll";
import {
  SYS_epoll_create,
  SYS_epoll_create1,
  SYS_epoll_ctl,
  SYS_epoll_pwait,
  SYS_epoll_pwait2,
  SYS_epoll_wait,
} from "../abi/syscall-numbers";
import { Epoll, takenEvents } from "../fs/epoll/epoll";
import { copyIn, copyOut, fetch64, fetched } from "../memory/user";
import { currentProcess } from "../process/current";
import { setTemporaryMask } from "../process/temporary-mask";
import { wait } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { define1, define4, define6 } from "./table";

const EPOLL_CTL_ADD: u64 = 1;
const EPOLL_CTL_DEL: u64 = 2;
const EPOLL_CTL_MOD: u64 = 3;
/** sizeof(struct epoll_event) on x86-64: packed, u32 events then u64 data. */
const EVENT_SIZE: u64 = 12;
/** Linux EP_MAX_EVENTS. */
const MAX_EVENTS: i32 = i32.MAX_VALUE / 12;

const eventBuffer = new StaticArray<u8>(12);

function epollCreate(size: u64): i64 {
  if (<i32>size <= 0) return -EINVAL;
  return epollCreate1(0);
}

function epollCreate1(flags: u64): i64 {
  if ((flags & ~(<u64>O_CLOEXEC)) != 0) return -EINVAL;
  let process = currentProcess();
  let epoll = new Epoll();
  let number = process.descriptors.add(epoll, (flags & <u64>O_CLOEXEC) != 0, process.limits.descriptors);
  if (number < 0) epoll.release();
  return number;
}

function epollCtl(epollDescriptor: u64, operation: u64, descriptor: u64, event: u64): i64 {
  let base = bytesAddress(eventBuffer);
  if (<u32>operation != <u32>EPOLL_CTL_DEL && copyIn(base, event, EVENT_SIZE) < 0) return -EFAULT;
  let descriptors = currentProcess().descriptors;
  let target = descriptors.get(<i32>epollDescriptor);
  let file = descriptors.get(<i32>descriptor);
  if (target === null || file === null) return -EBADF;
  if (!file.canPoll) return -EPERM;
  if (file === target || !(target instanceof Epoll)) return -EINVAL;
  let epoll = target as Epoll;
  let events = mem.load32(base);
  let data = mem.load64(base + 4);
  switch (<i32>operation) {
    case <i32>EPOLL_CTL_ADD:
      return epoll.add(<i32>descriptor, file, events, data);
    case <i32>EPOLL_CTL_DEL:
      return epoll.delete(<i32>descriptor, file);
    case <i32>EPOLL_CTL_MOD:
      if ((events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
      return epoll.modify(<i32>descriptor, file, events, data);
    default:
      return -EINVAL;
  }
}

function epollWait(descriptor: u64, events: u64, count: u64, timeoutMs: u64): i64 {
  let timeout = <i32>timeoutMs;
  if (timeout == 0) return waitUntil(descriptor, events, <i32>count, 0);
  return waitUntil(descriptor, events, <i32>count, timeout < 0 ? FOREVER : clock.nowNs() + <u64>timeout * 1_000_000);
}

function epollPwait(descriptor: u64, events: u64, count: u64, timeoutMs: u64, mask: u64, maskSize: u64): i64 {
  if (mask != 0) {
    let error = setTemporaryMask(mask, maskSize);
    if (error < 0) return error;
  }
  return epollWait(descriptor, events, count, timeoutMs);
}

function epollPwait2(descriptor: u64, events: u64, count: u64, timeout: u64, mask: u64, maskSize: u64): i64 {
  let until = FOREVER;
  if (timeout != 0) {
    if (fetch64(timeout) < 0) return -EFAULT;
    let seconds = fetched;
    if (fetch64(timeout + 8) < 0) return -EFAULT;
    if (<i64>seconds < 0 || fetched >= 1_000_000_000) return -EINVAL;
    if (seconds < 9_000_000_000) until = clock.nowNs() + seconds * 1_000_000_000 + fetched;
  }
  if (mask != 0) {
    let error = setTemporaryMask(mask, maskSize);
    if (error < 0) return error;
  }
  return waitUntil(descriptor, events, <i32>count, until);
}

/** Deliver up to `count` events; wait for the first until `untilNs` (0: do not wait). */
function waitUntil(descriptor: u64, events: u64, count: i32, untilNs: u64): i64 {
  if (count <= 0 || count > MAX_EVENTS) return -EINVAL;
  let file = currentProcess().descriptors.get(<i32>descriptor);
  if (file === null) return -EBADF;
  if (!(file instanceof Epoll)) return -EINVAL;
  let epoll = file as Epoll;
  epoll.retain();
  let result: i64 = 0;
  while (true) {
    result = deliver(epoll, events, count);
    if (result != 0 || untilNs == 0) break;
    let why = wait(epoll.waiting, untilNs, true);
    if (why == -EINTR) {
      result = -ERESTARTNOHAND;
      break;
    }
    if (why == -ETIMEDOUT) untilNs = 0;
  }
  // What this thread did not take is for the next one.
  if (result > 0 && epoll.mayBeReady) epoll.waiting.wakeOne();
  epoll.release();
  return result;
}

function deliver(epoll: Epoll, events: u64, count: i32): i64 {
  let base = bytesAddress(eventBuffer);
  let delivered: i64 = 0;
  for (let left = epoll.readyCount; left > 0 && delivered < <i64>count; left--) {
    let item = epoll.peekReady();
    if (item === null) continue;
    mem.store32(base, takenEvents);
    mem.store64(base + 4, item.data);
    if (copyOut(events + <u64>delivered * EVENT_SIZE, base, EVENT_SIZE) < 0) {
      return delivered > 0 ? delivered : -EFAULT;
    }
    epoll.deliver(item);
    delivered++;
  }
  return delivered;
}

/** The rows of this family. */
export function defineEpollCalls(): void {
  define1(SYS_epoll_create, "epoll_create", "int", epollCreate, "complete");
  define1(SYS_epoll_create1, "epoll_create1", "hex", epollCreate1, "complete");
  define4(SYS_epoll_ctl, "epoll_ctl", "fd int fd ptr", epollCtl, "complete");
  define4(SYS_epoll_wait, "epoll_wait", "fd ptr int int", epollWait, "complete");
  define6(SYS_epoll_pwait, "epoll_pwait", "fd ptr int int ptr size", epollPwait, "complete");
  define6(SYS_epoll_pwait2, "epoll_pwait2", "fd ptr int ns ptr size", epollPwait2, "complete");
}
