// Pixels in every depth against the font itself, panics, and how little a screen draws.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";
import { readPcf } from "../../../tools/tables/pcf.ts";

interface Exports {
  bufferAddress(): bigint;
  memoryAddress(): bigint;
  start(width: number, height: number, bits: number, strideBytes: number, firstRow: number): void;
  columns(): number;
  rows(): number;
  draw(row: number, column: number, glyph: bigint, style: bigint): void;
  finish(): void;
  takeFlushed(): bigint;
  panic(length: number): number;
  restartScreen(): void;
  write(length: number): void;
  isPending(): number;
  drawScreen(): number;
  hide(isHidden: number): void;
  setImmediate(isOn: number): void;
  drawnCells(): number;
  writeLines(length: number): void;
  cursorRow(): number;
  cursorColumn(): number;
  resizeWindow(columns: number, rows: number): void;
  terminalColumns(): number;
  terminalRows(): number;
  scrollView(direction: number): number;
  showCursor(): void;
}

const { exports, linear } = instantiate<Exports>(
  await buildWasm(new URL("./surface.as.ts", import.meta.url), { initialMemory: 0x800000 }),
);
const place = (address: bigint) => Number(BigInt.asUintN(30, address));
const font = (name: string) => readPcf(gunzipSync(readFileSync(`/usr/share/fonts/X11/misc/${name}_unicode.pcf.gz`)));
const small = font("ter-u16n");
const large = font("ter-u32n");

const RGB = (red: number, green: number, blue: number) => (2n << 24n) | BigInt((red << 16) | (green << 8) | blue);
const style = (foreground: bigint, background: bigint) => foreground | (background << 26n);

/** Pixels of a depth as the framebuffer has colors there. */
function pixelOf(bits: number, red: number, green: number, blue: number): number {
  if (bits === 16) return ((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3);
  if (bits === 15) return ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
  return (red << 16) | (green << 8) | blue;
}

function pixelAt(stride: number, bits: number, x: number, y: number): number {
  const bytes = (bits + 7) >> 3;
  const start = place(exports.memoryAddress()) + y * stride + x * bytes;
  let value = 0;
  for (let i = 0; i < Math.min(bytes, 3); i++) value |= (linear()[start + i] ?? 0) << (i * 8);
  return value;
}

for (const bits of [32, 24, 16, 15]) {
  test(`a letter in ${bits} bits a pixel is the font's, in its place, and nothing beside it changes`, () => {
    const stride = 200 * ((bits + 7) >> 3) + 24;
    exports.start(200, 100, bits, stride, 5);
    assert.deepEqual([exports.columns(), exports.rows()], [25, 6]);
    exports.draw(2, 3, BigInt("R".charCodeAt(0)), style(RGB(255, 128, 8), RGB(16, 32, 64)));
    const [on, off] = [pixelOf(bits, 255, 128, 8), pixelOf(bits, 16, 32, 64)];
    const untouched = bits > 16 ? 0xeeeeee : 0xeeee;
    for (let y = -1; y <= 16; y++) {
      for (let x = -1; x <= 8; x++) {
        const isInside = x >= 0 && x < 8 && y >= 0 && y < 16;
        const bit = ((small.glyphs.get(0x52)?.[y] ?? 0) >> (7 - x)) & 1;
        const wanted = !isInside ? untouched : bit === 1 ? on : off;
        assert.equal(pixelAt(stride, bits, 3 * 8 + x, 5 + 2 * 16 + y), wanted, `${x},${y}`);
      }
    }
    exports.draw(0, 0, 0x20n, 0n);
    exports.finish();
    // From 0,0 to the letter's corner, counted from row 0 of the memory: 32 by 48 pixels at 0,5.
    assert.equal(exports.takeFlushed(), (5n << 32n) | (32n << 16n) | 48n);
    exports.finish();
    assert.equal(exports.takeFlushed(), 0n);
  });
}

/** A cell drawn at 0,0 as rows of 0 and 1: what differs from the background. */
function cell(glyph: bigint, words: bigint, width = 8, height = 16): string[] {
  exports.start(width === 8 ? 80 : 2400, 64, 32, width === 8 ? 320 : 9600, 0);
  exports.draw(0, 0, glyph, words | style(RGB(255, 255, 255), 0n));
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixelAt(width === 8 ? 320 : 9600, 32, x, y) === 0 ? "0" : "1")).join(""),
  );
}

const rowsOf = (code: number, from = small) =>
  (from.glyphs.get(code) ?? []).map((row) => row.toString(2).padStart(from.width, "0"));

test("a wide screen has the large font", () => {
  assert.deepEqual(cell(0x41n, 0n, 16, 32), rowsOf(0x41, large));
});

test("every character of the font is drawn as it is there", () => {
  for (const code of small.glyphs.keys()) {
    if (code > 0x20) assert.deepEqual(cell(BigInt(code), 0n), rowsOf(code), code.toString(16));
  }
});

