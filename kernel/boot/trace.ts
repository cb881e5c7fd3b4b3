// How long each step of the boot took: what `egg run --trace` shows. Steps are noted in counter ticks, because the first
// ones are over before the counter's rate is known.

import * as machineClock from "machine/clock";
import * as log from "../log/log";
import * as clock from "../sched/clock";

const MOST_STEPS: i32 = 24;
const names: StaticArray<string> = new StaticArray<string>(MOST_STEPS);
const ends: StaticArray<u64> = new StaticArray<u64>(MOST_STEPS);
let count = 0;

/** A step that bears `name` ends now. */
export function stepDone(name: string): void {
  if (count == MOST_STEPS) return;
  names[count] = name;
  ends[count] = machineClock.ticks();
  count++;
}

/** One line a step: when it ended, counted from the kernel's first instruction, and what it took. */
export function showSteps(): void {
  let before = clock.ticksAtBoot();
  for (let i = 0; i < count; i++) {
    let endUs = clock.ticksToNs(ends[i] - clock.ticksAtBoot()) / 1000;
    let tookUs = clock.ticksToNs(ends[i] - before) / 1000;
    log
      .begin(log.INFO)
      .string("boot: ")
      .decimal(endUs, 8)
      .string(" us  +")
      .decimal(tookUs, 7)
      .string(" us  ")
      .string(names[i]);
    log.end();
    before = ends[i];
  }
}
