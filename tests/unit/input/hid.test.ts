// Report and configuration descriptors of USB devices, well formed and not.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  parse(length: number): number;
  describe(): number;
  fieldCount(): number;
  longestInput(): number;
  hasKey(code: number): number;
  hasLed(code: number): number;
  isMouse(): number;
  repeats(): number;
  axisMaximum(code: number): number;
  receive(length: number): void;
  readEvent(): number;
  light(code: number): number;
  configuration(length: number): number;
  parseConfiguration(length: number): number;
  interfaceFact(index: number, what: number): number;
}

const wasm = await buildWasm(new URL("./hid.as.ts", import.meta.url));
let { exports, linear } = instantiate<Exports>(wasm);
beforeEach(() => {
  ({ exports, linear } = instantiate<Exports>(wasm));
});
const place = () => Number(BigInt.asUintN(30, exports.bufferAddress()));
function fill(bytes: readonly number[] | Uint8Array): number {
  linear().set(bytes, place());
  return bytes.length;
}
const hex = (text: string) => [...Buffer.from(text.replaceAll(/\s/g, ""), "hex")];

/** HID 1.11 appendix E.6. */
const KEYBOARD = hex(`05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 95 05 75 01
  05 08 19 01 29 05 91 02 95 01 75 03 91 01 95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0`);
/** HID 1.11 appendix E.10, with a wheel. */
const MOUSE = hex(`05 01 09 02 a1 01 09 01 a1 00 05 09 19 01 29 03 15 00 25 01 95 03 75 01 81 02 95 01 75 05 81 03
  05 01 09 30 09 31 09 38 15 81 25 7f 75 08 95 03 81 06 c0 c0`);
/** What QEMU's usb-tablet says of itself. */
const TABLET = hex(`05 01 09 02 a1 01 09 01 a1 00 05 09 19 01 29 03 15 00 25 01 95 03 75 01 81 02 95 01 75 05 81 01
  05 01 09 30 09 31 15 00 26 ff 7f 35 00 46 ff 7f 75 10 95 02 81 02 05 01 09 38 15 81 25 7f 35 00 45 00 75 08 95 01 81 06 c0 c0`);
/** A keyboard with media keys and a mouse behind one receiver: reports 1, 2 and 3; 12-bit movements. */
const RECEIVER = hex(`05 01 09 06 a1 01 85 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 19 04 29 1d 95 1a 81 02
  95 06 81 03 c0 05 0c 09 01 a1 01 85 02 15 01 26 3c 02 19 01 2a 3c 02 75 10 95 02 81 00 c0
  05 01 09 02 a1 01 85 03 05 09 19 01 29 05 15 00 25 01 75 01 95 08 81 02 05 01 09 30 09 31 16 01 f8 26 ff 07 75 0c 95 02 81 06 c0`);

const [EV_KEY, EV_REL, EV_ABS] = [1, 2, 3];
/** Give a report; the changes that come of it, without the packet's end. */
function report(...bytes: number[]): number[][] {
  exports.receive(fill(bytes));
  const found: number[][] = [];
  while (exports.readEvent()) {
    const view = new DataView(linear().buffer, place(), 24);
    const type = view.getUint16(16, true);
    if (type !== 0) found.push([type, view.getUint16(18, true), view.getInt32(20, true)]);
  }
  return found;
}
function device(bytes: number[]): void {
  assert.equal(exports.parse(fill(bytes)), 1);
  assert.equal(exports.describe(), 1);
}

test("the keyboard of the specification", () => {
  device(KEYBOARD);
  assert.equal(exports.longestInput(), 8);
  assert.ok(exports.hasKey(30) && exports.hasKey(42) && exports.repeats() && exports.hasLed(0) && exports.hasLed(2));
  assert.deepEqual(report(0, 0, 4, 0, 0, 0, 0, 0), [[EV_KEY, 30, 1]]);
  assert.deepEqual(report(0, 0, 4, 0, 0, 0, 0, 0), []);
  assert.deepEqual(
    report(2, 0, 5, 4, 0, 0, 0, 0),
    [
      [EV_KEY, 42, 1],
      [EV_KEY, 48, 1],
    ],
    "order in the array says nothing",
  );
  assert.deepEqual(report(0, 0, 5, 0, 0, 0, 0, 0), [
    [EV_KEY, 42, 0],
    [EV_KEY, 30, 0],
  ]);
});

