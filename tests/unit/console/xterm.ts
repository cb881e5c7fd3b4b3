// xterm.js as the model that the kernel's terminal emulator is compared with.

import assert from "node:assert/strict";
import headless, { type IBufferCell, type Terminal as XtermTerminal } from "@xterm/headless";
import type { ScreenModel } from "./screen-model.ts";

/** xterm.js with the kernel's widths: which tables both use is not the question. */
export function makeXterm(model: ScreenModel, columns: number, rows: number): XtermTerminal {
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
export function difference(model: ScreenModel, xterm: XtermTerminal): string | null {
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

export function feed(xterm: XtermTerminal, data: string): Promise<void> {
  return new Promise((resolve) => xterm.write(data, resolve));
}
