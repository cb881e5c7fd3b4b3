// Where the machine calls the kernel: the only exports of the wasm module.

import * as frames from "memory/frames";
import { bootMachine, startClock } from "./boot/boot";
import * as log from "./log/log";
import { panicOnFrame } from "./panic/panic";
import { exit } from "./panic/power";

/** Once, on the boot stack; `info` is the linear address of a BootInfo. Never returns. */
export function boot(info: usize): void {
  log.setShownLevel(log.DEBUG);
  let machine = bootMachine(info);
  startClock(machine);
  log
    .begin(log.INFO)
    .string(machine.protocol)
    .string(", ")
    .decimal(frames.totalCount() >> 8)
    .string(" MB");
  log.end();
  exit(0);
}

/** Every exception and interrupt. */
export function trap(frame: usize): void {
  panicOnFrame(frame);
}

/** Every system call. */
export function syscall(frame: usize): void {
  panicOnFrame(frame);
}

/** A kernel thread begins. */
export function threadMain(_argument: usize): void {}
