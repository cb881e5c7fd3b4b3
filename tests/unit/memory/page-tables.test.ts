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
  lookup(root: bigint, address: bigint): bigint;
  mapKernel(address: bigint, frame: bigint, flags: bigint): number;
  unmapKernel(address: bigint): bigint;
  mapKernelRange(address: bigint, physical: bigint, length: bigint, flags: bigint): number;
  mapDevice(physical: bigint, length: bigint, caching: bigint): bigint;
  translateKernel(address: bigint): bigint;
}

const wasm = await buildWasm(new URL("./page-tables.as.ts", import.meta.url));
const PRESENT = 1n;
const WRITABLE = 2n;
const NO_EXECUTE = 1n << 63n;
const KERNEL_DATA = PRESENT | WRITABLE | NO_EXECUTE | (1n << 8n);
const LINEAR = 0xffffffffc0000000n;

function freshTables() {
  const { exports, machine } = instantiate<Exports>(wasm);
  exports.setUp();
  return { exports, machine };
}

const entry = (exports: Exports, root: bigint, address: bigint) => BigInt.asUintN(64, exports.lookup(root, address));

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
