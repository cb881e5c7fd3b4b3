// What the counters' rates are measured against: the first of these that the machine has.
//
//   ACPI timer    3.579545 MHz, 24 bits, counts up
//   HPET          10 MHz and more, tells its period; 32 bits of it, counts up (IA-PC HPET 1.0a)
//   PIT           1.193182 MHz, 16 bits of channel 2, counts down (8254)
//   clock chip    128 edges a second, seen only by whoever waits for them (MC146818)

import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as pageTables from "memory/page-tables";
import * as fadt from "../acpi/fadt";
import { Register } from "../acpi/register";
import { find, HPET, tableLength } from "../acpi/tables";

const enum Kind {
  ACPI_TIMER,
  HPET,
  PIT,
  CLOCK_CHIP,
}

const PM_TIMER_HZ: u64 = 3_579_545; // ACPI 6.5 §4.8.3.3
const PM_TIMER_MASK: u32 = 0xffffff;
const HPET_ADDRESS: u64 = 44; // of the base address in the table (IA-PC HPET 1.0a §3.2.4)
const HPET_PERIOD: u64 = 0x04; // femtoseconds
const HPET_CONFIGURATION: u64 = 0x10;
const HPET_ENABLE: u32 = 1;
const HPET_COUNTER: u64 = 0xf0;
const FEMTOSECONDS: u64 = 1_000_000_000_000_000;
/** No HPET counts slower than 10 MHz (§2.3.4). */
const LONGEST_PERIOD: u32 = 100_000_000;
const PIT_HZ: u64 = 1_193_182;
const PIT_CHANNEL_2: u32 = 0x42;
const PIT_COMMAND: u32 = 0x43;
const SPEAKER: u32 = 0x61;
/** Reads in which a PIT that is there counts on. */
const PIT_TRIES: i32 = 5_000;
const CHIP_INDEX: u32 = 0x70;
const CHIP_DATA: u32 = 0x71;
const CHIP_STATUS_A: u32 = 0x8a;
const CHIP_STATUS_B: u32 = 0x8b;
const CHIP_STATUS_C: u32 = 0x8c;
const CHIP_RATE_128: u32 = 0x29;
const PERIODIC: u32 = 0x40;
const CHIP_HZ: u64 = 128;
/** Polls until a chip that gives no edge is given up: some tenths of a second. */
const EDGE_PATIENCE: i32 = 200_000;

let kind: Kind = Kind.PIT;
let timer: Register | null = null;
let hpet: u64 = 0;
let edges: u32 = 0;

/** Ticks a second. */
export let frequencyHz: u64 = 0;
/** Bits that count. */
export let mask: u32 = 0;
/** Each reading waits for the next tick, and what nobody waits for is lost. */
export let isEdge: bool = false;
/** It goes on for as long as the machine, and long times can be told by it. */
export let isLasting: bool = false;

/** Find the reference and let it run. */
export function start(): void {
  if (startAcpiTimer() || startHpet() || startPit()) return;
  kind = Kind.CLOCK_CHIP;
  frequencyHz = CHIP_HZ;
  mask = 0xffffffff;
  isEdge = true;
  writeChip(CHIP_STATUS_A, CHIP_RATE_128);
  writeChip(CHIP_STATUS_B, readChip(CHIP_STATUS_B) | PERIODIC); // the flag; its line stays masked
}

/** It has served: what would raise interrupts is quiet again. */
export function stop(): void {
  if (kind == Kind.CLOCK_CHIP) writeChip(CHIP_STATUS_B, readChip(CHIP_STATUS_B) & ~PERIODIC);
}

/** Ticks since any beginning, modulo `mask` + 1. */
export function read(): u32 {
  switch (kind) {
    case Kind.ACPI_TIMER: {
      let register = timer;
      return register === null ? 0 : register.read32() & PM_TIMER_MASK;
    }
    case Kind.HPET:
      return mmio.read32(hpet + HPET_COUNTER);
    case Kind.PIT:
      return 0xffff - readPit();
    default:
      return nextEdge();
  }
}

function startAcpiTimer(): bool {
  timer = fadt.pmTimer();
  if (timer === null) return false;
  kind = Kind.ACPI_TIMER;
  frequencyHz = PM_TIMER_HZ;
  mask = PM_TIMER_MASK;
  isLasting = true;
  return true;
}

function startHpet(): bool {
  let table = find(HPET);
  if (table == 0 || tableLength(table) < HPET_ADDRESS + 8) return false;
  hpet = pageTables.mapDevice(mem.load64(table + HPET_ADDRESS), 0x400, pageTables.UNCACHED);
  if (hpet == 0) return false;
  let period = mmio.read32(hpet + HPET_PERIOD);
  if (period == 0 || period > LONGEST_PERIOD) return false;
  mmio.write32(hpet + HPET_CONFIGURATION, mmio.read32(hpet + HPET_CONFIGURATION) | HPET_ENABLE);
  kind = Kind.HPET;
  frequencyHz = FEMTOSECONDS / <u64>period;
  mask = 0xffffffff;
  isLasting = true;
  return true;
}

/** Channel 2 counts down from 65536, unheard. */
function startPit(): bool {
  port.out8(SPEAKER, (port.in8(SPEAKER) & ~0x02) | 0x01);
  port.out8(PIT_COMMAND, 0xb4); // channel 2, both bytes, rate generator
  port.out8(PIT_CHANNEL_2, 0);
  port.out8(PIT_CHANNEL_2, 0);
  kind = Kind.PIT;
  frequencyHz = PIT_HZ;
  mask = 0xffff;
  let first = readPit();
  for (let i = 0; i < PIT_TRIES; i++) if (readPit() != first) return true;
  return false;
}

function readPit(): u32 {
  port.out8(PIT_COMMAND, 0x80); // latch channel 2
  let low = port.in8(PIT_CHANNEL_2);
  return (port.in8(PIT_CHANNEL_2) << 8) | low;
}

function nextEdge(): u32 {
  let patience = EDGE_PATIENCE;
  while ((readChip(CHIP_STATUS_C) & PERIODIC) == 0 && --patience > 0) cpu.pause();
  return ++edges;
}

function readChip(register: u32): u32 {
  port.out8(CHIP_INDEX, register);
  return port.in8(CHIP_DATA);
}

function writeChip(register: u32, value: u32): void {
  port.out8(CHIP_INDEX, register);
  port.out8(CHIP_DATA, value);
}
