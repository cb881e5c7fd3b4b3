// Timers ordered by deadline: a binary heap whose keys may be stale.
//
// Re-arming a timer for later, and cancelling it, only writes its deadline: the heap keeps the old, earlier key and
// sorts the timer anew when that key comes up. A retransmission timer that is pushed back with every acknowledgment
// thus costs a store, and the price is at most one early wake-up per period.
//
// Rules of use: times are nanoseconds since boot. `expired` may arm and cancel any timer, its own included.

/** A deadline that never comes. */
export const NEVER: u64 = u64.MAX_VALUE;

/** Something that happens at a time. Subclasses say what. */
export abstract class Timer {
  /** When `expired` is to be called; NEVER when the timer is off. */
  deadlineNs: u64 = NEVER;
  /** The key in the heap: never later than the deadline. */
  keyNs: u64 = NEVER;
  /** Position in the heap, -1 when it is in none. */
  position: i32 = -1;

  get isArmed(): bool {
    return this.deadlineNs != NEVER;
  }

  abstract expired(nowNs: u64): void;
}

/** Timers a queue has room for before it first grows. */
const INITIAL_CAPACITY: i32 = 64;

export class TimerQueue {
  private heap: StaticArray<Timer | null> = new StaticArray<Timer | null>(INITIAL_CAPACITY);
  length: i32 = 0;

  /** Call `timer.expired` at `deadlineNs`, in place of any earlier arrangement. */
  arm(timer: Timer, deadlineNs: u64): void {
    timer.deadlineNs = deadlineNs;
    if (timer.position >= 0) {
      if (deadlineNs >= timer.keyNs) return;
      timer.keyNs = deadlineNs;
      this.siftUp(timer);
      return;
    }
    if (deadlineNs == NEVER) return;
    if (this.length == this.heap.length) this.grow();
    timer.keyNs = deadlineNs;
    timer.position = this.length++;
    this.siftUp(timer);
  }

  /** Do not call `timer.expired`. */
  cancel(timer: Timer): void {
    timer.deadlineNs = NEVER;
  }

  /** Forget the timer at once, so that nothing in the queue refers to it. */
  remove(timer: Timer): void {
    timer.deadlineNs = NEVER;
    if (timer.position >= 0) this.take(timer);
  }

  /** Call every timer that is due at `nowNs`, earliest first. */
  expire(nowNs: u64): void {
    while (this.length > 0) {
      let timer = this.at(0);
      if (timer.keyNs > nowNs) return;
      if (timer.deadlineNs == NEVER) {
        this.take(timer);
      } else if (timer.deadlineNs > timer.keyNs) {
        timer.keyNs = timer.deadlineNs;
        this.siftDown(timer);
      } else {
        this.take(timer);
        timer.deadlineNs = NEVER;
        timer.expired(nowNs);
      }
    }
  }

  /** The time to call `expire` again; it may turn out to be too early, never too late. */
  get nextNs(): u64 {
    return this.length > 0 ? this.at(0).keyNs : NEVER;
  }

  private at(position: i32): Timer {
    let timer = this.heap[position];
    assert(timer !== null, "a hole in the timer heap");
    return timer as Timer;
  }

  private place(timer: Timer, position: i32): void {
    this.heap[position] = timer;
    timer.position = position;
  }

  private take(timer: Timer): void {
    let position = timer.position;
    let last = this.at(--this.length);
    this.heap[this.length] = null;
    timer.position = -1;
    if (last === timer) return;
    this.place(last, position);
    this.siftUp(last);
    this.siftDown(last);
  }

  private siftUp(timer: Timer): void {
    let position = timer.position;
    while (position > 0) {
      let above = (position - 1) >> 1;
      let parent = this.at(above);
      if (parent.keyNs <= timer.keyNs) break;
      this.place(parent, position);
      position = above;
    }
    this.place(timer, position);
  }

  private siftDown(timer: Timer): void {
    let position = timer.position;
    while (true) {
      let below = 2 * position + 1;
      if (below >= this.length) break;
      let child = this.at(below);
      if (below + 1 < this.length) {
        let other = this.at(below + 1);
        if (other.keyNs < child.keyNs) {
          child = other;
          below++;
        }
      }
      if (child.keyNs >= timer.keyNs) break;
      this.place(child, position);
      position = below;
    }
    this.place(timer, position);
  }

  private grow(): void {
    let larger = new StaticArray<Timer | null>(2 * this.heap.length);
    for (let i = 0; i < this.length; i++) larger[i] = this.heap[i];
    this.heap = larger;
  }
}
