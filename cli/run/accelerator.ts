// Which accelerator QEMU gets, and with it which CPU model.
//
// /dev/kvm is no proof: it can open on a host whose processor shows neither vmx nor svm, and guests then hang.
// So `auto` asks the processor's flags first.

import { accessSync, constants, readFileSync } from "node:fs";
import { Failure } from "../failure.ts";

export type Accelerator = "kvm" | "tcg" | "hvf" | "whpx";
export const ACCELERATORS = ["auto", "kvm", "tcg", "hvf", "whpx"] as const;
export type AcceleratorChoice = (typeof ACCELERATORS)[number];

export interface Host {
  platform: NodeJS.Platform;
  arch: string;
  /** Contents of /proc/cpuinfo, "" where there is none. */
  cpuInfo: string;
  /** Whether /dev/kvm can be opened for reading and writing. */
  kvmOpens: boolean;
}

export function thisHost(): Host {
  let cpuInfo = "";
  try {
    cpuInfo = readFileSync("/proc/cpuinfo", "latin1");
  } catch {
    // No Linux: no KVM either.
  }
  let kvmOpens = true;
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    kvmOpens = false;
  }
  return { platform: process.platform, arch: process.arch, cpuInfo, kvmOpens };
}

/** Why KVM cannot work here; null when it can. */
export function kvmObstacle(host: Host): string | null {
  if (host.platform !== "linux") return "KVM exists on Linux only";
  if (host.arch !== "x64") return "the host's processor is not x86-64";
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(host.cpuInfo)) {
    return "the processor shows neither vmx nor svm (in a virtual machine: nested virtualization is off)";
  }
  if (!host.kvmOpens) return "/dev/kvm cannot be opened (is the user in the group kvm?)";
  return null;
}

export function chooseAccelerator(choice: AcceleratorChoice, host: Host): Accelerator {
  switch (choice) {
    case "tcg":
      return "tcg";
    case "kvm": {
      const obstacle = kvmObstacle(host);
      if (obstacle) {
        throw new Failure(`KVM cannot be used: ${obstacle}`, {
          advice: "leave out --accel kvm to run under emulation",
        });
      }
      return "kvm";
    }
    case "hvf":
      if (host.platform !== "darwin") throw new Failure("hvf exists on macOS only", { advice: "use --accel auto" });
      return "hvf";
    case "whpx":
      if (host.platform !== "win32") throw new Failure("whpx exists on Windows only", { advice: "use --accel auto" });
      return "whpx";
    case "auto":
      if (kvmObstacle(host) === null) return "kvm";
      if (host.platform === "darwin" && host.arch === "x64") return "hvf";
      return "tcg";
  }
}
