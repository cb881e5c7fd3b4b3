// Collecting garbage while the CPU has nothing else to do: in steps, with interrupts let in between.

import * as cpu from "machine/cpu";
import * as collector from "runtime/collector";
import { addIdleTask, IdleTask } from "./scheduler";

class CollectWhenIdle extends IdleTask {
  override run(): bool {
    if (!collector.isDue()) return false;
    collector.idleStep();
    cpu.pollInterrupts();
    return true;
  }
}

/** From now on an idle CPU collects. Precondition: interrupts can be let in. */
export function collectWhenIdle(): void {
  addIdleTask(new CollectWhenIdle());
}
