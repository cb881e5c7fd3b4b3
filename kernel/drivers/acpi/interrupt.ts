// The interrupt line of a device that ACPI declares.

import { AcpiDevice } from "../../acpi/devices";
import * as lines from "../../interrupt/lines";
import { InterruptHandler } from "../../interrupt/vectors";

/** Have a device's line call `handler`; false when it names none, or that cannot be. */
export function connectInterrupt(device: AcpiDevice, handler: InterruptHandler): bool {
  let line = device.interrupt;
  if (line < 0) return false;
  if (device.isIsa) return lines.connectIsa(<u32>line, handler);
  return lines.connectGlobal(<u32>line, device.isLevel, device.isActiveLow, handler);
}
