// eventfd(2), timerfd_create(2) and pipe(2): descriptors made from nothing.

import { pointerOf, linearAddress } from "memory/address";
import { EBADF, EFAULT, EINVAL } from "../abi/errno";
import { O_CLOEXEC, O_DIRECT, O_NONBLOCK, O_RDONLY, O_WRONLY } from "../abi/fcntl";
import {
  SYS_eventfd,
  SYS_eventfd2,
  SYS_pipe,
  SYS_pipe2,
  SYS_timerfd_create,
  SYS_timerfd_gettime,
  SYS_timerfd_settime,
} from "../abi/syscall-numbers";
import {
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
} from "../abi/time";
import { EventFile } from "../fs/eventfd/eventfd";
import { Pipe } from "../fs/pipe/pipe";
import { BrokenPipeListener, nextAnonymousNumber, PipeFile, setBrokenPipeListener } from "../fs/pipe/pipe-file";
import { TimerFile } from "../fs/timerfd/timerfd";
import { copyIn, copyOut } from "../memory/user";
import { SIGPIPE } from "../abi/signal";
import { currentProcess } from "../process/current";
import { signalSelf } from "../process/signal-send";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { install } from "./files";
import { define1, define2, define4 } from "./table";

/** man 2 eventfd. */
const EFD_SEMAPHORE: u32 = 1;
/** man 2 timerfd_settime. */
const TFD_TIMER_ABSTIME: u32 = 1;
const TFD_TIMER_CANCEL_ON_SET: u32 = 2;

/** Two i32 for pipe(2), four i64 for struct itimerspec. */
const numbers = new StaticArray<i32>(2);
const times = new StaticArray<i64>(4);

function eventfd(initial: u64): i64 {
  return eventfd2(initial, 0);
}

function eventfd2(initial: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  let file = new EventFile(<u64>(<u32>initial), (bits & EFD_SEMAPHORE) != 0, bits & O_NONBLOCK);
  return install(file, (bits & O_CLOEXEC) != 0);
}

function timerfdCreate(clockId: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  let id = <i32>clockId;
  let isWallClock = id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM;
  if (!isWallClock && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME && id != CLOCK_BOOTTIME_ALARM) return -EINVAL;
  return install(new TimerFile(id, isWallClock, bits & O_NONBLOCK), (bits & O_CLOEXEC) != 0);
}

/** The timer behind a descriptor; null with the reason in `lookupError`. */
let lookupError: i64 = 0;
function findTimer(descriptor: u64): TimerFile | null {
  let file = currentProcess().descriptors.get(<i32>descriptor);
  lookupError = file === null ? -EBADF : -EINVAL;
  return file instanceof TimerFile ? (file as TimerFile) : null;
}

function timerfdSettime(descriptor: u64, flags: u64, newValue: u64, oldValue: u64): i64 {
  let bits = <u32>flags;
  if (copyIn(linearAddress(pointerOf(times)), newValue, 32) < 0) return -EFAULT;
  let intervalSeconds = times[0];
  let intervalRest = times[1];
  let seconds = times[2];
  let rest = times[3];
  if ((bits & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return -EINVAL;
  if (seconds < 0 || intervalSeconds < 0) return -EINVAL;
  if (<u64>rest >= 1_000_000_000 || <u64>intervalRest >= 1_000_000_000) return -EINVAL;
  let timer = findTimer(descriptor);
  if (timer === null) return lookupError;
  if (oldValue != 0 && storeSetting(timer, oldValue) < 0) return -EFAULT;
  timer.set(firstExpiry(timer, bits, <u64>seconds, <u64>rest), toNs(<u64>intervalSeconds, <u64>intervalRest));
  return 0;
}

/** The first deadline in nanoseconds since boot; FOREVER for a zero value, which disarms. */
function firstExpiry(timer: TimerFile, flags: u32, seconds: u64, rest: u64): u64 {
  if (seconds == 0 && rest == 0) return FOREVER;
  let value = toNs(seconds, rest);
  if ((flags & TFD_TIMER_ABSTIME) == 0)
    return value > FOREVER - 1 - clock.nowNs() ? FOREVER - 1 : clock.nowNs() + value;
  if (!timer.isWallClock) return value;
  let offset = clock.wallOffsetNs();
  return value > offset ? value - offset : 0;
}

/** Nanoseconds, as large as can be when they do not fit. */
function toNs(seconds: u64, rest: u64): u64 {
  return seconds > 9_000_000_000 ? <u64>i64.MAX_VALUE : seconds * 1_000_000_000 + rest;
}

function timerfdGettime(descriptor: u64, value: u64): i64 {
  let timer = findTimer(descriptor);
  if (timer === null) return lookupError;
  return storeSetting(timer, value);
}

function storeSetting(timer: TimerFile, address: u64): i64 {
  let left = timer.remainingNs();
  let period = timer.periodNs;
  times[0] = <i64>(period / 1_000_000_000);
  times[1] = <i64>(period % 1_000_000_000);
  times[2] = <i64>(left / 1_000_000_000);
  times[3] = <i64>(left % 1_000_000_000);
  return copyOut(address, linearAddress(pointerOf(times)), 32);
}

function pipe(descriptors: u64): i64 {
  return pipe2(descriptors, 0);
}

function pipe2(descriptors: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0) return -EINVAL;
  let pipe = new Pipe();
  let number = nextAnonymousNumber();
  let isCloseOnExec = (bits & O_CLOEXEC) != 0;
  let kept = bits & (O_NONBLOCK | O_DIRECT);
  let reader = install(new PipeFile(pipe, O_RDONLY | kept, number), isCloseOnExec);
  if (reader < 0) return reader;
  let writer = install(new PipeFile(pipe, O_WRONLY | kept, number), isCloseOnExec);
  let table = currentProcess().descriptors;
  if (writer < 0) {
    table.close(<i32>reader);
    return writer;
  }
  numbers[0] = <i32>reader;
  numbers[1] = <i32>writer;
  if (copyOut(descriptors, linearAddress(pointerOf(numbers)), 8) == 0) return 0;
  table.close(<i32>reader);
  table.close(<i32>writer);
  return -EFAULT;
}

/** A write that nobody will read. */
class SignalBrokenPipe extends BrokenPipeListener {
  override brokenPipe(): void {
    signalSelf(SIGPIPE);
  }
}

/** The rows of this family. */
export function defineEventCalls(): void {
  setBrokenPipeListener(new SignalBrokenPipe());
  define1(SYS_eventfd, "eventfd", "uint", eventfd, "complete");
  define2(SYS_eventfd2, "eventfd2", "uint flags", eventfd2, "complete");
  define2(SYS_timerfd_create, "timerfd_create", "int flags", timerfdCreate, "complete");
  define4(
    SYS_timerfd_settime,
    "timerfd_settime",
    "fd flags ptr ptr",
    timerfdSettime,
    "complete but TFD_TIMER_CANCEL_ON_SET",
  );
  define2(SYS_timerfd_gettime, "timerfd_gettime", "fd ptr", timerfdGettime, "complete");
  define1(SYS_pipe, "pipe", "ptr", pipe, "complete");
  define2(SYS_pipe2, "pipe2", "ptr flags", pipe2, "complete; O_DIRECT is kept but packets are not");
}
