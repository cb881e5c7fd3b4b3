// Facts about the machine that the program runs on.
//
// ```ts
// import { machine } from "eggos";
//
// const { memoryBytes, processors, hypervisor, devices } = machine.describe();
// console.log(`${processors.length} × ${processors[0]?.model}, ${memoryBytes >> 20} MB, ${hypervisor ?? "real"}`);
// for (const { address, vendor, device, what } of devices) console.log(address, vendor, device, what);
// ```

import { readFileSync } from "node:fs";
import { cpus, totalmem, uptime } from "node:os";

/** One function on the PCI bus. */
export interface PciDevice {
  /** Bus, slot and function: `00:02.0`. */
  readonly address: string;
  /** Four hexadecimal digits each, as the PCI ID database lists them. */
  readonly vendor: string;
  readonly device: string;
  /** The kind of device by its class: `display`, `network`, `storage` … */
  readonly what: string;
}

export interface Processor {
  readonly model: string;
  readonly speedMHz: number;
}

export interface MachineFacts {
  /** Memory that the system manages. */
  readonly memoryBytes: number;
  readonly processors: readonly Processor[];
  /** When the kernel started. */
  readonly bootedAt: Date;
  /** The virtual machine monitor: `KVM`, `QEMU` (emulation), `VMware` …; undefined on a real machine. */
  readonly hypervisor: string | undefined;
  readonly devices: readonly PciDevice[];
}

/** Base classes (PCI Code and ID Assignment §1). */
const CLASSES: Readonly<Record<string, string>> = {
  "01": "storage",
  "02": "network",
  "03": "display",
  "04": "multimedia",
  "05": "memory",
  "06": "bridge",
  "07": "communication",
  "08": "system",
  "09": "input",
  "0c": "serial bus",
};

/** What monitors say of themselves in CPUID leaf 0x40000000. */
const HYPERVISORS: Readonly<Record<string, string>> = {
  KVMKVMKVM: "KVM",
  TCGTCGTCGTCG: "QEMU",
  "Microsoft Hv": "Hyper-V",
  VMwareVMware: "VMware",
  XenVMMXenVMM: "Xen",
  VBoxVBoxVBox: "VirtualBox",
  "bhyve bhyve ": "bhyve",
};

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The lines of /proc/eggos/devices: "00:02.0 1234:1111 0300". */
function parseDevices(text: string): PciDevice[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [address = "", ids = "", classCode = ""] = line.split(" ");
      const [vendor = "", device = ""] = ids.split(":");
      return { address, vendor, device, what: CLASSES[classCode.slice(0, 2)] ?? "other" };
    });
}

/** What is known of the machine now. */
export function describe(): MachineFacts {
  const signature = /^hypervisor: (.*)$/m.exec(readText("/proc/eggos/machine"))?.[1] ?? "";
  return {
    memoryBytes: totalmem(),
    processors: cpus().map(({ model, speed }) => ({ model, speedMHz: speed })),
    bootedAt: new Date(Date.now() - uptime() * 1000),
    hypervisor: signature === "" ? undefined : (HYPERVISORS[signature] ?? signature),
    devices: parseDevices(readText("/proc/eggos/devices")),
  };
}
