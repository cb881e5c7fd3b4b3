import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, KernelAbort } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(): void;
  allocate(): bigint;
  freeCount(): bigint;
  reference(frame: bigint): void;
  release(frame: bigint): void;
  referenceCount(frame: bigint): number;
  active(): bigint;
  activate(root: bigint): void;
  createRoot(): bigint;
  destroyRoot(root: bigint): void;
  map(root: bigint, address: bigint, frame: bigint, flags: bigint): number;
  lookup(root: bigint, address: bigint): bigint;
  replace(root: bigint, address: bigint, frame: bigint, flags: bigint): bigint;
  unmapRange(root: bigint, start: bigint, end: bigint): bigint;
  protectRange(root: bigint, start: bigint, end: bigint, flags: bigint, isPrivate: number): void;
  copyRange(from: bigint, to: bigint, start: bigint, end: bigint, isPrivate: number): number;
  moveRange(root: bigint, start: bigint, length: bigint, target: bigint): number;
  countRange(root: bigint, start: bigint, end: bigint): bigint;
  mapKernel(address: bigint, frame: bigint, flags: bigint): number;
  unmapKernel(address: bigint): bigint;
  mapKernelRange(address: bigint, physical: bigint, length: bigint, flags: bigint): number;
  mapDevice(physical: bigint, length: bigint, caching: bigint): bigint;
  translateKernel(address: bigint): bigint;
}

const wasm = await buildWasm(new URL("./page-tables.as.ts", import.meta.url));
const PAGE = 4096n;
const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const NO_EXECUTE = 1n << 63n;
const DATA = PRESENT | WRITABLE | USER | NO_EXECUTE;
const KERNEL_DATA = PRESENT | WRITABLE | NO_EXECUTE | (1n << 8n);
const LINEAR = 0xffffffffc0000000n;

function freshTables() {
  const { exports, machine } = instantiate<Exports>(wasm);
  exports.setUp();
  return { exports, machine };
}

const entry = (exports: Exports, root: bigint, address: bigint) => BigInt.asUintN(64, exports.lookup(root, address));

test("a mapped page is found, its neighbours are not", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const frame = exports.allocate();
  assert.equal(exports.map(root, 0x400000n, frame, DATA), 1);
  assert.equal(entry(exports, root, 0x400000n), frame | DATA);
  assert.equal(exports.lookup(root, 0x401000n), 0n);
  assert.equal(exports.lookup(root, 0x7fff00000000n), 0n);
  assert.throws(() => exports.map(root, 0x400000n, frame, DATA), KernelAbort);
});

test("unmapping gives back the frames and every table that became empty", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const before = exports.freeCount();
  const addresses = [0x1000n, 0x400000n, 0x7f0000000000n, 0x7f0000001000n, 0x7f0040000000n];
  for (const address of addresses) exports.map(root, address, exports.allocate(), DATA);
  assert.equal(exports.countRange(root, 0n, 1n << 47n), 5n);
  assert.equal(exports.unmapRange(root, 0x7f0000000000n, 0x7f0000001000n), 1n);
  assert.equal(exports.unmapRange(root, 0n, 1n << 47n), 4n);
  assert.equal(exports.freeCount(), before);
});

test("destroying a root gives back all of it", () => {
  const { exports } = freshTables();
  const before = exports.freeCount();
  const root = exports.createRoot();
  exports.activate(root);
  for (let i = 0n; i < 1000n; i++) exports.map(root, 0x10000000n + i * 17n * PAGE, exports.allocate(), DATA);
  exports.destroyRoot(root);
  assert.equal(exports.freeCount(), before);
  assert.notEqual(exports.active(), root);
});

test("protection changes what is mapped; a shared frame of a private mapping stays read-only", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const own = exports.allocate();
  const shared = exports.allocate();
  exports.reference(shared);
  exports.map(root, 0x1ff000n, own, PRESENT | USER);
  exports.map(root, 0x200000n, shared, PRESENT | USER);
  exports.protectRange(root, 0x100000n, 0x300000n, DATA, 1);
  assert.equal(entry(exports, root, 0x1ff000n), own | DATA);
  assert.equal(entry(exports, root, 0x200000n), shared | (DATA & ~WRITABLE));
  exports.protectRange(root, 0x100000n, 0x300000n, DATA, 0);
  assert.equal(entry(exports, root, 0x200000n), shared | DATA);
});

