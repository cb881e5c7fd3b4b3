import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  send(signal: number, code: number, value: bigint, limit: bigint): number;
  take(signal: number): bigint;
  pending(): bigint;
  length(): number;
  discard(set: bigint): void;
  expireTimer(signal: number): void;
  takeOverrun(signal: number): number;
  withdrawTimer(): void;
  setHolds(signal: number): number;
  setAction(signal: number, handler: bigint, flags: bigint): void;
  isIgnored(signal: number): number;
  reapsChildren(): number;
  resetHandled(): bigint;
}

const wasm = await buildWasm(new URL("./signals.as.ts", import.meta.url));
const start = () => instantiate<Exports>(wasm).exports;

const SIGUSR1 = 10;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIGRTMIN = 32;
const SI_QUEUE = -1;
const EAGAIN = 11;
const bit = (signal: number) => 1n << BigInt(signal - 1);

test("every signal is the only member of its set", () => {
  const signals = start();
  for (let signal = 1; signal <= 64; signal++) assert.equal(signals.setHolds(signal), 1, `signal ${signal}`);
});

test("a standard signal is pending once and keeps its first details", () => {
  const signals = start();
  assert.equal(signals.send(SIGUSR1, SI_QUEUE, 7n, 10n), 0);
  assert.equal(signals.send(SIGUSR1, SI_QUEUE, 8n, 10n), 0);
  assert.equal(signals.length(), 1);
  assert.equal(signals.take(SIGUSR1), 7n);
  assert.equal(signals.pending(), 0n);
});

test("real-time signals queue in the order they were sent", () => {
  const signals = start();
  for (let value = 1n; value <= 5n; value++) signals.send(SIGRTMIN + 3, SI_QUEUE, value, 10n);
  signals.send(SIGUSR1, SI_QUEUE, 99n, 10n);
  for (let value = 1n; value <= 5n; value++) {
    assert.equal(signals.pending() & bit(SIGRTMIN + 3), bit(SIGRTMIN + 3));
    assert.equal(signals.take(SIGRTMIN + 3), value);
  }
  assert.equal(signals.pending(), bit(SIGUSR1));
});

test("beyond the limit a real-time signal is refused and a standard one comes without details", () => {
  const signals = start();
  for (let i = 0; i < 3; i++) assert.equal(signals.send(SIGRTMIN, SI_QUEUE, 1n, 3n), 0);
  assert.equal(signals.send(SIGRTMIN, SI_QUEUE, 1n, 3n), -EAGAIN);
  assert.equal(signals.send(SIGTERM, SI_QUEUE, 5n, 3n), 0);
  assert.equal(signals.take(SIGTERM), 0n);
});

test("many signals can be queued at once, and the records come back", () => {
  const signals = start();
  for (let round = 0; round < 3; round++) {
    for (let i = 0n; i < 500n; i++) assert.equal(signals.send(SIGRTMIN, SI_QUEUE, i, 1000n), 0);
    for (let i = 0n; i < 500n; i++) assert.equal(signals.take(SIGRTMIN), i);
  }
});

test("discarding takes all records of a signal and leaves the others", () => {
  const signals = start();
  signals.send(SIGRTMIN, SI_QUEUE, 1n, 10n);
  signals.send(SIGRTMIN, SI_QUEUE, 2n, 10n);
  signals.send(SIGTERM, SI_QUEUE, 3n, 10n);
  signals.discard(bit(SIGRTMIN));
  assert.equal(signals.pending(), bit(SIGTERM));
  assert.equal(signals.length(), 1);
});

test("a timer's expiries while its signal is pending count as overrun", () => {
  const signals = start();
  for (let i = 0; i < 4; i++) signals.expireTimer(SIGRTMIN + 1);
  assert.equal(signals.length(), 1);
  assert.equal(signals.takeOverrun(SIGRTMIN + 1), 3);
  signals.expireTimer(SIGRTMIN + 1);
  assert.equal(signals.takeOverrun(SIGRTMIN + 1), 0);
});

test("a timer that goes takes its pending signal along", () => {
  const signals = start();
  signals.expireTimer(SIGRTMIN);
  signals.withdrawTimer();
  assert.equal(signals.pending(), 0n);
  signals.send(SIGRTMIN, SI_QUEUE, 4n, 10n);
  signals.expireTimer(SIGRTMIN);
  signals.withdrawTimer();
  assert.equal(signals.pending(), bit(SIGRTMIN));
});

test("SIGCHLD is ignored by default yet leaves zombies; set to ignore it leaves none", () => {
  const signals = start();
  assert.equal(signals.isIgnored(SIGCHLD), 1);
  assert.equal(signals.reapsChildren(), 0);
  signals.setAction(SIGCHLD, 1n, 0n);
  assert.equal(signals.reapsChildren(), 1);
  signals.setAction(SIGCHLD, 0x1000n, 2n);
  assert.equal(signals.reapsChildren(), 1, "SA_NOCLDWAIT");
});

test("execve resets handlers and keeps ignored signals ignored", () => {
  const signals = start();
  signals.setAction(SIGTERM, 0x1000n, 0n);
  signals.setAction(SIGUSR1, 1n, 0n);
  assert.equal(signals.resetHandled(), 0n);
  assert.equal(signals.isIgnored(SIGUSR1), 1);
  assert.equal(signals.isIgnored(SIGTERM), 0);
});
