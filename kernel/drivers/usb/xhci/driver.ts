// Which PCI functions are xHCI controllers.

import { addDriver, PciDriver } from "../../pci/bus";
import { PciDevice } from "../../pci/device";
import { startController } from "./controller";

/** Serial bus controller, USB; its programming interface says which kind (PCI Code and ID Assignment §1.14). */
const USB_CONTROLLER: u32 = 0x0c03;
const INTERFACE_REGISTER: u32 = 0x09;
const XHCI: u32 = 0x30;

class XhciDriver extends PciDriver {
  override get name(): string {
    return "xhci";
  }

  override matches(device: PciDevice): bool {
    return device.classCode == USB_CONTROLLER && device.read8(INTERFACE_REGISTER) == XHCI;
  }

  override start(device: PciDevice): bool {
    device.enable();
    let registers = device.map(0);
    return registers != 0 && startController(device, registers, device.memorySize(0));
  }
}

export function register(): void {
  addDriver(new XhciDriver());
}
