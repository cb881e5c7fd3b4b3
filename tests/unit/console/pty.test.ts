// Both sides of a pseudo-terminal.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  limit(): number;
  create(): number;
  use(index: number): number;
  count(): number;
  writeSlave(length: number): bigint;
  readSlave(length: number): bigint;
  typeMaster(length: number): number;
  readMaster(length: number): bigint;
  available(): number;
  openSlave(): void;
  closeSlave(): void;
  closeMaster(): void;
  isSlaveClosed(): number;
  isHungUp(): number;
  setPacketMode(isOn: number): void;
  takeStatus(): number;
  flushInput(): void;
  stop(isStopped: number): void;
  setFlags(input: number, local: number): void;
}

const [EIO, EAGAIN] = [-5n, -11n];
// termbits.h, ioctl_tty(2)
const [ICRNL, IXON] = [0o400, 0o2000];
const [ISIG, ICANON, ECHO] = [1, 2, 0o10];
const PACKET = { flushRead: 1, flushWrite: 2, stop: 4, start: 8, noStop: 16, doStop: 32 };

const wasm = await buildWasm(new URL("./pty.as.ts", import.meta.url));
let exports: Exports;
let linear: () => Uint8Array;

const place = (): number => Number(BigInt.asUintN(30, exports.bufferAddress()));
const put = (text: string): number => {
  linear().set(Buffer.from(text), place());
  return Buffer.byteLength(text);
};
const shown = (count: bigint): string => Buffer.from(linear().slice(place(), place() + Number(count))).toString();
const readMaster = (): string => shown(exports.readMaster(65536));
const readSlave = (): string => shown(exports.readSlave(4096));

beforeEach(() => {
  ({ exports, linear } = instantiate<Exports>(wasm));
  exports.openSlave();
});

test("a line goes from master to slave, echo and output the other way", () => {
  exports.typeMaster(put("hi\r"));
  assert.equal(readSlave(), "hi\n");
  assert.equal(readMaster(), "hi\r\n");
  assert.equal(exports.writeSlave(put("out\n")), 4n);
  assert.equal(readMaster(), "out\r\n");
});

test("what neither side reads is bounded, and none of it is lost", () => {
  exports.setFlags(0, 0);
  const block = "0123456789abcdef".repeat(4096);
  let written = 0;
  for (let count = exports.writeSlave(put(block)); count > 0n; count = exports.writeSlave(put(block))) {
    written += Number(count);
  }
  assert.equal(exports.writeSlave(put("x")), EAGAIN);
  assert.ok(written >= 8192 && written <= 65536, String(written));
  let got = "";
  for (let part = readMaster(); part !== ""; part = readMaster()) got += part;
  assert.equal(got.length, written);
  const typed = exports.typeMaster(put(block));
  assert.ok(typed < block.length);
  let read = "";
  while (read.length < typed) read += readSlave();
  assert.equal(read, block.slice(0, typed));
});

test("packet mode tells of flushes, stops and who may stop", () => {
  exports.setPacketMode(1);
  exports.setFlags(ICRNL | IXON, ISIG | ICANON | ECHO);
  exports.takeStatus();
  exports.flushInput();
  assert.equal(exports.takeStatus(), PACKET.flushRead);
  exports.stop(1);
  assert.equal(exports.takeStatus(), PACKET.stop);
  exports.stop(1);
  assert.equal(exports.takeStatus(), 0, "it was stopped already");
  exports.stop(0);
  assert.equal(exports.takeStatus(), PACKET.start);
  exports.setFlags(ICRNL, ISIG | ICANON | ECHO);
  assert.equal(exports.takeStatus(), PACKET.noStop);
  exports.setFlags(ICRNL | IXON, ISIG | ICANON | ECHO);
  assert.equal(exports.takeStatus(), PACKET.doStop);
  exports.typeMaster(put("\x03"));
  assert.equal(exports.takeStatus(), PACKET.flushRead | PACKET.flushWrite);
  exports.setPacketMode(0);
  exports.flushInput();
  assert.equal(exports.takeStatus(), 0);
});

test("stop and start in one go leave only the last", () => {
  exports.setPacketMode(1);
  exports.stop(1);
  exports.stop(0);
  assert.equal(exports.takeStatus(), PACKET.start);
});

test("a closed slave shows, and opens again with what was written still there", () => {
  exports.writeSlave(put("kept"));
  exports.closeSlave();
  assert.equal(exports.isSlaveClosed(), 1);
  assert.equal(exports.available(), 4);
  exports.openSlave();
  assert.equal(exports.isSlaveClosed(), 0);
  assert.equal(readMaster(), "kept");
});

test("a closed master hangs the slave up: its end, EIO, and unread input gone", () => {
  exports.typeMaster(put("unread\r"));
  exports.closeMaster();
  assert.equal(exports.isHungUp(), 1);
  assert.equal(exports.readSlave(100), 0n);
  assert.equal(exports.writeSlave(put("x")), EIO);
});

test("a number is taken again when both sides are closed, and not before", () => {
  const first = exports.create();
  exports.openSlave();
  exports.closeMaster();
  assert.equal(exports.use(first), 0, "it cannot be found any more");
  const second = exports.create();
  assert.notEqual(second, first);
});

test("there are so many pairs and no more", () => {
  const limit = exports.limit();
  let made = exports.count();
  while (exports.create() >= 0) made++;
  assert.equal(made, limit);
  assert.equal(exports.count(), limit);
  exports.use(7);
  exports.closeMaster();
  assert.equal(exports.count(), limit - 1);
  assert.equal(exports.create(), 7);
});
