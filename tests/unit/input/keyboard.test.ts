// Keys to text, by layouts.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  take(): number;
  useLayout(length: number): number;
  key(code: number, value: number): void;
  setApplicationCursor(isOn: number): void;
  setMode(mode: number): void;
  allowScroll(isAllowed: number): void;
  scrolledBy(): number;
  restartCount(): number;
  locks(): number;
  decodeSet(isTranslated: number): void;
  scan(byte: number): number;
  newDevice(): void;
  report(type: number, code: number, value: number): void;
  sync(): void;
  grab(): void;
  lightChanges(): number;
  releaseKeys(): void;
  ringSize(): number;
  useMonotonicClock(): void;
  readEvent(): number;
}

const wasm = await buildWasm(new URL("./keyboard.as.ts", import.meta.url));
let { exports, linear, machine } = instantiate<Exports>(wasm);
beforeEach(() => {
  ({ exports, linear, machine } = instantiate<Exports>(wasm));
});
const place = () => Number(BigInt.asUintN(30, exports.bufferAddress()));

// input-event-codes.h, by what is printed on a US keyboard.
const CODES: Record<string, number> = {
  Esc: 1,
  Backspace: 14,
  Tab: 15,
  Enter: 28,
  Ctrl: 29,
  Shift: 42,
  RightShift: 54,
};
Object.assign(CODES, {
  Alt: 56,
  " ": 57,
  CapsLock: 58,
  F1: 59,
  F5: 63,
  NumLock: 69,
  Kp7: 71,
  Kp5: 76,
  Kp0: 82,
  KpDot: 83,
});
Object.assign(CODES, { "102nd": 86, F12: 88, KpEnter: 96, AltGr: 100, Home: 102, Up: 103, PageUp: 104, Left: 105 });
Object.assign(CODES, { End: 107, PageDown: 109, Insert: 110, Delete: 111 });
for (const [first, keys] of [
  [2, "1234567890-="],
  [16, "qwertyuiop[]"],
  [30, "asdfghjkl;'`"],
  [43, "\\zxcvbnm,./"],
] as const) {
  for (const [index, key] of [...keys].entries()) CODES[key] = first + index;
}

/** Type words of keys held together: "Shift+a b". What came of it. */
function type(words: string): string {
  for (const word of words.split(" ")) {
    const keys = word === "Space" ? [" "] : word.split(/(?<=.)\+/);
    const pressed = keys.map((key) => CODES[key === "Space" ? " " : key] ?? assert.fail(`no key ${key}`));
    for (const code of pressed) exports.key(code, 1);
    for (const code of pressed.toReversed()) exports.key(code, 0);
  }
  const length = exports.take();
  return Buffer.from(linear().slice(place(), place() + length)).toString();
}
function layout(name: string): void {
  linear().set(Buffer.from(name), place());
  assert.equal(exports.useLayout(name.length), 1, name);
}

test("the US layout, plain and with Shift", () => {
  assert.equal(type("h e l l o , Space w o r l d Shift+1"), "hello, world!");
  assert.equal(type("` Shift+` [ Shift+] \\ Shift+\\ ' Shift+' 102nd"), "`~[}\\|'\"<");
});

test("a repeat types again, a release does not", () => {
  exports.key(30, 1);
  exports.key(30, 2);
  exports.key(30, 2);
  exports.key(30, 0);
  assert.equal(exports.take(), 3);
});

test("CapsLock turns letters over and nothing else; Shift turns them back", () => {
  assert.equal(type("CapsLock a 1 ; Shift+b CapsLock a"), "A1;ba");
});

test("Ctrl gives control characters, by the character and not by the place", () => {
  assert.equal(type("Ctrl+a Ctrl+c Ctrl+[ Ctrl+\\ Ctrl+] Ctrl+Space Ctrl+/"), "\x01\x03\x1b\x1c\x1d\0\x1f");
  assert.equal(type("Ctrl+2 Ctrl+3 Ctrl+8"), "\0\x1b\x7f");
  layout("fr");
  assert.equal(type("Ctrl+q"), "\x01", "the key where q is on a US keyboard says a");
});

test("Alt prefixes ESC", () => {
  assert.equal(type("Alt+b Alt+Enter Ctrl+Alt+a"), "\x1bb\x1b\r\x1b\x01");
  assert.equal(type("AltGr+b"), "\x1bb", "the US layout has no third level: the right Alt is another Alt");
});

test("cursor keys as xterm sends them, by mode and modifier", () => {
  assert.equal(type("Up Left Home End"), "\x1b[A\x1b[D\x1b[H\x1b[F");
  exports.setApplicationCursor(1);
  assert.equal(type("Up Home Ctrl+Left"), "\x1bOA\x1bOH\x1b[1;5D");
  exports.setApplicationCursor(0);
  assert.equal(type("Shift+Up Alt+Left Ctrl+Shift+Left"), "\x1b[1;2A\x1b[1;3D\x1b[1;6D");
});

