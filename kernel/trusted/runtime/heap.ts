// Where managed objects live: linear memory from the end of static data up to the kernel stacks, cut into blocks of
// 32 KB. A block holds cells of one size, or is part of a large object. Any address inside a cell leads to its start in
// a few instructions, which is what a conservative scan of stacks needs.
//
//   block  | marks 256 B | old marks 256 B | grey 256 B | cell | cell | … small: cells of one size class
//          | 8 B pad, object …                                            large: one object over whole blocks
//   cell   | rtId u32 | rtSize u32 | the object's fields …                asc reads rtId at −8 and rtSize at −4
//
// Marking goes on in steps between which the kernel allocates: then marks say what is known to be alive so far, and old
// marks, those of the collection before, which cells of a block that is not swept yet are free.
//
// Rules: the tables below are raw static memory, not objects; nothing here may allocate through `__new`.

import { LINEAR_BASE, STACKS_START } from "machine/linear";
import * as image from "machine/image";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";

export const BLOCK_SIZE: usize = 0x8000;
const BLOCK_SHIFT: usize = 15;
/** Bytes before an object's fields: rtId, rtSize. */
export const HEADER_SIZE: usize = 8;
/** One mark bit a cell; the smallest cell is 16 bytes. */
const MARK_BYTES: usize = BLOCK_SIZE / 16 / 8;
/** Old marks: what was dead in the collection before and is not swept yet is no object. */
const OLD_MARKS: usize = MARK_BYTES;
/** Grey bits: marked objects whose references are still to be visited and that found no room on the mark stack. */
const GREY_BITS: usize = MARK_BYTES * 2;
const BLOCK_HEADER: usize = MARK_BYTES * 3;
const MAX_BLOCKS: usize = STACKS_START >> BLOCK_SHIFT;
/** The largest cell that shares a block; anything larger takes whole blocks. */
export const LARGEST_CELL: usize = 16000;
const CLASS_COUNT: i32 = 36;

/** What a block is used for. */
export const enum BlockKind {
  FREE = 0,
  SMALL = 1,
  LARGE_HEAD = 2,
  LARGE_TAIL = 3,
}

// Tables by block number: the kind, the size class, whether it waits to be swept (a large object: whether no mark was seen
// in this marking); and for large heads the block count.
const kinds: usize = memory.data(0x6000);
const classes: usize = memory.data(0x6000);
const unswept: usize = memory.data(0x6000);
/** While marking: whether the block holds unswept dead cells, told by its old marks. */
const isStale: usize = memory.data(0x6000);
/** Whether the block has grey bits, or is a large object that is grey. */
const hasGrey: usize = memory.data(0x6000);
const largeBlocks: usize = memory.data(0x6000 * 2);
/** Next block of the same class, as block number + 1; 0 ends the chain. */
const nextInClass: usize = memory.data(0x6000 * 2);

// Tables by size class.
const cellSizes: usize = memory.data(CLASS_COUNT * 4);
/** ceil(2^32 / cellSize): (offset * reciprocal) >> 32 divides exactly for offsets inside a block. */
const reciprocals: usize = memory.data(CLASS_COUNT * 4);
const freeCells: usize = memory.data(CLASS_COUNT * 4);
/** First block of the class, and the next one to sweep, as block number + 1. */
const firstBlock: usize = memory.data(CLASS_COUNT * 4);
const sweepCursor: usize = memory.data(CLASS_COUNT * 4);
/** Size class for each cell size in 16-byte steps. */
const classOfSize: usize = memory.data(<i32>(LARGEST_CELL / 16 + 1));

let isReady: bool = false;
let heapStart: usize = 0;
/** End of what has frames behind it. */
let committedEnd: usize = 0;
/** Blocks at and after this one have never been used. */
let frontier: usize = 0;
let freeBlockHint: usize = 0;
let freeBlocks: i32 = 0;
/** From beginMarking to finishMarking. */
let isMarking: bool = false;
let greyBlocks: i32 = 0;
let greyCursor: usize = 0;
let bytesSinceCollection: usize = 0;
let bytesLive: usize = 0;
let bytesMarked: usize = 0;

/** Bytes handed out since the last collection. */
export function allocatedSinceCollection(): usize {
  return bytesSinceCollection;
}

/** Bytes in cells and blocks that the last collection found alive, plus those handed out since. */
export function usedBytes(): usize {
  return bytesLive + bytesSinceCollection;
}

/** Bytes of the heap that have page frames behind them. */
export function committedBytes(): usize {
  return committedEnd - heapStart;
}

/** First address of the heap: whatever lies below is static data. */
export function start(): usize {
  return heapStart;
}

function blockAddress(block: usize): usize {
  return block << BLOCK_SHIFT;
}

