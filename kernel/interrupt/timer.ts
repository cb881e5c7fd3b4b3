// The one hardware timer, behind sched/clock: the local APIC's, against the time-stamp counter where the CPU can.

import { features } from "../cpu/features";
import * as clock from "../sched/clock";
import { expireTimers, rearmTimer, timers } from "../sched/scheduler";
import { Timer } from "../sched/timer";
import * as localApic from "./local-apic";
import * as timeSource from "./time-source";
import { InterruptHandler, register, TIMER_VECTOR } from "./vectors";

/** Longest a one-shot count is set for; the scheduler arms again. */
const LONGEST_NS: u64 = 1_000_000_000;
/** When the counter's rate is measured again. */
const REFINEMENT_NS: u64 = 1_000_000_000;

class OneShotTimer extends clock.TimerDevice {
  arm(deadlineNs: u64): void {
    let nowNs = clock.nowNs();
    let delayNs = deadlineNs > nowNs ? min(deadlineNs - nowNs, LONGEST_NS) : 0;
    let count = (delayNs * timeSource.timerFrequency()) / 1_000_000_000;
    localApic.startCount(<u32>min(max(count, 1), 0xffffffff));
  }

  disarm(): void {
    localApic.startCount(0);
  }
}

class DeadlineTimer extends clock.TimerDevice {
  arm(deadlineNs: u64): void {
    localApic.setTscDeadline(clock.ticksAtBoot() + clock.nsToTicks(deadlineNs));
  }

  disarm(): void {
    localApic.setTscDeadline(0);
  }
}

class TimerInterrupt extends InterruptHandler {
  handle(): void {
    clock.timerFired();
    expireTimers();
    rearmTimer();
  }
}

/** Measures the counter once more, over a second. */
class Refinement extends Timer {
  fire(_nowNs: u64): void {
    let frequencyHz = timeSource.refine();
    if (frequencyHz != 0) clock.refine(frequencyHz);
  }
}

/** Before `timeSource.begin`: lets the timer's count be measured. */
export function prepare(): void {
  localApic.setUpOneShot(TIMER_VECTOR);
}

/** Give the scheduler its clock and its timer. Precondition: the time source has finished. */
export function start(ticksAtBoot: u64): void {
  clock.calibrate(timeSource.tscFrequency(), ticksAtBoot);
  clock.setWallOffsetNs(timeSource.readWallNs() - clock.nowNs());
  register(TIMER_VECTOR, new TimerInterrupt());
  if (features.hasTscDeadline) {
    localApic.setUpTscDeadline(TIMER_VECTOR);
    clock.setTimerDevice(new DeadlineTimer());
  } else {
    localApic.setUpOneShot(TIMER_VECTOR);
    clock.setTimerDevice(new OneShotTimer());
  }
  timers.arm(new Refinement(), clock.nowNs() + REFINEMENT_NS);
}
