// The load averages of /proc/loadavg and sysinfo(2): threads that run or are ready, sampled every five seconds and
// averaged exponentially over 1, 5 and 15 minutes (Linux kernel/sched/loadavg.c; 11 fraction bits).

import { ThreadState } from "./thread";
import * as clock from "./clock";
import { current, readyCount, timers } from "./scheduler";
import { Timer } from "./timer";

const INTERVAL_NS: u64 = 5_000_000_000;
export const FRACTION_BITS: u64 = 11;
const ONE: u64 = 1 << FRACTION_BITS;
/** ONE / exp(5 s / 1 min), and for 5 and 15 minutes. */
const DECAYS: StaticArray<u64> = [1884, 2014, 2037];

/** Fixed-point averages over 1, 5 and 15 minutes. */
export const averages: StaticArray<u64> = [0, 0, 0];

class Sampler extends Timer {
  override fire(nowNs: u64): void {
    let active = <u64>readyCount() + (current().id != 0 && current().state == ThreadState.RUNNING ? 1 : 0);
    for (let i = 0; i < 3; i++) {
      averages[i] = (averages[i] * DECAYS[i] + active * ONE * (ONE - DECAYS[i]) + ONE / 2) >> FRACTION_BITS;
    }
    timers.arm(this, nowNs + INTERVAL_NS);
  }
}

/** Begin to sample. */
export function startSampling(): void {
  timers.arm(new Sampler(), clock.nowNs() + INTERVAL_NS);
}
