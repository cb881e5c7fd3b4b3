// The mappings of one address space, ordered by address and never overlapping: an array, searched by halving, with the
// last find tried first (faults and calls come in runs).

import { Mapping } from "./mapping";

/** Linux's vm.max_map_count default. */
export const MAX_MAPPINGS: i32 = 65530;

export class MappingSet {
  private items: StaticArray<Mapping | null> = new StaticArray<Mapping | null>(32);
  private count: i32 = 0;
  private lastFound: i32 = 0;

  get length(): i32 {
    return this.count;
  }

  /** The mapping at an index. Precondition: 0 <= index < length. */
  at(index: i32): Mapping {
    return this.items[index]!;
  }

  /** The index of the first mapping that ends above `address`; `length` when there is none. */
  indexAbove(address: u64): i32 {
    let items = this.items;
    let count = this.count;
    let low = 0;
    let high = count;
    let last = this.lastFound;
    if (last < count) {
      let mapping = items[last]!;
      if (address >= mapping.end) low = last + 1;
      else if (address >= mapping.start || last == 0 || items[last - 1]!.end <= address) return last;
      else high = last;
    }
    while (low < high) {
      let middle = (low + high) >> 1;
      if (items[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    this.lastFound = low;
    return low;
  }

  /** The mapping that holds `address`, or null. */
  find(address: u64): Mapping | null {
    let index = this.indexAbove(address);
    if (index == this.count) return null;
    let mapping = this.items[index]!;
    return mapping.start <= address ? mapping : null;
  }

  /** Whether nothing lies in [start, end). */
  isFree(start: u64, end: u64): bool {
    let index = this.indexAbove(start);
    return index == this.count || this.items[index]!.start >= end;
  }

  /** Put `mapping` at `index`, which `indexAbove(mapping.start)` gave. */
  insert(index: i32, mapping: Mapping): void {
    let items = this.items;
    let count = this.count;
    if (count == items.length) {
      let larger = new StaticArray<Mapping | null>(count * 2);
      for (let i = 0; i < count; i++) larger[i] = items[i];
      items = larger;
      this.items = larger;
    }
    for (let i = count; i > index; i--) items[i] = items[i - 1];
    items[index] = mapping;
    this.count = count + 1;
  }

  /** Take out the mappings at [from, to). */
  remove(from: i32, to: i32): void {
    let items = this.items;
    let count = this.count;
    let removed = to - from;
    if (removed <= 0) return;
    for (let i = to; i < count; i++) items[i - removed] = items[i];
    for (let i = count - removed; i < count; i++) items[i] = null;
    this.count = count - removed;
  }
}
