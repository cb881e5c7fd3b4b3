import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  calibrate(frequencyHz: bigint, ticksAtBoot: bigint): void;
  refine(frequencyHz: bigint): void;
  nowNs(): bigint;
  ticksToNs(ticks: bigint): bigint;
  nsToTicks(ns: bigint): bigint;
}

const wasm = await buildWasm(new URL("./clock.as.ts", import.meta.url));

test("ticks become nanoseconds, exactly enough over years", () => {
  const { exports } = instantiate<Exports>(wasm);
  exports.calibrate(2_596_126_127n, 0n);
  const year = 31_557_600n;
  const error = exports.ticksToNs(2_596_126_127n * year * 10n) - year * 10n * 1_000_000_000n;
  assert.ok(error <= 0n && error > -100_000_000n, `${error} ns in ten years`);
  assert.equal(exports.nsToTicks(1_000_000_000n), 2_596_126_127n);
});

test("a better rate changes the speed of time, not the time, and never turns it back", () => {
  const { exports, machine } = instantiate<Exports>(wasm);
  let state = 7;
  for (const hz of [999_900_000n, 1_000_100_000n, 2_596_126_127n, 3_000_000_001n, 1_000_000n]) {
    exports.calibrate(hz, machine.clock.ticks);
    for (let round = 0; round < 50; round++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      machine.clock.advanceTicks(state % 1_000_000_000);
      const before = exports.nowNs();
      exports.refine(hz + BigInt(state % 1000) - 500n);
      const jump = exports.nowNs() - before;
      assert.ok(jump >= 0n && jump <= 1_000_000_000n / hz + 1n, `a jump of ${jump} ns`);
    }
  }
  exports.refine(2_000_000_000n);
  const before = exports.nowNs();
  machine.clock.advanceTicks(2_000_000_000);
  assert.equal(exports.nowNs() - before, 1_000_000_000n);
});