test("fork shares private pages read-only, and both end without a leak", () => {
  const { exports } = freshTables();
  const before = exports.freeCount();
  const parent = exports.createRoot();
  const child = exports.createRoot();
  const frame = exports.allocate();
  exports.map(parent, 0x5000n, frame, DATA);
  assert.equal(exports.copyRange(parent, child, 0n, 0x10000n, 1), 1);
  for (const root of [parent, child]) assert.equal(entry(exports, root, 0x5000n), frame | (DATA & ~WRITABLE));
  assert.equal(exports.referenceCount(frame), 2);
  const copy = exports.allocate();
  const old = exports.replace(child, 0x5000n, copy, DATA);
  assert.equal(BigInt.asUintN(64, old) & 0xffffff000n, frame);
  exports.release(frame);
  exports.destroyRoot(parent);
  exports.destroyRoot(child);
  assert.equal(exports.freeCount(), before);
});

test("moving pages keeps their frames", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const frames = [exports.allocate(), exports.allocate()];
  exports.map(root, 0x1ff000n, frames[0] as bigint, DATA);
  exports.map(root, 0x200000n, frames[1] as bigint, DATA);
  assert.equal(exports.moveRange(root, 0x1ff000n, 0x2000n, 0x7f0000000000n), 1);
  assert.equal(exports.lookup(root, 0x1ff000n), 0n);
  assert.equal(entry(exports, root, 0x7f0000001000n), (frames[1] as bigint) | DATA);
  assert.equal(exports.referenceCount(frames[0] as bigint), 1);
});

test("only the active root's translations are forgotten", () => {
  const { exports, machine } = freshTables();
  const root = exports.createRoot();
  exports.map(root, 0x5000n, exports.allocate(), DATA);
  exports.unmapRange(root, 0x5000n, 0x6000n);
  assert.equal(machine.cpu.invalidated.length, 0);
  exports.activate(root);
  exports.map(root, 0x5000n, exports.allocate(), DATA);
  exports.unmapRange(root, 0x5000n, 0x6000n);
  assert.deepEqual(machine.cpu.invalidated, [0x5000n]);
});

test("memory running out in the middle fails the map and loses nothing", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const frame = exports.allocate();
  const hoard: bigint[] = [];
  for (let taken = exports.allocate(); taken !== 0n; taken = exports.allocate()) hoard.push(taken);
  assert.equal(exports.map(root, 0x7f0000000000n, frame, DATA), 0);
  exports.release(hoard.pop() as bigint);
  assert.equal(exports.map(root, 0x7f0000000000n, frame, DATA), 0);
  for (const taken of hoard) exports.release(taken);
  assert.equal(exports.map(root, 0x7f0000000000n, frame, DATA), 1);
});

test("the kernel's half is the same in every root and never writable and executable", () => {
  const { exports } = freshTables();
  const root = exports.createRoot();
  const frame = exports.allocate();
  assert.equal(exports.mapKernel(LINEAR + 0x5000n, frame, KERNEL_DATA), 1);
  assert.equal(entry(exports, root, LINEAR + 0x5000n), frame | KERNEL_DATA);
  assert.equal(exports.translateKernel(LINEAR + 0x5123n), frame + 0x123n);
  assert.equal(exports.unmapKernel(LINEAR + 0x5000n), frame);
  assert.equal(exports.translateKernel(LINEAR + 0x5000n), 0n);
  assert.throws(() => exports.mapKernel(LINEAR, frame, PRESENT | WRITABLE), KernelAbort);
});

test("a range is mapped with pages as large as fit", () => {
  const { exports } = freshTables();
  const direct = 0xffff800000000000n;
  assert.equal(exports.mapKernelRange(direct + 0x1ff000n, 0x1ff000n, 0x40201000n + 0x1000n, KERNEL_DATA), 1);
  for (const offset of [0x1ff000n, 0x200000n, 0x3fffffffn, 0x40000000n, 0x40400fffn]) {
    assert.equal(exports.translateKernel(direct + offset), offset);
  }
  assert.equal(exports.translateKernel(direct + 0x1fefffn), 0n);
});

test("device memory keeps its offset and its caching", () => {
  const { exports } = freshTables();
  const registers = BigInt.asUintN(64, exports.mapDevice(0xfee00320n, 4n, 0x18n));
  assert.equal(exports.translateKernel(registers), 0xfee00320n);
  const frameBuffer = BigInt.asUintN(64, exports.mapDevice(0xfd000000n, 0x900000n, 0x80n));
  assert.equal(exports.translateKernel(frameBuffer + 0x8fffffn), 0xfd8fffffn);
});
