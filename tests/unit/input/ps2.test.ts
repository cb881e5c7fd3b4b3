// The PS/2 driver against controllers that work and controllers that do not, in simulated time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineStopped } from "../../../simulator/cpu.ts";
import { instantiate, type Instance } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";
import { Controller, type Faults } from "./i8042.ts";

interface Exports {
  setUp(): void;
  idle(): void;
  interrupt(): void;
  journalLength(): number;
  journalEntry(index: number): number;
  nameByte(index: number, at: number): number;
  light(index: number, code: number, isLit: number): void;
}

const wasm = await buildWasm(new URL("./ps2.as.ts", import.meta.url), { initialMemory: 0x800000 });
const [EV_KEY, EV_REL] = [1, 2];
const KEYBOARD = "AT Translated Set 2 keyboard";
const MOUSE = "ImExPS/2 Generic Explorer Mouse";

class Scene {
  readonly instance: Instance<Exports> = instantiate<Exports>(wasm);
  readonly controller: Controller;
  /** Simulated milliseconds so far. */
  now = 0;
  #seen = 0;

  constructor(faults: Faults = {}) {
    this.controller = new Controller(this.instance.machine.ports, faults);
    // The local APIC, which nobody mapped.
    this.instance.machine.devices.register(0n, 0x1000, { read: () => 0n, write: () => {} });
    this.instance.exports.setUp();
  }

  /** Let simulated time pass. */
  async run(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    const { machine, exports } = this.instance;
    machine.cpu.onHalt = () => {
      // An edge for each byte, as the line gives it.
      for (let i = 0; i < 8 && this.controller.isInterrupting; i++) exports.interrupt();
      if (this.now >= end) throw new MachineStopped("enough");
      this.now++;
      machine.clock.advanceMs(1);
    };
    await assert.rejects(this.instance.call("idle"), MachineStopped);
  }

  /** Names of the devices that are there. */
  get devices(): string[] {
    const names: string[] = [];
    for (let index = 0; this.instance.exports.nameByte(index, 0) >= 0; index++) {
      let name = "";
      for (let at = 0; ; at++) {
        const byte = this.instance.exports.nameByte(index, at);
        if (byte === 0) break;
        name += String.fromCharCode(byte);
      }
      names.push(name);
    }
    return names;
  }

