// The PS/2 driver with its thread, for a simulated controller (ps2.test.ts).

import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { at } from "memory/address";
import { drain, register } from "../../../kernel/drivers/ps2/controller";
import { InputDevice } from "../../../kernel/input/device";
import { addHandler, InputHandler } from "../../../kernel/input/handlers";
import { deviceAt } from "../../../kernel/input/registry";
import * as scheduler from "../../../kernel/sched/scheduler";
import { Thread } from "../../../kernel/sched/thread";

const journal: Array<i32> = [] as i32[];

class Recorder extends InputHandler {
  override changed(device: InputDevice, type: u32, code: u32, value: i32): void {
    journal.push(device.index);
    journal.push(<i32>type);
    journal.push(<i32>code);
    journal.push(value);
  }
}

export function setUp(): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.reserveKernel(0xffffffff80000000, 0xfffffffffffff000);
  pageTables.activate(pageTables.kernel());
  addHandler(new Recorder());
  register();
}

/** The idle loop: ends when the test throws in `halt`. */
export function idle(): void {
  scheduler.idle();
}

export function threadMain(argument: usize): void {
  scheduler.runThread(at<Thread>(argument));
}

export function interrupt(): void {
  drain();
}

export function journalLength(): i32 {
  return journal.length;
}
export function journalEntry(index: i32): i32 {
  return journal[index];
}

/** Byte `at` of a device's name; 0 at the end, -1 without such a device. */
export function nameByte(index: i32, at: i32): i32 {
  let device = deviceAt(index);
  if (device === null) return -1;
  return at < device.name.length ? <i32>device.name[at] : 0;
}
export function light(index: i32, code: u32, isLit: bool): void {
  let device = deviceAt(index);
  if (device !== null) device.setLed(code, isLit);
}
