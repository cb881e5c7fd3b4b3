// timerfd_create(2): a timer that is read.

import { linearAddress, pointerOf } from "memory/address";
import { EAGAIN, ECANCELED, EINVAL } from "../../abi/errno";
import { READABLE } from "../../abi/poll";
import { Text } from "../../lib/text";
import { IoVector } from "../../memory/io-vector";
import { waitRestartable } from "../../sched/block";
import * as clock from "../../sched/clock";
import { timers } from "../../sched/scheduler";
import { FOREVER, Timer } from "../../sched/timer";
import { WaitQueue } from "../../sched/wait";
import { File } from "../../vfs/file";

class ExpiryTimer extends Timer {
  file: TimerFile | null = null;

  override fire(nowNs: u64): void {
    let file = this.file;
    if (file !== null) file.expired(nowNs);
  }
}

export class TimerFile extends File {
  /** CLOCK_REALTIME or CLOCK_REALTIME_ALARM: deadlines move when wall time is set. */
  readonly isWallClock: bool;
  readonly clockId: i32;
  private timer: ExpiryTimer = new ExpiryTimer();
  /** Expirations not yet read. */
  private expirations: u64 = 0;
  private intervalNs: u64 = 0;
  private isCanceled: bool = false;
  private waiting: WaitQueue = new WaitQueue();
  private scratch: StaticArray<u64> = new StaticArray<u64>(1);

  constructor(clockId: i32, isWallClock: bool, flags: u32) {
    super();
    this.clockId = clockId;
    this.isWallClock = isWallClock;
    this.flags = flags;
    this.timer.file = this;
  }

  /** Arm for `firstNs` (nanoseconds since boot, FOREVER = disarm), then every `intervalNs` (0 = once). */
  set(firstNs: u64, intervalNs: u64): void {
    this.expirations = 0;
    this.isCanceled = false;
    this.intervalNs = intervalNs;
    if (firstNs == FOREVER) timers.cancel(this.timer);
    else timers.arm(this.timer, firstNs);
    clock.armTimerAtMost(firstNs);
  }

  /** Nanoseconds to the next expiration, 0 when disarmed. */
  remainingNs(): u64 {
    if (!this.timer.isArmed) return 0;
    let nowNs = clock.nowNs();
    return this.timer.deadlineNs > nowNs ? this.timer.deadlineNs - nowNs : 1;
  }

  get periodNs(): u64 {
    return this.intervalNs;
  }

  /** The timer fired: count, arm again without drift. */
  expired(nowNs: u64): void {
    let count: u64 = 1;
    if (this.intervalNs > 0) {
      count += (nowNs - this.timer.deadlineNs) / this.intervalNs;
      timers.arm(this.timer, this.timer.deadlineNs + count * this.intervalNs);
    }
    this.expirations += count;
    this.waiting.wakeAll();
    this.readiness.wakeAll(READABLE);
  }

  /** Wall time was set: TFD_TIMER_CANCEL_ON_SET readers learn of it. */
  cancelOnSet(): void {
    this.isCanceled = true;
    this.waiting.wakeAll();
    this.readiness.wakeAll(READABLE);
  }

  override read(io: IoVector): i64 {
    if (io.remaining < 8) return -EINVAL;
    while (this.expirations == 0) {
      if (this.isCanceled) {
        this.isCanceled = false;
        return -ECANCELED;
      }
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(this.waiting);
      if (why < 0) return why;
    }
    this.scratch[0] = this.expirations;
    let moved = io.put(linearAddress(pointerOf(this.scratch)), 8);
    if (moved == 8) this.expirations = 0;
    return moved;
  }

  override poll(): u32 {
    return this.expirations > 0 || this.isCanceled ? READABLE : 0;
  }

  override close(): void {
    timers.cancel(this.timer);
  }

  override describe(): StaticArray<u8> {
    let text = new Text(24).string("anon_inode:[timerfd]");
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }
}
