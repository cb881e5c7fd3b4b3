// Clocks, sleeping and timers: man 2 clock_gettime, clock_nanosleep, timer_create, setitimer, adjtimex.

import { at, bytesAddress, pointerOf } from "memory/address";
import * as mem from "machine/mem";
import { EAGAIN, EFAULT, EINTR, EINVAL, EOPNOTSUPP, EPERM, ERESTARTNOHAND } from "../abi/errno";
import { SIGALRM, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID } from "../abi/signal";
import {
  SYS_adjtimex,
  SYS_alarm,
  SYS_clock_adjtime,
  SYS_clock_getres,
  SYS_clock_gettime,
  SYS_clock_nanosleep,
  SYS_clock_settime,
  SYS_getitimer,
  SYS_gettimeofday,
  SYS_nanosleep,
  SYS_setitimer,
  SYS_settimeofday,
  SYS_time,
  SYS_timer_create,
  SYS_timer_delete,
  SYS_timer_getoverrun,
  SYS_timer_gettime,
  SYS_timer_settime,
} from "../abi/syscall-numbers";
import {
  ADJ_SETOFFSET,
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
  ITIMER_PROF,
  ITIMER_REAL,
  NS_PER_SECOND,
  SignalEvent,
  STA_NANO,
  STA_UNSYNC,
  TIME_ERROR,
  TIMER_ABSTIME,
  Timex,
  TIMEX_SIZE,
} from "../abi/time";
import { clear, copyIn, copyOut, store32, store64 } from "../memory/user";
import { processRunNs, threadRunNs } from "../process/cpu-time";
import { currentProcess, currentThread } from "../process/current";
import { PosixTimer } from "../process/posix-timers";
import { findProcess, findThread, processAt, processCount } from "../process/process-table";
import { restartWith } from "../process/restart";
import { isSignal } from "../process/signal-set";
import {
  intervalNs,
  readIntervalSpec,
  readTimespec,
  readTimeval,
  timespecNs,
  writeIntervalSpec,
  writeTimespec,
  writeTimeval,
} from "../process/time-values";
import { UserThread } from "../process/user-thread";
import { block } from "../sched/block";
import * as clock from "../sched/clock";
import { define1, define2, define3, define4 } from "./table";

/** A clock's reading, in `reading`; 0 or -EINVAL. */
let reading: u64 = 0;
function readClock(clockId: i32): i32 {
  switch (clockId) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      reading = clock.wallNs();
      return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      reading = clock.nowNs();
      return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
      reading = processRunNs(currentProcess());
      return 0;
    case CLOCK_THREAD_CPUTIME_ID:
      reading = threadRunNs(currentThread());
      return 0;
    default:
      return clockId < 0 ? readCpuClock(clockId) : -EINVAL;
  }
}

/** The clock of another process or thread: ~number << 3, 4 for a thread, 0 to 2 for the kind (Linux CPUCLOCK_*). */
function readCpuClock(clockId: i32): i32 {
  let id = ~(clockId >> 3);
  let kind = clockId & 3;
  if (kind == 3) return -EINVAL;
  if ((clockId & 4) != 0) {
    let thread = id == 0 ? currentThread() : findThread(id);
    if (thread === null || thread.process !== currentProcess()) return -EINVAL;
    reading = threadRunNs(thread);
    return 0;
  }
  let process = id == 0 ? currentProcess() : findProcess(id);
  if (process === null) return -EINVAL;
  reading = processRunNs(process);
  return 0;
}

function clockGettime(clockId: u64, time: u64): i64 {
  let failed = readClock(<i32>clockId);
  return failed < 0 ? failed : writeTimespec(time, reading);
}

function clockGetres(clockId: u64, time: u64): i64 {
  let failed = readClock(<i32>clockId);
  if (failed < 0) return failed;
  return time == 0 ? 0 : writeTimespec(time, 1);
}

function setWallNs(ns: u64): i64 {
  if (currentProcess().credentials.effectiveUser != 0) return -EPERM;
  stepTo(ns - clock.nowNs());
  return 0;
}