  /** Keys, buttons and movements since the last call: [type, code, value]. */
  get events(): number[][] {
    const { exports } = this.instance;
    const found: number[][] = [];
    for (; this.#seen < exports.journalLength(); this.#seen += 4) {
      const [, type, code, value] = [0, 1, 2, 3].map((part) => exports.journalEntry(this.#seen + part));
      if (type === EV_KEY || type === EV_REL) found.push([type, code ?? 0, value ?? 0]);
    }
    return found;
  }
}

test("a keyboard and a mouse come up and are heard", async () => {
  const scene = new Scene();
  await scene.run(200);
  assert.deepEqual(scene.devices, [KEYBOARD, MOUSE]);
  assert.ok(scene.controller.isKeyboardOn && scene.controller.isMouseOn);
  scene.controller.type(0x1c, 0xf0, 0x1c);
  scene.controller.move(0x09, 5, 3, 0x0f);
  await scene.run(10);
  assert.deepEqual(scene.events, [
    [EV_KEY, 30, 1],
    [EV_KEY, 30, 0],
    [EV_KEY, 0x110, 1],
    [EV_REL, 0, 5],
    [EV_REL, 1, -3],
    [EV_REL, 8, 1],
  ]);
});

test("LEDs are sent to the keyboard", async () => {
  const scene = new Scene();
  await scene.run(200);
  scene.instance.exports.light(0, 1, 1);
  await scene.run(10);
  assert.equal(scene.controller.leds, 4);
});

test("a key that comes while LEDs are being set is not lost", async () => {
  const scene = new Scene();
  await scene.run(200);
  for (let round = 0; round < 20; round++) {
    scene.controller.type(0x1c);
    scene.instance.exports.light(0, 1, round & 1);
    scene.controller.type(0xf0, 0x1c);
    await scene.run(10);
    assert.deepEqual(scene.events, [
      [EV_KEY, 30, 1],
      [EV_KEY, 30, 0],
    ]);
  }
});

test("a controller that cannot translate gives set 2", async () => {
  const scene = new Scene({ cannotTranslate: true });
  await scene.run(200);
  assert.deepEqual(scene.devices, ["AT Raw Set 2 keyboard", MOUSE]);
  scene.controller.type(0x1c, 0xf0, 0x1c);
  await scene.run(10);
  assert.deepEqual(scene.events, [
    [EV_KEY, 30, 1],
    [EV_KEY, 30, 0],
  ]);
});

test("a keyboard that asks for bytes again gets them", async () => {
  const scene = new Scene({ asksAgain: true });
  await scene.run(300);
  assert.deepEqual(scene.devices, [KEYBOARD, MOUSE]);
});

for (const [what, faults, devices] of [
  ["without a second port there is a keyboard", { hasNoSecondPort: true }, [KEYBOARD]],
  ["without a mouse there is a keyboard", { hasNoMouse: true }, [KEYBOARD]],
  ["without a keyboard there is a mouse", { hasNoKeyboard: true }, [MOUSE]],
] as const) {
  test(what, async () => {
    const scene = new Scene(faults);
    await scene.run(2000);
    assert.deepEqual(scene.devices, devices);
  });
}

for (const [what, faults, limitMs] of [
  ["no controller", { isAbsent: true }, 1],
  ["a controller that takes no command", { isStuck: true }, 150],
  ["a controller that never answers", { isMute: true }, 700],
  ["a controller that fails its self-test", { selfTest: 0xfc }, 150],
] as const) {
  test(`${what} is left alone within ${limitMs} ms`, async () => {
    const scene = new Scene(faults);
    await scene.run(limitMs);
    const reads = scene.controller.reads;
    await scene.run(5000);
    assert.deepEqual(scene.devices, []);
    assert.equal(scene.controller.reads, reads, "nobody looks at it any more");
  });
}

test("a keyboard that was replaced comes up again, nothing held, its LEDs as they were", async () => {
  const scene = new Scene();
  await scene.run(200);
  scene.instance.exports.light(0, 1, 1);
  scene.controller.type(0x1c);
  await scene.run(10);
  scene.controller.leds = -1;
  scene.controller.isKeyboardOn = false;
  scene.controller.type(0xaa);
  await scene.run(100);
  assert.ok(scene.controller.isKeyboardOn);
  assert.equal(scene.controller.leds, 4);
  assert.deepEqual(scene.events, [
    [EV_KEY, 30, 1],
    [EV_KEY, 30, 0],
  ]);
  assert.deepEqual(scene.devices, [KEYBOARD, MOUSE], "it is the same device");
});

test("the left Shift's release is not taken for a keyboard that was replaced", async () => {
  const scene = new Scene();
  await scene.run(200);
  const before = scene.controller.commands.length;
  scene.controller.type(0x12, 0xf0, 0x12);
  await scene.run(50);
  assert.deepEqual(scene.events, [
    [EV_KEY, 42, 1],
    [EV_KEY, 42, 0],
  ]);
  assert.equal(scene.controller.commands.length, before);
});

test("a mouse that lost a byte finds the beat again", async () => {
  const scene = new Scene();
  await scene.run(200);
  scene.controller.move(0x08, 5);
  await scene.run(300);
  scene.controller.move(0x08, 7, 0, 0);
  await scene.run(10);
  assert.deepEqual(scene.events, [[EV_REL, 0, 7]]);
  scene.controller.move(0x00, 0x08, 9, 0, 0);
  await scene.run(10);
  assert.deepEqual(scene.events, [[EV_REL, 0, 9]]);
});

test("unknown scan codes are no keys and harm nothing", async () => {
  const scene = new Scene();
  await scene.run(200);
  scene.controller.type(...Array.from({ length: 200 }, (_, i) => [0x6f, 0x60, 0x7f, 0xe0][i % 4] ?? 0));
  await scene.run(50);
  scene.controller.type(0x1c, 0x1c, 0xf0, 0x1c);
  await scene.run(10);
  assert.deepEqual(scene.events.slice(-2), [
    [EV_KEY, 30, 1],
    [EV_KEY, 30, 0],
  ]);
});

test("a controller that floods does not hold the machine", async () => {
  const scene = new Scene({ floods: true });
  const began = performance.now();
  await scene.run(300);
  assert.equal(scene.now, 300, "time goes on");
  assert.ok(scene.controller.reads < 3_000_000);
  assert.ok(performance.now() - began < 30_000);
});
