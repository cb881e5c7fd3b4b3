// Timers of processes.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Instance, instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(): void;
  expire(): void;
  create(clockId: number, signal: number): number;
  setTimer(id: number, valueNs: bigint, intervalNs: bigint, isAbsolute: number): void;
  remaining(id: number): bigint;
  remove(id: number): void;
  setWall(ns: bigint): void;
  pending(): bigint;
  take(signal: number): number;
  takenValue(): bigint;
  overrunOf(id: number): number;
  setInterval(which: number, valueNs: bigint, intervalNs: bigint): void;
  intervalRemaining(which: number): bigint;
  setCpuLimit(soft: bigint, hard: bigint): void;
  isEnding(): number;
  useCpu(ns: bigint): void;
}

const SIGALRM = 14;
const SIGPROF = 27;
const SIGXCPU = 24;
const SIGRTMIN = 32;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const ITIMER_REAL = 0;
const ITIMER_PROF = 2;
const MS = 1_000_000n;
const bit = (signal: number) => 1n << BigInt(signal - 1);

const wasm = await buildWasm(new URL("./timers.as.ts", import.meta.url), { initialMemory: 0x800000 });
let kernel: Exports;
let machine: Instance<Exports>["machine"];

beforeEach(() => {
  const instance = instantiate<Exports>(wasm);
  kernel = instance.exports;
  machine = instance.machine;
  kernel.setUp();
});

function pass(ns: bigint): void {
  machine.clock.advanceNs(ns);
  kernel.expire();
}
const has = (signal: number) => (kernel.pending() & bit(signal)) !== 0n;

test("a timer sends its signal once its time has come, with its value", () => {
  const timer = kernel.create(CLOCK_MONOTONIC, SIGRTMIN);
  kernel.setTimer(timer, 5n * MS, 0n, 0);
  pass(5n * MS - 1n);
  assert.equal(has(SIGRTMIN), false);
  assert.equal(kernel.remaining(timer), 1n);
  pass(1n);
  assert.equal(kernel.take(SIGRTMIN), 0);
  assert.equal(kernel.takenValue(), 42n);
  pass(100n * MS);
  assert.equal(has(SIGRTMIN), false, "only once");
  assert.equal(kernel.remaining(timer), 0n);
});

test("a period goes on by itself, and what the program was too slow for counts as overrun", () => {
  const timer = kernel.create(CLOCK_MONOTONIC, SIGRTMIN);
  kernel.setTimer(timer, 10n * MS, 10n * MS, 0);
  for (let i = 0; i < 4; i++) pass(10n * MS);
  assert.equal(kernel.take(SIGRTMIN), 3);
  assert.equal(kernel.overrunOf(timer), 3);
  pass(35n * MS);
  assert.equal(kernel.take(SIGRTMIN), 2, "one late expiry stands for the periods it missed");
  pass(5n * MS);
  assert.equal(kernel.take(SIGRTMIN), 0, "in step with its beginning");
});

test("a period of a nanosecond does not take the machine", () => {
  const timer = kernel.create(CLOCK_MONOTONIC, SIGRTMIN);
  kernel.setTimer(timer, 1n, 1n, 0);
  pass(1000n);
  pass(1000n);
  assert.ok(kernel.remaining(timer) > 10_000n);
  pass(1n * MS);
  assert.ok(kernel.take(SIGRTMIN) > 900_000);
});

test("setting the clock moves a timer for a wall-clock time, not one for a span of time", () => {
  kernel.setWall(1000n * MS);
  const absolute = kernel.create(CLOCK_REALTIME, SIGRTMIN);
  const relative = kernel.create(CLOCK_REALTIME, SIGRTMIN + 1);
  kernel.setTimer(absolute, 1100n * MS, 0n, 1);
  kernel.setTimer(relative, 100n * MS, 0n, 0);
  kernel.setWall(1090n * MS);
  pass(10n * MS);
  assert.equal(has(SIGRTMIN), true);
  assert.equal(has(SIGRTMIN + 1), false);
  pass(90n * MS);
  assert.equal(has(SIGRTMIN + 1), true);
});

test("deleting a timer takes back its signal", () => {
  const timer = kernel.create(CLOCK_MONOTONIC, SIGRTMIN);
  kernel.setTimer(timer, 1n, 0n, 0);
  pass(1n * MS);
  assert.equal(has(SIGRTMIN), true);
  kernel.remove(timer);
  assert.equal(kernel.pending(), 0n);
});

test("an interval timer of wall time sends SIGALRM every period", () => {
  kernel.setInterval(ITIMER_REAL, 3n * MS, 2n * MS);
  pass(3n * MS);
  assert.equal(has(SIGALRM), true);
  kernel.take(SIGALRM);
  pass(1n * MS);
  assert.equal(has(SIGALRM), false);
  pass(1n * MS);
  assert.equal(has(SIGALRM), true);
  kernel.setInterval(ITIMER_REAL, 0n, 0n);
  assert.equal(kernel.intervalRemaining(ITIMER_REAL), 0n);
});

test("an interval timer of processor time waits for the program to use it", () => {
  kernel.setInterval(ITIMER_PROF, 5n * MS, 0n);
  pass(20n * MS);
  assert.equal(has(SIGPROF), false, "time passed, but not for the program");
  kernel.useCpu(5n * MS);
  pass(5n * MS);
  assert.equal(has(SIGPROF), true);
});

test("RLIMIT_CPU warns every second from the soft limit on and kills at the hard one", () => {
  const second = 1000n * MS;
  const run = (ns: bigint) => {
    kernel.useCpu(ns);
    pass(ns);
  };
  kernel.setCpuLimit(2n, 4n);
  pass(5n * second);
  assert.equal(has(SIGXCPU), false, "time alone does not count");
  run(2n * second);
  assert.equal(has(SIGXCPU), true);
  kernel.take(SIGXCPU);
  run(second / 2n);
  assert.equal(has(SIGXCPU), false);
  run(second / 2n);
  assert.equal(has(SIGXCPU), true);
  assert.equal(kernel.isEnding(), 0);
  run(second);
  assert.equal(kernel.isEnding(), 1);
});