/** Set the wall clock; timers that wait for a wall-clock time are armed anew. */
function stepTo(offsetNs: u64): void {
  clock.setWallOffsetNs(offsetNs);
  for (let i = 0; i < processCount(); i++) processAt(i).posixTimers.wallClockChanged();
}

function clockSettime(clockId: u64, time: u64): i64 {
  if (<i32>clockId != CLOCK_REALTIME) return -EINVAL;
  let failed = readTimespec(time);
  if (failed < 0) return failed;
  if (timespecNs < clock.nowNs()) return -EINVAL;
  return setWallNs(timespecNs);
}

function gettimeofday(time: u64, zone: u64): i64 {
  if (time != 0 && writeTimeval(time, clock.wallNs()) < 0) return -EFAULT;
  return zone == 0 ? 0 : clear(zone, 8);
}

function settimeofday(time: u64, _zone: u64): i64 {
  if (time == 0) return 0;
  let failed = readTimeval(time);
  return failed < 0 ? failed : setWallNs(timespecNs);
}

function time(result: u64): i64 {
  let seconds = clock.wallNs() / NS_PER_SECOND;
  if (result != 0 && store64(result, seconds) < 0) return -EFAULT;
  return <i64>seconds;
}

function nanosleep(duration: u64, remaining: u64): i64 {
  let failed = readTimespec(duration);
  if (failed < 0) return failed;
  return sleepUntil(clock.nowNs() + timespecNs, remaining);
}

/** Sleep; broken off, say what is left and be ready to go on. */
function sleepUntil(deadlineNs: u64, remaining: u64): i64 {
  while (clock.nowNs() < deadlineNs) {
    let result = block(deadlineNs);
    if (result != -EINTR) continue;
    let now = clock.nowNs();
    if (now >= deadlineNs) return 0;
    if (remaining != 0 && writeTimespec(remaining, deadlineNs - now) < 0) return -EFAULT;
    return restartWith(continueSleep, deadlineNs, remaining, 0, 0);
  }
  return 0;
}

function continueSleep(thread: UserThread): i64 {
  return sleepUntil(thread.restart0, thread.restart1);
}

