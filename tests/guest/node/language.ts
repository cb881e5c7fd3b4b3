// Promises, generators, microtasks, errors: what V8 and Node's event loop give every program.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import vm from "node:vm";

test("promises settle in order", async () => {
  const order: string[] = [];
  setTimeout(() => order.push("timer"), 0);
  setImmediate(() => order.push("immediate"));
  process.nextTick(() => order.push("tick"));
  queueMicrotask(() => order.push("microtask"));
  order.push("now");
  while (order.length < 5) await sleep(5);
  assert.deepEqual(
    order.slice(0, 3),
    ["now", "microtask", "tick"].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
  );
  assert.deepEqual([...order].sort(), ["immediate", "microtask", "now", "tick", "timer"]);
  assert.deepEqual(
    await Promise.allSettled([Promise.resolve(1), Promise.reject(new Error("no"))]).then((all) =>
      all.map((one) => one.status),
    ),
    ["fulfilled", "rejected"],
  );
  assert.equal(await Promise.race([sleep(1000, "late", { ref: false }), sleep(5, "early")]), "early");
});

test("async generators yield across timers", async () => {
  async function* count(to: number): AsyncGenerator<number> {
    for (let value = 0; value < to; value++) {
      await sleep(1);
      yield value;
    }
  }
  const seen: number[] = [];
  for await (const value of count(20)) seen.push(value);
  assert.equal(seen.length, 20);
  assert.equal(seen.at(-1), 19);
});

test("async context follows awaits", async () => {
  const storage = new AsyncLocalStorage<number>();
  const results = await Promise.all(
    [1, 2, 3].map((value) =>
      storage.run(value, async () => {
        await sleep(5);
        return storage.getStore();
      }),
    ),
  );
  assert.deepEqual(results, [1, 2, 3]);
});

test("events arrive", async () => {
  const emitter = new EventEmitter();
  setTimeout(() => emitter.emit("ready", 42), 5);
  assert.deepEqual(await once(emitter, "ready"), [42]);
});

test("code compiled at run time runs, optimised too", () => {
  const sum = new Function("n", "let s = 0; for (let i = 0; i < n; i++) s = (s + i * i) % 1000003; return s;") as (
    n: number,
  ) => number;
  let expected = 0;
  for (let i = 0; i < 100_000; i++) expected = (expected + i * i) % 1000003;
  for (let round = 0; round < 20; round++) assert.equal(sum(100_000), expected);
  assert.equal(vm.runInNewContext("x * 2", { x: 21 }), 42);
});

test("deep recursion ends in a RangeError, not in a crash", () => {
  const deep = (n: number): number => (n === 0 ? 0 : 1 + deep(n - 1));
  assert.equal(deep(5000), 5000);
  assert.throws(() => deep(1e9), RangeError);
});

test("regular expressions, BigInt, dates and typed arrays compute right", () => {
  assert.equal("2026-11-22".replace(/(\d+)-(\d+)-(\d+)/, "$3.$2.$1"), "22.11.2026");
  assert.equal(2n ** 200n % 1000000007n, 2n ** 200n - (2n ** 200n / 1000000007n) * 1000000007n);
  assert.equal(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
  const floats = Float64Array.from({ length: 1000 }, (_, index) => Math.sin(index));
  const sum = (Math.sin(999 / 2) * Math.sin(500)) / Math.sin(0.5);
  assert.ok(Math.abs(floats.reduce((all, value) => all + value, 0) - sum) < 1e-9);
});

test("errors carry a stack with names of TypeScript files", () => {
  const stack = new Error("here").stack ?? "";
  assert.match(stack, /language\.ts:\d+/);
});
