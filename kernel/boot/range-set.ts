// A set of physical addresses as sorted ranges that neither overlap nor touch: memory maps come unsorted, overlapping
// and with mistakes, and adding and removing whole ranges sets them right.

/** Ranges a set can hold; loaders give some tens. */
const CAPACITY: i32 = 256;

export class RangeSet {
  private starts: StaticArray<u64> = new StaticArray<u64>(CAPACITY);
  private ends: StaticArray<u64> = new StaticArray<u64>(CAPACITY);
  /** Ranges in the set. */
  count: i32 = 0;

  start(index: i32): u64 {
    return this.starts[index];
  }

  /** One past the last address of a range. */
  end(index: i32): u64 {
    return this.ends[index];
  }

  /** The highest address plus one; 0 for the empty set. */
  get highest(): u64 {
    return this.count == 0 ? 0 : this.ends[this.count - 1];
  }

  /** How many addresses are in it. */
  get size(): u64 {
    let sum: u64 = 0;
    for (let i = 0; i < this.count; i++) sum += this.ends[i] - this.starts[i];
    return sum;
  }

  /** Whether all of [start, end) is in the set. */
  contains(start: u64, end: u64): bool {
    for (let i = 0; i < this.count; i++) {
      if (this.starts[i] <= start && end <= this.ends[i]) return true;
    }
    return false;
  }

  /** Add [start, end), joining what it overlaps or touches. A full set takes no further range: memory goes unused. */
  add(start: u64, end: u64): void {
    if (start >= end) return;
    let first = 0;
    while (first < this.count && this.ends[first] < start) first++;
    let last = first;
    while (last < this.count && this.starts[last] <= end) {
      start = min(start, this.starts[last]);
      end = max(end, this.ends[last]);
      last++;
    }
    if (last == first && this.count == CAPACITY) return;
    this.splice(first, last, 1);
    this.starts[first] = start;
    this.ends[first] = end;
  }

  /** Remove [start, end). A full set that would need one more range loses the part above `end` too. */
  remove(start: u64, end: u64): void {
    if (start >= end) return;
    let i = 0;
    while (i < this.count) {
      let from = this.starts[i];
      let to = this.ends[i];
      if (to <= start || from >= end) {
        i++;
        continue;
      }
      if (from >= start && to <= end) {
        this.splice(i, i + 1, 0);
        continue;
      }
      if (from < start) this.ends[i] = start;
      else this.starts[i] = end;
      if (from < start && to > end && this.count < CAPACITY) {
        this.splice(i + 1, i + 1, 1);
        this.starts[i + 1] = end;
        this.ends[i + 1] = to;
        return;
      }
      i++;
    }
  }

  /** The lowest place for `size` bytes, aligned to a page and wholly within [floor, ceiling); 0 when there is none. */
  find(size: u64, floor: u64, ceiling: u64): u64 {
    for (let i = 0; i < this.count; i++) {
      let from = (max(this.starts[i], floor) + 0xfff) & ~0xfff;
      let to = min(this.ends[i], ceiling);
      if (from < to && to - from >= size) return from;
    }
    return 0;
  }

  /** Replace the ranges [first, last) by `room` undefined ones. */
  private splice(first: i32, last: i32, room: i32): void {
    let shift = room - (last - first);
    if (shift > 0) {
      for (let i = this.count - 1; i >= last; i--) this.copy(i, i + shift);
    } else {
      for (let i = last; i < this.count; i++) this.copy(i, i + shift);
    }
    this.count += shift;
  }

  private copy(from: i32, to: i32): void {
    this.starts[to] = this.starts[from];
    this.ends[to] = this.ends[from];
  }
}
