// Which PCI functions are Intel gigabit Ethernet (e1000.ts), and how one is brought up.

import { InterruptHandler } from "../../interrupt/vectors";
import { nextEthernetName } from "../../net/link/names";
import { register as registerDevice } from "../../net/link/registry";
import { addDriver, PciDriver } from "../pci/bus";
import { PciDevice } from "../pci/device";
import { E1000 } from "./e1000";

class Interrupt extends InterruptHandler {
  constructor(private device: E1000) {
    super();
  }

  override handle(): void {
    this.device.interrupted();
  }
}

const INTEL: u32 = 0x8086;
/** 82540EM, 82545EM, 82543GC, 82544GC, 82546EB, 82574L, 82583V, I217-LM, I217-V, I218-LM, I219-LM, I219-V. */
const DEVICES: StaticArray<u32> = [
  0x100e, 0x100f, 0x1004, 0x1008, 0x1010, 0x10d3, 0x150c, 0x153a, 0x153b, 0x155a, 0x156f, 0x1570,
];

class E1000Driver extends PciDriver {
  override get name(): string {
    return "e1000";
  }

  override matches(device: PciDevice): bool {
    if (device.vendor != INTEL) return false;
    for (let i = 0; i < DEVICES.length; i++) if (DEVICES[i] == device.device) return true;
    return false;
  }

  override start(device: PciDevice): bool {
    device.enable();
    let registers = device.map(0);
    if (registers == 0) return false;
    let ethernet = new E1000(registers);
    if (!ethernet.initialize()) return false;
    ethernet.name = nextEthernetName();
    // Without an interrupt the stack's own timers still poll it.
    device.connectInterrupt(new Interrupt(ethernet));
    if (!registerDevice(ethernet)) return false;
    ethernet.start();
    return true;
  }
}

export function register(): void {
  addDriver(new E1000Driver());
}
