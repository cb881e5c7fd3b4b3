// Clocks and times: Linux include/uapi/linux/time.h, timex.h.

export const CLOCK_REALTIME: i32 = 0;
export const CLOCK_MONOTONIC: i32 = 1;
export const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
export const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
export const CLOCK_MONOTONIC_RAW: i32 = 4;
export const CLOCK_REALTIME_COARSE: i32 = 5;
export const CLOCK_MONOTONIC_COARSE: i32 = 6;
export const CLOCK_BOOTTIME: i32 = 7;
export const CLOCK_REALTIME_ALARM: i32 = 8;
export const CLOCK_BOOTTIME_ALARM: i32 = 9;
export const CLOCK_TAI: i32 = 11;
export const TIMER_ABSTIME: i32 = 1;

export const ITIMER_REAL: i32 = 0;
export const ITIMER_VIRTUAL: i32 = 1;
export const ITIMER_PROF: i32 = 2;

export const NS_PER_SECOND: u64 = 1_000_000_000;
/** sysconf(_SC_CLK_TCK): what times(2) and /proc count in. */
export const NS_PER_CLOCK_TICK: u64 = 10_000_000;

/** struct timespec, and struct timeval with microseconds. */
@unmanaged
export class Timespec {
  seconds: i64;
  nanoseconds: i64;
}
export const TIMESPEC_SIZE: u64 = 16;

/** struct itimerspec and itimerval. */
@unmanaged
export class IntervalSpec {
  intervalSeconds: i64;
  intervalRest: i64;
  valueSeconds: i64;
  valueRest: i64;
}
export const INTERVAL_SPEC_SIZE: u64 = 32;

/** struct sigevent: 64 bytes, the kernel reads these. */
@unmanaged
export class SignalEvent {
  value: u64;
  signal: i32;
  notify: i32;
  threadId: i32;
}
export const SIGNAL_EVENT_SIZE: u64 = 64;

/** struct timex: man 2 adjtimex. */
@unmanaged
export class Timex {
  modes: u32;
  padding0: u32;
  offset: i64;
  frequency: i64;
  maxError: i64;
  estimatedError: i64;
  status: i32;
  padding1: u32;
  constant: i64;
  precision: i64;
  tolerance: i64;
  timeSeconds: i64;
  timeMicroseconds: i64;
  tick: i64;
}
export const TIMEX_SIZE: u64 = 208;
export const STA_UNSYNC: i32 = 0x40;
export const STA_NANO: i32 = 0x2000;
export const ADJ_SETOFFSET: u32 = 0x100;
/** adjtimex result: the clock is not synchronized. */
export const TIME_ERROR: i64 = 5;
