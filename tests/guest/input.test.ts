/**
 * Keyboards and mice of every kind: QEMU's monitor presses keys and moves, a C program reads /dev/input, another the
 * console's terminal. Each test names the devices that its machine has.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { InputMachine, inputPrograms } from "./input/machine.ts";

const LIMIT_MS = 120_000;
const programs = await inputPrograms();

async function withMachine(
  program: keyof typeof programs,
  qemuArguments: string[],
  use: (machine: InputMachine) => Promise<void>,
  keyboard?: string,
): Promise<void> {
  const boot = keyboard === undefined ? {} : { boot: { keyboard } };
  const machine = await InputMachine.start({ target: programs[program], memoryMiB: 64, ...boot }, ...qemuArguments);
  try {
    await use(machine);
  } finally {
    await machine.stop();
  }
}

/** The N in /dev/input/eventN of a device by its name. */
async function find(machine: InputMachine, name: RegExp): Promise<string> {
  const line = await machine.line(name);
  return /event\d+/.exec(line)?.[0] ?? assert.fail(line);
}

/** What a typist does: letters, Shift, the arrow keys, a key held. */
async function exerciseKeyboard(machine: InputMachine, event: string): Promise<void> {
  await machine.press("a");
  await machine.line(new RegExp(`^\\S*${event} KEY 30 1$`));
  await machine.line(new RegExp(`^\\S*${event} KEY 30 0$`));
  await machine.press("shift-b", "up");
  for (const [code, value] of [
    [42, 1],
    [48, 1],
    [48, 0],
    [42, 0],
    [103, 1],
    [103, 0],
  ]) {
    await machine.line(new RegExp(`${event} KEY ${code} ${value}$`));
  }
  await machine.press("caps_lock");
  await machine.line(new RegExp(`${event} KEY 58 1$`));
  await machine.line(new RegExp(`${event} LED 1 1$`));
  const key = { type: "qcode", data: "x" } as const;
  await machine.send({ type: "key", data: { key, down: true } });
  await machine.line(new RegExp(`${event} KEY 45 1$`));
  await machine.line(new RegExp(`${event} KEY 45 2$`));
  await machine.line(new RegExp(`${event} KEY 45 2$`));
  await machine.send({ type: "key", data: { key, down: false } });
  await machine.line(new RegExp(`${event} KEY 45 0$`));
}

async function exerciseMouse(machine: InputMachine, event: string): Promise<void> {
  const seen = (what: string) => machine.line(new RegExp(`${event} ${what}$`));
  await machine.send({ type: "rel", data: { axis: "x", value: 7 } }, { type: "rel", data: { axis: "y", value: -3 } });
  await seen("REL 0 7 REL 1 -3");
  for (const [button, code] of [
    ["left", 272],
    ["right", 273],
    ["middle", 274],
  ] as const) {
    await machine.send({ type: "btn", data: { button, down: true } });
    await seen(`KEY ${code} 1`);
    await machine.send({ type: "btn", data: { button, down: false } });
    await seen(`KEY ${code} 0`);
  }
  for (const [button, value] of [
    ["wheel-up", 1],
    ["wheel-down", -1],
  ] as const) {
    await machine.send({ type: "btn", data: { button, down: true } });
    await machine.send({ type: "btn", data: { button, down: false } });
    await seen(`REL 8 ${value}`);
  }
}

test("PS/2 keyboard and mouse", { timeout: LIMIT_MS }, () =>
  withMachine("events", [], async (machine) => {
    const keyboard = await find(machine, /"AT Translated Set 2 keyboard"/);
    const mouse = await find(machine, /"ImExPS\/2 Generic Explorer Mouse"/);
    await machine.ready();
    await exerciseKeyboard(machine, keyboard);
    await exerciseMouse(machine, mouse);
  }),
);

test("a machine without a keyboard controller has no PS/2 devices", { timeout: LIMIT_MS }, () =>
  withMachine("events", ["-machine", "i8042=off"], async (machine) => {
    await machine.ready();
    assert.deepEqual(
      machine.lines.filter((line) => line.startsWith("device")),
      [],
    );
  }),
);

/** Bytes that the terminal got, up to Ctrl-D. */
async function typedBytes(machine: InputMachine, ...words: string[]): Promise<string> {
  await machine.ready();
  const from = machine.lines.length;
  await machine.press(...words, "ctrl-d");
  await machine.line(/^end$/);
  const bytes = machine.lines.slice(from).filter((line) => /^[0-9a-f]{2}$/.test(line));
  return Buffer.from(bytes.join(""), "hex").toString();
}

test("what is typed arrives at the console's terminal", { timeout: LIMIT_MS }, () =>
  withMachine("typed", [], async (machine) => {
    const text = await typedBytes(machine, "h", "shift-i", "spc", "1", "shift-1", "ctrl-a", "up", "f5", "alt-x", "ret");
    assert.equal(text, "hI 1!\x01\x1b[A\x1b[15~\x1bx\r");
  }),
);

test("with a German keyboard the keys say what is printed on them", { timeout: LIMIT_MS }, () =>
  withMachine(
    "typed",
    [],
    async (machine) => {
      const text = await typedBytes(machine, "z", "y", "minus", "semicolon", "alt_r-q", "alt_r-e", "equal", "e");
      assert.equal(text, "yzßö@€é");
    },
    "de",
  ),
);

test("examples/repl prints the SHA-1 of a line typed on the keyboard", { timeout: LIMIT_MS }, async () => {
  const target = join(import.meta.dirname, "../../examples/repl");
  const machine = await InputMachine.start({ target });
  try {
    await machine.prompt("text> ");
    await machine.press("e", "g", "g", "o", "s", "ret");
    const line = await machine.line(/^[0-9a-f]{40}$/);
    assert.equal(line, createHash("sha1").update("eggos").digest("hex"));
  } finally {
    await machine.stop();
  }
});
