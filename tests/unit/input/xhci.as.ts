// An xHCI controller's thread, for simulated controllers that fail (xhci.test.ts).

import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { at } from "memory/address";
import { PciDevice } from "../../../kernel/drivers/pci/device";
import { startController } from "../../../kernel/drivers/usb/xhci/controller";
import * as scheduler from "../../../kernel/sched/scheduler";
import { Thread } from "../../../kernel/sched/thread";

export function setUp(registers: u64): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.reserveKernel(0xffffffff80000000, 0xfffffffffffff000);
  pageTables.activate(pageTables.kernel());
  startController(new PciDevice(0), registers, 0x10000);
}

/** The idle loop: ends when the test throws in `halt`. */
export function idle(): void {
  scheduler.idle();
}

export function threadMain(argument: usize): void {
  scheduler.runThread(at<Thread>(argument));
}
