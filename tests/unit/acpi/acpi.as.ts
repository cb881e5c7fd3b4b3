// ACPI's tables as a test lays them out in memory.

import * as fadt from "../../../kernel/acpi/fadt";
import { findDevice } from "../../../kernel/acpi/devices";
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

/** What is said of the `nth` device with an id, 0 to 3 of `IDS`: memory, ports, interrupt, flags; -1 when there is none. */
export function device(id: i32, nth: i32, what: i32): i64 {
  let found = findDevice(IDS[id], nth);
  if (found === null) return -1;
  switch (what) {
    case 0:
      return <i64>found.memory;
    case 1:
      return <i64>found.memorySize;
    case 2:
      return <i64>found.port;
    case 3:
      return <i64>found.portCount;
    case 4:
      return <i64>found.interrupt;
    default:
      return (found.isIsa ? 1 : 0) | (found.isLevel ? 2 : 0) | (found.isActiveLow ? 4 : 0);
  }
}

const IDS: StaticArray<string> = ["QEMU0001", "PNP0501", "ACPI0003", "PNP050"];
