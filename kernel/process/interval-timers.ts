// The three timers of setitimer(2), and alarm(2): wall time (SIGALRM), the program's processor time (SIGVTALRM, SIGPROF).
//
// Processor time cannot pass faster than wall time with one CPU: a timer on it is armed for the wall time that is left at
// the least, and looks again when that is over.

import { SIGALRM, SIGPROF, SIGVTALRM } from "../abi/signal";
import { ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL } from "../abi/time";
import * as clock from "../sched/clock";
import { timers } from "../sched/scheduler";
import { Timer } from "../sched/timer";
import { processRunNs } from "./cpu-time";
import { Process } from "./process";
import { signalProcess } from "./signal-send";

/** A period shorter than this would leave no time for the program. */
const SHORTEST_PERIOD_NS: u64 = 20_000;

export class IntervalTimer extends Timer {
  intervalNs: u64 = 0;
  /** When it expires, on the timer's own clock; 0 when it is off. */
  expiryNs: u64 = 0;

  /** Whose timer it is; set once, when the process is made. */
  process: Process | null = null;

  constructor(private which: i32) {
    super();
  }

  /** The timer's own clock: nanoseconds since boot or of processor time. */
  get nowNs(): u64 {
    return this.which == ITIMER_REAL ? clock.nowNs() : processRunNs(this.process!);
  }

  /** What is left until it expires; 0 when it is off, at least 1 when it is not. */
  get remainingNs(): u64 {
    if (this.expiryNs == 0) return 0;
    let now = this.nowNs;
    return this.expiryNs > now ? this.expiryNs - now : 1;
  }

  /** Expire in `valueNs` (0: never) and then every `intervalNs` (0: once). */
  set(valueNs: u64, intervalNs: u64): void {
    this.intervalNs = intervalNs;
    if (valueNs == 0) {
      this.expiryNs = 0;
      timers.cancel(this);
      return;
    }
    this.expiryNs = this.nowNs + valueNs;
    this.arm();
  }

  private arm(): void {
    let now = this.nowNs;
    let left = this.expiryNs > now ? this.expiryNs - now : 0;
    let deadline = clock.nowNs() + left;
    timers.arm(this, deadline);
    clock.armTimerAtMost(deadline);
  }

  override fire(_nowNs: u64): void {
    if (this.expiryNs == 0) return;
    let now = this.nowNs;
    if (now < this.expiryNs) {
      this.arm();
      return;
    }
    if (this.intervalNs == 0) this.expiryNs = 0;
    else {
      let period = max(this.intervalNs, SHORTEST_PERIOD_NS);
      this.expiryNs += ((now - this.expiryNs) / period + 1) * period;
      this.arm();
    }
    signalProcess(
      this.process!,
      this.which == ITIMER_REAL ? SIGALRM : this.which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF,
    );
  }
}

export class IntervalTimers {
  private timers: StaticArray<IntervalTimer> = [
    new IntervalTimer(ITIMER_REAL),
    new IntervalTimer(ITIMER_VIRTUAL),
    new IntervalTimer(ITIMER_PROF),
  ];

  belongTo(process: Process): void {
    for (let i = 0; i < 3; i++) this.timers[i].process = process;
  }

  /** Precondition: `which` is an ITIMER_*. */
  timer(which: i32): IntervalTimer {
    return this.timers[which];
  }

  cancelAll(): void {
    for (let i = 0; i < 3; i++) this.timers[i].set(0, 0);
  }
}
