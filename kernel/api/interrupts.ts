// Interrupts: subclass InterruptHandler. `handle` runs with interrupts off, on whatever thread was on the CPU; it quiets the
// device, notes what happened and wakes who waits. It must not block, switch or allocate. PCI devices connect theirs with
// `device.connectInterrupt(handler)`.

import * as lines from "../interrupt/lines";
import { InterruptHandler } from "../interrupt/vectors";

export { InterruptHandler } from "../interrupt/vectors";

const ISA_LINES: u32 = 16;

/** Have an ISA line (0–15) call `handler`; false when that cannot be. */
export function connectIsa(line: u32, handler: InterruptHandler): bool {
  return line < ISA_LINES && lines.connectIsa(line, handler);
}
