// Powering off and resetting by ACPI. The one word of AML that powering off needs is found by its bytes.

import * as mem from "machine/mem";
import { definitions, enterAcpiMode, pm1aControl, pm1bControl, resetRegister, resetValue, sleepControl } from "./fadt";
import { find, tableLength } from "./tables";
import { Register } from "./register";

const HEADER: u64 = 36;
const SSDT: u32 = 0x54445353; // "SSDT"

// AML (ACPI 6.5 §20.2).
const S5_NAME: u32 = 0x5f35535f; // "_S5_"
const NAME_OP: u32 = 0x08;
const ROOT_CHARACTER: u32 = 0x5c;
const PACKAGE_OP: u32 = 0x12;
const BYTE_PREFIX: u32 = 0x0a;
const WORD_PREFIX: u32 = 0x0b;
const DWORD_PREFIX: u32 = 0x0c;
/** Name, package, its length in one byte, its element count, one element in one byte. */
const SHORTEST: u64 = 8;

/** PM1 control (ACPI 6.5 §4.8.3.2). */
const SLEEP_TYPE_SHIFT: u32 = 10;
const SLEEP_TYPE: u32 = 7 << 10;
const SLEEP_ENABLE: u32 = 1 << 13;
/** Sleep control of reduced hardware (§4.8.3.7). */
const REDUCED_TYPE_SHIFT: u32 = 2;
const REDUCED_ENABLE: u32 = 1 << 5;

/** Enter S5, soft off. Returns only if that does not work here. */
export function powerOff(): void {
  let types = findSleepTypes();
  if (types < 0) return;
  let reduced = sleepControl();
  if (reduced !== null) reduced.write8(((<u32>types) << REDUCED_TYPE_SHIFT) | REDUCED_ENABLE);
  enterAcpiMode();
  enter(pm1aControl(), <u32>types & 7);
  enter(pm1bControl(), <u32>(types >> 8));
}

function enter(control: Register | null, type: u32): void {
  if (control === null) return;
  let value = (control.read16() & ~(SLEEP_TYPE | SLEEP_ENABLE)) | (type << SLEEP_TYPE_SHIFT);
  control.write16(value);
  control.write16(value | SLEEP_ENABLE);
}

/** Reset the machine. Returns only if that does not work here. */
export function reset(): void {
  let register = resetRegister();
  if (register !== null) register.write8(resetValue());
}

/** The value for PM1a in the low byte, for PM1b above; -1 when no table tells. */
export function findSleepTypes(): i32 {
  let table = definitions();
  let found = table == 0 ? -1 : searchTable(table, tableLength(table));
  if (found >= 0) return found;
  let secondary = find(SSDT);
  return secondary == 0 ? -1 : searchTable(secondary, tableLength(secondary));
}

/** Name (_S5, Package () {type a, type b, …}): ACPI 6.5 §7.4.2, §20.2.5.4. */
function searchTable(table: u64, length: u64): i32 {
  let end = table + length;
  for (let at = table + HEADER + 1; at + SHORTEST <= end; at++) {
    if (mem.load32(at) != S5_NAME || mem.load8(at + 4) != PACKAGE_OP) continue;
    let before = mem.load8(at - 1);
    if (before != NAME_OP && before != ROOT_CHARACTER) continue;
    let from = at + 5;
    from += 1 + (<u64>mem.load8(from) >> 6) + 1; // the package's length and its element count
    let count = mem.load8(from - 1);
    if (from + elementSize(from) > end) return -1;
    let first = element(from);
    from += elementSize(from);
    // A package of one element has both values in it.
    let second = count > 1 && from + elementSize(from) <= end ? element(from) : first >> 8;
    return <i32>((first & 7) | ((second & 7) << 8));
  }
  return -1;
}

/** A constant: ZeroOp, OneOp, or a prefix and its bytes. */
function element(at: u64): u32 {
  switch (mem.load8(at)) {
    case BYTE_PREFIX:
      return mem.load8(at + 1);
    case WORD_PREFIX:
    case DWORD_PREFIX:
      return mem.load16(at + 1);
    default:
      return mem.load8(at) & 1;
  }
}

function elementSize(at: u64): u64 {
  switch (mem.load8(at)) {
    case BYTE_PREFIX:
      return 2;
    case WORD_PREFIX:
      return 3;
    case DWORD_PREFIX:
      return 5;
    default:
      return 1;
  }
}