function initialize(): void {
  heapStart = (__heap_base + BLOCK_SIZE - 1) & ~(BLOCK_SIZE - 1);
  frontier = heapStart >> BLOCK_SHIFT;
  freeBlockHint = frontier;
  committedEnd = <usize>image.linearBytes() & ~(BLOCK_SIZE - 1);
  if (committedEnd < heapStart) committedEnd = heapStart;
  // 16-byte steps up to 128, then four classes an octave, then what fits a block 5, 4, 3 and 2 times.
  let index: i32 = 0;
  let size: usize = 16;
  while (size <= 128) {
    index = addClass(index, size);
    size += 16;
  }
  size = 128;
  for (let step: usize = 32; step <= 512; step <<= 1) {
    for (let i = 0; i < 4; i++) {
      size += step;
      index = addClass(index, size);
    }
  }
  index = addClass(index, 5328);
  index = addClass(index, 6400);
  index = addClass(index, 8000);
  index = addClass(index, 10656);
  index = addClass(index, LARGEST_CELL);
  assert(index <= CLASS_COUNT);
  let next: i32 = 0;
  for (let bytes: usize = 0; bytes <= LARGEST_CELL; bytes += 16) {
    while (<usize>load<u32>(cellSizes + <usize>next * 4) < bytes) next++;
    store<u8>(classOfSize + bytes / 16, <u8>next);
  }
  isReady = true;
}

function addClass(index: i32, size: usize): i32 {
  store<u32>(cellSizes + <usize>index * 4, <u32>size);
  store<u32>(reciprocals + <usize>index * 4, <u32>((0x100000000 + <u64>size - 1) / <u64>size));
  return index + 1;
}

/** A zeroed cell for `size` bytes of fields: the address of the fields, 0 when memory is out. */
export function allocate(size: usize): usize {
  if (!isReady) initialize();
  let bytes = (size + HEADER_SIZE + 15) & ~15;
  if (bytes > LARGEST_CELL) return allocateLarge(bytes);
  let sizeClass = <usize>load<u8>(classOfSize + bytes / 16);
  let list = freeCells + sizeClass * 4;
  let cell = <usize>load<u32>(list);
  if (cell == 0) {
    if (!refill(sizeClass)) return 0;
    cell = <usize>load<u32>(list);
  }
  store<u32>(list, load<u32>(cell, 8));
  let cellSize = <usize>load<u32>(cellSizes + sizeClass * 4);
  bytesSinceCollection += cellSize;
  zero(cell, bytes);
  return cell + HEADER_SIZE;
}

function zero(address: usize, bytes: usize): void {
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    store<u64>(address + offset, 0);
    store<u64>(address + offset, 0, 8);
  }
}

/** Find free cells of a class: sweep the next block of it, else take a new block. */
function refill(sizeClass: usize): bool {
  let cursorSlot = sweepCursor + sizeClass * 4;
  let cursor = <usize>load<u32>(cursorSlot);
  let waiting = isMarking ? isStale : unswept;
  while (cursor != 0) {
    let block = cursor - 1;
    cursor = <usize>load<u16>(nextInClass + block * 2);
    store<u32>(cursorSlot, <u32>cursor);
    if (load<u8>(waiting + block) != 0 && sweep(block, sizeClass)) return true;
  }
  let block = takeBlocks(1);
  if (block == 0) return false;
  store<u8>(kinds + block, BlockKind.SMALL);
  store<u8>(classes + block, <u8>sizeClass);
  let first = firstBlock + sizeClass * 4;
  store<u16>(nextInClass + block * 2, <u16>load<u32>(first));
  store<u32>(first, <u32>(block + 1));
  memory.fill(blockAddress(block), 0, BLOCK_HEADER);
  return sweep(block, sizeClass);
}

/** Put a block's unmarked cells on the free list, in address order; returns whether there are any. Marks are cleared by the next collection. */
function sweep(block: usize, sizeClass: usize): bool {
  store<u8>((isMarking ? isStale : unswept) + block, 0);
  let base = blockAddress(block);
  let marks = isMarking ? base + OLD_MARKS : base;
  let cellSize = <usize>load<u32>(cellSizes + sizeClass * 4);
  let count = (BLOCK_SIZE - BLOCK_HEADER) / cellSize;
  let list = freeCells + sizeClass * 4;
  let head = <usize>load<u32>(list);
  let found = false;
  for (let index = count; index > 0; index--) {
    let number = index - 1;
    if ((load<u8>(marks + (number >> 3)) >> <u8>(number & 7)) & 1) continue;
    let cell = base + BLOCK_HEADER + number * cellSize;
    store<u64>(cell, 0); // rtId 0, rtSize 0: a stray pointer to a free cell leads nowhere
    store<u32>(cell, <u32>head, 8);
    head = cell;
    found = true;
  }
  store<u32>(list, <u32>head);
  return found;
}

