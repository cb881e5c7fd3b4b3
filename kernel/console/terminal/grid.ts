// The lines of a screen and those that went up out of it. Scrolling moves no cells: lines stand in a ring, and a
// screen row is a place in it.
//
//   order   │ oldest kept … newest kept │ row 0 … last row │ unused …
//                                        ↑ start            (all modulo order.length)
//
// Cells are two words each (cell.ts). Nothing allocates but the constructor.

import { BLANK, PROTECTED, SPACER, WIDE } from "./cell";

export class Grid {
  /** Two words a cell: glyph, style. */
  readonly cells: StaticArray<u64>;
  /** By place in the ring: which line of `cells` stands there. */
  private readonly order: StaticArray<i32>;
  /** By line: whether it goes on from the line before it. */
  private readonly wrapped: StaticArray<u8>;
  /** The ring's place of row 0. */
  private start: i32 = 0;
  /** Lines kept above row 0. */
  kept: i32 = 0;

  constructor(
    readonly columns: i32,
    readonly rows: i32,
    /** Most lines kept above. */
    readonly mostKept: i32,
  ) {
    let lines = rows + mostKept;
    this.cells = new StaticArray<u64>(lines * columns * 2);
    this.wrapped = new StaticArray<u8>(lines);
    let order = new StaticArray<i32>(lines);
    for (let i = 0; i < lines; i++) order[i] = i;
    this.order = order;
  }

  /** The ring's place of a row; rows below 0 are kept lines. */
  private place(row: i32): i32 {
    let place = this.start + row;
    let length = this.order.length;
    if (place >= length) return place - length;
    return place < 0 ? place + length : place;
  }

  /** The index in `cells` of a row's first cell; row -1 is the newest kept line. */
  base(row: i32): i32 {
    return this.order[this.place(row)] * this.columns * 2;
  }

  isWrapped(row: i32): bool {
    return this.wrapped[this.order[this.place(row)]] != 0;
  }

  setWrapped(row: i32, isWrapped: bool): void {
    this.wrapped[this.order[this.place(row)]] = isWrapped ? 1 : 0;
  }

  glyph(row: i32, column: i32): u64 {
    return this.cells[this.base(row) + column * 2];
  }

  style(row: i32, column: i32): u64 {
    return this.cells[this.base(row) + column * 2 + 1];
  }

  set(row: i32, column: i32, glyph: u64, style: u64): void {
    let at = this.base(row) + column * 2;
    this.cells[at] = glyph;
    this.cells[at + 1] = style;
  }

  /** Blank a whole row. */
  clearRow(row: i32, style: u64): void {
    let line = this.order[this.place(row)];
    this.wrapped[line] = 0;
    this.fill(line * this.columns * 2, this.columns, style);
  }

  private fill(from: i32, count: i32, style: u64): void {
    let cells = this.cells;
    let end = from + count * 2;
    for (let at = from; at < end; at += 2) {
      cells[at] = BLANK;
      cells[at + 1] = style;
    }
  }

  // ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Rows top..bottom move up by one; the top one is kept if `isKept`. The new bottom row is blank. */
  scrollUp(top: i32, bottom: i32, style: u64, isKept: bool): void {
    if (isKept) {
      // The row that comes in at the very bottom holds the oldest kept line, or an unused one: it becomes row `bottom`.
      this.start = this.place(1);
      if (this.kept < this.mostKept) this.kept++;
      if (bottom < this.rows - 1) this.rotateDown(bottom, this.rows - 1);
    } else this.rotateUp(top, bottom);
    this.clearRow(bottom, style);
  }

  /** Rows top..bottom move down by one; the new top row is blank. */
  scrollDown(top: i32, bottom: i32, style: u64): void {
    this.rotateDown(top, bottom);
    this.clearRow(top, style);
  }

  private rotateUp(top: i32, bottom: i32): void {
    let line = this.order[this.place(top)];
    for (let row = top; row < bottom; row++) this.order[this.place(row)] = this.order[this.place(row + 1)];
    this.order[this.place(bottom)] = line;
  }

