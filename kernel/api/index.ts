// `eggos/kernel`: what a kernel module may use (docs/kernel-packages.md). Everything here keeps its promises whatever the
// caller does: lengths are checked, no raw address is followed, nothing hands out the kernel's own state.

import * as acpi from "./acpi";
import * as clock from "./clock";
import * as console from "./console";
import * as devices from "./devices";
import * as fileSystems from "./file-systems";
import * as interrupts from "./interrupts";
import * as links from "./links";
import * as log from "./log";
import * as pci from "./pci";
import * as proc from "./proc";
import * as process from "./process";
import * as random from "./random";
import * as syscalls from "./system-calls";
import * as threads from "./threads";
import * as timers from "./timers";
import * as virtio from "./virtio";

export {
  acpi,
  clock,
  console,
  devices,
  fileSystems,
  interrupts,
  links,
  log,
  pci,
  proc,
  process,
  random,
  syscalls,
  threads,
  timers,
  virtio,
};

export * from "../abi/errno";
export * from "../abi/syscall-numbers";
export { Text } from "../lib/text";
export { AcpiDevice, AcpiDriver } from "./acpi";
export { Buffer } from "./buffer";
export { ConsoleBackend } from "./console";
export { DeviceFile, DeviceKind } from "./devices";
export { DeviceMemory } from "./device-memory";
export { DmaBuffer } from "./dma-buffer";
export { Content, FileSystemKind, Folder, Node } from "./file-systems";
export { InterruptHandler } from "./interrupts";
export { IoPorts } from "./io-ports";
export { LinkDevice } from "./links";
export { PciDevice, PciDriver } from "./pci";
export { TextSource } from "./proc";
export { Handler } from "./system-calls";
export { Task, WaitQueue } from "./threads";
export { Timer } from "./timers";
export { UserMemory } from "./user-memory";
export { VirtioDriver, VirtioTransport, Virtqueue } from "./virtio";
