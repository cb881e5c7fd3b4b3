// Fixed hardware, from the FADT (ACPI 6.5 §5.2.9). A newer table says some things twice: the extended field wins.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { FADT, find, tableLength, viewTable } from "./tables";
import { GAS_SIZE, Register } from "./register";

const DSDT: u64 = 40;
const SMI_COMMAND: u64 = 48;
const ACPI_ENABLE: u64 = 52;
const PM1A_CONTROL: u64 = 64;
const PM1B_CONTROL: u64 = 68;
const PM_TIMER: u64 = 76;
const CENTURY: u64 = 108;
const BOOT_ARCHITECTURE: u64 = 109;
const FLAGS: u64 = 112;
const RESET_REGISTER: u64 = 116;
const RESET_VALUE: u64 = 128;
const EXTENDED_DSDT: u64 = 140;
const EXTENDED_PM1A_CONTROL: u64 = 172;
const EXTENDED_PM1B_CONTROL: u64 = 184;
const EXTENDED_PM_TIMER: u64 = 208;
const SLEEP_CONTROL: u64 = 244;

/** Flags (ACPI 6.5 table 5.10). */
const FLAG_RESET: u32 = 1 << 10;
const FLAG_REDUCED_HARDWARE: u32 = 1 << 20;
/** What of a PC's old parts is missing (ACPI 6.5 table 5.11); the field is from ACPI 2. */
const NO_CLOCK_CHIP: u32 = 1 << 5;
/** Of the PM1 control register: the ACPI mode is on. */
const SCI_ENABLED: u32 = 1;
/** Polls until the firmware has handed over: it may take some milliseconds. */
const PATIENCE: i32 = 1_000_000;

function has(table: u64, offset: u64, size: u64): bool {
  return table != 0 && offset + size <= tableLength(table);
}

function flags(table: u64): u32 {
  return has(table, FLAGS, 4) ? mem.load32(table + FLAGS) : 0;
}

/** A register with a port in the old table and a structure in the new one. */
function register(table: u64, portField: u64, extendedField: u64): Register | null {
  if (has(table, extendedField, GAS_SIZE)) {
    let extended = Register.named(table + extendedField);
    if (extended !== null) return extended;
  }
  return has(table, portField, 4) ? Register.atPort(mem.load32(table + portField)) : null;
}

/** The table of definitions (DSDT), in AML; 0 where there is none or it is damaged. */
export function definitions(): u64 {
  let table = find(FADT);
  let physical = has(table, EXTENDED_DSDT, 8) ? mem.load64(table + EXTENDED_DSDT) : 0;
  if (physical == 0 && has(table, DSDT, 4)) physical = <u64>mem.load32(table + DSDT);
  return physical == 0 ? 0 : viewTable(physical);
}

/** The 3.579545 MHz timer; null where there is none. */
export function pmTimer(): Register | null {
  let table = find(FADT);
  if ((flags(table) & FLAG_REDUCED_HARDWARE) != 0) return null;
  return register(table, PM_TIMER, EXTENDED_PM_TIMER);
}

/** Index of the clock chip's century register; 0 where there is none. */
export function centuryRegister(): u32 {
  let table = find(FADT);
  return has(table, CENTURY, 1) ? mem.load8(table + CENTURY) : 0;
}

/** Whether the firmware says that there is no clock chip. */
export function lacksClockChip(): bool {
  let table = find(FADT);
  return has(table, BOOT_ARCHITECTURE, 2) && (mem.load16(table + BOOT_ARCHITECTURE) & NO_CLOCK_CHIP) != 0;
}

/** The PM1 control registers; the second is null on most machines. */
export function pm1aControl(): Register | null {
  return register(find(FADT), PM1A_CONTROL, EXTENDED_PM1A_CONTROL);
}

export function pm1bControl(): Register | null {
  return register(find(FADT), PM1B_CONTROL, EXTENDED_PM1B_CONTROL);
}

/** Where a machine with reduced hardware is put to sleep (ACPI 6.5 §4.8.3.7); null on others. */
export function sleepControl(): Register | null {
  let table = find(FADT);
  if ((flags(table) & FLAG_REDUCED_HARDWARE) == 0 || !has(table, SLEEP_CONTROL, GAS_SIZE)) return null;
  return Register.named(table + SLEEP_CONTROL);
}

/** The register that resets the machine when `resetValue` is written (ACPI 6.5 §4.8.3.6); null where there is none. */
export function resetRegister(): Register | null {
  let table = find(FADT);
  if ((flags(table) & FLAG_RESET) == 0 || !has(table, RESET_VALUE, 1)) return null;
  return Register.named(table + RESET_REGISTER);
}

export function resetValue(): u32 {
  return mem.load8(find(FADT) + RESET_VALUE);
}

/** Take the fixed hardware over from the firmware (ACPI 6.5 §4.8.3.2.1). Returns whether it is ours. */
export function enterAcpiMode(): bool {
  let table = find(FADT);
  let control = pm1aControl();
  if (control === null) return false;
  if ((control.read16() & SCI_ENABLED) != 0) return true;
  let command = mem.load32(table + SMI_COMMAND);
  if (command == 0) return false;
  port.out8(command, mem.load8(table + ACPI_ENABLE));
  let patience = PATIENCE;
  while ((control.read16() & SCI_ENABLED) == 0) {
    if (--patience == 0) return false;
  }
  return true;
}
