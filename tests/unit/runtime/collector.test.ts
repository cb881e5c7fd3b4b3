import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  put(slot: number, bytes: number, stamp: bigint, left: number, right: number): void;
  drop(slot: number): void;
  cut(slot: number): void;
  sum(slot: number, depth: number): bigint;
  buildChain(length: number): void;
  countChain(): number;
  buildWide(width: number): void;
  countWide(): number;
  constructsZeroed(): number;
  interior(bytes: number, offset: number): number;
  staleWordFinds(neighbours: number): number;
  move(from: number, to: number): void;
  collect(): void;
  step(): void;
  used(): number;
  collections(): number;
}

const HEAP_BYTES = 24 << 20;
const wasm = await buildWasm(new URL("./collector.as.ts", import.meta.url), {
  runtime: "kernel",
  initialMemory: HEAP_BYTES,
});

const fresh = () => instantiate<Exports>(wasm, { imports: { image: { linearBytes: () => HEAP_BYTES } } }).exports;

test("what is reachable survives collections unchanged, in any order of changes", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const heap = fresh();
    const random = new SeededRandom(seed);
    const pick = (limit: number) => Math.floor(random.next() * limit);
    const stamps = new Array<bigint>(256).fill(0n);
    for (let step = 0; step < 20_000; step++) {
      const slot = pick(256);
      const what = pick(100);
      if (what < 70) {
        const bytes = pick(10) === 0 ? pick(100_000) : pick(600);
        const stamp = BigInt(step + 1);
        heap.put(slot, bytes, stamp, pick(256), pick(256));
        stamps[slot] = stamp;
        heap.cut(pick(256));
      } else if (what < 98) {
        heap.drop(slot);
        stamps[slot] = 0n;
      } else heap.collect();
      if (heap.used() > HEAP_BYTES / 2) heap.collect();
      if (step % 500 === 0) {
        for (let i = 0; i < 256; i++) assert.equal(heap.sum(i, 0), stamps[i], `seed ${seed}, step ${step}, slot ${i}`);
        heap.sum(pick(256), 6);
      }
    }
  }
});

test("nothing reachable is lost when the graph changes between the steps of a collection", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const heap = fresh();
    const random = new SeededRandom(seed);
    const pick = (limit: number) => Math.floor(random.next() * limit);
    const stamps = new Array<bigint>(256).fill(0n);
    heap.buildChain(3000); // so that one marking takes many steps
    heap.buildWide(6000);
    for (let step = 0; step < 30_000; step++) {
      const slot = pick(256);
      const what = pick(100);
      if (what < 40) {
        const stamp = BigInt(step + 1);
        heap.put(slot, pick(20) === 0 ? pick(60_000) : pick(300), stamp, pick(256), pick(256));
        stamps[slot] = stamp;
        heap.cut(pick(256));
      } else if (what < 60) {
        const to = pick(256);
        heap.move(slot, to);
        if (stamps[slot] !== 0n && stamps[to] !== 0n && slot !== to) {
          stamps[to] = stamps[slot] as bigint;
          stamps[slot] = -1n;
        }
      } else if (what < 70) {
        heap.drop(slot);
        stamps[slot] = 0n;
      } else heap.step();
      if (heap.used() > HEAP_BYTES / 2) heap.collect();
      if (step % 500 === 0) {
        for (let i = 0; i < 256; i++) {
          const expected = stamps[i] === -1n ? 0n : stamps[i];
          assert.equal(heap.sum(i, 0), expected, `seed ${seed}, step ${step}, slot ${i}`);
        }
        assert.equal(heap.countChain(), 6000);
        assert.equal(heap.countWide(), 6000);
      }
    }
    assert.ok(heap.collections() > 20, `${heap.collections()} collections`);
  }
});

test("garbage is found and its memory used again", () => {
  const heap = fresh();
  heap.collect();
  const before = heap.used();
  for (let round = 0; round < 200; round++) {
    for (let slot = 0; slot < 256; slot++) heap.put(slot, 1000, 1n, -1, -1);
    heap.collect();
  }
  for (let slot = 0; slot < 256; slot++) heap.drop(slot);
  heap.collect();
  assert.ok(heap.used() <= before + 4096, `${heap.used()} bytes used, ${before} at the start`);
  assert.equal(heap.collections(), 202);
});

test("a graph deeper or wider than the mark stack is still marked whole", () => {
  const heap = fresh();
  heap.buildChain(20_000);
  heap.buildWide(30_000);
  heap.collect();
  for (let i = 0; i < 20_000; i++) heap.put(i % 256, 24, 7n, -1, -1);
  assert.equal(heap.countChain(), 40_000);
  assert.equal(heap.countWide(), 30_000);
});

test("a constructor finds every field zero in memory that was used before", () => {
  const heap = fresh();
  for (let i = 0; i < 5000; i++) heap.put(i % 256, 40, 0xffn, -1, -1);
  for (let slot = 0; slot < 256; slot++) heap.drop(slot);
  heap.collect();
  for (let i = 0; i < 5000; i++) assert.equal(heap.constructsZeroed(), 1);
});

test("an address anywhere inside an object leads to its start", () => {
  const heap = fresh();
  for (const bytes of [1, 8, 9, 100, 121, 500, 4096, 8000, 16_000, 20_000, 40_000, 200_000]) {
    for (const offset of [0, 1, bytes >> 1, bytes - 1]) {
      assert.equal(heap.interior(bytes, offset), 0, `${bytes} bytes at ${offset}`);
    }
  }
});

test("a word left over on a stack does not bring back an object that an earlier collection found dead", () => {
  assert.equal(fresh().staleWordFinds(3000), 0);
});