test("a keyboard that counts too many keys changes nothing", () => {
  device(KEYBOARD);
  report(0, 0, 4, 5, 0, 0, 0, 0);
  assert.deepEqual(report(0, 0, 1, 1, 1, 1, 1, 1), []);
  assert.deepEqual(report(0, 0, 0, 0, 0, 0, 0, 0), [
    [EV_KEY, 30, 0],
    [EV_KEY, 48, 0],
  ]);
});

test("usages out of range and reports cut short say nothing", () => {
  device(KEYBOARD);
  assert.deepEqual(report(0, 0, 0xff, 0xe0, 0x66, 0, 0, 0), []);
  assert.deepEqual(report(), []);
  assert.deepEqual(report(2), [[EV_KEY, 42, 1]], "what is there counts");
  assert.deepEqual(report(2, 0, 4), [], "half an array does not");
});

test("LEDs become a report", () => {
  device(KEYBOARD);
  assert.equal(exports.light(1), 1);
  assert.equal(linear()[place()], 2);
  exports.light(0);
  assert.equal(linear()[place()], 3);
});

test("a mouse with a wheel", () => {
  device(MOUSE);
  assert.equal(exports.isMouse(), 1);
  assert.equal(exports.repeats(), 0);
  assert.deepEqual(report(1, 5, 0xfd, 0), [
    [EV_KEY, 0x110, 1],
    [EV_REL, 0, 5],
    [EV_REL, 1, -3],
  ]);
  assert.deepEqual(report(0, 0, 0, 0xff), [
    [EV_KEY, 0x110, 0],
    [EV_REL, 8, -1],
  ]);
});

test("a tablet says where", () => {
  device(TABLET);
  assert.equal(exports.axisMaximum(0), 0x7fff);
  assert.deepEqual(report(0, 0x34, 0x12, 0xff, 0x7f, 1), [
    [EV_ABS, 0, 0x1234],
    [EV_ABS, 1, 0x7fff],
    [EV_REL, 8, 1],
  ]);
});

test("reports with numbers, media keys, movements of twelve bits", () => {
  device(RECEIVER);
  assert.equal(exports.longestInput(), 6);
  assert.deepEqual(report(1, 0, 0x01, 0, 0, 0), [[EV_KEY, 30, 1]]);
  assert.deepEqual(report(2, 0xe9, 0, 0xe2, 0), [
    [EV_KEY, 115, 1],
    [EV_KEY, 113, 1],
  ]);
  assert.deepEqual(report(2, 0, 0, 0, 0), [
    [EV_KEY, 115, 0],
    [EV_KEY, 113, 0],
  ]);
  assert.deepEqual(report(3, 0x10, 0x01, 0xf0, 0xff), [
    [EV_KEY, 0x114, 1],
    [EV_REL, 0, 1],
    [EV_REL, 1, -1],
  ]);
  assert.deepEqual(report(9, 1, 2, 3), [], "a number that was never described");
});

test("what breaks the language or a limit is refused", () => {
  const refused = {
    "an item cut off": [0x26, 0xff],
    "a collection ended twice": hex("a1 01 c0 c0"),
    "collections without end": Array.from({ length: 40 }, () => [0xa1, 0x00]).flat(),
    "a pop without push": [0xb4],
    "pushes without end": Array.from({ length: 9 }, () => 0xa4),
    "report number 0": hex("85 00"),
    "a report as large as memory": hex("05 09 19 01 29 10 97 ff ff ff 7f 76 ff 00 81 02"),
    "fields without end": Array.from({ length: 100 }, () => hex("05 09 09 01 75 01 95 01 81 02")).flat(),
    "reports without end": Array.from({ length: 50 }, (_, i) => [
      0x85,
      i + 1,
      ...hex("05 09 09 01 75 01 95 01 81 02"),
    ]).flat(),
  };
  for (const [what, bytes] of Object.entries(refused)) assert.equal(exports.parse(fill(bytes)), 0, what);
});

