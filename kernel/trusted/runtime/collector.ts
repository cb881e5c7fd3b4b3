// The collector: mark and sweep, the world stopped (the kernel is one thread at a time anyway). Fields of objects and
// globals are found exactly, by what asc generates; kernel stacks and the registers spilled there are scanned
// conservatively: any word that could be a pointer into an object keeps it.
//
// When: after enough allocation, when the CPU is idle if it can wait, else inside an allocation. Sweeping is lazy, so a
// pause is the marking alone. The longest pause is kept and published (/proc/eggos/collector).

import * as clock from "machine/clock";
import * as cpu from "machine/cpu";
import { LINEAR_BASE } from "machine/linear";
import * as stacks from "memory/stacks";
import * as heap from "runtime/heap";

/** Collect inside an allocation after this much, or as much as is alive if that is more. */
const FORCED_BYTES: usize = 8 << 20;
/** Collect when idle after this much, or a quarter of what is alive if that is more. */
const IDLE_BYTES: usize = 1 << 20;

/** Entries of the mark stack; when they do not suffice, marked objects are scanned again until nothing new is found. */
const MARK_STACK_ENTRIES: usize = 4096;
const markStack: usize = memory.data(<i32>(MARK_STACK_ENTRIES * 4));
let markDepth: usize = 0;
let hasOverflowed: bool = false;

/** Changes with every collection: what static objects carry when they have been visited. */
let epoch: u32 = 1;

let liveAfter: usize = 0;
let collections: u32 = 0;
let longestTicks: u64 = 0;
let totalTicks: u64 = 0;
/** Unit tests, where stacks cannot be seen, say themselves when it is safe to collect. */
let isAutomatic: bool = false;

/** Collections since boot. */
export function collectionCount(): u32 {
  return collections;
}
/** The longest pause, in ticks of the time-stamp counter. */
export function longestPauseTicks(): u64 {
  return longestTicks;
}
/** All pauses together, in ticks. */
export function totalPauseTicks(): u64 {
  return totalTicks;
}

/** Let allocation start collections by itself: once the kernel's stacks can be scanned. */
export function setAutomatic(value: bool): void {
  isAutomatic = value;
}

/** Whether an idle CPU should collect now. */
export function isDue(): bool {
  return isAutomatic && heap.allocatedSinceCollection() > max(IDLE_BYTES, liveAfter >> 2);
}

// What asc calls. Header and lifetime rules: AssemblyScript std/assembly/rt.

/** A new zeroed object of class `id` with `size` bytes of fields. */
export function __new(size: usize, id: i32): usize {
  if (isAutomatic && heap.allocatedSinceCollection() > max(FORCED_BYTES, liveAfter)) __collect();
  let object = heap.allocate(size);
  if (object == 0) {
    if (isAutomatic) __collect();
    object = heap.allocate(size);
    assert(object != 0, "the kernel heap is full: give the machine more memory (egg run -m)");
  }
  store<u32>(object - 8, <u32>id);
  store<u32>(object - 4, <u32>size);
  return object;
}

/** Make an object larger or smaller, possibly at another address. */
export function __renew(old: usize, size: usize): usize {
  let oldSize = <usize>load<u32>(old - 4);
  if (size <= oldSize && old >= heap.start()) {
    store<u32>(old - 4, <u32>size);
    return old;
  }
  let object = __new(size, load<i32>(old - 8));
  memory.copy(object, old, min(size, oldSize));
  return object;
}

export function __link(_parent: usize, _child: usize, _expectMultiple: bool): void {}

/** Objects are never pinned: nothing outside the kernel holds references. */
export function __pin(object: usize): usize {
  return object;
}

export function __unpin(_object: usize): void {}

/** Mark `object` and queue it for scanning. Called by asc's generated visitors for every reference in a field or global. */
export function __visit(object: usize, _cookie: u32): void {
  if (object == 0) return;
  if (object >= heap.start()) {
    if (!heap.mark(object)) return;
  } else {
    // Static data: asc's header is 16 bytes, of which the collector may use the first eight.
    if (load<u32>(object - 16) == epoch) return;
    store<u32>(object - 16, epoch);
  }
  if (load<u32>(object - 8) <= idof<string>()) return; // Object, ArrayBuffer and String hold no references
  push(object);
}

function push(object: usize): void {
  if (markDepth == MARK_STACK_ENTRIES) {
    hasOverflowed = true;
    return;
  }
  store<u32>(markStack + markDepth * 4, <u32>object);
  markDepth++;
}

function drain(): void {
  while (markDepth > 0) {
    markDepth--;
    __visit_members(<usize>load<u32>(markStack + markDepth * 4), 0);
  }
}

/** Find and free what nothing refers to. */
export function __collect(): void {
  let began = clock.ticks();
  epoch++;
  heap.beginMarking();
  __visit_globals(0);
  scanStacks();
  drain();
  while (hasOverflowed) {
    hasOverflowed = false;
    let object = heap.nextMarked(0);
    while (object != 0) {
      if (load<u32>(object - 8) > idof<string>()) __visit_members(object, 0);
      drain();
      object = heap.nextMarked(object);
    }
  }
  heap.finishMarking();
  liveAfter = heap.usedBytes();
  collections++;
  let ticks = clock.ticks() - began;
  totalTicks += ticks;
  if (ticks > longestTicks) longestTicks = ticks;
}

function scanStacks(): void {
  let here = cpu.stackPointer();
  if (here == 0) return; // no stack to be seen: a unit test
  for (let slot = 0; slot < stacks.slotCount(); slot++) {
    let top = stacks.topOf(slot);
    let bottom = stacks.bottomOf(slot);
    if (here >= bottom && here <= top) scan(here, top);
    else if (stacks.isInUse(slot)) scan(stacks.savedPointer(slot), top);
  }
}

/** Treat every aligned word of [from, to) as a reference: a linear pointer, or the low half of the machine address of one. */
function scan(from: usize, to: usize): void {
  for (let address = from & ~3; address < to; address += 4) {
    let word = <usize>load<u32>(address);
    visitPossible(word);
    visitPossible(word - <usize>LINEAR_BASE);
  }
  drain();
}

function visitPossible(address: usize): void {
  let object = heap.objectAt(address);
  if (object != 0) __visit(object, 0);
}
