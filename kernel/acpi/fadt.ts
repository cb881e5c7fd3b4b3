// Fixed hardware, from the FADT (ACPI 6.5 §5.2.9), and the one word of AML that powering off needs.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { FADT, find, tableLength, view } from "./tables";

const DSDT: u64 = 40;
const PM1A_CONTROL: u64 = 64;
const PM1B_CONTROL: u64 = 68;
const PM_TIMER: u64 = 76;
const CENTURY: u64 = 108;
const EXTENDED_DSDT: u64 = 140;

const S5_NAME: u32 = 0x5f35535f; // "_S5_"
const PACKAGE_OP: u32 = 0x12;
const BYTE_PREFIX: u32 = 0x0a;
const SLEEP_ENABLE: u32 = 1 << 13;
const SLEEP_TYPE_SHIFT: u32 = 10;

/** I/O port of the 3.579545 MHz timer; 0 where there is none. */
export function pmTimerPort(): u32 {
  let table = find(FADT);
  return table != 0 ? mem.load32(table + PM_TIMER) : 0;
}

/** Index of the clock chip's century register; 0 where there is none. */
export function centuryRegister(): u32 {
  let table = find(FADT);
  return table != 0 ? mem.load8(table + CENTURY) : 0;
}

/** Enter S5, soft off. Returns only if that does not work here. */
export function powerOff(): void {
  let table = find(FADT);
  if (table == 0) return;
  let sleepType = findSleepType(table);
  let control = mem.load32(table + PM1A_CONTROL);
  if (sleepType < 0 || control == 0) return;
  port.out16(control, ((<u32>sleepType) << SLEEP_TYPE_SHIFT) | SLEEP_ENABLE);
  control = mem.load32(table + PM1B_CONTROL);
  if (control != 0) port.out16(control, ((<u32>sleepType >> 8) << SLEEP_TYPE_SHIFT) | SLEEP_ENABLE);
}

/** The DSDT, which holds the machine's AML; 0 when there is none. */
export function definitionTable(fadt: u64): u64 {
  let physical = tableLength(fadt) >= EXTENDED_DSDT + 8 ? mem.load64(fadt + EXTENDED_DSDT) : 0;
  if (physical == 0) physical = <u64>mem.load32(fadt + DSDT);
  let table = view(physical, 36);
  return table == 0 ? 0 : view(physical, tableLength(table));
}

/**
 * The DSDT declares Name (_S5, Package () {type a, type b, …}) in a fixed byte pattern (ACPI 6.5 §7.4.2, §20.2.5.4):
 * type a in the low byte of the result, type b above; -1 when it is not there.
 */
function findSleepType(fadt: u64): i32 {
  let table = definitionTable(fadt);
  if (table == 0) return -1;
  let length = tableLength(table);
  for (let at = table + 36; at + 16 < table + length; at++) {
    if (mem.load32(at) != S5_NAME || mem.load8(at + 4) != PACKAGE_OP) continue;
    let from = at + 5;
    from += 1 + (<u64>mem.load8(from) >> 6) + 1; // the package's length and its element count
    let first = element(from);
    from += mem.load8(from) == BYTE_PREFIX ? 2 : 1;
    return <i32>(first | (element(from) << 8));
  }
  return -1;
}

/** A small constant: ZeroOp, OneOp, or BytePrefix and a byte. */
function element(at: u64): u32 {
  let value = mem.load8(at);
  return value == BYTE_PREFIX ? mem.load8(at + 1) & 7 : value & 7;
}
