// The kernel's terminal emulator as a test sees it: bytes in, lines, styles and answers out.

import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  restart(columns: number, rows: number): void;
  bufferAddress(): bigint;
  answersAddress(): bigint;
  write(length: number): void;
  resize(columns: number, rows: number): void;
  glyphAt(row: number, column: number): bigint;
  styleAt(row: number, column: number): bigint;
  isWrapped(row: number): number;
  cursorRow(): number;
  cursorColumn(): number;
  isCursorVisible(): number;
  isApplicationCursor(): number;
  isBracketedPaste(): number;
  mouseTracking(): number;
  isAlternate(): number;
  state(): number;
  kept(): number;
  scrollView(lines: number): number;
  isDamaged(row: number): number;
  clearDamage(): void;
  takeAnswers(): number;
  bellCount(): number;
  titleAddress(): bigint;
  titleLength(): number;
  widthOf(code: number): number;
}

const module = await buildWasm(new URL("./screen-model.as.ts", import.meta.url), {
  initialMemory: 0x400000,
  runtime: "incremental",
});
const CHUNK = 1 << 16;
const ATTRIBUTES = ["bold", "dim", "italic", "blink", "inverse", "invisible", "strike", "overline"] as const;
const UNDERLINES = ["", "underline", "double", "curly", "dotted", "dashed"];

export interface Cell {
  /** The character with its marks; "" for an empty cell and for the right half of a wide character. */
  readonly text: string;
  readonly width: number;
  readonly style: string;
}

function colorName(color: number): string {
  const value = color & 0xffffff;
  switch (color >>> 24) {
    case 0:
      return "";
    case 1:
      return String(value);
    default:
      return `#${value.toString(16).padStart(6, "0")}`;
  }
}

/** A style word as text: "bold fg=1 bg=#00ff00". */
export function styleText(word: bigint): string {
  const style = BigInt.asUintN(64, word);
  const attributes = Number(style >> 52n) & 0xff;
  const words: string[] = ATTRIBUTES.filter((_, bit) => (attributes & (1 << bit)) !== 0);
  const underline = UNDERLINES[Number(style >> 60n) & 7];
  if (underline) words.push(underline);
  const foreground = colorName(Number(style & 0x3ffffffn));
  const background = colorName(Number((style >> 26n) & 0x3ffffffn));
  if (foreground) words.push(`fg=${foreground}`);
  if (background) words.push(`bg=${background}`);
  return words.join(" ");
}

export class ScreenModel {
  private readonly instance = instantiate<Exports>(module);
  readonly exports = this.instance.exports;

  columns: number;
  rows: number;

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
    this.exports.restart(columns, rows);
  }

  restart(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.exports.restart(columns, rows);
  }

  private place(address: bigint): number {
    return Number(BigInt.asUintN(30, address));
  }

  write(data: string | Uint8Array): this {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const chunk = bytes.subarray(at, at + CHUNK);
      this.instance.linear().set(chunk, this.place(this.exports.bufferAddress()));
      this.exports.write(chunk.length);
    }
    return this;
  }

  resize(columns: number, rows: number): void {
    this.exports.resize(columns, rows);
    this.columns = columns;
    this.rows = rows;
  }

  private bytesAt(address: bigint, length: number): string {
    const start = this.place(address);
    return Buffer.from(this.instance.linear().slice(start, start + length)).toString();
  }

  /** What the terminal answered since the last call. */
  answers(): string {
    return this.bytesAt(this.exports.answersAddress(), this.exports.takeAnswers());
  }

  get title(): string {
    return this.bytesAt(this.exports.titleAddress(), this.exports.titleLength());
  }

  get cursor(): [row: number, column: number] {
    return [this.exports.cursorRow(), this.exports.cursorColumn()];
  }

  cell(row: number, column: number): Cell {
    const glyph = BigInt.asUintN(64, this.exports.glyphAt(row, column));
    const codes = [Number(glyph & 0x1fffffn), Number((glyph >> 32n) & 0xffffn), Number(glyph >> 48n)];
    const width = (glyph & (1n << 22n)) !== 0n ? 0 : (glyph & (1n << 21n)) !== 0n ? 2 : 1;
    const text = codes.filter((code) => code !== 0).map((code) => String.fromCodePoint(code));
    return { text: text.join(""), width, style: styleText(this.exports.styleAt(row, column)) };
  }

  /** A row as text, without blanks at its end. */
  line(row: number): string {
    let text = "";
    for (let column = 0; column < this.columns; column++) {
      const cell = this.cell(row, column);
      if (cell.width > 0) text += cell.text === "" ? " " : cell.text;
    }
    return text.trimEnd();
  }

  /** All rows, without empty ones at the end. */
  text(): string {
    const lines = Array.from({ length: this.rows }, (_, row) => this.line(row));
    return lines.join("\n").trimEnd();
  }
}
