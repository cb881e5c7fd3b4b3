/**
 * Keyboards and mice of every kind: QEMU's monitor presses keys and moves, a C program reads /dev/input, another the
 * console's terminal. Each test names the devices that its machine has.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runGuest } from "../../cli/run/guest.ts";
import { InputMachine, inputPrograms } from "./input/machine.ts";
import { parseReport } from "./tap.ts";

const LIMIT_MS = 120_000;
const NO_PS2 = ["-machine", "i8042=off"];
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

/** Where there is a tablet, QEMU gives it the buttons and the wheel. */
async function exerciseMouse(machine: InputMachine, event: string, buttons = event): Promise<void> {
  const seen = (what: string) => machine.line(new RegExp(`${buttons} ${what}$`));
  await machine.send({ type: "rel", data: { axis: "x", value: 7 } }, { type: "rel", data: { axis: "y", value: -3 } });
  await machine.line(new RegExp(`${event} REL 0 7 REL 1 -3$`));
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
  withMachine("events", NO_PS2, async (machine) => {
    await machine.ready();
    assert.deepEqual(
      machine.lines.filter((line) => line.startsWith("device")),
      [],
    );
  }),
);

const VIRTIO = ["-device", "virtio-keyboard-pci", "-device", "virtio-mouse-pci", "-device", "virtio-tablet-pci"];

/** A tablet says where it is touched, and its button. */
async function exerciseTablet(machine: InputMachine, event: string): Promise<void> {
  const abs = (axis: "x" | "y", value: number) => ({ type: "abs", data: { axis, value } }) as const;
  await machine.send(abs("x", 5000), abs("y", 3000));
  await machine.line(new RegExp(`${event} ABS 0 5000 ABS 1 3000$`));
  await machine.send(abs("x", 32767), abs("y", 0));
  await machine.line(new RegExp(`${event} ABS 0 32767 ABS 1 0$`));
  await machine.send({ type: "btn", data: { button: "right", down: true } });
  await machine.line(new RegExp(`${event} KEY 273 1$`));
}

test("virtio keyboard, mouse and tablet", { timeout: LIMIT_MS }, () =>
  withMachine("events", [...NO_PS2, ...VIRTIO], async (machine) => {
    const keyboard = await find(machine, /"QEMU Virtio Keyboard"/);
    const mouse = await find(machine, /"QEMU Virtio Mouse"/);
    const tablet = await find(machine, /"QEMU Virtio Tablet" x 0\.\.32767/);
    await machine.ready();
    await exerciseKeyboard(machine, keyboard);
    await exerciseMouse(machine, mouse, tablet);
    await exerciseTablet(machine, tablet);
  }),
);

const USB_DEVICES = ["-device", "usb-kbd", "-device", "usb-mouse", "-device", "usb-tablet"];
const CONTROLLERS = {
  "MSI-X": "qemu-xhci",
  "MSI-X, of another model": "nec-usb-xhci",
  MSI: "nec-usb-xhci,msix=off",
  "a line": "nec-usb-xhci,msix=off,msi=off",
} as const;

for (const [what, controller] of Object.entries(CONTROLLERS)) {
  test(`USB keyboard, mouse and tablet, interrupts by ${what}`, { timeout: LIMIT_MS }, () =>
    withMachine("events", [...NO_PS2, "-device", controller, ...USB_DEVICES], async (machine) => {
      await machine.ready();
      const keyboard = await find(machine, /"QEMU QEMU USB Keyboard"/);
      const mouse = await find(machine, /"QEMU QEMU USB Mouse"/);
      const tablet = await find(machine, /"QEMU QEMU USB Tablet" x 0\.\.32767/);
      await exerciseKeyboard(machine, keyboard);
      await exerciseMouse(machine, mouse, tablet);
      await exerciseTablet(machine, tablet);
    }),
  );
}

