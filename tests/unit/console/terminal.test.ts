import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { frameData, frameEnd, frameSignal, frameWindow } from "../../../cli/run/framing.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  restart(): void;
  bufferAddress(): bigint;
  screenAddress(): bigint;
  type(length: number): void;
  print(length: number): void;
  breakLine(): void;
  typeBroken(byte: number): void;
  isWorthReading(): number;
  setMinimum(bytes: number): void;
  takeScreen(): number;
  isReadable(): number;
  available(): number;
  room(): number;
  signal(): number;
  isStopped(): number;
  read(length: number, isCanonical: number): bigint;
  setFlags(which: number, set: number, clear: number): void;
  decode(length: number, isRaw: number): number;
}

// termbits.h
const [ICRNL, INLCR, IGNCR, IXANY] = [0o400, 0o100, 0o200, 0o4000];
const [IGNBRK, BRKINT, IGNPAR, PARMRK, INPCK] = [1, 2, 4, 8, 0o20];
const EXTPROC = 0o200000;
const [OPOST, XTABS] = [1, 0o14000];
const [ISIG, ICANON, ECHO, ECHOE, ECHONL, NOFLSH, ECHOPRT] = [1, 2, 8, 0o20, 0o100, 0o200, 0o2000];
const INPUT = 0;
const OUTPUT = 1;
const LOCAL = 2;
const [SIGINT, SIGQUIT, SIGTSTP] = [2, 3, 20];

const { exports, linear } = instantiate<Exports>(await buildWasm(new URL("./terminal.as.ts", import.meta.url)));
const place = (address: bigint) => Number(BigInt.asUintN(30, address));
const fill = (text: string | Uint8Array) => {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  linear().set(bytes, place(exports.bufferAddress()));
  return bytes.length;
};
const type = (text: string) => exports.type(fill(text));
const print = (text: string) => exports.print(fill(text));
const taken = (address: bigint, length: number) =>
  Buffer.from(linear().slice(place(address), place(address) + length)).toString();
const screen = () => taken(exports.screenAddress(), exports.takeScreen());
const line = (length = 4096) => taken(exports.bufferAddress(), Number(exports.read(length, 1)));
const bytes = (length = 4096) => taken(exports.bufferAddress(), Number(exports.read(length, 0)));

beforeEach(() => exports.restart());

test("a line comes when it is ended, and shows as it is typed", () => {
  type("hel");
  assert.equal(exports.isReadable(), 0);
  type("lo\r");
  assert.equal(exports.isReadable(), 1);
  assert.equal(line(), "hello\n");
  assert.equal(screen(), "hello\r\n");
});

test("each read gives one line at the most, however much room it has", () => {
  type("one\ntwo\nthree");
  assert.equal(line(), "one\n");
  assert.equal(line(), "two\n");
  assert.equal(exports.isReadable(), 0);
});

test("a read smaller than the line leaves the rest for the next", () => {
  type("abcdef\n");
  assert.equal(line(4), "abcd");
  assert.equal(line(), "ef\n");
});

test("erase takes one character off line and screen", () => {
  type("ab\x7fc\n");
  assert.equal(line(), "ac\n");
  assert.equal(screen(), "ab\b \bc\r\n");
  type("\x7f\x7fx\n");
  assert.equal(line(), "x\n");
});

test("erase with IUTF8 takes all bytes of a character and one cell", () => {
  type("aé€\x7f\x7fb\n");
  assert.equal(line(), "ab\n");
  assert.equal(screen(), "aé€\b \b\b \bb\r\n");
});

test("erasing a tab goes back to where it began", () => {
  type("ab\t\x7f\n");
  assert.equal(screen(), "ab\t\b\b\b\b\b\b\r\n");
  assert.equal(line(), "ab\n");
});

test("a control character shows as ^X and is erased as two cells", () => {
  type("a\x01\x7f\n");
  assert.equal(screen(), "a^A\b \b\b \b\r\n");
  assert.equal(line(), "a\n");
});

test("word erase takes the word and the spaces behind it", () => {
  type("one two  \x17\n");
  assert.equal(line(), "one \n");
});

test("kill takes the whole line", () => {
  type("abc\x15xy\n");
  assert.equal(line(), "xy\n");
  assert.equal(screen(), "abc\b \b\b \b\b \bxy\r\n");
});

test("the literal-next character takes away a key's meaning", () => {
  type("a\x16\x03b\n");
  assert.equal(exports.signal(), 0);
  assert.equal(line(), "a\x03b\n");
});