function clockNanosleep(clockId: u64, flags: u64, duration: u64, remaining: u64): i64 {
  let id = <i32>clockId;
  if (id == CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
  let failed = readClock(id);
  if (failed < 0) return failed;
  if (id == CLOCK_MONOTONIC_RAW || id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE) return -EOPNOTSUPP;
  failed = readTimespec(duration);
  if (failed < 0) return failed;
  let isAbsolute = (<i32>flags & TIMER_ABSTIME) != 0;
  if (id < 0 || id == CLOCK_PROCESS_CPUTIME_ID)
    return sleepOnCpuClock(id, isAbsolute ? timespecNs : reading + timespecNs);
  if (!isAbsolute) return sleepUntil(clock.nowNs() + timespecNs, remaining);
  let untilNs = timespecNs;
  while (true) {
    readClock(id);
    if (reading >= untilNs) return 0;
    if (block(clock.nowNs() + (untilNs - reading)) == -EINTR) return -ERESTARTNOHAND;
  }
}

/** Until a processor clock reaches a value: it cannot run faster than time does. */
function sleepOnCpuClock(clockId: i32, untilNs: u64): i64 {
  while (true) {
    if (readClock(clockId) < 0) return 0;
    if (reading >= untilNs) return 0;
    if (block(clock.nowNs() + (untilNs - reading)) == -EINTR) return -EINTR;
  }
}

function alarm(seconds: u64): i64 {
  let timer = currentProcess().intervalTimers.timer(ITIMER_REAL);
  let left = timer.remainingNs;
  timer.set((seconds & 0xffffffff) * NS_PER_SECOND, 0);
  // man 2 alarm: a fraction counts as a second, so that 0 means none.
  let rounded = (left + NS_PER_SECOND / 2) / NS_PER_SECOND;
  return left == 0 ? 0 : <i64>max(rounded, 1);
}

function getitimer(which: u64, value: u64): i64 {
  let kind = <i32>which;
  if (kind < ITIMER_REAL || kind > ITIMER_PROF) return -EINVAL;
  let timer = currentProcess().intervalTimers.timer(kind);
  return writeIntervalSpec(value, timer.remainingNs, timer.intervalNs, 1_000_000);
}

function setitimer(which: u64, value: u64, old: u64): i64 {
  let kind = <i32>which;
  if (kind < ITIMER_REAL || kind > ITIMER_PROF) return -EINVAL;
  let newValueNs: u64 = 0;
  let newIntervalNs: u64 = 0;
  if (value != 0) {
    let failed = readIntervalSpec(value, 1_000_000);
    if (failed < 0) return failed;
    newValueNs = timespecNs;
    newIntervalNs = intervalNs;
  }
  let timer = currentProcess().intervalTimers.timer(kind);
  if (old != 0 && writeIntervalSpec(old, timer.remainingNs, timer.intervalNs, 1_000_000) < 0) return -EFAULT;
  timer.set(newValueNs, newIntervalNs);
  return 0;
}

const eventBuffer = new StaticArray<u8>(24);
const event = at<SignalEvent>(pointerOf(eventBuffer));

function timerCreate(clockId: u64, signalEvent: u64, result: u64): i64 {
  let id = <i32>clockId;
  let failed = readClock(id);
  if (failed < 0) return failed;
  if (id < 0) id = (id & 4) != 0 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
  if (id == CLOCK_MONOTONIC_RAW || id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE) return -EOPNOTSUPP;
  if (id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI) id = CLOCK_REALTIME;
  let notify = SIGEV_SIGNAL;
  let signal = SIGALRM;
  let value: u64 = 0;
  let target: UserThread | null = null;
  if (signalEvent != 0) {
    if (copyIn(bytesAddress(eventBuffer), signalEvent, 24) < 0) return -EFAULT;
    notify = event.notify;
    signal = event.signal;
    value = event.value;
    if (notify == SIGEV_THREAD_ID) {
      target = findThread(event.threadId);
      if (target === null || target.process !== currentProcess()) return -EINVAL;
    } else if (notify != SIGEV_SIGNAL && notify != SIGEV_NONE && notify != SIGEV_THREAD) return -EINVAL;
    if (notify != SIGEV_NONE && !isSignal(signal)) return -EINVAL;
  }
  let process = currentProcess();
  let timer = process.posixTimers.create(process, id);
  if (timer === null) return -EAGAIN;
  timer.notify = notify;
  timer.signal = signal;
  timer.value = signalEvent == 0 ? <u64>timer.id : value;
  timer.target = target;
  if (id == CLOCK_THREAD_CPUTIME_ID) timer.measured = currentThread();
  if (store32(result, timer.id) < 0) {
    process.posixTimers.delete(timer);
    return -EFAULT;
  }
  return 0;
}

function findTimer(id: u64): PosixTimer | null {
  return currentProcess().posixTimers.find(<i32>id);
}

function timerSettime(id: u64, flags: u64, value: u64, old: u64): i64 {
  let timer = findTimer(id);
  if (timer === null || value == 0) return -EINVAL;
  let failed = readIntervalSpec(value, 1_000_000_000);
  if (failed < 0) return failed;
  let newValueNs = timespecNs;
  let newIntervalNs = intervalNs;
  if (old != 0 && writeIntervalSpec(old, timer.remainingNs, timer.intervalNs, 1_000_000_000) < 0) return -EFAULT;
  let isAbsolute = (<i32>flags & TIMER_ABSTIME) != 0;
  timer.set(newValueNs, newIntervalNs, isAbsolute);
  return 0;
}

function timerGettime(id: u64, value: u64): i64 {
  let timer = findTimer(id);
  if (timer === null) return -EINVAL;
  return writeIntervalSpec(value, timer.remainingNs, timer.intervalNs, 1_000_000_000);
}

function timerGetoverrun(id: u64): i64 {
  let timer = findTimer(id);
  return timer === null ? -EINVAL : timer.record.deliveredOverrun;
}

function timerDelete(id: u64): i64 {
  let timer = findTimer(id);
  if (timer === null) return -EINVAL;
  currentProcess().posixTimers.delete(timer);
  return 0;
}

const timexBuffer = new StaticArray<u8>(<i32>TIMEX_SIZE);
const timex = at<Timex>(pointerOf(timexBuffer));

/** The clock is never disciplined here: it can be stepped, and says that it is not synchronized. */
function adjtimex(address: u64): i64 {
  if (copyIn(bytesAddress(timexBuffer), address, TIMEX_SIZE) < 0) return -EFAULT;
  let modes = timex.modes;
  if (modes != 0 && modes != 0xa001 && currentProcess().credentials.effectiveUser != 0) return -EPERM;
  if ((modes & ADJ_SETOFFSET) != 0) {
    let scale: i64 = (timex.status & STA_NANO) != 0 ? 1 : 1000;
    let step = timex.timeSeconds * <i64>NS_PER_SECOND + timex.timeMicroseconds * scale;
    stepTo(clock.wallOffsetNs() + <u64>step);
  }
  mem.fill(bytesAddress(timexBuffer), 0, TIMEX_SIZE);
  let now = clock.wallNs();
  timex.status = STA_UNSYNC;
  timex.maxError = 16_000_000;
  timex.estimatedError = 16_000_000;
  timex.constant = 2;
  timex.precision = 1;
  timex.tolerance = 32_768_000;
  timex.timeSeconds = <i64>(now / NS_PER_SECOND);
  timex.timeMicroseconds = <i64>((now % NS_PER_SECOND) / 1000);
  timex.tick = 10_000;
  return copyOut(address, bytesAddress(timexBuffer), TIMEX_SIZE) < 0 ? -EFAULT : TIME_ERROR;
}

function clockAdjtime(clockId: u64, address: u64): i64 {
  if (<i32>clockId != CLOCK_REALTIME) return readClock(<i32>clockId) < 0 ? -EINVAL : -EOPNOTSUPP;
  return adjtimex(address);
}

/** The rows of this family. */
export function defineTimeCalls(): void {
  define2(SYS_clock_gettime, "clock_gettime", "int ptr", clockGettime, "complete");
  define2(SYS_clock_getres, "clock_getres", "int ptr", clockGetres, "complete; always 1 ns");
  define2(
    SYS_clock_settime,
    "clock_settime",
    "int ns",
    clockSettime,
    "CLOCK_REALTIME; sleepers and timerfds that wait for a wall-clock time keep theirs",
  );
  define4(SYS_clock_nanosleep, "clock_nanosleep", "int flags ns ptr", clockNanosleep, "complete");
  define2(SYS_nanosleep, "nanosleep", "ns ptr", nanosleep, "complete");
  define2(SYS_gettimeofday, "gettimeofday", "ptr ptr", gettimeofday, "complete; the time zone is UTC");
  define2(SYS_settimeofday, "settimeofday", "ptr ptr", settimeofday, "time only");
  define1(SYS_time, "time", "ptr", time, "complete");
  define1(SYS_alarm, "alarm", "uint", alarm, "complete");
  define2(SYS_getitimer, "getitimer", "int ptr", getitimer, "complete");
  define3(SYS_setitimer, "setitimer", "int ptr ptr", setitimer, "complete; ITIMER_VIRTUAL counts all processor time");
  define3(SYS_timer_create, "timer_create", "int ptr ptr", timerCreate, "complete");
  define4(SYS_timer_settime, "timer_settime", "int flags ptr ptr", timerSettime, "complete");
  define2(SYS_timer_gettime, "timer_gettime", "int ptr", timerGettime, "complete");
  define1(SYS_timer_getoverrun, "timer_getoverrun", "int", timerGetoverrun, "complete");
  define1(SYS_timer_delete, "timer_delete", "int", timerDelete, "complete");
  define1(SYS_adjtimex, "adjtimex", "ptr", adjtimex, "reads, and ADJ_SETOFFSET; the clock is not disciplined");
  define2(SYS_clock_adjtime, "clock_adjtime", "int ptr", clockAdjtime, "as adjtimex");
}
