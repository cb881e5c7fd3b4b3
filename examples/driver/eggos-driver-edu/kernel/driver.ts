// The driver as a module: which PCI function it is for, and what becomes of it.

import { DeviceMemory, devices, pci, PciDevice, PciDriver } from "eggos/kernel";
import { Edu } from "./edu";
import { FactorialKind, MemoryKind } from "./files";

const VENDOR: u32 = 0x1234;
const DEVICE: u32 = 0x11e8;

class EduDriver extends PciDriver {
  override get name(): string {
    return "edu";
  }

  override matches(device: PciDevice): bool {
    return device.vendor == VENDOR && device.device == DEVICE;
  }

  override start(device: PciDevice): bool {
    device.enable();
    let edu = new Edu(new DeviceMemory(device, 0));
    if (!edu.probe() || !device.connectInterrupt(edu.handler())) return false;
    return (
      devices.registerCharacter("edu", new FactorialKind(edu)) &&
      devices.registerCharacter("edu-memory", new MemoryKind(edu))
    );
  }
}

export function register(): void {
  pci.register(new EduDriver());
}
