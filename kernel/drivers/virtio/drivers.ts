// Virtio drivers by device type (virtio 1.2 §5). The same driver serves a device on the PCI bus and one in plain device
// memory: it is given the transport.
//
//   virtio.addDriver(new VirtioNetDriver());

import * as module from "../../lib/module";
import { addDriver as addPciDriver, PciDriver } from "../pci/bus";
import { PciDevice } from "../pci/device";
import { LegacyPciTransport } from "./legacy-pci-transport";
import { deviceType, PciTransport } from "./pci-transport";
import { VirtioTransport } from "./transport";

export abstract class VirtioDriver {
  /** The module that brought it. */
  module: string = "";

  abstract get name(): string;
  /** The device type it is for: 1 network, 2 block, 16 GPU, 18 input … */
  abstract get type(): u32;
  /** Bring a device up; `transport` has found its registers. False when that fails, and the device is left alone. */
  abstract start(transport: VirtioTransport): bool;
}

const drivers: Array<VirtioDriver> = [] as VirtioDriver[];

class VirtioOverPci extends PciDriver {
  constructor(private driver: VirtioDriver) {
    super();
  }

  override get name(): string {
    return this.driver.name;
  }

  override matches(device: PciDevice): bool {
    return deviceType(device) == this.driver.type;
  }

  override start(device: PciDevice): bool {
    let modern = new PciTransport(device);
    if (modern.find()) return this.driver.start(modern);
    let legacy = new LegacyPciTransport(device);
    return legacy.find() && this.driver.start(legacy);
  }
}

export function addDriver(driver: VirtioDriver): void {
  driver.module = module.current;
  drivers.push(driver);
  addPciDriver(new VirtioOverPci(driver));
}

/** The driver for a device type, null when there is none. */
export function driverFor(type: u32): VirtioDriver | null {
  for (let i = 0; i < drivers.length; i++) if (drivers[i].type == type) return drivers[i];
  return null;
}