function allocateLarge(bytes: usize): usize {
  let count = (bytes + HEADER_SIZE + BLOCK_SIZE - 1) >> BLOCK_SHIFT;
  let block = takeBlocks(count);
  if (block == 0) return 0;
  store<u8>(kinds + block, BlockKind.LARGE_HEAD);
  store<u8>(unswept + block, isMarking ? 1 : 0);
  store<u16>(largeBlocks + block * 2, <u16>count);
  for (let i: usize = 1; i < count; i++) store<u8>(kinds + block + i, BlockKind.LARGE_TAIL);
  bytesSinceCollection += count * BLOCK_SIZE;
  let base = blockAddress(block);
  zero(base, (bytes + HEADER_SIZE + 15) & ~15);
  return base + 16;
}

/** The first of `count` neighbouring free blocks with frames behind them; 0 when there are none. */
function takeBlocks(count: usize): usize {
  if (<usize>freeBlocks >= count) {
    let run: usize = 0;
    for (let block = freeBlockHint; block < frontier; block++) {
      if (load<u8>(kinds + block) == BlockKind.FREE) {
        if (++run == count) {
          let first = block + 1 - count;
          if (first == freeBlockHint) freeBlockHint = block + 1;
          freeBlocks -= <i32>count;
          return first;
        }
      } else {
        if (run == 0 && block == freeBlockHint) freeBlockHint = block + 1;
        run = 0;
      }
    }
  }
  if (frontier + count > MAX_BLOCKS) return 0;
  if (!commit((frontier + count) << BLOCK_SHIFT)) return 0;
  let block = frontier;
  frontier += count;
  return block;
}

/** Put frames behind linear memory up to `end`. */
function commit(end: usize): bool {
  while (committedEnd < end) {
    let frame = frames.allocate();
    if (frame == 0) return false;
    if (!pageTables.mapKernel(LINEAR_BASE + <u64>committedEnd, frame, pageTables.KERNEL_DATA)) {
      frames.release(frame);
      return false;
    }
    committedEnd += 0x1000;
  }
  return true;
}

/**
 * The object that `address` points to or into: the address of its fields, 0 when it points at none. For addresses that may be anything at all.
 */
export function objectAt(address: usize): usize {
  let block = address >> BLOCK_SHIFT;
  if (address < heapStart || block >= frontier) return 0;
  let kind: u32 = load<u8>(kinds + block);
  if (kind == BlockKind.SMALL) {
    let sizeClass = <usize>load<u8>(classes + block);
    let base = blockAddress(block);
    let offset = address - base;
    if (offset < BLOCK_HEADER) return 0;
    let number = <usize>((<u64>(offset - BLOCK_HEADER) * <u64>load<u32>(reciprocals + sizeClass * 4)) >> 32);
    let cellSize = <usize>load<u32>(cellSizes + sizeClass * 4);
    if (number >= (BLOCK_SIZE - BLOCK_HEADER) / cellSize) return 0;
    if (load<u8>(isStale + block) != 0) {
      if (((load<u8>(base + OLD_MARKS + (number >> 3)) >> <u8>(number & 7)) & 1) == 0) return 0;
    }
    return base + BLOCK_HEADER + number * cellSize + HEADER_SIZE;
  }
  if (kind == BlockKind.FREE) return 0;
  while (load<u8>(kinds + block) == BlockKind.LARGE_TAIL) block--;
  return blockAddress(block) + 16;
}

/** Mark an object; returns false when it was marked already. `object` is a result of objectAt or a true reference into the heap. */
export function mark(object: usize): bool {
  let block = object >> BLOCK_SHIFT;
  let base = blockAddress(block);
  if (load<u8>(kinds + block) == BlockKind.LARGE_HEAD) {
    if (load<u8>(unswept + block) == 0) return false;
    store<u8>(unswept + block, 0);
    bytesMarked += <usize>load<u16>(largeBlocks + block * 2) * BLOCK_SIZE;
    return true;
  }
  let sizeClass = <usize>load<u8>(classes + block);
  let offset = object - HEADER_SIZE - base - BLOCK_HEADER;
  let number = <usize>((<u64>offset * <u64>load<u32>(reciprocals + sizeClass * 4)) >> 32);
  let bit: u32 = 1 << (<u32>number & 7);
  let byte: u32 = load<u8>(base + (number >> 3));
  if ((byte & bit) != 0) return false;
  store<u8>(base + (number >> 3), <u8>(byte | bit));
  bytesMarked += <usize>load<u32>(cellSizes + sizeClass * 4);
  return true;
}

/**
 * Remember that the references of a marked object are still to be visited. Takes any number of objects: the mark stack's
 * overflow.
 */