  private rotateDown(top: i32, bottom: i32): void {
    let line = this.order[this.place(bottom)];
    for (let row = bottom; row > top; row--) this.order[this.place(row)] = this.order[this.place(row - 1)];
    this.order[this.place(top)] = line;
  }

  /** Forget the kept lines. */
  forget(): void {
    this.kept = 0;
  }

  // ── Cells of a row ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Blank one half of a wide character whose other half goes. */
  private split(row: i32, column: i32, style: u64): void {
    this.set(row, column, BLANK, style);
  }

  isWide(row: i32, column: i32): bool {
    return (this.glyph(row, column) & WIDE) != 0;
  }

  isSpacer(row: i32, column: i32): bool {
    return (this.glyph(row, column) & SPACER) != 0;
  }

  /** Blank the cells of [from, to), but protected ones if `isSelective`; halves of wide characters at the edges go too. */
  erase(row: i32, from: i32, to: i32, style: u64, isSelective: bool): void {
    let end = min(to, this.columns);
    if (from >= end) return;
    if (isSelective) {
      this.eraseUnprotected(row, from, end, style);
      return;
    }
    if (from > 0 && this.isWide(row, from - 1)) this.split(row, from - 1, style);
    if (end < this.columns && this.isWide(row, end - 1)) this.split(row, end, style);
    this.fill(this.base(row) + from * 2, end - from, style);
  }

  private eraseUnprotected(row: i32, from: i32, end: i32, style: u64): void {
    if (from > 0 && this.isWide(row, from - 1) && !this.isProtected(row, from - 1)) this.split(row, from - 1, style);
    if (end < this.columns && this.isWide(row, end - 1) && !this.isProtected(row, end)) this.split(row, end, style);
    for (let column = from; column < end; column++) {
      if (!this.isProtected(row, column)) this.set(row, column, BLANK, style);
    }
  }

  private isProtected(row: i32, column: i32): bool {
    return (this.style(row, column) & PROTECTED) != 0;
  }

  /** Insert blank cells: what follows moves right, and out. */
  insertCells(row: i32, column: i32, count: i32, style: u64): void {
    let cells = this.cells;
    let columns = this.columns;
    if (column > 0 && this.isWide(row, column - 1)) this.split(row, column - 1, style);
    let base = this.base(row);
    let inserted = min(count, columns - column);
    for (let at = columns - 1; at >= column + inserted; at--) {
      cells[base + at * 2] = cells[base + (at - inserted) * 2];
      cells[base + at * 2 + 1] = cells[base + (at - inserted) * 2 + 1];
    }
    this.fill(base + column * 2, inserted, style);
    if (this.isWide(row, columns - 1)) this.split(row, columns - 1, style);
  }

  /** Take cells out: what follows moves left, blanks come in. */
  deleteCells(row: i32, column: i32, count: i32, style: u64): void {
    let cells = this.cells;
    let columns = this.columns;
    let base = this.base(row);
    let deleted = min(count, columns - column);
    for (let at = column; at < columns - deleted; at++) {
      cells[base + at * 2] = cells[base + (at + deleted) * 2];
      cells[base + at * 2 + 1] = cells[base + (at + deleted) * 2 + 1];
    }
    this.fill(base + (columns - deleted) * 2, deleted, style);
    if (column > 0 && this.isWide(row, column - 1)) this.split(row, column - 1, style);
    if (this.isSpacer(row, column)) this.split(row, column, style);
  }

  // ── Another size ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Take the lines of a grid of another size, its row `firstRow` becoming row 0; what is too wide is cut. */
  takeFrom(other: Grid, firstRow: i32): void {
    let kept = min(min(other.kept + firstRow, this.mostKept), other.kept + firstRow);
    this.kept = max(kept, 0);
    for (let row = -this.kept; row < this.rows; row++) {
      let from = firstRow + row;
      if (from >= other.rows || from < -other.kept) continue;
      this.setWrapped(row, other.isWrapped(from));
      let columns = min(this.columns, other.columns);
      for (let column = 0; column < columns; column++) {
        this.set(row, column, other.glyph(from, column), other.style(from, column));
      }
      if (this.isWide(row, columns - 1)) this.split(row, columns - 1, this.style(row, columns - 1));
    }
  }
}
