// Where the machine calls the kernel: the only exports of the wasm module.

import { at } from "memory/address";
import * as frames from "memory/frames";
import { setAutomatic } from "runtime/collector";
import { bootMachine, startClock } from "./boot/boot";
import { stepDone } from "./boot/trace";
import { handleSyscall } from "./entry/syscall";
import { handleTrap } from "./entry/trap";
import * as acpiBus from "./drivers/acpi/bus";
import * as bus from "./drivers/pci/bus";
import { startMmioDevices } from "./drivers/virtio/mmio-devices";
import { useBootScreen } from "./init/boot-screen";
import { prepareModules, readConfiguration, startFirstProgram } from "./init/first-program";
import { prepareNetwork, startNetwork } from "./init/network";
import { registerModules } from "./modules/enabled";
import { collectWhenIdle } from "./sched/idle-collection";
import * as scheduler from "./sched/scheduler";
import { Thread } from "./sched/thread";

/** Once, on the boot stack; `info` is the linear address of a BootInfo. Never returns. */
export function boot(info: usize): void {
  let machine = bootMachine(info);
  let config = readConfiguration(machine);
  startClock(machine);
  setAutomatic(true);
  collectWhenIdle();
  prepareModules(config);
  prepareNetwork(config, frames.totalCount() * frames.FRAME_SIZE);
  registerModules();
  stepDone("modules");
  bus.start(machine.endOfLowMemory());
  acpiBus.start();
  startMmioDevices(machine.commandLine);
  useBootScreen(machine);
  stepDone("devices");
  startNetwork(config);
  startFirstProgram(machine, config);
  scheduler.idle();
}

/** Every exception and interrupt. */
export function trap(frame: usize): void {
  handleTrap(frame);
}

/** Every system call. */
export function syscall(frame: usize): void {
  handleSyscall(frame);
}

/** A kernel thread begins. */
export function threadMain(argument: usize): void {
  scheduler.runThread(at<Thread>(argument));
}
