// The terminal emulator between bytes that a test writes and the cells and answers that it reads.

import { bytesAddress } from "memory/address";
import { Text } from "../../../kernel/lib/text";
import { Terminal, TerminalListener } from "../../../kernel/console/terminal/terminal";
import { cellsOf } from "../../../kernel/console/terminal/width";

const buffer = new StaticArray<u8>(1 << 16);
const answers = new StaticArray<u8>(1 << 16);
let answered = 0;
let bells = 0;

class Listener extends TerminalListener {
  override answer(text: Text): void {
    for (let i = 0; i < text.length && answered < answers.length; i++) answers[answered++] = text.bytes[i];
  }
  override bell(): void {
    bells++;
  }
}

let terminal: Terminal = new Terminal(80, 24, new Listener());

export function restart(columns: i32, rows: i32): void {
  terminal = new Terminal(columns, rows, new Listener());
  answered = 0;
  bells = 0;
}
export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function answersAddress(): u64 {
  return bytesAddress(answers);
}
export function write(length: i32): void {
  terminal.write(bytesAddress(buffer), <u64>length);
}
export function resize(columns: i32, rows: i32): void {
  terminal.resize(columns, rows);
}
export function glyphAt(row: i32, column: i32): u64 {
  return terminal.grid.cells[terminal.viewBase(row) + column * 2];
}
export function styleAt(row: i32, column: i32): u64 {
  return terminal.grid.cells[terminal.viewBase(row) + column * 2 + 1];
}
export function isWrapped(row: i32): bool {
  return terminal.grid.isWrapped(row);
}
export function cursorRow(): i32 {
  return terminal.page.row;
}
export function cursorColumn(): i32 {
  return terminal.page.column;
}
export function isCursorVisible(): bool {
  return terminal.modes.isCursorVisible;
}
export function isApplicationCursor(): bool {
  return terminal.modes.isApplicationCursor;
}
export function mouseTracking(): i32 {
  return terminal.modes.mouseTracking;
}
export function isBracketedPaste(): bool {
  return terminal.modes.isBracketedPaste;
}
export function isAlternate(): bool {
  return terminal.isAlternate;
}
export function state(): i32 {
  return terminal.state;
}
export function kept(): i32 {
  return terminal.grid.kept;
}
export function scrollView(lines: i32): bool {
  return terminal.scrollView(lines);
}
export function isDamaged(row: i32): bool {
  return terminal.damaged[row] != 0;
}
export function clearDamage(): void {
  for (let i = 0; i < terminal.rows; i++) terminal.damaged[i] = 0;
}
export function takeAnswers(): i32 {
  let length = answered;
  answered = 0;
  return length;
}
export function bellCount(): i32 {
  return bells;
}
export function titleAddress(): u64 {
  return terminal.title.address;
}
export function titleLength(): i32 {
  return terminal.title.length;
}
export function widthOf(code: u32): i32 {
  return cellsOf(code);
}
