// Timers keep their time, in order, many at once; the clock does not go back.

import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { scheduler, setInterval as every, setTimeout as sleep } from "node:timers/promises";

test("timeouts are not early and not much too late", async () => {
  for (const ms of [1, 5, 20, 100]) {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      await sleep(ms);
      const took = performance.now() - start;
      // libuv counts whole milliseconds.
      assert.ok(took >= ms - 1.5, `${ms} ms took ${took} ms`);
      best = Math.min(best, took);
    }
    assert.ok(best < ms + 25, `${ms} ms took ${best} ms at best`);
  }
});

test("100 timers fire in the order of their times", async () => {
  const fired: { earliest: number; latest: number }[] = [];
  await Promise.all(
    // Each length once (0 is 1): timers of equal length share a list, which fires as a whole when it is late.
    Array.from({ length: 100 }, (_, index) => {
      const ms = 1 + ((index * 37) % 100);
      // Making them takes a while too: what counts is when each is due, and that is known within the making.
      const earliest = performance.now() + ms;
      const done = sleep(ms);
      const latest = performance.now() + ms;
      return done.then(() => fired.push({ earliest, latest }));
    }),
  );
  assert.equal(fired.length, 100);
  const tooLate = fired.filter(({ latest }, index) => latest < (fired[index - 1]?.earliest ?? 0) - 2);
  assert.deepEqual(tooLate, []);
});

test("intervals repeat and stop", async () => {
  let count = 0;
  const start = performance.now();
  for await (const _ of every(10)) if (++count === 10) break;
  const took = performance.now() - start;
  assert.ok(took >= 90 && took < 400, `10 times 10 ms took ${took} ms`);
});

test("cleared timers do not fire", async () => {
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
  }, 5);
  clearTimeout(timer);
  await sleep(20);
  assert.equal(fired, false);
});

test("performance.now rises, in steps finer than a millisecond, and agrees with the wall clock", async () => {
  let last = performance.now();
  let fine = false;
  for (let i = 0; i < 10_000; i++) {
    const now = performance.now();
    assert.ok(now >= last);
    fine ||= now > last && now - last < 1;
    last = now;
  }
  assert.ok(fine);
  const wall = Date.now();
  const clock = performance.now();
  await sleep(100);
  assert.ok(Math.abs(Date.now() - wall - (performance.now() - clock)) < 20);
  assert.ok(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 100);
  assert.ok(process.hrtime.bigint() > 0n);
});

test("the date is of this century", () => {
  const year = new Date().getUTCFullYear();
  assert.ok(year >= 2024 && year < 2100, String(year));
});

test("yielding and immediates let input through", async () => {
  for (let i = 0; i < 100; i++) await scheduler.yield();
  let ticks = 0;
  await new Promise<void>((resolve) => {
    const step = (): void => {
      if (++ticks === 1000) resolve();
      else setImmediate(step);
    };
    step();
  });
  assert.equal(ticks, 1000);
});
