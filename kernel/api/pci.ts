// PCI drivers: `matches` says which functions are one's own, `start` brings one up. A driver that returns false from `start`
// leaves its device alone; the log says so with the module's name, and the rest of the machine goes on.

import * as bus from "../drivers/pci/bus";
import { PciDriver } from "../drivers/pci/bus";

export { PciDriver } from "../drivers/pci/bus";
export { PciDevice } from "../drivers/pci/device";

/** Have `driver` asked about every function when the buses are scanned, after the drivers registered before. */
export function register(driver: PciDriver): void {
  bus.addDriver(driver);
}
