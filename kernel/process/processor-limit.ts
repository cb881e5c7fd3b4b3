// RLIMIT_CPU: a process that has used its soft limit of processor time gets SIGXCPU, and again every second; at the hard limit
// it is killed (man 2 getrlimit).
//
// Processor time cannot pass faster than wall time with one CPU: the timer is armed for what is left at the least.

import { SIGKILL, SIGXCPU } from "../abi/signal";
import { NS_PER_SECOND } from "../abi/time";
import * as clock from "../sched/clock";
import { timers } from "../sched/scheduler";
import { Timer } from "../sched/timer";
import { processRunNs } from "./cpu-time";
import { Process } from "./process";
import { RLIMIT_CPU } from "./resource-limits";
import { signalProcess } from "./signal-send";

/** Limits from here on are for ever (292 years). */
const LONGEST_SECONDS: u64 = 9_223_372_036;

export class ProcessorLimit extends Timer {
  /** When the next SIGXCPU is due, in nanoseconds of processor time. */
  private nextWarningNs: u64 = 0;

  constructor(private readonly process: Process) {
    super();
  }

  /** The limit was set: count from it. */
  changed(): void {
    this.nextWarningNs = toNs(this.process.limits.soft[RLIMIT_CPU]);
    this.arm();
  }

  cancel(): void {
    timers.cancel(this);
  }

  private arm(): void {
    let dueNs = min(this.nextWarningNs, toNs(this.process.limits.hard[RLIMIT_CPU]));
    if (dueNs == u64.MAX_VALUE) {
      timers.cancel(this);
      return;
    }
    let usedNs = processRunNs(this.process);
    let deadline = clock.nowNs() + (dueNs > usedNs ? dueNs - usedNs : 0);
    timers.arm(this, deadline);
    clock.armTimerAtMost(deadline);
  }

  override fire(_nowNs: u64): void {
    let process = this.process;
    let usedNs = processRunNs(process);
    if (usedNs >= toNs(process.limits.hard[RLIMIT_CPU])) {
      signalProcess(process, SIGKILL);
      return;
    }
    if (usedNs >= this.nextWarningNs) {
      this.nextWarningNs = usedNs + NS_PER_SECOND;
      signalProcess(process, SIGXCPU);
    }
    this.arm();
  }
}

/** A limit in seconds as nanoseconds. */
function toNs(seconds: u64): u64 {
  return seconds >= LONGEST_SECONDS ? u64.MAX_VALUE : seconds * NS_PER_SECOND;
}
