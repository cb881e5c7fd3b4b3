// This CPU's interrupt controller and its timer (Intel SDM 3A §11), by memory (xAPIC) or by MSRs (x2APIC).

import * as cpu from "machine/cpu";
import * as mmio from "machine/mmio";
import * as pageTables from "memory/page-tables";

const MSR_APIC_BASE: u32 = 0x1b;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
const MSR_X2APIC: u32 = 0x800;
const MSR_TSC_DEADLINE: u32 = 0x6e0;

// Registers, by their xAPIC offset; the x2APIC MSR is 0x800 + offset / 16.
const ID: u32 = 0x20;
const TASK_PRIORITY: u32 = 0x80;
const END_OF_INTERRUPT: u32 = 0xb0;
const SPURIOUS: u32 = 0xf0;
const TIMER: u32 = 0x320;
const LINT0: u32 = 0x350;
const LINT1: u32 = 0x360;
const ERROR: u32 = 0x370;
const INITIAL_COUNT: u32 = 0x380;
const CURRENT_COUNT: u32 = 0x390;
const DIVIDE: u32 = 0x3e0;

const SOFTWARE_ENABLE: u32 = 1 << 8;
const MASKED: u32 = 1 << 16;
const MODE_TSC_DEADLINE: u32 = 2 << 17;
const DELIVER_NMI: u32 = 4 << 8;
const DIVIDE_BY_1: u32 = 0b1011;

let registers: u64 = 0;
let isX2apic: bool = false;

/** Enable this CPU's APIC. `physical` is where its registers are. False: no memory to map them. */
export function enable(physical: u64, hasX2apic: bool, spuriousVector: u32): bool {
  let base = cpu.readMsr(MSR_APIC_BASE);
  isX2apic = hasX2apic;
  if (isX2apic) {
    cpu.writeMsr(MSR_APIC_BASE, base | BASE_ENABLE);
    cpu.writeMsr(MSR_APIC_BASE, base | BASE_ENABLE | BASE_X2APIC);
  } else {
    cpu.writeMsr(MSR_APIC_BASE, base | BASE_ENABLE);
    if (registers == 0) registers = pageTables.mapDevice(physical, 0x1000, pageTables.UNCACHED);
    if (registers == 0) return false;
  }
  write(TASK_PRIORITY, 0);
  write(TIMER, MASKED);
  write(LINT0, MASKED);
  write(LINT1, DELIVER_NMI);
  write(ERROR, MASKED);
  write(SPURIOUS, SOFTWARE_ENABLE | spuriousVector);
  return true;
}

/** This CPU's number on the interrupt bus. */
export function id(): u32 {
  return isX2apic ? read(ID) : read(ID) >> 24;
}

export function endOfInterrupt(): void {
  if (isX2apic) cpu.writeMsr(MSR_X2APIC + (END_OF_INTERRUPT >> 4), 0);
  else mmio.write32(registers + <u64>END_OF_INTERRUPT, 0);
}

/** Count bus ticks, divided by nothing, in one-shot mode. */
export function setUpOneShot(vector: u32): void {
  write(DIVIDE, DIVIDE_BY_1);
  write(TIMER, vector);
}

/** Compare with the time-stamp counter. */
export function setUpTscDeadline(vector: u32): void {
  write(TIMER, MODE_TSC_DEADLINE | vector);
  mmio.fence(); // the mode is in force before the deadline is written (Intel SDM 3A §11.5.4.1)
}

/** Interrupt after `count` ticks; 0 stops. */
export function startCount(count: u32): void {
  write(INITIAL_COUNT, count);
}

/** Ticks left. */
export function currentCount(): u32 {
  return read(CURRENT_COUNT);
}

/** Interrupt when the time-stamp counter reaches `ticks`; 0 stops. */
export function setTscDeadline(ticks: u64): void {
  cpu.writeMsr(MSR_TSC_DEADLINE, ticks);
}

function read(register: u32): u32 {
  if (isX2apic) return <u32>cpu.readMsr(MSR_X2APIC + (register >> 4));
  return mmio.read32(registers + <u64>register);
}

function write(register: u32, value: u32): void {
  if (isX2apic) cpu.writeMsr(MSR_X2APIC + (register >> 4), <u64>value);
  else mmio.write32(registers + <u64>register, value);
}
