// poll(2), ppoll(2), select(2), pselect6(2).

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { SYS_poll, SYS_ppoll, SYS_pselect6, SYS_select } from "../abi/syscall-numbers";
import { EBADF, EFAULT, EINTR, EINVAL, ERESTARTNOHAND, ETIMEDOUT } from "../abi/errno";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDBAND,
  EPOLLRDNORM,
  EPOLLWRBAND,
  EPOLLWRNORM,
  POLLNVAL,
} from "../abi/poll";
import { copyIn, copyOut, fetch64, fetched, store64 } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import { setTemporaryMask } from "../process/temporary-mask";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { define3, define5, define6 } from "./table";

/** sizeof(struct pollfd): int fd; short events; short revents. */
const POLLFD_SIZE: u64 = 8;
/** Descriptors that select(2) can name: FD_SETSIZE is a library limit, the kernel's is the descriptor table. */
const SELECT_MAX: i32 = 65536;

/** fs/select.c: which poll events make a descriptor readable, writable, exceptional. */
const IN_SET: u32 = EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR;
const OUT_SET: u32 = EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR;
const EXCEPTION_SET: u32 = EPOLLPRI;

/** A relative struct timespec as a deadline; the result is in `deadline`. */
let deadline: u64 = FOREVER;
function deadlineFromTimespec(address: u64): i32 {
  deadline = FOREVER;
  if (address == 0) return 0;
  if (fetch64(address) < 0) return -EFAULT;
  let seconds = fetched;
  if (fetch64(address + 8) < 0) return -EFAULT;
  if (<i64>seconds < 0 || fetched >= 1_000_000_000) return -EINVAL;
  setRelative(seconds, fetched);
  return 0;
}

function setRelative(seconds: u64, nanoseconds: u64): void {
  let nowNs = clock.nowNs();
  deadline = seconds > 9_000_000_000 ? FOREVER : nowNs + seconds * 1_000_000_000 + nanoseconds;
}

/** ppoll and pselect6 write back what is left of the time (man 2 ppoll, "C library/kernel differences"). */
function storeRemaining(address: u64, until: u64): void {
  if (address == 0 || until == FOREVER) return;
  let nowNs = clock.nowNs();
  let left = until > nowNs ? until - nowNs : 0;
  store64(address, left / 1_000_000_000);
  store64(address + 8, left % 1_000_000_000);
}

function poll(fds: u64, count: u64, timeoutMs: u64): i64 {
  let timeout = <i32>timeoutMs;
  let until = timeout < 0 ? FOREVER : clock.nowNs() + <u64>timeout * 1_000_000;
  return pollUntil(fds, count, until, timeout == 0);
}

function ppoll(fds: u64, count: u64, timeout: u64, mask: u64, maskSize: u64): i64 {
  let error = deadlineFromTimespec(timeout);
  if (error < 0) return error;
  let until = deadline;
  error = setTemporaryMask(mask, maskSize);
  if (error < 0) return error;
  let result = pollUntil(fds, count, until, false);
  storeRemaining(timeout, until);
  return result;
}

/** The common part: scan, block, scan again. */
function pollUntil(fds: u64, count: u64, until: u64, isImmediate: bool): i64 {
  let process = currentProcess();
  if (count > <u64>process.limits.descriptors) return -EINVAL;
  let thread = currentThread();
  let bytes = count * POLLFD_SIZE;
  if (thread.pollBuffer.length < <i32>bytes) thread.pollBuffer = new StaticArray<u8>(max(256, <i32>bytes));
  let buffer = thread.pollBuffer;
  let base = bytesAddress(buffer);
  if (copyIn(base, fds, bytes) < 0) return -EFAULT;
  let set = thread.pollSet;
  let isLast = isImmediate;
  while (true) {
    let ready: i64 = 0;
    let isWatching = !isLast;
    for (let i: u64 = 0; i < count; i++) {
      let entry = base + i * POLLFD_SIZE;
      let descriptor = <i32>mem.load32(entry);
      let events: u32 = 0;
      if (descriptor >= 0) {
        let file = process.descriptors.get(descriptor);
        if (file === null) events = POLLNVAL;
        else {
          let wanted = mem.load16(entry + 4) | EPOLLERR | EPOLLHUP;
          events = file.poll() & wanted;
          if (events == 0 && ready == 0 && isWatching) set.add(file, wanted);
        }
      }
      mem.store16(entry + 6, events);
      if (events != 0) ready++;
    }
    if (ready > 0 || isLast) {
      set.clear();
      for (let i: u64 = 0; i < count; i++) {
        // Only revents is written: another thread may own the rest.
        let entry = i * POLLFD_SIZE + 6;
        if (copyOut(fds + entry, base + entry, 2) < 0) return -EFAULT;
      }
      return ready;
    }
    let why = set.wait(until);
    set.clear();
    if (why == -EINTR) return -ERESTARTNOHAND;
    if (why == -ETIMEDOUT) isLast = true;
  }
}

