import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, KernelAbort } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  initialize(highest: bigint, table: bigint): void;
  tableSize(highest: bigint): bigint;
  addRange(start: bigint, end: bigint): void;
  allocate(): bigint;
  allocateZeroed(): bigint;
  allocateContiguous(count: number, isBelow4GB: number): bigint;
  reference(frame: bigint): void;
  release(frame: bigint): void;
  referenceCount(frame: bigint): number;
  freeCount(): bigint;
  totalCount(): bigint;
}

const wasm = await buildWasm(new URL("./frames.as.ts", import.meta.url));
const MB = 0x100000n;
const PAGE = 4096n;

/** 16 MB of memory, the records in the first MB, the rest to the allocator. */
function freshMemory() {
  const { exports, machine } = instantiate<Exports>(wasm);
  exports.initialize(16n * MB, PAGE);
  exports.addRange(MB, 16n * MB);
  return { exports, machine };
}

function takeAll(exports: Exports): bigint[] {
  const taken: bigint[] = [];
  for (let frame = exports.allocate(); frame !== 0n; frame = exports.allocate()) taken.push(frame);
  return taken;
}

test("every frame is handed out once, and no other", () => {
  const { exports } = freshMemory();
  assert.equal(exports.totalCount(), 15n * 256n);
  const taken = takeAll(exports);
  assert.equal(taken.length, 15 * 256);
  assert.equal(new Set(taken).size, taken.length);
  assert.ok(taken.every((frame) => frame >= MB && frame < 16n * MB && frame % PAGE === 0n));
  assert.equal(exports.freeCount(), 0n);
});

test("freed frames merge again into the largest blocks, in whatever order they come", () => {
  const { exports } = freshMemory();
  const taken = takeAll(exports);
  let state = 7;
  for (let i = taken.length - 1; i > 0; i--) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    const j = state % (i + 1);
    [taken[i], taken[j]] = [taken[j] as bigint, taken[i] as bigint];
  }
  for (const frame of taken) exports.release(frame);
  assert.equal(exports.freeCount(), 15n * 256n);
  const blocks = [1024, 1024, 1024, 512, 256].map((count) => exports.allocateContiguous(count, 0));
  assert.ok(blocks.every((block) => block !== 0n));
  assert.equal(exports.freeCount(), 0n);
});

test("a frame is free when the last reference goes", () => {
  const { exports } = freshMemory();
  const before = exports.freeCount();
  const frame = exports.allocate();
  assert.equal(exports.referenceCount(frame), 1);
  exports.reference(frame);
  assert.equal(exports.referenceCount(frame), 2);
  exports.release(frame);
  assert.equal(exports.freeCount(), before - 1n);
  exports.release(frame);
  assert.equal(exports.freeCount(), before);
  assert.throws(() => exports.release(frame), KernelAbort);
});

test("what was never ours is counted but not freed", () => {
  const { exports } = freshMemory();
  const before = exports.freeCount();
  const reserved = 2n * PAGE;
  exports.reference(reserved);
  assert.ok(exports.referenceCount(reserved) > 1);
  exports.release(reserved);
  exports.release(reserved);
  exports.reference(0xfee00000n);
  exports.release(0xfee00000n);
  assert.ok(exports.referenceCount(0xfee00000n) > 1);
  assert.equal(exports.freeCount(), before);
});

test("a stretch of frames is contiguous, aligned, and given back frame by frame", () => {
  const { exports } = freshMemory();
  const before = exports.freeCount();
  const start = exports.allocateContiguous(5, 1);
  assert.equal(start % (8n * PAGE), 0n);
  assert.equal(exports.freeCount(), before - 5n);
  for (let i = 0n; i < 5n; i++) {
    assert.equal(exports.referenceCount(start + i * PAGE), 1);
    exports.release(start + i * PAGE);
  }
  assert.equal(exports.freeCount(), before);
  assert.equal(exports.allocateContiguous(1 << 13, 0), 0n);
});

test("a zeroed frame is zero whatever was there", () => {
  const { exports, machine } = freshMemory();
  machine.memory.ram.fill(0xaa, Number(MB));
  const frame = exports.allocateZeroed();
  assert.ok(machine.memory.ram.subarray(Number(frame), Number(frame + PAGE)).every((byte) => byte === 0));
});

test("the records fit the table that tableSize announces", () => {
  const { exports } = freshMemory();
  assert.equal(exports.tableSize(16n * MB), 0x10000n);
  assert.equal(exports.tableSize(PAGE), PAGE);
});
