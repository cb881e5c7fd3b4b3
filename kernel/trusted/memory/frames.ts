// Physical page frames: who has which 4096 bytes. A frame is named by its physical address (u64); 0 is never a frame.
//
// A buddy allocator with a record for every frame in a table in physical memory, reached through the direct map:
//
//   record  | references u32 | state u32 | next u32 | previous u32 |      16 bytes, 0.4 % of memory
//
//   state      RESERVED     nobody's: firmware, devices, the image; references are counted, never freed
//              ALLOCATED    references ≥ 1; while allocated, `next` is free for the owner (`tag`, `setTag`)
//              CACHED       free, in the single-frame cache
//              FREE|order   first frame of a free block of 2^order frames, on the list of its zone and order
//
// Single frames come from a small cache (one CPU's, when there are more). Two zones: below 4 GB, for devices with 32-bit
// addresses, and above, taken first. Nothing here allocates managed objects; the order of hand-out is deterministic.

import * as mem from "machine/mem";
import { direct } from "memory/address";

export const FRAME_SHIFT: u64 = 12;
export const FRAME_SIZE: u64 = 4096;
/** Blocks are at most 2^MAX_ORDER frames: 16 MB. */
export const MAX_ORDER: u32 = 12;
/** Physical memory beyond this is left alone. */
export const HIGHEST_PHYSICAL: u64 = 0x100_0000_0000; // 1 TB: 4 GB of records

const RECORD_SHIFT: u64 = 4;
const STATE: u64 = 4;
const NEXT: u64 = 8;
const PREVIOUS: u64 = 12;

const RESERVED: u32 = 0;
const ALLOCATED: u32 = 1;
const CACHED: u32 = 2;
const FREE: u32 = 0x100;
/** An allocated frame with one reference, as one 64-bit store. */
const FRESH: u64 = ((<u64>ALLOCATED) << 32) | 1;

const ZONE_LOW: usize = 0;
const ZONE_HIGH: usize = 1;
/** First frame of the high zone. */
const ZONE_BOUNDARY: u32 = 0x100000;
const ORDER_COUNT: usize = <usize>MAX_ORDER + 1;

const CACHE_CAPACITY: i32 = 64;
const REFILL_ORDER: u32 = 5;

/** First free block by zone and order; 0 ends a list (frame 0 is never free). */
const heads: usize = memory.data(104);
const cache: usize = memory.data(256);
let cached: i32 = 0;
let records: u64 = 0;
/** Records that there are: frames at and after this are not memory of ours. */
let limit: u32 = 0;
let total: u64 = 0;
let free: u64 = 0;