function select(count: u64, readSet: u64, writeSet: u64, exceptSet: u64, timeout: u64): i64 {
  deadline = FOREVER;
  if (timeout != 0) {
    // struct timeval: seconds and microseconds, the latter may exceed a million.
    if (fetch64(timeout) < 0) return -EFAULT;
    let seconds = fetched;
    if (fetch64(timeout + 8) < 0) return -EFAULT;
    if (<i64>seconds < 0 || <i64>fetched < 0) return -EINVAL;
    setRelative(seconds + fetched / 1_000_000, (fetched % 1_000_000) * 1000);
  }
  let until = deadline;
  let result = selectUntil(<i32>count, readSet, writeSet, exceptSet, until);
  if (timeout != 0 && until != FOREVER) {
    let nowNs = clock.nowNs();
    let left = until > nowNs ? until - nowNs : 0;
    store64(timeout, left / 1_000_000_000);
    store64(timeout + 8, (left % 1_000_000_000) / 1000);
  }
  return result;
}

function pselect6(count: u64, readSet: u64, writeSet: u64, exceptSet: u64, timeout: u64, maskPair: u64): i64 {
  let error = deadlineFromTimespec(timeout);
  if (error < 0) return error;
  let until = deadline;
  if (maskPair != 0) {
    // The sixth argument points to { const sigset_t *mask; size_t size }.
    if (fetch64(maskPair) < 0) return -EFAULT;
    let mask = fetched;
    if (fetch64(maskPair + 8) < 0) return -EFAULT;
    error = setTemporaryMask(mask, fetched);
    if (error < 0) return error;
  }
  let result = selectUntil(<i32>count, readSet, writeSet, exceptSet, until);
  storeRemaining(timeout, until);
  return result;
}

/** Bits in, bits out: three sets of `words` 64-bit words each in the thread's buffer, then three for the results. */
function selectUntil(asked: i32, readSet: u64, writeSet: u64, exceptSet: u64, until: u64): i64 {
  if (asked < 0) return -EINVAL;
  let process = currentProcess();
  // As on Linux, a count beyond the descriptor table is cut to it.
  let count = min(asked, min(max(process.descriptors.size, 64), SELECT_MAX));
  let limit = min(count, process.descriptors.size);
  let words = (count + 63) >> 6;
  let bytes = <u64>words * 8;
  let thread = currentThread();
  if (thread.pollBuffer.length < <i32>bytes * 6) thread.pollBuffer = new StaticArray<u8>(max(256, <i32>bytes * 6));
  let buffer = thread.pollBuffer;
  let base = bytesAddress(buffer);
  mem.fill(base, 0, bytes * 6);
  if (readSet != 0 && copyIn(base, readSet, bytes) < 0) return -EFAULT;
  if (writeSet != 0 && copyIn(base + bytes, writeSet, bytes) < 0) return -EFAULT;
  if (exceptSet != 0 && copyIn(base + bytes * 2, exceptSet, bytes) < 0) return -EFAULT;
  let results = base + bytes * 3;
  let set = thread.pollSet;
  let isLast = until <= clock.nowNs();
  while (true) {
    let ready: i64 = 0;
    mem.fill(results, 0, bytes * 3);
    for (let descriptor = 0; descriptor < count; descriptor++) {
      let word = base + <u64>(descriptor >> 6) * 8;
      let place = <u64>(descriptor & 63);
      let bit: u64 = 1 << place;
      let wanted: u32 = 0;
      if ((mem.load64(word) & bit) != 0) wanted |= IN_SET;
      if ((mem.load64(word + bytes) & bit) != 0) wanted |= OUT_SET;
      if ((mem.load64(word + bytes * 2) & bit) != 0) wanted |= EXCEPTION_SET;
      if (wanted == 0) continue;
      let file = descriptor < limit ? process.descriptors.get(descriptor) : null;
      if (file === null) {
        set.clear();
        return -EBADF;
      }
      let events = file.poll();
      let result = word + bytes * 3;
      let before = ready;
      if ((events & IN_SET) != 0 && (mem.load64(word) & bit) != 0) ready += setBit(result, bit);
      if ((events & OUT_SET) != 0 && (mem.load64(word + bytes) & bit) != 0) ready += setBit(result + bytes, bit);
      if ((events & EXCEPTION_SET) != 0 && (mem.load64(word + bytes * 2) & bit) != 0) {
        ready += setBit(result + bytes * 2, bit);
      }
      if (ready == before && ready == 0 && !isLast) set.add(file, wanted);
    }
    if (ready > 0 || isLast) {
      set.clear();
      if (readSet != 0 && copyOut(readSet, results, bytes) < 0) return -EFAULT;
      if (writeSet != 0 && copyOut(writeSet, results + bytes, bytes) < 0) return -EFAULT;
      if (exceptSet != 0 && copyOut(exceptSet, results + bytes * 2, bytes) < 0) return -EFAULT;
      return ready;
    }
    let why = set.wait(until);
    set.clear();
    if (why == -EINTR) return -ERESTARTNOHAND;
    if (why == -ETIMEDOUT) isLast = true;
  }
}

function setBit(word: u64, bit: u64): i64 {
  mem.store64(word, mem.load64(word) | bit);
  return 1;
}

/** The rows of this family. */
export function definePollCalls(): void {
  define3(SYS_poll, "poll", "ptr uint int", poll, "complete");
  define5(SYS_ppoll, "ppoll", "ptr uint ns ptr size", ppoll, "complete");
  define5(SYS_select, "select", "int ptr ptr ptr ptr", select, "complete");
  define6(SYS_pselect6, "pselect6", "int ptr ptr ptr ns ptr", pselect6, "complete");
}
