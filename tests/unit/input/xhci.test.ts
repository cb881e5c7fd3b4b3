// USB host controllers that break their word, in simulated time: each is given up within the time that the driver states.
// Those that keep it are QEMU's (tests/guest/input.test.ts).

import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineStopped } from "../../../simulator/cpu.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(registers: bigint): void;
  idle(): void;
}

const wasm = await buildWasm(new URL("./xhci.as.ts", import.meta.url), { initialMemory: 0x800000 });
const BASE = 0xffffc00000000000n;
const CAPABILITY_LENGTH = 0x20;
const [USBCMD, USBSTS] = [CAPABILITY_LENGTH, CAPABILITY_LENGTH + 4];
const FIRST_PORT = CAPABILITY_LENGTH + 0x400;
const EXTENDED = 0x3000;
const [HALTED, NOT_READY, SYSTEM_ERROR] = [1, 0x800, 4];

/** Registers as a controller of two ports has them: `override` says what one reads as. */
class Controller {
  #memory = new Map<number, number>([
    [0x00, CAPABILITY_LENGTH | (0x110 << 16)],
    [0x04, 8 | (1 << 8) | (2 << 24)], // slots, interrupters, ports
    [0x08, 0],
    [0x10, 1 | ((EXTENDED >> 2) << 16)],
    [0x14, 0x2000],
    [0x18, 0x1000],
    [USBSTS, HALTED],
    [CAPABILITY_LENGTH + 8, 1], // pages of 4 KB
    [EXTENDED, 1 | (4 << 8)], // legacy support, next: 4 words on
    [EXTENDED + 0x10, 2 | (0x02 << 24)],
    [EXTENDED + 0x14, 0x20425355],
    [EXTENDED + 0x18, 1 | (2 << 8)],
  ]);
  accesses = 0;
  override: (offset: number, value: number) => number = (_, value) => value;
  written: (offset: number, value: number) => void = () => {};

  set(offset: number, value: number): void {
    this.#memory.set(offset, value >>> 0);
  }

  read(offset: number): bigint {
    this.accesses++;
    return BigInt(this.override(offset, this.#memory.get(offset) ?? 0) >>> 0);
  }

  write(offset: number, value: number): void {
    this.accesses++;
    this.written(offset, value);
    if (offset === USBCMD) {
      // Reset is done at once; running is the contrary of halted.
      this.set(USBCMD, value & ~2);
      this.set(USBSTS, value & 1 ? 0 : HALTED);
    } else if (offset >= FIRST_PORT && offset < FIRST_PORT + 0x20) return;
    else this.set(offset, value);
  }
}

async function scene(controller: Controller) {
  const { machine, exports, call } = instantiate<Exports>(wasm);
  machine.devices.register(BASE, 0x10000, {
    read: (offset) => controller.read(offset),
    write: (offset, value) => controller.write(offset, Number(value)),
  });
  machine.devices.register(0n, 0x1000, { read: () => 0n, write: () => {} });
  exports.setUp(BASE);
  let now = 0;
  return async (milliseconds: number): Promise<void> => {
    const end = now + milliseconds;
    machine.cpu.onHalt = () => {
      if (now >= end) throw new MachineStopped("enough");
      now++;
      machine.clock.advanceMs(1);
    };
    await assert.rejects(call("idle"), MachineStopped);
  };
}

/** After `limitMs` nobody looks at the controller any more. */
async function isGivenUpWithin(limitMs: number, controller: Controller): Promise<void> {
  const run = await scene(controller);
  await run(limitMs);
  const accesses = controller.accesses;
  assert.ok(accesses > 0);
  await run(10_000);
  assert.equal(controller.accesses, accesses, "it is still looked at");
}

test("one whose registers read as ones", async () => {
  const controller = new Controller();
  controller.override = () => 0xffffffff;
  await isGivenUpWithin(1500, controller);
});

test("one that does not halt", async () => {
  const controller = new Controller();
  controller.override = (offset, value) => (offset === USBSTS ? value & ~HALTED : value);
  await isGivenUpWithin(150, controller);
});

test("one that does not end its reset", async () => {
  const controller = new Controller();
  controller.override = (offset, value) => (offset === USBCMD ? value | 2 : value);
  await isGivenUpWithin(1300, controller);
});

test("one that is never ready", async () => {
  const controller = new Controller();
  controller.override = (offset, value) => (offset === USBSTS ? value | NOT_READY : value);
  await isGivenUpWithin(1300, controller);
});

test("one without ports", async () => {
  const controller = new Controller();
  controller.set(0x04, 8);
  await isGivenUpWithin(10, controller);
});

test("one whose list of capabilities goes round in circles", async () => {
  const controller = new Controller();
  // A list that runs on: each entry names the next, none ends it.
  controller.override = (offset, value) => (offset >= EXTENDED && offset % 4 === 0 && value === 0 ? 0x0100 : value);
  const run = await scene(controller);
  await run(1000);
  assert.ok(controller.accesses < 10_000, `${controller.accesses} accesses`);
});

test("one that the firmware does not let go of is taken after a second", async () => {
  const controller = new Controller();
  controller.set(EXTENDED, 1 | (4 << 8) | (1 << 16));
  const taken: number[] = [];
  controller.written = (offset, value) => {
    if (offset === EXTENDED) taken.push(value);
  };
  controller.override = (offset, value) => (offset === EXTENDED && taken.length < 2 ? value | (1 << 16) : value);
  const run = await scene(controller);
  await run(900);
  assert.equal(taken.length, 1, "it was asked");
  await run(300);
  assert.equal(taken.length, 2, "it was taken");
  assert.equal((taken[1] ?? 0) & (1 << 16), 0);
});

test("one that reports an error of its own", async () => {
  const controller = new Controller();
  controller.override = (offset, value) => (offset === USBSTS && value === 0 ? SYSTEM_ERROR : value);
  await isGivenUpWithin(400, controller);
});

test("a port whose reset never ends is tried three times", async () => {
  const controller = new Controller();
  let resets = 0;
  controller.override = (offset, value) => (offset === FIRST_PORT ? 1 | (1 << 9) : value);
  controller.written = (offset, value) => {
    if (offset === FIRST_PORT && value & (1 << 4)) resets++;
  };
  const run = await scene(controller);
  await run(10_000);
  assert.equal(resets, 3);
});

test("one that answers no command", async () => {
  const controller = new Controller();
  // A device at the first port, enabled by its reset.
  controller.override = (offset, value) => (offset === FIRST_PORT ? 3 | (1 << 9) | (3 << 10) | (1 << 21) : value);
  let doorbells = 0;
  controller.written = (offset) => {
    if (offset === 0x2000) doorbells++;
  };
  await isGivenUpWithin(3000, controller);
  assert.equal(doorbells, 1);
});