test("function and editing keys", () => {
  assert.equal(type("F1 F5 F12 Insert Delete PageUp"), "\x1bOP\x1b[15~\x1b[24~\x1b[2~\x1b[3~\x1b[5~");
  assert.equal(type("Shift+F1 Ctrl+F5 Ctrl+Delete"), "\x1b[1;2P\x1b[15;5~\x1b[3;5~");
  assert.equal(type("Enter Tab Shift+Tab Backspace Ctrl+Backspace Esc"), "\r\t\x1b[Z\x7f\b\x1b");
});

test("the keypad types digits with NumLock and moves without; Shift exchanges the two", () => {
  assert.equal(type("Kp7 Kp5 Kp0 KpDot KpEnter"), "750.\r");
  assert.equal(type("Shift+Kp7"), "\x1b[1;2H");
  assert.equal(type("NumLock Kp7 KpDot"), "\x1b[H\x1b[3~");
});

test("the German layout", () => {
  layout("de");
  assert.equal(type("z y - Shift+- ; ' [ Shift+[ Shift+2 102nd"), 'yzß?öäüÜ"<');
  assert.equal(type("AltGr+q AltGr+e AltGr+7 AltGr+0 AltGr+- AltGr+102nd"), "@€{}\\|");
  assert.equal(type("CapsLock - ; CapsLock"), "ẞÖ");
  assert.equal(type("KpDot"), ",");
});

test("the British and the French layout", () => {
  layout("gb");
  assert.equal(type("Shift+2 Shift+3 AltGr+4 Shift+' \\ 102nd"), '"£€@#\\');
  layout("fr");
  assert.equal(type("q a ; m 2 Shift+2 AltGr+0 AltGr+e"), "aqm,é2@€");
  assert.equal(type("CapsLock 2 q CapsLock"), "éA");
});

test("a dead key waits for its letter", () => {
  layout("de");
  assert.equal(type("= e Shift+= a ` o"), "éàô");
  assert.equal(type("= Shift+e"), "É");
  assert.equal(type("= Space ` Space"), "'^");
  assert.equal(type("= ="), "´");
  assert.equal(type("= x"), "´x", "what does not go together comes by itself");
  assert.equal(type("= Enter e"), "\re", "a key without a character forgets it");
});

test("an unknown layout is refused and changes nothing", () => {
  linear().set(Buffer.from("xx"), place());
  assert.equal(exports.useLayout(2), 0);
  assert.equal(type("y"), "y");
});

test("Shift-PgUp scrolls where there is something to scroll, else it is typed", () => {
  assert.equal(type("Shift+PageUp"), "\x1b[5;2~");
  exports.allowScroll(1);
  assert.equal(type("Shift+PageUp Shift+PageUp Shift+PageDown"), "");
  assert.equal(exports.scrolledBy(), -1);
});

test("Ctrl-Alt-Del restarts and types nothing", () => {
  assert.equal(type("Ctrl+Alt+Delete"), "");
  assert.equal(exports.restartCount(), 1);
});

test("keyboard modes: key codes, nothing, text again", () => {
  exports.setMode(1);
  exports.key(30, 1);
  exports.key(30, 0);
  assert.equal(exports.take(), 2);
  assert.deepEqual([...linear().slice(place(), place() + 2)], [30, 30 | 0x80]);
  exports.setMode(2);
  assert.equal(type("a"), "");
  exports.setMode(0);
  assert.equal(type("a"), "a");
});

test("every key code is harmless, with every modifier", () => {
  for (const modifiers of [[], [42], [29], [56], [100], [42, 29, 56]]) {
    for (const code of modifiers) exports.key(code, 1);
    for (let code = 1; code < 0x300; code++) {
      if ([29, 42, 54, 56, 97, 100].includes(code)) continue;
      exports.key(code, 1);
      exports.key(code, 0);
      assert.ok(exports.take() < 16);
    }
    for (const code of modifiers) exports.key(code, 0);
  }
});

const DOWN = 0x3000;
const UP = 0x2000;
const scan = (...bytes: number[]) => bytes.map((byte) => exports.scan(byte)).filter((key) => key !== 0);

test("scan code set 1", () => {
  exports.decodeSet(1);
  assert.deepEqual(scan(0x1e, 0x9e), [DOWN | 30, UP | 30]);
  assert.deepEqual(scan(0xe0, 0x48, 0xe0, 0xc8), [DOWN | 103, UP | 103]);
  assert.deepEqual(scan(0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xaa), [DOWN | 103], "fake shifts are no keys");
  assert.deepEqual(scan(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5), [DOWN | 119, UP | 119], "Pause");
  assert.deepEqual(scan(0x7f), [DOWN], "a code that no key has");
  assert.deepEqual(scan(0xe0, 0xe1, 0x1d, 0x1d, 0x1e), [DOWN, DOWN | 30], "after nonsense the next code counts");
});