/** Bytes of the record table for memory up to `highest`. */
export function tableSize(highest: u64): u64 {
  let bytes = (highest >> FRAME_SHIFT) << RECORD_SHIFT;
  return (bytes + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
}

/** Begin with every frame below `highest` reserved; the records go to physical address `table`, tableSize(highest) bytes. */
export function initialize(highest: u64, table: u64): void {
  records = direct(table);
  limit = <u32>(highest >> FRAME_SHIFT);
  mem.fill(records, 0, tableSize(highest));
}

/** Hand the frames in [start, end) to the allocator. Precondition: reserved until now, below `highest`, whole frames. */
export function addRange(start: u64, end: u64): void {
  if (end <= start) return;
  assert(start != 0 && end >> FRAME_SHIFT <= <u64>limit);
  total += (end - start) >> FRAME_SHIFT;
  freeRange(<u32>(start >> FRAME_SHIFT), <u32>(end >> FRAME_SHIFT));
}

/** Frames that were ever handed to the allocator. */
export function totalCount(): u64 {
  return total;
}

/** Frames that are free now. */
export function freeCount(): u64 {
  return free;
}

/** One frame with one reference, its contents undefined; 0 when memory is out. */
export function allocate(): u64 {
  if (cached == 0 && !refill()) return 0;
  cached--;
  let index = load<u32>(cache + <usize>cached * 4);
  free--;
  mem.store64(record(index), FRESH);
  return (<u64>index) << FRAME_SHIFT;
}

/** One frame of zeros; 0 when memory is out. */
export function allocateZeroed(): u64 {
  let frame = allocate();
  if (frame != 0) mem.zeroPage(direct(frame));
  return frame;
}

/**
 * `count` neighbouring frames, the first a multiple of the next power of two, each with one reference of its own;
 * 0 when there is no such stretch. For devices, and for large pages.
 */
export function allocateContiguous(count: u32, isBelow4GB: bool = false): u64 {
  assert(count > 0);
  let order: u32 = 0;
  if (count > 1) order = 32 - clz(count - 1);
  if (order > MAX_ORDER) return 0;
  let index = takeFromZones(order, isBelow4GB);
  if (index == 0 && cached > 0) {
    flush(cached); // cached frames may be what keeps blocks from merging
    index = takeFromZones(order, isBelow4GB);
  }
  if (index == 0) return 0;
  freeRange(index + count, index + (1 << order));
  for (let i: u32 = 0; i < count; i++) mem.store64(record(index + i), FRESH);
  free -= <u64>((<u32>1) << order);
  return (<u64>index) << FRAME_SHIFT;
}

/** Add a reference. Does nothing for what is not memory of ours (a device's). */
export function reference(frame: u64): void {
  let index = frame >> FRAME_SHIFT;
  if (index >= <u64>limit) return;
  let at = record(<u32>index);
  mem.store32(at, mem.load32(at) + 1);
}

/** Drop a reference; with the last one the frame is free. */
export function release(frame: u64): void {
  let number = frame >> FRAME_SHIFT;
  if (number >= <u64>limit) return;
  let index = <u32>number;
  let at = record(index);
  let references = mem.load32(at);
  if (references > 1) {
    mem.store32(at, references - 1);
    return;
  }
  let state = mem.load32(at + STATE);
  if (state == RESERVED) {
    mem.store32(at, 0);
    return;
  }
  assert(state == ALLOCATED && references == 1, "a frame is released twice");
  mem.store64(at, (<u64>CACHED) << 32);
  free++;
  if (cached == CACHE_CAPACITY) flush(CACHE_CAPACITY / 2);
  store<u32>(cache + <usize>cached * 4, index);
  cached++;
}

/** References to a frame: 1 means its holder is the only one. Frames that are not ours always count as shared. */
export function referenceCount(frame: u64): u32 {
  let index = frame >> FRAME_SHIFT;
  if (index >= <u64>limit) return 2;
  let at = record(<u32>index);
  let references = mem.load32(at);
  return mem.load32(at + STATE) == RESERVED ? references + 2 : references;
}

/** The owner's word beside an allocated frame; undefined until set. */
export function tag(frame: u64): u32 {
  return mem.load32(record(<u32>(frame >> FRAME_SHIFT)) + NEXT);
}

export function setTag(frame: u64, value: u32): void {
  mem.store32(record(<u32>(frame >> FRAME_SHIFT)) + NEXT, value);
}

function record(index: u32): u64 {
  return records + ((<u64>index) << RECORD_SHIFT);
}

function zoneOf(index: u32): usize {
  return index < ZONE_BOUNDARY ? ZONE_LOW : ZONE_HIGH;
}

function head(zone: usize, order: u32): usize {
  return heads + (zone * ORDER_COUNT + <usize>order) * 4;
}

/** Fill the cache with one small block, or with whatever smaller is left. */
function refill(): bool {
  let order = REFILL_ORDER;
  while (true) {
    let index = takeFromZones(order, false);
    if (index != 0) {
      for (let i: u32 = 1 << order; i > 0; i--) {
        mem.store64(record(index + i - 1), (<u64>CACHED) << 32);
        store<u32>(cache + <usize>cached * 4, index + i - 1);
        cached++;
      }
      return true;
    }
    if (order == 0) return false;
    order--;
  }
}

/** Give the `count` oldest of the cache back to the buddies. */
function flush(count: i32): void {
  for (let i = 0; i < count; i++) putBlock(load<u32>(cache + <usize>i * 4), 0);
  cached -= count;
  memory.copy(cache, cache + <usize>count * 4, <usize>cached * 4);
}

/** Take a block from the high zone, else, or if it must lie there, from the low one. */
function takeFromZones(order: u32, isBelow4GB: bool): u32 {
  let index: u32 = isBelow4GB ? 0 : takeBlock(ZONE_HIGH, order);
  return index != 0 ? index : takeBlock(ZONE_LOW, order);
}

/** Take a block of 2^order frames off its lists, splitting a larger one; 0 when there is none. */
function takeBlock(zone: usize, order: u32): u32 {
  let found = order;
  let index: u32 = 0;
  while (found <= MAX_ORDER) {
    index = load<u32>(head(zone, found));
    if (index != 0) break;
    found++;
  }
  if (index == 0) return 0;
  unlink(index, found);
  while (found > order) {
    found--;
    link(index + ((<u32>1) << found), found);
  }
  return index;
}

/** Put a free block on its list, merged with its buddy as long as that is free too. */
function putBlock(index: u32, order: u32): void {
  mem.store64(record(index), 0);
  while (order < MAX_ORDER) {
    let buddy = index ^ ((<u32>1) << order);
    if (buddy >= limit || mem.load32(record(buddy) + STATE) != (FREE | order)) break;
    unlink(buddy, order);
    index &= ~((<u32>1) << order);
    order++;
  }
  link(index, order);
}

/** Cut [start, end) into the largest aligned blocks and put them. */
function freeRange(start: u32, end: u32): void {
  free += <u64>(end - start);
  while (start < end) {
    let order: u32 = min(ctz(start), MAX_ORDER);
    while (start + ((<u32>1) << order) > end) order--;
    putBlock(start, order);
    start += 1 << order;
  }
}

function link(index: u32, order: u32): void {
  let slot = head(zoneOf(index), order);
  let next = load<u32>(slot);
  let at = record(index);
  mem.store64(at, (<u64>(FREE | order)) << 32);
  mem.store32(at + NEXT, next);
  mem.store32(at + PREVIOUS, 0);
  if (next != 0) mem.store32(record(next) + PREVIOUS, index);
  store<u32>(slot, index);
}

function unlink(index: u32, order: u32): void {
  let at = record(index);
  let next = mem.load32(at + NEXT);
  let previous = mem.load32(at + PREVIOUS);
  if (next != 0) mem.store32(record(next) + PREVIOUS, previous);
  if (previous != 0) mem.store32(record(previous) + NEXT, next);
  else store<u32>(head(zoneOf(index), order), next);
  mem.store64(at, 0);
}
