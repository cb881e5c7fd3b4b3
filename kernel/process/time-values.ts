// Times as programs hand them over: struct timespec and timeval, and the forms with an interval (man 3type timespec).

import { at, bytesAddress, pointerOf } from "memory/address";
import { EFAULT, EINVAL } from "../abi/errno";
import { IntervalSpec, INTERVAL_SPEC_SIZE, NS_PER_SECOND, Timespec, TIMESPEC_SIZE } from "../abi/time";
import { copyIn, copyOut } from "../memory/user";

const buffer = new StaticArray<u8>(<i32>INTERVAL_SPEC_SIZE);
const timespec = at<Timespec>(pointerOf(buffer));
const spec = at<IntervalSpec>(pointerOf(buffer));

/** Longest time that counts, about 292 years, so that sums with the clock do not wrap (Linux KTIME_MAX). */
const LONGEST_SECONDS: i64 = 9_223_372_036;

/** What the last successful read found, in nanoseconds; `intervalNs` only by readIntervalSpec. */
export let timespecNs: u64 = 0;
export let intervalNs: u64 = 0;

/** Seconds and a rest below `unit` to nanoseconds, -1 when that is not a time. */
function toNs(seconds: i64, rest: i64, unit: i64): i64 {
  if (seconds < 0 || rest < 0 || rest >= unit) return -1;
  if (seconds >= LONGEST_SECONDS) return i64.MAX_VALUE;
  return seconds * <i64>NS_PER_SECOND + rest * (<i64>NS_PER_SECOND / unit);
}

/** Read a struct timespec into `timespecNs`. Returns 0, -EFAULT or -EINVAL. */
export function readTimespec(address: u64): i32 {
  return readTime(address, 1_000_000_000);
}

/** Read a struct timeval into `timespecNs`. */
export function readTimeval(address: u64): i32 {
  return readTime(address, 1_000_000);
}

function readTime(address: u64, unit: i64): i32 {
  if (copyIn(bytesAddress(buffer), address, TIMESPEC_SIZE) < 0) return -EFAULT;
  let ns = toNs(timespec.seconds, timespec.nanoseconds, unit);
  if (ns < 0) return -EINVAL;
  timespecNs = <u64>ns;
  return 0;
}

export function writeTimespec(address: u64, ns: u64): i32 {
  timespec.seconds = <i64>(ns / NS_PER_SECOND);
  timespec.nanoseconds = <i64>(ns % NS_PER_SECOND);
  return copyOut(address, bytesAddress(buffer), TIMESPEC_SIZE);
}

export function writeTimeval(address: u64, ns: u64): i32 {
  timespec.seconds = <i64>(ns / NS_PER_SECOND);
  timespec.nanoseconds = <i64>((ns % NS_PER_SECOND) / 1000);
  return copyOut(address, bytesAddress(buffer), TIMESPEC_SIZE);
}

/** Read a struct itimerspec (`unit` 1e9) or itimerval (1e6) into `timespecNs` and `intervalNs`. */
export function readIntervalSpec(address: u64, unit: i64): i32 {
  if (copyIn(bytesAddress(buffer), address, INTERVAL_SPEC_SIZE) < 0) return -EFAULT;
  let value = toNs(spec.valueSeconds, spec.valueRest, unit);
  let interval = toNs(spec.intervalSeconds, spec.intervalRest, unit);
  if (value < 0 || interval < 0) return -EINVAL;
  timespecNs = <u64>value;
  intervalNs = <u64>interval;
  return 0;
}

export function writeIntervalSpec(address: u64, valueNs: u64, periodNs: u64, unit: u64): i32 {
  let scale = NS_PER_SECOND / unit;
  spec.intervalSeconds = <i64>(periodNs / NS_PER_SECOND);
  spec.intervalRest = <i64>((periodNs % NS_PER_SECOND) / scale);
  spec.valueSeconds = <i64>(valueNs / NS_PER_SECOND);
  spec.valueRest = <i64>((valueNs % NS_PER_SECOND) / scale);
  return copyOut(address, bytesAddress(buffer), INTERVAL_SPEC_SIZE);
}
