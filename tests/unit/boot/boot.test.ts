import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  reset(): void;
  add(start: bigint, end: bigint): void;
  remove(start: bigint, end: bigint): void;
  findRange(size: bigint, floor: bigint, ceiling: bigint): bigint;
  rangeCount(): number;
  rangeStart(index: number): bigint;
  rangeEnd(index: number): bigint;
  readLoader(protocol: number, physical: bigint): number;
  rsdp(): bigint;
  rootAddress(): bigint;
  rootSize(): bigint;
  framebufferWidth(): number;
  commandLine(physical: bigint): number;
  days(year: number, month: number, day: number): bigint;
}

const wasm = await buildWasm(new URL("./boot.as.ts", import.meta.url));
const RAM = 1;
const RESERVED = 2;
const INFO = 0x8000n;
type Entry = readonly [start: bigint, length: bigint, kind: number];

function fresh() {
  const { exports, machine } = instantiate<Exports>(wasm, { ramBytes: 0x100000 });
  const ram = new DataView(machine.memory.ram.buffer);
  const ranges = () =>
    Array.from({ length: exports.rangeCount() }, (_, i) => [
      BigInt.asUintN(64, exports.rangeStart(i)),
      BigInt.asUintN(64, exports.rangeEnd(i)),
    ]);
  const text = (at: number, value: string) => machine.memory.ram.set(Buffer.from(`${value}\0`), at);
  const commandLine = () => {
    const length = exports.commandLine(0xf0000n);
    return Buffer.from(machine.memory.ram.subarray(0xf0000, 0xf0000 + length)).toString();
  };
  return { exports, ram, ranges, text, commandLine };
}

/** hvm_start_info at INFO with a memory map and at most one module. */
function layPvh(ram: DataView, map: readonly Entry[], module?: readonly [bigint, bigint]) {
  const at = Number(INFO);
  ram.setUint32(at, 0x336ec578, true);
  ram.setUint32(at + 4, 1, true);
  ram.setUint32(at + 12, module ? 1 : 0, true);
  ram.setBigUint64(at + 16, 0x9000n, true);
  ram.setBigUint64(at + 24, 0xa000n, true);
  ram.setBigUint64(at + 32, 0xf5a20n, true);
  ram.setBigUint64(at + 40, 0xb000n, true);
  ram.setUint32(at + 48, map.length, true);
  if (module) {
    ram.setBigUint64(0x9000, module[0], true);
    ram.setBigUint64(0x9008, module[1], true);
  }
  map.forEach(([start, length, kind], i) => {
    ram.setBigUint64(0xb000 + i * 24, start, true);
    ram.setBigUint64(0xb008 + i * 24, length, true);
    ram.setUint32(0xb010 + i * 24, kind, true);
  });
}

test("ranges join where they touch and split where they are cut", () => {
  const { exports, ranges } = fresh();
  exports.add(0x3000n, 0x4000n);
  exports.add(0x1000n, 0x2000n);
  exports.add(0x2000n, 0x3000n);
  assert.deepEqual(ranges(), [[0x1000n, 0x4000n]]);
  exports.remove(0x2000n, 0x2800n);
  assert.deepEqual(ranges(), [
    [0x1000n, 0x2000n],
    [0x2800n, 0x4000n],
  ]);
  exports.remove(0n, 0x10000n);
  assert.deepEqual(ranges(), []);
});

test("a set of ranges agrees with a bitmap, whatever is added and removed", () => {
  const { exports, ranges } = fresh();
  const bitmap = new Array<boolean>(200).fill(false);
  let state = 20260101;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 2000; round++) {
    const start = random(200);
    const end = Math.min(200, start + random(40));
    const isAdded = random(2) === 0;
    exports[isAdded ? "add" : "remove"](BigInt(start), BigInt(end));
    bitmap.fill(isAdded, start, Math.max(start, end));
    const seen = new Array<boolean>(200).fill(false);
    let previousEnd = -1n;
    for (const [from, to] of ranges() as [bigint, bigint][]) {
      assert.ok(from > previousEnd && to > from);
      seen.fill(true, Number(from), Number(to));
      previousEnd = to;
    }
    assert.deepEqual(seen, bitmap);
  }
});

test("a place is found page-aligned within its bounds", () => {
  const { exports } = fresh();
  exports.add(0x1800n, 0x5000n);
  exports.add(0x10000n, 0x20000n);
  assert.equal(exports.findRange(0x3000n, 0n, 0x100000n), 0x2000n);
  assert.equal(exports.findRange(0x4000n, 0n, 0x100000n), 0x10000n);
  assert.equal(exports.findRange(0x1000n, 0x11000n, 0x100000n), 0x11000n);
  assert.equal(exports.findRange(0x4000n, 0n, 0x10000n), 0n);
});

