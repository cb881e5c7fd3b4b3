// Display drivers against simulated registers: modes, edges, nonsense.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  prepare(): number;
  probe(): number;
  register(): number;
  setFirstMode(): number;
  setMode(width: number, height: number, bits: number, rows: number): number;
  pan(row: number): number;
  blank(isBlank: number): number;
  modeChanges(): number;
  field(which: number): number;
  pixel(red: number, green: number, blue: number): number;
  describeBoot(physical: bigint, width: number, height: number, stride: number, bits: number): number;
  setColors(red: number, redBits: number, green: number, greenBits: number, blue: number, blueBits: number): number;
  taken(physical: bigint): number;
  nowNs(): bigint;
  nextRefreshNs(nowNs: bigint): bigint;
  awaitRefresh(): void;
}

const wasm = await buildWasm(new URL("./display.as.ts", import.meta.url));
const EINVAL = -22;
const MEMORY = 0x400000;
const FRAMEBUFFER = 0x400000n;

/** The DISPI registers at ports 0x1ce and 0x1cf; `depths` are those it has, `widthMask` bits that a width cannot have. */
class Dispi {
  readonly registers = new Uint16Array(11);
  depths = [15, 16, 24, 32];
  widthMask = 7;
  #index = 0;

  constructor() {
    this.registers[0] = 0xb0c5;
    this.registers[10] = MEMORY >> 16;
  }

