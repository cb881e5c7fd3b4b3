// The kernel's terminal emulator and xterm.js get the same bytes; every cell, style and the cursor must be the same.
// SEED=n repeats one stream, COUNT=n makes more of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import headless, { type IBufferCell, type Terminal as XtermTerminal } from "@xterm/headless";
import { ScreenModel } from "./screen-model.ts";
import { type Profile, profiles, randomStream } from "./stream-maker.ts";

const COUNT = Number(process.env.COUNT ?? 400);

const model = new ScreenModel();

/** xterm.js with the kernel's widths: which tables both use is not the question. */
function makeXterm(columns: number, rows: number): XtermTerminal {
  const xterm = new headless.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  xterm.unicode.register({
    version: "kernel",
    wcwidth: (code) => model.exports.widthOf(code) as 0 | 1 | 2,
    charProperties(code, preceding) {
      let width = model.exports.widthOf(code);
      let joins = width === 0 && preceding !== 0;
      if (joins) {
        const before = (preceding >> 1) & 3;
        if (before === 0) joins = false;
        else if (before > width) width = before;
      }
      return (width << 1) | (joins ? 1 : 0);
    },
  });
  xterm.unicode.activeVersion = "kernel";
  return xterm;
}

function xtermColor(isDefault: boolean, isRgb: boolean, color: number): string {
  if (isDefault) return "";
  return isRgb ? `#${color.toString(16).padStart(6, "0")}` : String(color);
}

function xtermStyle(cell: IBufferCell): string {
  const words: string[] = [];
  if (cell.isBold()) words.push("bold");
  if (cell.isDim()) words.push("dim");
  if (cell.isItalic()) words.push("italic");
  if (cell.isBlink()) words.push("blink");
  if (cell.isInverse()) words.push("inverse");
  if (cell.isInvisible()) words.push("invisible");
  if (cell.isStrikethrough()) words.push("strike");
  if (cell.isOverline()) words.push("overline");
  if (cell.isUnderline()) words.push("underline");
  const foreground = xtermColor(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor());
  const background = xtermColor(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor());
  if (foreground) words.push(`fg=${foreground}`);
  if (background) words.push(`bg=${background}`);
  return words.join(" ");
}

/** Where both differ, in words; null when they do not. */
function difference(xterm: XtermTerminal): string | null {
  const buffer = xterm.buffer.active;
  for (let row = 0; row < model.rows; row++) {
    const line = buffer.getLine(buffer.baseY + row);
    for (let column = 0; column < model.columns; column++) {
      const theirs = line?.getCell(column);
      assert.ok(theirs !== undefined);
      const ours = model.cell(row, column);
      const style = ours.style.replace(/double|curly|dotted|dashed/, "underline");
      const left = `${JSON.stringify(ours.text)} ${ours.width} ${style}`;
      const right = `${JSON.stringify(theirs.getChars())} ${theirs.getWidth()} ${xtermStyle(theirs)}`;
      if (left !== right) return `row ${row} column ${column}: kernel ${left}, xterm.js ${right}`;
    }
  }
  const cursor = `${model.cursor}`;
  const theirs = `${[buffer.cursorY, buffer.cursorX]}`;
  return cursor === theirs ? null : `cursor: kernel ${cursor}, xterm.js ${theirs}`;
}

function feed(xterm: XtermTerminal, data: string): Promise<void> {
  return new Promise((resolve) => xterm.write(data, resolve));
}

/** The difference after a stream, with what both answered. */
async function compare(pieces: readonly string[], columns: number, rows: number): Promise<string | null> {
  const xterm = makeXterm(columns, rows);
  let answers = "";
  xterm.onData((data) => {
    answers += data;
  });
  model.restart(columns, rows);
  await feed(xterm, pieces.join(""));
  model.write(pieces.join(""));
  const ours = model.answers();
  const found = difference(xterm) ?? (ours === answers ? null : `answers: ${JSON.stringify([ours, answers])}`);
  xterm.dispose();
  return found;
}

/** The shortest part of a stream that still shows a difference: pieces are taken out as long as one remains. */
async function shrink(pieces: readonly string[], columns: number, rows: number): Promise<string[]> {
  let kept = [...pieces];
  for (let size = kept.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if ((await compare(fewer, columns, rows)) !== null) kept = fewer;
      else at += size;
    }
  }
  return kept;
}

for (const profile of Object.keys(profiles) as Profile[]) {
  test(`random streams look as in xterm.js: ${profile}`, async () => {
    const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: COUNT }, (_, i) => i + 1);
    for (const seed of seeds) {
      const { pieces, columns, rows } = randomStream(profile, seed);
      if ((await compare(pieces, columns, rows)) === null) continue;
      const kept = await shrink(pieces, columns, rows);
      const found = await compare(kept, columns, rows);
      assert.fail(`SEED=${seed}, ${columns}x${rows}: ${found} after ${JSON.stringify(kept)}`);
    }
  });
}