test("USB devices behind hubs behind hubs", { timeout: LIMIT_MS }, () => {
  const hubs = ["-device", "usb-hub,bus=xhci.0,port=2", "-device", "usb-hub,bus=xhci.0,port=2.3"];
  const devices = ["-device", "usb-kbd,bus=xhci.0,port=2.3.1", "-device", "usb-mouse,bus=xhci.0,port=2.1"];
  return withMachine("events", [...NO_PS2, "-device", "qemu-xhci,id=xhci", ...hubs, ...devices], async (machine) => {
    await machine.ready();
    const mouse = await find(machine, /"QEMU QEMU USB Mouse"/);
    const keyboard = await find(machine, /"QEMU QEMU USB Keyboard"/);
    await exerciseKeyboard(machine, keyboard);
    await exerciseMouse(machine, mouse);
  });
});

test("USB devices are plugged in and out while they are used", { timeout: LIMIT_MS }, () =>
  withMachine("events", [...NO_PS2, "-device", "qemu-xhci,id=xhci"], async (machine) => {
    await machine.ready();
    for (let round = 0; round < 3; round++) {
      await machine.plug("usb-kbd", "keyboard", { bus: "xhci.0" });
      const keyboard = await find(machine, /"QEMU QEMU USB Keyboard"/);
      assert.equal(keyboard, "event0", "numbers are used again");
      const key = { type: "qcode", data: "a" } as const;
      await machine.send({ type: "key", data: { key, down: true } });
      await machine.line(/event0 KEY 30 1$/);
      // Pulled with a key down, which repeats: the file ends.
      await machine.line(/event0 KEY 30 2$/);
      await machine.unplug("keyboard");
      await machine.line(/gone event0$/);
    }
  }),
);

test("a hub is pulled with all that hangs on it, and put back", { timeout: LIMIT_MS }, () =>
  withMachine("events", [...NO_PS2, "-device", "qemu-xhci,id=xhci"], async (machine) => {
    await machine.ready();
    for (let round = 0; round < 2; round++) {
      await machine.plug("usb-hub", "hub", { bus: "xhci.0", port: "3" });
      await machine.plug("usb-mouse", "mouse", { bus: "xhci.0", port: "3.2" });
      await machine.plug("usb-kbd", "keyboard", { bus: "xhci.0", port: "3.5" });
      const events = [await find(machine, /"QEMU QEMU USB/), await find(machine, /"QEMU QEMU USB/)];
      assert.deepEqual(events.toSorted(), ["event0", "event1"]);
      await machine.unplug("keyboard");
      await machine.line(/gone event\d$/);
      await machine.unplug("hub");
      await machine.line(/gone event\d$/);
    }
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

for (const [what, qemuArguments] of [
  ["USB", ["-device", "qemu-xhci", "-device", "usb-kbd"]],
  ["virtio", ["-device", "virtio-keyboard-pci"]],
] as const) {
  test(`what is typed on a ${what} keyboard arrives at the terminal too`, { timeout: LIMIT_MS }, () =>
    withMachine("typed", [...NO_PS2, ...qemuArguments], async (machine) => {
      if (what === "USB") await sleep(1500); // the program does not see when the keyboard is there
      const text = await typedBytes(machine, "e", "shift-g", "g", "ctrl-c", "left", "ret");
      assert.equal(text, "eGg\x03\x1b[D\r");
    }),
  );
}

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

test("the evdev interface does what Linux's does", { timeout: LIMIT_MS }, async (context) => {
  const result = await runGuest({
    target: programs.evdev,
    memoryMiB: 64,
    qemuArguments: ["-device", "virtio-tablet-pci"],
  });
  const report = parseReport(result.stdout);
  for (const check of report.checks) {
    await context.test(`${check.group}: ${check.sentence}`, () => assert.ok(check.ok, check.detail || "failed"));
  }
  assert.ok(report.complete && report.checks.length > 50, `${result.stdout}\n${result.stderr}`);
});

test("Ctrl-Alt-Del ends the program with SIGTERM", { timeout: LIMIT_MS }, () =>
  withMachine("events", [], async (machine) => {
    await machine.ready();
    await machine.press("ctrl-alt-delete");
    const { ending } = await machine.guest.ended;
    assert.deepEqual(ending, { kind: "signal", signal: 15 });
  }),
);