test("a letter and a mark are the letter with the mark; what the font has not is the replacement character", () => {
  assert.deepEqual(cell(0x65n | (0x301n << 32n), 0n), rowsOf(0xe9));
  assert.deepEqual(cell(0x1234n, 0n), rowsOf(0xfffd));
  assert.deepEqual(cell(0x2505n, 0n), rowsOf(0x2501));
});

test("bold is one pixel more, an underline a row, inverse turns it round, and so does the cursor", () => {
  const plain = rowsOf(0x6c);
  const bold = plain.map((row) => row.replace(/./g, (bit, x) => (bit === "1" || row[x - 1] === "1" ? "1" : "0")));
  assert.deepEqual(cell(0x6cn, 1n << 52n), bold);
  const underlined = cell(0x6cn, 1n << 60n);
  assert.equal(underlined[14], "11111111");
  assert.deepEqual(underlined.slice(0, 13), plain.slice(0, 13));
  const turned = plain.map((row) => row.replace(/./g, (bit) => (bit === "1" ? "0" : "1")));
  assert.deepEqual(cell(0x6cn, 1n << 56n), turned);
  assert.deepEqual(cell(0x6cn | (1n << 23n), 0n), turned);
  assert.ok(cell(0x6cn | (1n << 25n), 0n).every((row) => row.startsWith("1")));
});

test("a panic fills its lines from the top, takes nothing from the heap and ends at the screen's edge", () => {
  exports.start(80, 48, 32, 320, 0);
  const text = Buffer.from(`A\nlonger than the ten columns\n${"x\n".repeat(10)}`);
  linear().set(text, place(exports.bufferAddress()));
  assert.equal(exports.panic(text.length), 0);
  const red = 0x700000;
  for (let y = 0; y < 16; y++) {
    const seen = Array.from({ length: 8 }, (_, x) => (pixelAt(320, 32, x, y) === red ? "0" : "1")).join("");
    assert.equal(seen, rowsOf(0x41)[y]);
  }
  assert.equal(pixelAt(320, 32, 79, 0), red);
  assert.equal(pixelAt(320, 32, 0, 47), red);
  // Behind the last row nothing was written.
  assert.equal(pixelAt(320, 32, 0, 48), 0xeeeeee);
  assert.notEqual(exports.takeFlushed(), 0n);
});

function write(text: string): void {
  const bytes = Buffer.from(text);
  linear().set(bytes, place(exports.bufferAddress()));
  exports.write(bytes.length);
}

test("only cells that differ are drawn, whatever was written in between", () => {
  exports.restartScreen();
  assert.deepEqual([exports.terminalColumns(), exports.terminalRows()], [40, 10]);
  assert.equal(exports.drawScreen(), 400);
  assert.equal(exports.isPending(), 0);
  write("ab");
  assert.equal(exports.isPending(), 1);
  assert.equal(exports.drawScreen(), 3); // two letters, and the cursor behind them
  for (let i = 0; i < 50; i++) write("\rab");
  assert.equal(exports.drawScreen(), 0);
  write("\x1b[5;5H");
  assert.equal(exports.drawScreen(), 2); // where the cursor was, and is
  write("\x1b[?25l");
  assert.equal(exports.drawScreen(), 1);
  for (let i = 0; i < 1000; i++) write(`line ${i % 10}\r\n`);
  assert.ok(exports.drawScreen() <= 9 * 6 + 2);
});

test("in graphics mode nothing is drawn, afterwards everything", () => {
  exports.restartScreen();
  exports.drawScreen();
  exports.hide(1);
  write("unseen");
  assert.equal(exports.drawScreen(), 0);
  exports.hide(0);
  assert.equal(exports.isPending(), 0);
  assert.equal(exports.drawScreen(), 0);
});

test("while a program draws between text, text is drawn when it is written", () => {
  exports.restartScreen();
  const before = exports.drawScreen();
  exports.setImmediate(1);
  write("abc");
  assert.equal(exports.drawnCells() - before, 4);
  assert.equal(exports.isPending(), 0);
});

test("in a stream a newline alone begins a line", () => {
  exports.restartScreen();
  const text = Buffer.from("one\n\ntwo");
  linear().set(text, place(exports.bufferAddress()));
  exports.writeLines(text.length);
  assert.deepEqual([exports.cursorRow(), exports.cursorColumn()], [2, 3]);
});

test("the window is as large as said, but not larger than the screen", () => {
  exports.restartScreen();
  exports.resizeWindow(30, 200);
  assert.deepEqual([exports.terminalColumns(), exports.terminalRows()], [30, 10]);
  assert.equal(exports.drawScreen(), 300);
});

test("the view goes back while there is something, and comes forward when someone types", () => {
  exports.restartScreen();
  assert.equal(exports.scrollView(1), 0);
  write(Array.from({ length: 30 }, (_, i) => `line ${i}\r\n`).join(""));
  exports.drawScreen();
  assert.equal(exports.scrollView(1), 1);
  assert.ok(exports.drawScreen() > 0);
  exports.showCursor();
  assert.equal(exports.isPending(), 1);
  assert.ok(exports.drawScreen() > 0);
});
