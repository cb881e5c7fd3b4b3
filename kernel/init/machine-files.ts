// /proc/eggos/machine and /proc/eggos/devices: what the library's `machine.describe()` reads.
//
//   machine   "loader: PVH" and, on a virtual machine, "hypervisor: KVMKVMKVM", the signature of CPUID leaf 0x40000000
//   devices   a PCI function a line: "00:02.0 1234:1111 0300", address, vendor:device, class and subclass

import * as cpu from "machine/cpu";
import { Machine } from "../boot/machine";
import { features } from "../cpu/features";
import * as bus from "../drivers/pci/bus";
import { Text } from "../lib/text";
import { TextSource } from "../procfs/proc-file-system";
import { registerProcFile } from "../procfs/root";

const HYPERVISOR_LEAF: u32 = 0x40000000;
const NEWLINE: u32 = 0x0a;

class MachineFile extends TextSource {
  constructor(private readonly protocol: string) {
    super();
  }

  override render(text: Text): void {
    text.string("loader: ").string(this.protocol).byte(NEWLINE);
    if (!features.isVirtual) return;
    text.string("hypervisor: ");
    signature(text, cpu.cpuidEbx(HYPERVISOR_LEAF, 0));
    signature(text, cpu.cpuidEcx(HYPERVISOR_LEAF, 0));
    signature(text, cpu.cpuidEdx(HYPERVISOR_LEAF, 0));
    text.byte(NEWLINE);
  }
}

/** Four characters, up to a NUL. */
function signature(text: Text, register: u32): void {
  for (let value = register; value != 0; value >>= 8) {
    let byte = value & 0xff;
    if (byte >= 0x20 && byte < 0x7f) text.byte(byte);
  }
}

class DevicesFile extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < bus.devices.length; i++) {
      let device = bus.devices[i];
      digits(text, device.bus, 2).byte(0x3a);
      digits(text, device.slot, 2)
        .byte(0x2e)
        .decimal(<u64>(device.place & 7))
        .byte(0x20);
      digits(text, device.vendor, 4).byte(0x3a);
      digits(text, device.device, 4).byte(0x20);
      digits(text, device.classCode, 4).byte(NEWLINE);
    }
  }
}

function digits(text: Text, value: u32, count: u32): Text {
  for (let i = count; i > 0; i--) {
    let digit = (value >> ((i - 1) * 4)) & 15;
    text.byte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
  return text;
}

export function registerMachineFiles(machine: Machine): void {
  registerProcFile("eggos/machine", new MachineFile(machine.protocol));
  registerProcFile("eggos/devices", new DevicesFile());
}
