// One of the terminal's two screens, main and alternate: its lines, its cursor, its margins, its tab stops and what
// DECSC saved.
//
// The cursor's column may be `columns`: the last column was written, and the next character goes to the next line.

import { Charset } from "./charset";
import { PLAIN } from "./cell";
import { Grid } from "./grid";

const TAB: i32 = 8;

export class SavedCursor {
  row: i32 = 0;
  column: i32 = 0;
  style: u64 = PLAIN;
  charsets: u32 = 0;
  level: i32 = 0;
  isOrigin: bool = false;
}

export class Page {
  row: i32 = 0;
  column: i32 = 0;
  /** Margins: the first and last row that scroll. */
  top: i32 = 0;
  bottom: i32;
  readonly saved: SavedCursor = new SavedCursor();
  private readonly tabs: StaticArray<u8>;

  constructor(readonly grid: Grid) {
    this.bottom = grid.rows - 1;
    this.tabs = new StaticArray<u8>(grid.columns);
    this.setTabs();
  }

  get columns(): i32 {
    return this.grid.columns;
  }

  get rows(): i32 {
    return this.grid.rows;
  }

  /** As new, but for the lines and what was saved. */
  reset(): void {
    this.row = 0;
    this.column = 0;
    this.resetMargins();
    this.setTabs();
  }

  resetMargins(): void {
    this.top = 0;
    this.bottom = this.rows - 1;
  }

  /** Put the cursor where it may stand: within the screen, with `isOrigin` within the margins. */
  restrict(lastColumn: i32, isOrigin: bool): void {
    this.column = min(max(this.column, 0), lastColumn);
    let first = isOrigin ? this.top : 0;
    let last = isOrigin ? this.bottom : this.rows - 1;
    this.row = min(max(this.row, first), last);
  }

  clear(style: u64): void {
    for (let row = 0; row < this.rows; row++) this.grid.clearRow(row, style);
  }

  // ── Tab stops ────────────────────────────────────────────────────────────────────────────────────────────────────

  private setTabs(): void {
    for (let i = 0; i < this.columns; i++) this.tabs[i] = i % TAB == 0 ? 1 : 0;
  }

  setTab(): void {
    if (this.column < this.columns) this.tabs[this.column] = 1;
  }

  clearTab(): void {
    if (this.column < this.columns) this.tabs[this.column] = 0;
  }

  clearTabs(): void {
    for (let i = 0; i < this.columns; i++) this.tabs[i] = 0;
  }

  tabForward(): void {
    let column = this.column;
    if (column >= this.columns) return;
    do column++;
    while (column < this.columns && this.tabs[column] == 0);
    this.column = min(column, this.columns - 1);
  }

  tabBackward(): void {
    let column = this.column;
    if (column >= this.columns) return;
    do column--;
    while (column > 0 && this.tabs[column] == 0);
    this.column = max(column, 0);
  }
}

/** Four sets in one number, four bits each. */
export function charsetIn(sets: u32, level: i32): Charset {
  return <Charset>((sets >> (<u32>level * 4)) & 15);
}

export function withCharset(sets: u32, level: i32, charset: Charset): u32 {
  let shift = <u32>level * 4;
  return (sets & ~(15 << shift)) | ((<u32>charset) << shift);
}