test("an empty descriptor is a device that says nothing", () => {
  assert.equal(exports.parse(0), 1);
  assert.equal(exports.describe(), 0);
});

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test("descriptors of random bytes, and good ones with bytes changed, are taken or refused; reports to them do no harm", () => {
  const random = generator(4711);
  const good = [KEYBOARD, MOUSE, TABLET, RECEIVER];
  let taken = 0;
  for (let round = 0; round < 4000; round++) {
    let bytes: number[];
    if (round % 4 === 0) bytes = Array.from({ length: random(120) }, () => random(256));
    else {
      bytes = [...(good[random(good.length)] ?? [])];
      for (let i = random(6); i >= 0; i--) bytes[random(bytes.length)] = random(256);
      if (random(3) === 0) bytes.length = random(bytes.length);
    }
    if (exports.parse(fill(bytes)) === 0) continue;
    assert.ok(exports.fieldCount() <= 64);
    if (exports.describe() === 0) continue;
    taken++;
    for (let i = 0; i < 4; i++) report(...Array.from({ length: random(40) }, () => random(256)));
    for (let led = 0; led < 3; led++) exports.light(led);
  }
  assert.ok(taken > 300, `${taken} devices came of it`);
});

/** A configuration with a boot keyboard and a second HID interface. */
const CONFIGURATION = hex(`09 02 3b 00 02 01 04 a0 32
  09 04 00 00 01 03 01 01 00  09 21 11 01 00 01 22 41 00  07 05 81 03 08 00 0a
  09 04 01 00 01 03 00 00 00  09 21 11 01 00 01 22 3a 01  07 05 82 03 10 00 04`);

test("a configuration's interfaces", () => {
  const length = fill(CONFIGURATION);
  assert.equal(exports.configuration(length), 1);
  assert.equal(exports.parseConfiguration(length), 2);
  const facts = (index: number) => Array.from({ length: 7 }, (_, what) => exports.interfaceFact(index, what));
  assert.deepEqual(facts(0), [3, 1, 1, 0x41, 0x81, 8, 10]);
  assert.deepEqual(facts(1), [3, 0, 0, 0x13a, 0x82, 16, 4]);
});

test("only the first setting of an interface counts, and only interrupt endpoints that carry data in", () => {
  const bytes = hex(`09 02 00 00 01 01 00 80 32  09 04 00 00 02 03 00 00 00  07 05 01 03 08 00 0a  07 05 81 02 40 00 00
    07 05 83 03 00 08 01  07 05 84 03 20 00 01  09 04 00 01 01 03 00 00 00  07 05 82 03 08 00 0a`);
  assert.equal(exports.parseConfiguration(fill(bytes)), 1);
  assert.equal(exports.interfaceFact(0, 4), 0x84);
});

test("configurations that lie about lengths end where they do", () => {
  assert.equal(exports.configuration(fill([9, 2, 1])), -1);
  assert.equal(exports.configuration(fill([9, 4, 0, 0, 0, 0, 0, 0, 0])), -1);
  assert.equal(exports.parseConfiguration(fill([0, 4, 0, 0])), 0);
  assert.equal(exports.parseConfiguration(fill([9, 4, 0, 0])), 0);
  const many = Array.from({ length: 60 }, (_, i) => [9, 4, i, 0, 0, 3, 0, 0, 0]).flat();
  assert.equal(exports.parseConfiguration(fill(many)), 16);
  const random = generator(99);
  for (let round = 0; round < 2000; round++) {
    const bytes = [...CONFIGURATION];
    for (let i = random(8); i >= 0; i--) bytes[random(bytes.length)] = random(256);
    const count = exports.parseConfiguration(fill(bytes));
    assert.ok(count <= 16);
    for (let i = 0; i < count; i++) assert.ok(exports.interfaceFact(i, 5) <= 1024);
  }
});
