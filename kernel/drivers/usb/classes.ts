// Which drivers there are for interfaces of USB devices. Modules add themselves before a controller starts.

import { InterfaceDriver, UsbDevice, UsbInterface } from "./usb";

export abstract class ClassDriver {
  /** A driver for the interface; null: it is not for us. */
  abstract match(device: UsbDevice, part: UsbInterface): InterfaceDriver | null;
}

const drivers: Array<ClassDriver> = [] as ClassDriver[];

export function addClassDriver(driver: ClassDriver): void {
  drivers.push(driver);
}

export function driverFor(device: UsbDevice, part: UsbInterface): InterfaceDriver | null {
  for (let i = 0; i < drivers.length; i++) {
    let found = drivers[i].match(device, part);
    if (found !== null) return found;
  }
  return null;
}