test("scan code set 2 gives the same keys", () => {
  exports.decodeSet(0);
  assert.deepEqual(scan(0x1c, 0xf0, 0x1c), [DOWN | 30, UP | 30]);
  assert.deepEqual(scan(0xe0, 0x75, 0xe0, 0xf0, 0x75), [DOWN | 103, UP | 103]);
  assert.deepEqual(scan(0x83, 0x76, 0x5a, 0x12), [DOWN | 65, DOWN | 1, DOWN | 28, DOWN | 42]);
  assert.deepEqual(scan(0xe0, 0x12, 0xe0, 0x7c), [DOWN | 99], "Print Screen");
  assert.deepEqual(scan(0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77), [DOWN | 119, UP | 119], "Pause");
});

test("any bytes leave the decoder able to decode", () => {
  for (const set of [0, 1]) {
    exports.decodeSet(set);
    let state = 12345;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      exports.scan(state >>> 24);
    }
    // A prefix or half a Pause may be waiting: one key's bytes end it.
    const key = set === 1 ? 0x1e : 0x1c;
    for (let i = 0; i < 3; i++) exports.scan(key);
    assert.deepEqual(scan(key), [DOWN | 30]);
  }
});

const [EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_LED] = [0, 1, 2, 3, 0x11];
/** Everything readable: [type, code, value]. */
function events(): number[][] {
  const found: number[][] = [];
  while (exports.readEvent()) {
    const view = new DataView(linear().buffer, place(), 24);
    found.push([view.getUint16(16, true), view.getUint16(18, true), view.getInt32(20, true)]);
  }
  return found;
}

test("a packet can be read once it is complete, and says each change once", () => {
  exports.newDevice();
  exports.report(EV_KEY, 30, 1);
  exports.report(EV_KEY, 30, 1);
  assert.deepEqual(events(), []);
  exports.sync();
  exports.sync();
  assert.deepEqual(events(), [
    [EV_KEY, 30, 1],
    [EV_SYN, 0, 0],
  ]);
});

test("what the device cannot say is passed over", () => {
  exports.newDevice();
  exports.report(EV_KEY, 0x2ff, 1);
  exports.report(EV_KEY, 100_000, 1);
  exports.report(EV_REL, 1, 4);
  exports.report(EV_REL, 0, 0);
  exports.report(EV_ABS, 63, 4);
  exports.report(99, 1, 4);
  exports.sync();
  assert.deepEqual(events(), []);
  exports.report(EV_ABS, 0, 40);
  exports.report(EV_ABS, 0, 40);
  exports.report(EV_REL, 0, -4);
  exports.sync();
  assert.deepEqual(events(), [
    [EV_ABS, 0, 40],
    [EV_REL, 0, -4],
    [EV_SYN, 0, 0],
  ]);
});

test("a reader who is too slow finds SYN_DROPPED and what came last", () => {
  exports.newDevice();
  const size = exports.ringSize();
  for (let i = 0; i < size; i++) {
    exports.report(EV_REL, 0, i + 1);
    exports.sync();
  }
  const found = events();
  assert.deepEqual(found[0], [EV_SYN, 3, 0]);
  assert.deepEqual(found.at(-2), [EV_REL, 0, size]);
  assert.deepEqual(found.at(-1), [EV_SYN, 0, 0]);
  assert.ok(found.length < size);
});

test("a packet larger than any is passed on in pieces, nothing lost", () => {
  exports.newDevice();
  for (let i = 0; i < 150; i++) exports.report(EV_REL, 0, i + 1);
  exports.sync();
  const found = events();
  assert.equal(found.length, 151);
  assert.deepEqual(
    found.map(([, , value]) => value).slice(0, 150),
    Array.from({ length: 150 }, (_, i) => i + 1),
  );
});

test("LEDs tell the driver and the listeners", () => {
  exports.newDevice();
  exports.report(EV_LED, 1, 1);
  exports.report(EV_LED, 1, 1);
  exports.report(EV_LED, 0, 1);
  exports.sync();
  assert.equal(exports.lightChanges(), 1);
  assert.deepEqual(events(), [
    [EV_LED, 1, 1],
    [EV_SYN, 0, 0],
  ]);
});

test("a device that goes lets its keys come up", () => {
  exports.newDevice();
  exports.report(EV_KEY, 30, 1);
  exports.report(EV_KEY, 0x110, 1);
  exports.sync();
  events();
  exports.releaseKeys();
  assert.deepEqual(events(), [
    [EV_KEY, 30, 0],
    [EV_KEY, 0x110, 0],
    [EV_SYN, 0, 0],
  ]);
});

test("time stamps follow the clock that was chosen", () => {
  exports.newDevice();
  exports.useMonotonicClock();
  machine.clock.advanceMs(2500);
  exports.report(EV_KEY, 30, 1);
  exports.sync();
  assert.equal(exports.readEvent(), 1);
  const view = new DataView(linear().buffer, place(), 24);
  assert.deepEqual([view.getBigUint64(0, true), view.getBigUint64(8, true)], [2n, 500_000n]);
});
