// What time it is and how fast the counters run, from the machine: the time-stamp counter's rate by the first of
//
//   CPUID 0x15 (crystal)   KVM's TSC leaf   KVM's clock page   a measurement against what reference.ts finds
//
// and wall time from KVM or the clock chip. A measurement runs between `begin` and `finish`, so the boot works meanwhile;
// `refine` ends the same measurement once more when it has become long enough to be exact.

import * as clock from "machine/clock";
import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import * as port from "machine/port";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as fadt from "../acpi/fadt";
import { features } from "../cpu/features";
import { daysSince1970 } from "./calendar";
import * as localApic from "./local-apic";
import * as reference from "./reference";

/** How long the first measurement takes at least: the rate is then good to some 100 in a million. */
const MEASUREMENT_US: u64 = 3_000;
/** Edges of a slow reference that make a measurement. */
const LEAST_EDGES: u64 = 6;
const SAMPLES: i32 = 8;

const CPUID_TSC: u32 = 0x15;
const KVM_FEATURES: u32 = 1;
const KVM_TSC_KHZ: u32 = 0x10;
const KVM_CLOCKSOURCE2: u32 = 3;
const MSR_KVM_WALL_CLOCK: u32 = 0x4b564d00;
const MSR_KVM_SYSTEM_TIME: u32 = 0x4b564d01;

let tscHz: u64 = 0;
/** The machine told the rate itself. */
let isTold: bool = false;
let timerHz: u64 = 0;
let startReference: u32 = 0;
let startTicks: u64 = 0;
/** KVM's clock page, if the machine offers one. */
let kvmPage: u64 = 0;
// The pair that `sample` took.
let sampledReference: u32 = 0;
let sampledTicks: u64 = 0;

/** Learn the rates that the machine tells, and begin to measure the others. */
export function begin(): void {
  setUpKvmClock();
  tscHz = tellTscHz();
  isTold = tscHz != 0;
  reference.start();
  if (!reference.isEdge) startMeasurement();
}

function startMeasurement(): void {
  sample();
  startReference = sampledReference;
  startTicks = sampledTicks;
  localApic.startCount(0xffffffff);
}

/** End the measurement. Afterwards `tscFrequency` and `timerFrequency` hold. */
export function finish(): void {
  let least = max<u64>((MEASUREMENT_US * reference.frequencyHz) / 1_000_000, LEAST_EDGES);
  let patience = 10_000_000;
  if (reference.isEdge) startMeasurement();
  while (<u64>elapsed(reference.read()) < least && --patience > 0) cpu.pause();
  sample();
  let timerCount = <u64>(0xffffffff - localApic.currentCount());
  localApic.startCount(0);
  let passed = <u64>elapsed(sampledReference);
  let ticks = sampledTicks - startTicks;
  if (passed == 0) passed = least; // a counter that stands still: better a wrong rate than none
  let measuredHz = (ticks * reference.frequencyHz) / passed;
  reference.stop();
  if (tscHz == 0) tscHz = measuredHz;
  timerHz = ticks != 0 ? mulDiv(timerCount, tscHz, ticks) : 0;
}

/**
 * The counter's rate by a measurement that has gone on since `begin`, a second or more: exact to a few in a million.
 * 0 when the rate was told and not measured, or the reference cannot tell so long a time.
 */
export function refine(): u64 {
  if (!reference.isLasting || isTold) return 0;
  sample();
  let ticks = sampledTicks - startTicks;
  let wrap = <u64>reference.mask + 1;
  let passed = <u64>elapsed(sampledReference);
  let expected = mulDiv(ticks, reference.frequencyHz, tscHz);
  while (passed + wrap / 2 < expected) passed += wrap; // the ACPI timer wraps every 4.7 s; the first rate tells how often
  tscHz = mulDiv(ticks, reference.frequencyHz, passed);
  return tscHz;
}

/** Time-stamp counter ticks a second. */
export function tscFrequency(): u64 {
  return tscHz;
}

/** Local APIC timer ticks a second. */
export function timerFrequency(): u64 {
  return timerHz;
}

/** Nanoseconds since 1970 (UTC), now. */
export function readWallNs(): u64 {
  if (kvmPage != 0) return readKvmWallNs();
  return readClockChip() * 1_000_000_000;
}

function mulDiv(a: u64, b: u64, divisor: u64): u64 {
  return (a / divisor) * b + ((a % divisor) * b) / divisor;
}

function tellTscHz(): u64 {
  if (features.highestLeaf >= CPUID_TSC) {
    let denominator = <u64>cpu.cpuidEax(CPUID_TSC, 0);
    let numerator = <u64>cpu.cpuidEbx(CPUID_TSC, 0);
    let crystalHz = <u64>cpu.cpuidEcx(CPUID_TSC, 0);
    if (denominator != 0 && numerator != 0 && crystalHz != 0) return (crystalHz * numerator) / denominator;
  }
  let base = features.kvmBase;
  if (base != 0 && cpu.cpuidEax(base, 0) >= base + KVM_TSC_KHZ) {
    let khz = <u64>cpu.cpuidEax(base + KVM_TSC_KHZ, 0);
    if (khz != 0) return khz * 1000;
  }
  return kvmPage != 0 ? kvmTscHz() : 0;
}

