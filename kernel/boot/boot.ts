// The order in which the machine comes up, up to where threads can run.

import * as cpu from "machine/cpu";
import { detect, enable, features } from "../cpu/features";
import * as uart from "../drivers/uart";
import * as log from "../log/log";
import { panic } from "../panic/panic";
import { readLoader } from "./loader";
import { Machine } from "./machine";
import { takeOverMemory } from "./memory";

/** Bring the machine up; `info` is the linear address of the BootInfo. */
export function bootMachine(info: usize): Machine {
  if (uart.initialize()) log.addSink(new uart.SerialSink());
  cpu.installTraps();
  let found = readLoader(info);
  if (found === null) panic("the boot loader gave no memory map");
  let machine = found as Machine;
  detect();
  enable();
  let trouble = takeOverMemory(machine, features.hasGigabytePages);
  if (trouble !== null) panic(trouble);
  return machine;
}