test("PVH: map, command line, root pointer; the first module is the root image and is not free memory", () => {
  const { exports, ram, ranges, text, commandLine } = fresh();
  text(0xa000, "egg.trace -- a b");
  layPvh(
    ram,
    [
      [0n, 0x9fc00n, RAM],
      [0xf0000n, 0x10000n, RESERVED],
      [0x100000n, 0xff00000n, RAM],
    ],
    [0x4000000n, 0x1234n],
  );
  assert.equal(exports.readLoader(1, INFO), 1);
  assert.deepEqual(ranges(), [
    [0n, 0x9f000n],
    [0x100000n, 0x4000000n],
    [0x4002000n, 0x10000000n],
  ]);
  assert.equal(exports.rootAddress(), 0x4000000n);
  assert.equal(exports.rootSize(), 0x1234n);
  assert.equal(exports.rsdp(), 0xf5a20n);
  assert.equal(commandLine(), "egg.trace -- a b");
});

test("a lying memory map: unsorted, overlapping, odd-sized and endless entries lose to any that reserves", () => {
  const { exports, ram, ranges } = fresh();
  layPvh(ram, [
    [0x200000n, 0x100000n, RAM],
    [0x100000n, 0x180000n, RAM],
    [0x180000n, 0x10n, RESERVED],
    [0x2ffff8n, 0x10n, RAM],
    [0x400800n, 0x1800n, RAM],
    [0x500000n, 0n, RAM],
    [0xfffffffffff00000n, 0x200000n, RESERVED],
    [0x800000n, 0x1000n, 77],
    [0x7ff000n, 0x3000n, RAM],
  ]);
  assert.equal(exports.readLoader(1, INFO), 1);
  assert.deepEqual(ranges(), [
    [0x100000n, 0x180000n],
    [0x181000n, 0x300000n],
    [0x401000n, 0x402000n],
    [0x7ff000n, 0x800000n],
    [0x801000n, 0x802000n],
  ]);
});

test("PVH: another structure, or one too old for a memory map, is refused", () => {
  const { exports, ram } = fresh();
  layPvh(ram, [[0x100000n, 0x100000n, RAM]]);
  ram.setUint32(Number(INFO) + 4, 0, true);
  assert.equal(exports.readLoader(1, INFO), 0);
  ram.setUint32(Number(INFO), 0x12345678, true);
  assert.equal(exports.readLoader(1, INFO), 0);
});

test("Multiboot2: tags in any order, unknown ones skipped, a cut-off list ends", () => {
  const { exports, ram, ranges, text, commandLine } = fresh();
  let at = Number(INFO) + 8;
  const tag = (type: number, size: number, fill: (at: number) => void) => {
    ram.setUint32(at, type, true);
    ram.setUint32(at + 4, size, true);
    fill(at);
    at += (size + 7) & ~7;
  };
  tag(99, 13, () => {});
  tag(8, 38, (at) => {
    ram.setBigUint64(at + 8, 0xfd000000n, true);
    ram.setUint32(at + 20, 1024, true);
    ram.setUint8(at + 29, 1);
  });
  tag(1, 14, (at) => text(at + 8, "hello"));
  tag(3, 18, (at) => {
    ram.setUint32(at + 8, 0x300000, true);
    ram.setUint32(at + 12, 0x305000, true);
  });
  tag(6, 16 + 24, (at) => {
    ram.setUint32(at + 8, 24, true);
    ram.setBigUint64(at + 16, 0x100000n, true);
    ram.setBigUint64(at + 24, 0x400000n, true);
    ram.setUint32(at + 32, RAM, true);
  });
  tag(15, 44, () => {});
  tag(0, 0, () => {});
  ram.setUint32(Number(INFO), at - Number(INFO), true);
  assert.equal(exports.readLoader(2, INFO), 1);
  assert.deepEqual(ranges(), [
    [0x100000n, 0x300000n],
    [0x305000n, 0x500000n],
  ]);
  assert.equal(commandLine(), "hello");
  assert.equal(exports.framebufferWidth(), 1024);
  assert.equal(exports.rootSize(), 0x5000n);
  assert.notEqual(exports.rsdp(), 0n);
});

test("Multiboot: a memory map whose entries carry their own size", () => {
  const { exports, ram, ranges } = fresh();
  const at = Number(INFO);
  ram.setUint32(at, 1 << 6, true);
  ram.setUint32(at + 44, 48, true);
  ram.setUint32(at + 48, 0xc000, true);
  for (const [i, start, kind] of [
    [0, 0x100000n, RAM],
    [1, 0x180000n, RESERVED],
  ] as const) {
    ram.setUint32(0xc000 + i * 24, 20, true);
    ram.setBigUint64(0xc004 + i * 24, start, true);
    ram.setBigUint64(0xc00c + i * 24, 0x100000n, true);
    ram.setUint32(0xc014 + i * 24, kind, true);
  }
  assert.equal(exports.readLoader(3, INFO), 1);
  assert.deepEqual(ranges(), [[0x100000n, 0x180000n]]);
});

test("calendar days agree with JavaScript's", () => {
  const { exports } = fresh();
  for (const [year, month, day] of [
    [1970, 1, 1],
    [1999, 12, 31],
    [2000, 2, 29],
    [2000, 3, 1],
    [2026, 11, 22],
    [2100, 2, 28],
    [2100, 3, 1],
    [2399, 7, 15],
  ] as const) {
    assert.equal(Number(exports.days(year, month, day)), Date.UTC(year, month - 1, day) / 86_400_000);
  }
});