// ── Measuring ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Read reference and counter as close together as some tries allow. */
function sample(): void {
  if (reference.isEdge) {
    sampledReference = reference.read();
    sampledTicks = clock.ticks();
    return;
  }
  let best: u64 = u64.MAX_VALUE;
  for (let i = 0; i < SAMPLES; i++) {
    let before = clock.ticks();
    let count = reference.read();
    let after = clock.ticks();
    if (after - before >= best) continue;
    best = after - before;
    sampledReference = count;
    sampledTicks = before + best / 2;
  }
}

/** Reference ticks since the start. */
function elapsed(now: u32): u32 {
  return (now - startReference) & reference.mask;
}

// ── KVM (Linux Documentation/virt/kvm/x86/msr.rst) ─────────────────────────────────────────────────────────────────

function setUpKvmClock(): void {
  let base = features.kvmBase;
  if (base == 0 || ((cpu.cpuidEax(base + KVM_FEATURES, 0) >> KVM_CLOCKSOURCE2) & 1) == 0) return;
  let page = frames.allocateZeroed();
  if (page == 0) return;
  cpu.writeMsr(MSR_KVM_SYSTEM_TIME, page | 1);
  cpu.writeMsr(MSR_KVM_WALL_CLOCK, page + 64);
  kvmPage = direct(page);
}

function kvmTscHz(): u64 {
  let multiplier = <u64>mem.load32(kvmPage + 24);
  let shift = <i32>(<i8>mem.load8(kvmPage + 28));
  if (multiplier == 0) return 0;
  let khz = ((<u64>1_000_000) << 32) / multiplier;
  return (shift < 0 ? khz << -shift : khz >> shift) * 1000;
}

function readKvmWallNs(): u64 {
  let bootNs = <u64>mem.load32(kvmPage + 68) * 1_000_000_000 + <u64>mem.load32(kvmPage + 72);
  let sinceNs = mulDiv(clock.ticks() - mem.load64(kvmPage + 8), 1_000_000_000, tscHz);
  return bootNs + mem.load64(kvmPage + 16) + sinceNs;
}

// ── The clock chip (MC146818) ──────────────────────────────────────────────────────────────────────────────────────

const CHIP_INDEX: u32 = 0x70;
const CHIP_DATA: u32 = 0x71;
const NMI_DISABLED: u32 = 0x80;
const STATUS_A: u32 = 10;
const STATUS_B: u32 = 11;
const UPDATING: u32 = 0x80;
const BINARY: u32 = 0x04;
const HOURS_24: u32 = 0x02;
const PM: u32 = 0x80;
/** What a port without a device reads as. */
const ABSENT: u32 = 0xff;

function chip(register: u32): u32 {
  port.out8(CHIP_INDEX, register | NMI_DISABLED);
  return port.in8(CHIP_DATA);
}

/** Seconds since 1970. The chip is read again until two readings agree, so no update falls between. */
function readClockChip(): u64 {
  if (fadt.lacksClockChip() || chip(STATUS_B) == ABSENT) return 0;
  let seconds = readChipOnce();
  for (let tries = 0; tries < 10; tries++) {
    let again = readChipOnce();
    if (again == seconds) break;
    seconds = again;
  }
  return seconds;
}

function readChipOnce(): u64 {
  let patience = 100_000;
  while ((chip(STATUS_A) & UPDATING) != 0 && --patience > 0) cpu.pause();
  let status = chip(STATUS_B);
  let isBinary = (status & BINARY) != 0;
  let hour = chip(4);
  let isPm = (status & HOURS_24) == 0 && (hour & PM) != 0;
  if ((status & HOURS_24) == 0) hour &= ~PM;
  hour = decode(hour, isBinary);
  if ((status & HOURS_24) == 0) hour = (hour % 12) + (isPm ? 12 : 0);
  let centuryAt = fadt.centuryRegister();
  let year = decode(chip(9), isBinary);
  if (centuryAt != 0) year += decode(chip(centuryAt), isBinary) * 100;
  else year += year < 70 ? 2000 : 1900;
  let days = daysSince1970(year, decode(chip(8), isBinary), decode(chip(7), isBinary));
  return days * 86_400 + <u64>(hour * 3600 + decode(chip(2), isBinary) * 60 + decode(chip(0), isBinary));
}

function decode(value: u32, isBinary: bool): u32 {
  return isBinary ? value : (value >> 4) * 10 + (value & 15);
}