test("reprint shows the line again", () => {
  type("abc\x12");
  assert.equal(screen(), "abc^R\r\nabc");
});

test("end of file at a line's start is a read of nothing; inside a line it ends the line", () => {
  type("\x04");
  assert.equal(exports.isReadable(), 1);
  assert.equal(line(), "");
  assert.equal(exports.isReadable(), 0);
  type("abc\x04def\n");
  assert.equal(line(), "abc");
  assert.equal(line(), "def\n");
});

test("an end of file right behind a full read is not read again", () => {
  type("abc\x04");
  assert.equal(line(3), "abc");
  assert.equal(exports.isReadable(), 0);
});

test("interrupt, quit and suspend raise their signals and forget what was typed", () => {
  for (const [key, signal, echo] of [
    ["\x03", SIGINT, "^C"],
    ["\x1c", SIGQUIT, "^\\"],
    ["\x1a", SIGTSTP, "^Z"],
  ] as const) {
    exports.restart();
    type(`first\nabc${key}x\n`);
    assert.equal(exports.signal(), signal);
    assert.equal(line(), "x\n");
    assert.equal(screen(), `first\r\nabc${echo}x\r\n`);
  }
});

test("with NOFLSH a signal keeps the input; without ISIG the keys are data", () => {
  exports.setFlags(LOCAL, NOFLSH, 0);
  type("ab\x03c\n");
  assert.equal(exports.signal(), SIGINT);
  assert.equal(line(), "abc\n");
  exports.setFlags(LOCAL, 0, ISIG);
  type("a\x03\n");
  assert.equal(exports.signal(), 0);
  assert.equal(line(), "a\x03\n");
});

test("carriage returns and newlines are mapped as the flags say", () => {
  exports.setFlags(INPUT, INLCR, ICRNL);
  type("a\rb\n");
  assert.equal(exports.isReadable(), 0);
  exports.restart();
  exports.setFlags(INPUT, IGNCR, 0);
  type("a\rb\n");
  assert.equal(line(), "ab\n");
});

test("stop and start characters hold output; IXANY lets any key start it", () => {
  type("\x13");
  assert.equal(exports.isStopped(), 1);
  type("\x11");
  assert.equal(exports.isStopped(), 0);
  exports.setFlags(INPUT, IXANY, 0);
  type("\x13a");
  assert.equal(exports.isStopped(), 0);
  assert.equal(screen(), "a");
});

test("in raw mode bytes come as they are, at once, and nothing shows", () => {
  exports.setFlags(INPUT, 0, ICRNL);
  exports.setFlags(LOCAL, 0, ICANON | ECHO | ISIG);
  type("a\r\x03\x7f\x04");
  assert.equal(exports.isReadable(), 1);
  assert.equal(exports.available(), 5);
  assert.equal(bytes(), "a\r\x03\x7f\x04");
  assert.equal(screen(), "");
});

test("leaving canonical mode lets an unfinished line be read; entering it keeps what is there", () => {
  type("abc");
  exports.setFlags(LOCAL, 0, ICANON);
  assert.equal(bytes(2), "ab");
  exports.setFlags(LOCAL, ICANON, 0);
  assert.equal(exports.isReadable(), 1);
  assert.equal(line(), "c");
});

test("ECHO off shows nothing but, with ECHONL, the newline", () => {
  exports.setFlags(LOCAL, 0, ECHO);
  type("secret\n");
  assert.equal(screen(), "");
  exports.setFlags(LOCAL, ECHONL, 0);
  type("secret\n");
  assert.equal(screen(), "\r\n");
  assert.equal(line(), "secret\n");
});

test("ECHOPRT shows erased characters between backslash and slash", () => {
  exports.setFlags(LOCAL, ECHOPRT, ECHOE);
  type("abc\x7f\x7fd\n");
  assert.equal(screen(), "abc\\cb/d\r\n");
  assert.equal(line(), "ad\n");
});

test("output: newline becomes carriage return and newline, tabs are kept or expanded", () => {
  print("a\nb\tc\n");
  assert.equal(screen(), "a\r\nb\tc\r\n");
  exports.setFlags(OUTPUT, XTABS, 0);
  print("ab\tc\n");
  assert.equal(screen(), "ab      c\r\n");
  exports.setFlags(OUTPUT, 0, OPOST);
  print("a\nb\t");
  assert.equal(screen(), "a\nb\t");
});

