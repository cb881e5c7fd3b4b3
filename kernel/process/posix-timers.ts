// The timers of timer_create(2): each sends a signal with a record of its own, so that expiring allocates nothing and never
// fails; expiries while the signal is still pending count as overrun.

import { EAGAIN } from "../abi/errno";
import { SI_TIMER, SIGEV_NONE } from "../abi/signal";
import { CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID } from "../abi/time";
import * as clock from "../sched/clock";
import { timers } from "../sched/scheduler";
import { Timer } from "../sched/timer";
import { processRunNs, threadRunNs } from "./cpu-time";
import { Process } from "./process";
import { SignalRecord } from "./signal-queue";
import { sendToProcess, sendToThread } from "./signal-send";
import { UserThread } from "./user-thread";

/** Timers a process may have. */
export const POSIX_TIMER_LIMIT: i32 = 4096;
const SHORTEST_PERIOD_NS: u64 = 20_000;

export class PosixTimer extends Timer {
  record: SignalRecord = new SignalRecord();
  /** SIGEV_*, the signal and its value. */
  notify: i32 = 0;
  signal: i32 = 0;
  value: u64 = 0;
  /** SIGEV_THREAD_ID: whom to tell; null for the process. */
  target: UserThread | null = null;
  /** CLOCK_THREAD_CPUTIME_ID: whose time. */
  measured: UserThread | null = null;
  intervalNs: u64 = 0;
  /** When it expires on its clock; 0 when it is off. */
  expiryNs: u64 = 0;

  constructor(
    public process: Process,
    public id: i32,
    public clockId: i32,
  ) {
    super();
    this.record.isOwned = true;
  }

  /** Its expiry is a wall-clock time, so that setting the clock moves it; a relative one is not (man 2 timer_settime). */
  private isWallTime: bool = false;

  get nowNs(): u64 {
    if (this.isWallTime) return clock.wallNs();
    if (this.clockId == CLOCK_PROCESS_CPUTIME_ID) return processRunNs(this.process);
    if (this.clockId == CLOCK_THREAD_CPUTIME_ID) {
      let thread = this.measured;
      return thread === null ? 0 : threadRunNs(thread);
    }
    return clock.nowNs();
  }

  get remainingNs(): u64 {
    if (this.expiryNs == 0) return 0;
    let now = this.nowNs;
    if (this.expiryNs > now) return this.expiryNs - now;
    return this.notify == SIGEV_NONE && this.intervalNs == 0 ? 0 : 1;
  }

  /** Expire in `valueNs`, or at that time of its clock, and then every `intervalNs` (0: once); never for 0. */
  set(valueNs: u64, intervalNs: u64, isAbsolute: bool = false): void {
    this.isWallTime = isAbsolute && this.clockId == CLOCK_REALTIME;
    this.intervalNs = intervalNs;
    this.expiryNs = valueNs == 0 || isAbsolute ? valueNs : this.nowNs + valueNs;
    timers.cancel(this);
    this.process.pending.withdraw(this.record);
    let target = this.target;
    if (target !== null) target.pending.withdraw(this.record);
    this.record.overrun = 0;
    this.record.deliveredOverrun = 0;
    if (valueNs != 0) this.arm();
  }

  /** The wall clock was set. */
  wallClockChanged(): void {
    if (this.isWallTime && this.expiryNs != 0) this.arm();
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
    let missed: u64 = 0;
    if (this.intervalNs != 0) {
      let periods = (now - this.expiryNs) / this.intervalNs;
      missed = periods;
      let next = this.expiryNs + (periods + 1) * this.intervalNs;
      if (next < now + SHORTEST_PERIOD_NS) {
        let more = SHORTEST_PERIOD_NS / this.intervalNs;
        next += more * this.intervalNs;
        missed += more;
      }
      this.expiryNs = next;
      this.arm();
    } else if (this.notify != SIGEV_NONE) this.expiryNs = 0;
    if (this.notify != SIGEV_NONE) this.send(missed);
  }

  private send(missed: u64): void {
    let record = this.record;
    if (!record.isLinked) record.set(this.signal, SI_TIMER, <u64>(<u32>this.id), this.value);
    let target = this.target;
    if (target === null) sendToProcess(this.process, record);
    else sendToThread(target, record);
    let overrun = <u64>record.overrun + missed;
    record.overrun = overrun > <u64>i32.MAX_VALUE ? i32.MAX_VALUE : <i32>overrun;
  }

  /** It goes: nothing of it stays pending. */
  remove(): void {
    this.set(0, 0);
  }
}

/** A process's timers by number. */
export class PosixTimers {
  private items: Array<PosixTimer | null> = [] as (PosixTimer | null)[];

  /** A new timer, not set yet; null when the process has too many (-EAGAIN). */
  create(process: Process, clockId: i32): PosixTimer | null {
    let id = 0;
    while (id < this.items.length && this.items[id] !== null) id++;
    if (id == POSIX_TIMER_LIMIT) return null;
    let timer = new PosixTimer(process, id, clockId);
    if (id == this.items.length) this.items.push(timer);
    else this.items[id] = timer;
    return timer;
  }

  find(id: i32): PosixTimer | null {
    return <u32>id < <u32>this.items.length ? this.items[id] : null;
  }

  delete(timer: PosixTimer): void {
    timer.remove();
    this.items[timer.id] = null;
  }

  wallClockChanged(): void {
    for (let id = 0; id < this.items.length; id++) {
      let timer = this.items[id];
      if (timer !== null) timer.wallClockChanged();
    }
  }

  deleteAll(): void {
    for (let id = 0; id < this.items.length; id++) {
      let timer = this.items[id];
      if (timer !== null) timer.remove();
    }
    this.items = [] as (PosixTimer | null)[];
  }

  /** A thread ends: timers that would tell it stay silent. */
  threadLeft(thread: UserThread): void {
    for (let id = 0; id < this.items.length; id++) {
      let timer = this.items[id];
      if (timer === null) continue;
      if (timer.target === thread || timer.measured === thread) {
        timer.remove();
        if (timer.measured === thread) timer.measured = null;
      }
    }
  }
}

/** What create's null means. */
export const TOO_MANY_TIMERS: i32 = -EAGAIN;