export function setGrey(object: usize): void {
  let block = object >> BLOCK_SHIFT;
  if (load<u8>(hasGrey + block) == 0) {
    store<u8>(hasGrey + block, 1);
    greyBlocks++;
  }
  if (load<u8>(kinds + block) == BlockKind.LARGE_HEAD) return;
  let base = blockAddress(block);
  let offset = object - HEADER_SIZE - base - BLOCK_HEADER;
  let sizeClass = <usize>load<u8>(classes + block);
  let number = <usize>((<u64>offset * <u64>load<u32>(reciprocals + sizeClass * 4)) >> 32);
  let byte = base + GREY_BITS + (number >> 3);
  let bit: u32 = 1 << (<u32>number & 7);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | bit));
}

/** A grey object, grey no more; 0 when there is none. */
export function takeGrey(): usize {
  while (greyBlocks > 0) {
    if (greyCursor >= frontier) greyCursor = heapStart >> BLOCK_SHIFT;
    let block = greyCursor;
    if (load<u8>(hasGrey + block) != 0) {
      let base = blockAddress(block);
      let isLarge = load<u8>(kinds + block) == BlockKind.LARGE_HEAD;
      let object = isLarge ? base + 16 : takeGreyCell(block);
      if (!isLarge && object != 0) return object;
      store<u8>(hasGrey + block, 0);
      greyBlocks--;
      if (object != 0) return object;
    }
    greyCursor++;
  }
  return 0;
}

function takeGreyCell(block: usize): usize {
  let base = blockAddress(block);
  for (let offset: usize = 0; offset < MARK_BYTES; offset += 8) {
    let bits = load<u64>(base + GREY_BITS + offset);
    if (bits == 0) continue;
    store<u64>(base + GREY_BITS + offset, bits & (bits - 1));
    let number = offset * 8 + <usize>ctz(bits);
    let cellSize = <usize>load<u32>(cellSizes + <usize>load<u8>(classes + block) * 4);
    return base + BLOCK_HEADER + number * cellSize + HEADER_SIZE;
  }
  return 0;
}

/** Forget all marks; large objects count as dead until marked. Free lists stay: cells on them are no objects. */
export function beginMarking(): void {
  if (!isReady) initialize();
  isMarking = true;
  bytesMarked = 0;
  greyCursor = heapStart >> BLOCK_SHIFT;
  for (let block = heapStart >> BLOCK_SHIFT; block < frontier; block++) {
    let kind: u32 = load<u8>(kinds + block);
    if (kind == BlockKind.SMALL) {
      let base = blockAddress(block);
      let hasDead = load<u8>(unswept + block);
      store<u8>(isStale + block, hasDead);
      if (hasDead != 0) memory.copy(base + OLD_MARKS, base, MARK_BYTES);
      memory.fill(base, 0, MARK_BYTES);
    } else if (kind == BlockKind.LARGE_HEAD) store<u8>(unswept + block, 1);
  }
}

/** After marking: blocks without a live cell become free; the others are swept when their class runs out of cells. */
export function finishMarking(): void {
  assert(greyBlocks == 0, "marking ended with objects left to visit");
  isMarking = false;
  bytesLive = bytesMarked;
  bytesSinceCollection = 0;
  memory.fill(freeCells, 0, <usize>CLASS_COUNT * 4);
  memory.fill(firstBlock, 0, <usize>CLASS_COUNT * 4);
  let block = heapStart >> BLOCK_SHIFT;
  freeBlockHint = block;
  freeBlocks = 0;
  while (block < frontier) {
    let kind: u32 = load<u8>(kinds + block);
    let count: usize = 1;
    if (kind == BlockKind.LARGE_HEAD) {
      count = <usize>load<u16>(largeBlocks + block * 2);
      if (load<u8>(unswept + block) != 0) memory.fill(kinds + block, <u8>BlockKind.FREE, count);
    } else if (kind == BlockKind.SMALL) {
      store<u8>(isStale + block, 0);
      if (hasMarks(block)) {
        store<u8>(unswept + block, 1);
        let first = firstBlock + <usize>load<u8>(classes + block) * 4;
        store<u16>(nextInClass + block * 2, <u16>load<u32>(first));
        store<u32>(first, <u32>(block + 1));
      } else store<u8>(kinds + block, BlockKind.FREE);
    }
    if (load<u8>(kinds + block) == BlockKind.FREE) {
      store<u8>(unswept + block, 0);
      freeBlocks += <i32>count;
    }
    block += count;
  }
  memory.copy(sweepCursor, firstBlock, <usize>CLASS_COUNT * 4);
}

function hasMarks(block: usize): bool {
  let base = blockAddress(block);
  for (let offset: usize = 0; offset < MARK_BYTES; offset += 8) {
    if (load<u64>(base + offset) != 0) return true;
  }
  return false;
}
