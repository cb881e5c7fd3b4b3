// Timers: a binary min-heap of deadlines in nanoseconds since boot, an index in each timer, so that arming and
// cancelling cost O(log n) and allocate nothing once the heap has grown.
//
// Rules of use: subclass Timer, override `fire`. `fire` runs from the timer interrupt's tail or from a poll point with
// interrupts off; it must not block. A timer may be armed again inside its own `fire`.

/** A deadline that never comes. */
export const FOREVER: u64 = u64.MAX_VALUE;

const NOT_ARMED: i32 = -1;

export class Timer {
  /** When to fire, in nanoseconds since boot; meaningful while armed. */
  deadlineNs: u64 = FOREVER;
  /** Place in the heap, NOT_ARMED when in none. */
  index: i32 = NOT_ARMED;

  get isArmed(): bool {
    return this.index != NOT_ARMED;
  }

  /** Called once when the deadline has passed. */
  fire(_nowNs: u64): void {}
}

/** A set of timers ordered by deadline. Time comes in as an argument: the simulator owns its own clock. */
export class TimerHeap {
  private heap: Array<Timer> = [] as Timer[];

  /** The earliest deadline, FOREVER when there is none. */
  get nextDeadlineNs(): u64 {
    return this.heap.length > 0 ? this.heap[0].deadlineNs : FOREVER;
  }

  /** Arm, or move an armed timer to another deadline. */
  arm(timer: Timer, deadlineNs: u64): void {
    if (timer.index == NOT_ARMED) {
      timer.deadlineNs = deadlineNs;
      timer.index = this.heap.length;
      this.heap.push(timer);
      this.siftUp(timer.index);
      return;
    }
    let earlier = deadlineNs < timer.deadlineNs;
    timer.deadlineNs = deadlineNs;
    if (earlier) this.siftUp(timer.index);
    else this.siftDown(timer.index);
  }

  /** Disarm; nothing happens when it is not armed. */
  cancel(timer: Timer): void {
    let index = timer.index;
    if (index == NOT_ARMED) return;
    timer.index = NOT_ARMED;
    let last = this.heap.pop();
    if (last === timer) return;
    this.heap[index] = last;
    last.index = index;
    this.siftUp(index);
    this.siftDown(last.index);
  }

  /** Fire all timers due at `nowNs`; returns how many. */
  expire(nowNs: u64): i32 {
    let fired = 0;
    while (this.heap.length > 0) {
      let timer = this.heap[0];
      if (timer.deadlineNs > nowNs) break;
      this.cancel(timer);
      timer.fire(nowNs);
      fired++;
    }
    return fired;
  }

  private siftUp(start: i32): void {
    let heap = this.heap;
    let index = start;
    let timer = heap[index];
    while (index > 0) {
      let parent = (index - 1) >> 1;
      let above = heap[parent];
      if (above.deadlineNs <= timer.deadlineNs) break;
      heap[index] = above;
      above.index = index;
      index = parent;
    }
    heap[index] = timer;
    timer.index = index;
  }

  private siftDown(start: i32): void {
    let heap = this.heap;
    let count = heap.length;
    let index = start;
    let timer = heap[index];
    while (true) {
      let child = index * 2 + 1;
      if (child >= count) break;
      if (child + 1 < count && heap[child + 1].deadlineNs < heap[child].deadlineNs) child++;
      let below = heap[child];
      if (below.deadlineNs >= timer.deadlineNs) break;
      heap[index] = below;
      below.index = index;
      index = child;
    }
    heap[index] = timer;
    timer.index = index;
  }
}
