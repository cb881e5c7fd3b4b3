// How things look: colours, columns, amounts.

import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours only where a person looks, and may see them (https://no-color.org). */
let isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;

export function setColoured(on: boolean): void {
  isColoured = on;
}

export function paint(style: Style, text: string): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}

/** Characters that take two cells: East Asian wide and emoji, as far as names of files go. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
const COMBINING = /\p{Mark}/u;

/** Cells that a text takes on the screen. */
export function widthOf(text: string): number {
  let cells = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (!COMBINING.test(character)) cells += WIDE.test(character) ? 2 : 1;
  }
  return cells;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Rows as lines with aligned columns; columns named in `right` end at the same cell. A head is underlined by its colour. */
export function table(head: string[], rows: string[][], right: string[] = []): string {
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => (right.includes(head[column] ?? "") ? padStart : padEnd)(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [paint(["bold", "cyan"], line(head)), ...rows.map(line)].join("\n");
}

/** Names side by side, in columns that go down first, as wide as the window allows. */
export function columns(names: string[], windowWidth: number): string {
  if (names.length === 0) return "";
  const cell = Math.max(...names.map(widthOf)) + 2;
  const count = Math.max(1, Math.floor((windowWidth + 1) / cell));
  const rows = Math.ceil(names.length / count);
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const line: string[] = [];
    for (let at = row; at < names.length; at += rows) line.push(padEnd(names[at] ?? "", cell));
    lines.push(line.join("").trimEnd());
  }
  return lines.join("\n");
}

const UNITS = ["B", "K", "M", "G", "T"];

/** An amount of bytes as `12.3M`. */
export function bytes(amount: number): string {
  let value = amount;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${UNITS[unit]}`;
}

/** Seconds as `1d 02:03:04`, or with hundredths below an hour: `3:04.05`. */
export function duration(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
  const days = Math.floor(seconds / 86400);
  return `${days > 0 ? `${days}d ` : ""}${two((seconds % 86400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}

/** A bar of `width` cells, filled as `share` (0 to 1) says; red when nearly full. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  const colour = share > 0.9 ? "red" : share > 0.6 ? "yellow" : "green";
  return `[${paint(colour, "█".repeat(filled))}${paint("dim", "░".repeat(width - filled))}]`;
}
