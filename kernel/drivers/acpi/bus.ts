// Drivers for devices that only ACPI tells of, by hardware id.
//
//   acpi.addDriver(new PanicDeviceDriver());
//   acpi.start();

import { AcpiDevice, findDevice } from "../../acpi/devices";
import * as module from "../../lib/module";
import * as log from "../../log/log";

/** Devices of one id that are looked for. */
const MAX_DEVICES: i32 = 32;

export abstract class AcpiDriver {
  /** The module that brought it. */
  module: string = "";

  abstract get name(): string;
  /** The hardware id it is for: "QEMU0001", "PNP0A06" (§6.1.5 _HID). */
  abstract get id(): string;
  /** Bring a device up; false when that fails, and the device is left alone. */
  abstract start(device: AcpiDevice): bool;
}

const drivers: Array<AcpiDriver> = [] as AcpiDriver[];

export function addDriver(driver: AcpiDriver): void {
  driver.module = module.current;
  drivers.push(driver);
}

/** Look for each driver's devices and start it on them. */
export function start(): void {
  for (let i = 0; i < drivers.length; i++) {
    let driver = drivers[i];
    for (let nth = 0; nth < MAX_DEVICES; nth++) {
      let device = findDevice(driver.id, nth);
      if (device === null) break;
      report(driver, driver.start(device));
    }
  }
}

function report(driver: AcpiDriver, hasStarted: bool): void {
  log
    .begin(hasStarted ? log.INFO : log.WARNING)
    .string("acpi: ")
    .string(driver.name)
    .string(hasStarted ? " started, " : " failed, ")
    .string(driver.id)
    .string(" (module ")
    .string(driver.module)
    .byte(0x29);
  log.end();
}
