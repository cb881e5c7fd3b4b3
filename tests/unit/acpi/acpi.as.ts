// ACPI's tables as a test lays them out in memory.

import * as fadt from "../../../kernel/acpi/fadt";
import { configurationWindow } from "../../../kernel/acpi/pci-host";
import * as sleep from "../../../kernel/acpi/sleep";
import { find, initialize } from "../../../kernel/acpi/tables";
import { DIRECT_BASE } from "machine/linear";

export function start(rsdp: u64): bool {
  return initialize(rsdp);
}

/** Physical address of a table, 0 when it is not there. */
export function table(signature: u32): u64 {
  let address = find(signature);
  return address == 0 ? 0 : address - DIRECT_BASE;
}

export function sleepTypes(): i32 {
  return sleep.findSleepTypes();
}

export function powerOff(): void {
  sleep.powerOff();
}

export function reset(): void {
  sleep.reset();
}

/** The port of the timer, 0 without one. */
export function timerPort(): u32 {
  let timer = fadt.pmTimer();
  return timer === null ? 0 : timer.portNumber;
}

export function lacksClockChip(): bool {
  return fadt.lacksClockChip();
}

export function configurationBase(): u64 {
  let window = configurationWindow();
  return window === null ? 0 : window.base;
}
