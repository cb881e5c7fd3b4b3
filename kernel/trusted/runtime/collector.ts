// The collector: mark and sweep. Fields of objects and globals are found exactly, by what asc generates; kernel stacks
// and the registers spilled there are scanned conservatively: any word that could be a pointer into an object keeps it.
//
// Marking is incremental: it begins after enough allocation and goes on in small steps, when the CPU is idle if it can,
// else inside allocations, each a few hundred objects for the bytes handed out since the last. Meanwhile every store of
// a reference into an object marks what it refers to (`__link`: Dijkstra's write barrier, "On-the-fly garbage
// collection", CACM 21(11), 1978), so that a visited object never refers to an unvisited one. Globals and stacks have
// no barrier: marking ends with a look at all of them, and at what only they have got since. Sweeping is lazy.
//
//   resting ──allocated enough──► begin ──► step, step, … ──nothing left──► end (stacks, globals) ──► resting
//
// A pause is one of begin, step and end. The longest is kept and published (/proc/eggos/collector).

import * as clock from "machine/clock";
import * as cpu from "machine/cpu";
import { LINEAR_BASE } from "machine/linear";
import * as stacks from "memory/stacks";
import * as heap from "runtime/heap";

/** Begin after this much has been allocated, or as much as is alive if that is more. */
const BEGIN_BYTES: usize = 8 << 20;
/** An idle CPU begins after this much, or half of what is alive if that is more. */
const IDLE_BYTES: usize = 4 << 20;
/** While marking, a step inside an allocation comes after this much; … */
const STEP_BYTES: usize = 16 << 10;
/** … and marks this many objects: far more than 16 KB holds, so that marking ends long before memory does. */
const STEP_OBJECTS: u32 = 512;
/** Objects a step marks on an idle CPU; interrupts come in between. */
const IDLE_STEP_OBJECTS: u32 = 128;
const NEVER: usize = usize.MAX_VALUE;

/** Entries of the mark stack; what finds no room on it becomes grey in its block. */
const MARK_STACK_ENTRIES: usize = 4096;
const markStack: usize = memory.data(<i32>(MARK_STACK_ENTRIES * 4));
let markDepth: usize = 0;
/** Between begin and end. */
let isMarking: bool = false;
/** Objects marked since begin. */
let marked: u32 = 0;
/** The collector gets its turn when more than this has been allocated since the last collection. */
let nextTurnBytes: usize = NEVER;

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
  nextTurnBytes = value ? max(BEGIN_BYTES, liveAfter) : NEVER;
}

/** Whether an idle CPU has something to collect. */
export function isDue(): bool {
  return isMarking || (isAutomatic && heap.allocatedSinceCollection() > max(IDLE_BYTES, liveAfter >> 1));
}

/** On an idle CPU: a small part of a collection, then let interrupts in and look whether there is something to run. */
export function idleStep(): void {
  takeTurn(IDLE_STEP_OBJECTS);
}

// What asc calls. Header and lifetime rules: AssemblyScript std/assembly/rt.

/** A new zeroed object of class `id` with `size` bytes of fields. */
export function __new(size: usize, id: i32): usize {
  if (heap.allocatedSinceCollection() > nextTurnBytes) takeTurn(STEP_OBJECTS);
  let object = heap.allocate(size);
  if (object == 0) {
    if (isAutomatic) collectTwice();
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

/** A reference to `child` has been stored in an object: the write barrier. asc calls it for every such store. */
export function __link(_parent: usize, child: usize, _expectMultiple: bool): void {
  if (isMarking) __visit(child, 0);
}

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
    marked++;
  } else {
    // Static data: asc's header is 16 bytes, of which the collector may use the first eight.
    if (load<u32>(object - 16) == epoch) return;
    store<u32>(object - 16, epoch);
  }
  if (load<u32>(object - 8) <= idof<string>()) return; // Object, ArrayBuffer and String hold no references
  push(object);
}

function push(object: usize): void {
  if (markDepth < MARK_STACK_ENTRIES) {
    store<u32>(markStack + markDepth * 4, <u32>object);
    markDepth++;
  } else if (object >= heap.start()) heap.setGrey(object);
  else __visit_members(object, 0); // static data: literals, which do not nest deeply
}

/** Visit what marked objects refer to until nothing is left (true) or `limit` more are marked (false). */
function drain(limit: u32): bool {
  let until = <u64>marked + <u64>limit;
  while (true) {
    if (markDepth > 0) {
      markDepth--;
      __visit_members(<usize>load<u32>(markStack + markDepth * 4), 0);
    } else {
      let object = heap.takeGrey();
      if (object == 0) return true;
      __visit_members(object, 0);
    }
    if (<u64>marked > until) return false;
  }
}

/** Begin, or go on with a step. */
function takeTurn(limit: u32): void {
  let began = clock.ticks();
  if (!isMarking) begin();
  else if (drain(limit)) end();
  else nextTurnBytes = isAutomatic ? heap.allocatedSinceCollection() + STEP_BYTES : NEVER;
  paused(began);
}

function begin(): void {
  epoch++;
  marked = 0;
  isMarking = true;
  heap.beginMarking();
  __visit_globals(0);
  nextTurnBytes = isAutomatic ? heap.allocatedSinceCollection() + STEP_BYTES : NEVER;
}

/** Mark what only globals and stacks refer to by now, and let go of the rest. */
function end(): void {
  __visit_globals(0);
  scanStacks();
  drain(u32.MAX_VALUE);
  heap.finishMarking();
  isMarking = false;
  liveAfter = heap.usedBytes();
  collections++;
  nextTurnBytes = isAutomatic ? max(BEGIN_BYTES, liveAfter) : NEVER;
}

function paused(began: u64): void {
  let ticks = clock.ticks() - began;
  totalTicks += ticks;
  if (ticks > longestTicks) longestTicks = ticks;
}

/** Memory is out: what died while a marking was on is found only by the next. */
function collectTwice(): void {
  if (isMarking) __collect();
  __collect();
}

/** Find and free what nothing refers to, all at once: for when memory is out, and for tests. */
export function __collect(): void {
  let began = clock.ticks();
  if (!isMarking) begin();
  drain(u32.MAX_VALUE);
  end();
  paused(began);
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
}

function visitPossible(address: usize): void {
  let object = heap.objectAt(address);
  if (object != 0) __visit(object, 0);
}