test("a line longer than can be edited keeps its first 4095 bytes and can be ended", () => {
  exports.setFlags(LOCAL, 0, ECHO);
  type("x".repeat(10_000));
  type("\n");
  assert.equal(line(20_000), `${"x".repeat(4095)}\n`);
  assert.equal(exports.isReadable(), 0);
});

test("a sender that watches the room loses nothing of a large paste", () => {
  exports.setFlags(LOCAL, 0, ECHO);
  let pasted = "";
  let read = "";
  for (let i = 0; pasted.length < 100_000; i++) pasted += `line ${i} ${"y".repeat(i % 90)}\n`;
  for (let at = 0; at < pasted.length; ) {
    while (at < pasted.length && exports.room() > 0) type(pasted[at++] as string);
    while (exports.isReadable() === 1) read += line();
  }
  assert.equal(read, pasted);
});

test("a break is ignored, an interrupt, a zero byte, or marked, as the flags say", () => {
  exports.setFlags(LOCAL, 0, ICANON | ECHO);
  exports.breakLine();
  assert.equal(bytes(), "\0");
  exports.setFlags(INPUT, PARMRK, 0);
  exports.breakLine();
  assert.deepEqual([...Buffer.from(bytes(), "latin1")].slice(-2), [0, 0]);
  exports.setFlags(INPUT, BRKINT, 0);
  exports.breakLine();
  assert.equal(exports.signal(), SIGINT);
  exports.setFlags(INPUT, IGNBRK, 0);
  exports.breakLine();
  assert.equal(exports.signal(), 0);
  assert.equal(exports.available(), 0);
});

test("a byte with a parity error is data, nothing, zero or marked, as the flags say", () => {
  exports.setFlags(LOCAL, 0, ICANON | ECHO);
  exports.typeBroken(0x41);
  assert.equal(bytes(), "A");
  exports.setFlags(INPUT, INPCK, 0);
  exports.typeBroken(0x41);
  assert.equal(bytes(), "\0");
  exports.setFlags(INPUT, IGNPAR, 0);
  exports.typeBroken(0x41);
  assert.equal(exports.available(), 0);
  exports.setFlags(INPUT, PARMRK, IGNPAR);
  exports.typeBroken(0x41);
  assert.equal(exports.available(), 3);
  assert.equal(bytes().slice(-2), "\0A");
});

test("PARMRK doubles a byte of all ones, and room counts what a byte may become", () => {
  exports.setFlags(LOCAL, 0, ICANON | ECHO);
  const room = exports.room();
  exports.setFlags(INPUT, PARMRK, 0);
  assert.equal(exports.room(), Math.floor(room / 3));
  exports.type(fill(new Uint8Array([0xff])));
  assert.equal(exports.available(), 2);
});

test("EXTPROC leaves editing to the other side: bytes come at once, whatever they are", () => {
  exports.setFlags(LOCAL, EXTPROC, ECHO);
  type("ab\x7f\x03");
  assert.equal(exports.signal(), 0);
  assert.equal(bytes(), "ab\x7f\x03");
});

test("a raw terminal is worth reading when MIN bytes are there", () => {
  exports.setFlags(LOCAL, 0, ICANON | ECHO);
  exports.setMinimum(3);
  type("ab");
  assert.equal(exports.isWorthReading(), 0);
  type("c");
  assert.equal(exports.isWorthReading(), 1);
});

test("output in one piece and byte by byte come out the same, columns too", () => {
  print("one\ttwo é\n");
  const whole = screen();
  exports.restart();
  for (const part of ["o", "ne", "\t", "two ", "é", "\n"]) print(part);
  assert.equal(screen(), whole);
  exports.setFlags(OUTPUT, XTABS, 0);
  print("ab é\tx");
  assert.equal(screen(), "ab é    x");
});

test("framing: data, end of input, signals and window sizes are told apart", () => {
  const frames = Buffer.concat([
    frameData(Buffer.from("a\x10b")),
    frameSignal(15),
    frameWindow(132, 50),
    frameData(Buffer.from("c")),
    frameEnd(),
  ]);
  const length = exports.decode(fill(frames), 0);
  assert.equal(taken(exports.bufferAddress(), length), "a\x10b<signal 15><132x50>c<end>");
});

test("framing: an unknown message is passed over, and a bare terminal has none", () => {
  assert.equal(taken(exports.bufferAddress(), exports.decode(fill("a\x10?b"), 0)), "ab");
  assert.equal(taken(exports.bufferAddress(), exports.decode(fill("a\x10\x04b"), 1)), "a\x10\x04b");
});