  read(): number {
    return this.registers[this.#index] ?? 0;
  }

  write(offset: number, value: number): void {
    if (offset === 0) this.#index = value;
    else if (this.#index === 1 || this.#index === 6) this.registers[this.#index] = value & ~this.widthMask;
    else if (this.#index === 3 && !this.depths.includes(value)) this.registers[3] = 8;
    else if (this.#index !== 0 && this.#index !== 10) this.registers[this.#index] = value;
  }
}

function fresh() {
  const { exports, machine } = instantiate<Exports>(wasm, { ramBytes: 0x1000000 });
  const dispi = new Dispi();
  machine.ports.register(0x1ce, 2, dispi);
  const attribute: number[] = [];
  machine.ports.register(0x3c0, 1, { read: () => 0, write: (_, value) => attribute.push(value) });
  const status = { read: () => 0 };
  machine.ports.register(0x3da, 1, { read: () => status.read(), write: () => {} });
  assert.equal(exports.prepare(), 1);
  const mode = () => Array.from({ length: 6 }, (_, which) => exports.field(which) >>> 0);
  const [x, y, depth, virtualWidth, yOffset] = [1, 2, 3, 6, 9];
  const set = () => [x, y, depth, virtualWidth, yOffset].map((index) => dispi.registers[index as number]);
  return { exports, machine, dispi, attribute, status, mode, set };
}

test("the display sets modes through its registers and says what it has", () => {
  const { exports, dispi, attribute, mode, set } = fresh();
  assert.equal(exports.probe(), 1);
  assert.equal(exports.setFirstMode(), 1);
  assert.deepEqual(mode(), [1024, 768, 32, 4096, 1024, 0]);
  assert.deepEqual(set(), [1024, 768, 32, 1024, 0]);
  assert.equal(dispi.registers[4], 0x41);
  assert.equal(attribute.at(-1), 0x20);
  assert.equal(exports.register(), 1);
  assert.equal(exports.setMode(640, 480, 16, 480), 0);
  assert.deepEqual(mode(), [640, 480, 16, 1280, 3276, 0]);
  assert.equal(exports.pixel(255, 255, 255) >>> 0, 0xffff);
  assert.equal(exports.pixel(255, 0, 8) >>> 0, 0xf801);
  assert.equal(exports.setMode(640, 480, 15, 480), 0);
  assert.equal(exports.pixel(0, 255, 0) >>> 0, 0x3e0);
  assert.equal(exports.modeChanges(), 2);
  assert.equal(exports.setMode(640, 480, 15, 480), 0);
  assert.equal(exports.modeChanges(), 2, "the mode that is set is no change");
});

test("what does not fit or is not there is refused, and the old mode stays", () => {
  const { exports, dispi, mode, set } = fresh();
  exports.probe();
  exports.setFirstMode();
  const before = [mode(), set()];
  for (const [width, height, bits, rows] of [
    [1600, 1200, 32, 1200], // 7.3 MB of 4
    [1024, 768, 32, 1025],
    [0xffffffff, 0xffffffff, 32, 0xffffffff],
    [0x10000, 0x10000, 32, 0x10000],
    [0, 0, 32, 0],
    [640, 480, 8, 480],
    [640, 480, 0, 480],
    [644, 480, 32, 480], // the device rounds it down
  ] as const) {
    assert.equal(exports.setMode(width, height, bits, rows), EINVAL, `${width}x${height}-${bits}`);
    assert.deepEqual([mode(), set()], before);
  }
  dispi.depths = [32];
  assert.equal(exports.setMode(640, 480, 16, 480), EINVAL);
  assert.deepEqual([mode(), set()], before);
});

test("panning stays within the memory, and the picture can be switched off", () => {
  const { exports, dispi, attribute } = fresh();
  exports.probe();
  exports.setFirstMode();
  assert.equal(exports.pan(256), 0);
  assert.equal(dispi.registers[9], 256);
  assert.equal(exports.pan(257), EINVAL);
  assert.equal(exports.pan(0xffffffff), EINVAL);
  assert.equal(dispi.registers[9], 256);
  assert.equal(exports.blank(1), 0);
  assert.equal(attribute.at(-1), 0);
  assert.equal(exports.blank(0), 0);
  assert.equal(attribute.at(-1), 0x20);
});

test("the beam's return is awaited where the status register tells of it", () => {
  const { exports, machine, status } = fresh();
  exports.probe();
  exports.setFirstMode();
  // 70 pictures a second, the beam back for 0.6 ms of each; a read takes a microsecond.
  const periodNs = 14_285_714;
  const nowNs = () => Number(BigInt.asUintN(64, exports.nowNs()));
  status.read = () => {
    machine.clock.advanceNs(1000);
    return nowNs() % periodNs < 600_000 ? 8 : 0;
  };
  for (let picture = 0; picture < 5; picture++) {
    const wakeNs = Number(exports.nextRefreshNs(BigInt(nowNs())));
    assert.ok(wakeNs > nowNs() && wakeNs - nowNs() < periodNs, `${wakeNs - nowNs()}`);
    machine.clock.advanceNs(wakeNs - nowNs());
    exports.awaitRefresh();
    assert.ok(nowNs() % periodNs < 10_000, `awake ${nowNs() % periodNs} ns after the beam`);
    machine.clock.advanceNs(5_000_000);
  }
});

test("a status register that flips at every read, or stands still, leaves it to the clock", () => {
  for (const kind of ["flips", "still"]) {
    const { exports, machine, status } = fresh();
    exports.probe();
    exports.setFirstMode();
    let reads = 0;
    status.read = () => {
      machine.clock.advanceNs(1000);
      return kind === "flips" && reads++ % 2 === 0 ? 8 : 0;
    };
    const nowNs = BigInt.asUintN(64, exports.nowNs());
    const nextNs = exports.nextRefreshNs(nowNs);
    assert.ok(nextNs > nowNs && nextNs - nowNs <= 16_666_667n);
    const afterNs = BigInt.asUintN(64, exports.nowNs());
    exports.awaitRefresh();
    assert.equal(BigInt.asUintN(64, exports.nowNs()), afterNs, "nothing to wait for");
    if (kind === "flips") assert.ok(reads < 100, `${reads} reads to find out`);
  }
});

test("another device's answer is no display, and one with less memory has less", () => {
  const other = fresh();
  other.dispi.registers[0] = 0xffff;
  assert.equal(other.exports.probe(), 0);
  const small = fresh();
  small.dispi.registers[10] = 16; // 1 MB
  assert.equal(small.exports.probe(), 1);
  assert.equal(small.exports.setMode(640, 480, 32, 480), EINVAL);
  assert.equal(small.exports.setMode(640, 400, 32, 400), 0);
});

test("the loader's screen: what can be is taken, with any order of colors", () => {
  const { exports, mode } = fresh();
  assert.equal(exports.describeBoot(0xe0000000n, 800, 600, 3328, 32), 1);
  assert.deepEqual(mode(), [800, 600, 32, 3328, 600, 0]);
  assert.equal(exports.setColors(0, 8, 8, 8, 16, 8), 1);
  assert.equal(exports.pixel(0x12, 0x34, 0x56) >>> 0, 0x563412);
  assert.equal(exports.setColors(20, 10, 10, 10, 0, 10), 1);
  assert.equal(exports.pixel(255, 0, 255) >>> 0, 0x3fc003fc);
  assert.equal(exports.setMode(640, 480, 32, 480), EINVAL, "its mode cannot be changed");
  assert.equal(exports.setMode(800, 600, 32, 600), 0);
  assert.equal(exports.pan(0), 0);
  assert.equal(exports.pan(1), EINVAL);
});

test("the loader's screen: nonsense is refused", () => {
  const { exports } = fresh();
  for (const [physical, width, height, stride, bits] of [
    [0n, 800, 600, 3200, 32],
    [0xe0000000n, 0, 600, 3200, 32],
    [0xe0000000n, 800, 0, 3200, 32],
    [0xe0000000n, 800, 600, 3196, 32],
    [0xe0000000n, 800, 600, 0, 32],
    [0xe0000000n, 800, 600, 3200, 4],
    [0xe0000000n, 800, 600, 3200, 64],
    [0xe0000000n, 0xffffffff, 0xffffffff, 0xffffffff, 32],
    [0xe0000000n, 800, 600, 0xfffffff0, 32],
  ] as const) {
    assert.equal(
      exports.describeBoot(physical, width, height, stride, bits),
      0,
      `${width}x${height}-${bits} ${stride}`,
    );
  }
  assert.equal(exports.describeBoot(0xe0000000n, 800, 600, 1600, 16), 1);
  for (const [red, redBits, blue, blueBits] of [
    [12, 5, 0, 5],
    [11, 0, 0, 5],
    [11, 5, 0xffffffff, 5],
    [11, 5, 0, 17],
  ] as const) {
    assert.equal(exports.setColors(red, redBits, 5, 6, blue, blueBits), 0, `${red}+${redBits} ${blue}+${blueBits}`);
  }
});

test("a screen that a driver has taken is not taken again", () => {
  const { exports } = fresh();
  assert.equal(exports.taken(FRAMEBUFFER), 0);
  exports.register();
  assert.equal(exports.taken(FRAMEBUFFER), 1);
  assert.equal(exports.taken(FRAMEBUFFER + 0x3fffffn), 1);
  assert.equal(exports.taken(FRAMEBUFFER + 0x400000n), 0);
  assert.equal(exports.taken(FRAMEBUFFER - 1n), 0);
});
