// What programs wrote to an xterm-256color of 80x24 (recordings/NAME.json: a piece for each key pressed), and the screens
// that come of it (recordings/NAME.screens). UPDATE_GOLDEN=1 writes the screens anew; read them in the diff.

import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { ScreenModel } from "./screen-model.ts";
import { difference, feed, makeXterm } from "./xterm.ts";

const folder = join(import.meta.dirname, "recordings");
const COLUMNS = 80;
const ROWS = 24;

/** A screen as text: rows, then where which style is. */
function describe(model: ScreenModel): string {
  const lines: string[] = [];
  for (let row = 0; row < model.rows; row++) lines.push(`|${model.line(row)}`);
  for (let row = 0; row < model.rows; row++) {
    for (let column = 0; column < model.columns; ) {
      const { style } = model.cell(row, column);
      const start = column;
      while (column < model.columns && model.cell(row, column).style === style) column++;
      if (style !== "") lines.push(`${row}:${start}-${column - 1} ${style}`);
    }
  }
  const [row, column] = model.cursor;
  lines.push(`cursor ${row}:${column}${model.exports.isCursorVisible() ? "" : " hidden"}`);
  return lines.join("\n");
}

for (const file of globSync("*.json", { cwd: folder }).toSorted()) {
  const name = basename(file, ".json");
  test(`the screens of ${name} are those recorded, and xterm.js's`, async () => {
    const pieces = JSON.parse(readFileSync(join(folder, file), "utf8")) as string[];
    const model = new ScreenModel(COLUMNS, ROWS);
    const xterm = makeXterm(model, COLUMNS, ROWS);
    const screens: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      model.write(piece);
      await feed(xterm, piece);
      assert.equal(difference(model, xterm), null, `after piece ${index}`);
      screens.push(describe(model));
    }
    const golden = join(folder, `${name}.screens`);
    const text = `${screens.map((screen, index) => `── ${index} ──\n${screen}`).join("\n")}\n`;
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, "utf8"));
  });
}
