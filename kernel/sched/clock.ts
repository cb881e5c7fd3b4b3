// Time: nanoseconds since boot from the time-stamp counter, wall time by an offset, and the one hardware timer.
//
//   ns = (ticks - baseTicks) * multiplier >> SHIFT        (the vDSO computes the same from the same numbers)
//
// The interrupt layer calibrates the counter (kernel/interrupt) and hands over a TimerDevice.

import * as machineClock from "machine/clock";
import { FOREVER } from "./timer";

/** Fraction bits of the multiplier: 32 keeps hi*multiplier exact for centuries at any TSC rate above 1 MHz. */
export const SHIFT: u32 = 32;

/** The hardware that interrupts at a deadline: LAPIC timer in one-shot or TSC-deadline mode. */
export class TimerDevice {
  /** Interrupt at `deadlineNs`, or at once when that has passed; replaces the deadline set before. */
  arm(_deadlineNs: u64): void {}
  /** No interrupt wanted. */
  disarm(): void {}
}

/** Told when the numbers that turn ticks into time change: the vDSO's data page. */
export class ClockObserver {
  changed(): void {}
}

let observer: ClockObserver = new ClockObserver();
let baseTicks: u64 = 0;
let frequency: u64 = 1_000_000_000;
let ratio: u64 = (<u64>1) << SHIFT;
let wallOffset: u64 = 0;
let device: TimerDevice = new TimerDevice();
let armedNs: u64 = FOREVER;

/** Set the counter's rate in hertz and the count that stands for boot. Precondition: 1 MHz or more. */
export function calibrate(frequencyHz: u64, ticksAtBoot: u64): void {
  frequency = frequencyHz;
  baseTicks = ticksAtBoot;
  ratio = ((<u64>1_000_000_000) << SHIFT) / frequencyHz;
  observer.changed();
}

/** Set a better value of the counter's rate: time goes on from where it is, a little faster or slower. */
export function refine(frequencyHz: u64): void {
  let ticks = machineClock.ticks();
  let ns = ticksToNs(ticks - baseTicks);
  frequency = frequencyHz;
  ratio = ((<u64>1_000_000_000) << SHIFT) / frequencyHz;
  baseTicks = ticks - nsToTicks(ns);
  while (ticksToNs(ticks - baseTicks) < ns) baseTicks--; // rounding must not turn time back
  observer.changed();
}

/** Ticks per second. */
export function frequencyHz(): u64 {
  return frequency;
}

/** Nanoseconds per tick, times 2^SHIFT. */
export function multiplier(): u64 {
  return ratio;
}

/** The counter's value at time zero. */
export function ticksAtBoot(): u64 {
  return baseTicks;
}

/** Turn a counter difference into nanoseconds. */
export function ticksToNs(ticks: u64): u64 {
  // (high * 2^32 + low) * ratio / 2^32, the product of the low halves taken apart so that nothing overflows.
  let high = ticks >> 32;
  let low = ticks & 0xffffffff;
  return high * ratio + low * (ratio >> 32) + ((low * (ratio & 0xffffffff)) >> 32);
}

/** Turn nanoseconds into counter ticks. */
export function nsToTicks(ns: u64): u64 {
  let seconds = ns / 1_000_000_000;
  let rest = ns % 1_000_000_000;
  return seconds * frequency + (rest * frequency) / 1_000_000_000;
}

/** Nanoseconds since boot: CLOCK_MONOTONIC. */
export function nowNs(): u64 {
  return ticksToNs(machineClock.ticks() - baseTicks);
}

/** Nanoseconds since 1970: CLOCK_REALTIME. */
export function wallNs(): u64 {
  return nowNs() + wallOffset;
}

/** What to add to nowNs for wall time. */
export function wallOffsetNs(): u64 {
  return wallOffset;
}

/** Set wall time by its offset from nowNs. */
export function setWallOffsetNs(offsetNs: u64): void {
  wallOffset = offsetNs;
  observer.changed();
}

/** Hand over who is told of changes. */
export function setObserver(value: ClockObserver): void {
  observer = value;
}

/** Hand over the hardware timer. */
export function setTimerDevice(timer: TimerDevice): void {
  device = timer;
  if (armedNs != FOREVER) device.arm(armedNs);
}

/** Interrupt at `deadlineNs` (FOREVER: not at all), replacing what was set before. */
export function armTimer(deadlineNs: u64): void {
  if (deadlineNs == armedNs && deadlineNs > nowNs()) return;
  armedNs = deadlineNs;
  if (deadlineNs == FOREVER) device.disarm();
  else device.arm(deadlineNs);
}

/** Interrupt no later than `deadlineNs`. */
export function armTimerAtMost(deadlineNs: u64): void {
  if (deadlineNs < armedNs) armTimer(deadlineNs);
}

/** The hardware fired: nothing is armed until the next call. */
export function timerFired(): void {
  armedNs = FOREVER;
}
