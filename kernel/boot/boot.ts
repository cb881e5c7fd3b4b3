// The order in which the machine comes up, up to where threads can run.

import * as cpu from "machine/cpu";
import * as acpi from "../acpi/tables";
import { detect, enable, features } from "../cpu/features";
import * as uart from "../drivers/uart";
import * as lines from "../interrupt/lines";
import * as timeSource from "../interrupt/time-source";
import * as timer from "../interrupt/timer";
import * as log from "../log/log";
import { panic } from "../panic/panic";
import * as clock from "../sched/clock";
import { readLoader } from "./loader";
import { Machine } from "./machine";
import { takeOverMemory } from "./memory";
import { stepDone } from "./trace";

class KernelLogClock extends log.LogClock {
  nowNs(): u64 {
    return clock.nowNs();
  }
}

/**
 * Memory, traps and interrupt controllers; `info` is the linear address of the BootInfo. The counters' rates are being
 * measured when it returns: `startClock` ends that, after whatever else can be done in ten milliseconds.
 */
export function bootMachine(info: usize): Machine {
  if (uart.com1.initialize()) log.addSink(new uart.SerialSink(uart.com1, true));
  cpu.installTraps();
  let found = readLoader(info);
  if (found === null) panic("the boot loader gave no memory map");
  let machine = found as Machine;
  stepDone("loader's description");
  detect();
  enable();
  let trouble = takeOverMemory(machine, features.hasGigabytePages);
  if (trouble !== null) panic(trouble);
  stepDone("memory");
  acpi.initialize(machine.rsdp);
  if (!lines.initialize(features.hasX2apic)) panic("no memory to map the interrupt controllers");
  stepDone("ACPI and interrupt controllers");
  timer.prepare();
  timeSource.begin();
  return machine;
}

/** Time: clock, wall time, timer interrupt, time stamps in the log. */
export function startClock(machine: Machine): void {
  timeSource.finish();
  timer.start(machine.ticksAtEntry);
  stepDone("clock");
  log.setClock(new KernelLogClock());
}
