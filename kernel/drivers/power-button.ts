// The power button: a fixed event of ACPI (ACPI 6.5 §4.8.3.1, §4.8.4.2), reported by the system control interrupt.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { connectIsa } from "../interrupt/lines";
import { InterruptHandler } from "../interrupt/vectors";
import { enterAcpiMode } from "../acpi/fadt";
import { FADT, find, tableLength } from "../acpi/tables";

// FADT fields: ACPI 6.5 table 5.9.
const SCI_INTERRUPT: u64 = 46;
const PM1A_EVENT: u64 = 56;
const PM1_EVENT_LENGTH: u64 = 88;
/** Bits of the PM1 status and enable registers. */
const POWER_BUTTON: u32 = 1 << 8;

/** What pressing the button does. */
export class PowerButton {
  pressed(): void {}
}

class ControlInterrupt extends InterruptHandler {
  constructor(
    readonly status: u32,
    readonly button: PowerButton,
  ) {
    super();
  }

  override handle(): void {
    if ((port.in16(this.status) & POWER_BUTTON) == 0) return;
    port.out16(this.status, POWER_BUTTON);
    this.button.pressed();
  }
}

/** Call `button.pressed` whenever the machine's power button is pressed. Returns whether there is one. */
export function watchPowerButton(button: PowerButton): bool {
  let table = find(FADT);
  if (table == 0 || tableLength(table) <= PM1_EVENT_LENGTH) return false;
  let status = mem.load32(table + PM1A_EVENT);
  let line = mem.load16(table + SCI_INTERRUPT);
  if (status == 0 || line > 15 || !enterAcpiMode()) return false;
  let enable = status + mem.load8(table + PM1_EVENT_LENGTH) / 2;
  port.out16(status, POWER_BUTTON);
  if (!connectIsa(line, new ControlInterrupt(status, button))) return false;
  port.out16(enable, port.in16(enable) | POWER_BUTTON);
  return true;
}
