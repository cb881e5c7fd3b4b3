// Bytes become characters on the page.

import * as mem from "machine/mem";
import { BLANK, CODE_MASK, FIRST_MARK_SHIFT, MARK_MASK, SECOND_MARK_SHIFT, SPACER, WIDE } from "./cell";
import { Charset, translate } from "./charset";
import { Display } from "./display";
import { State } from "./parser";
import { REPLACEMENT, Utf8Decoder } from "./utf8";
import { cellsOf } from "./width";

/** REP repeats no more often. */
const MOST_REPEATED: i32 = 65536;
const FIRST_PRINTABLE: u32 = 0x20;
const DEL: u32 = 0x7f;

export abstract class Writing extends Display {
  private readonly decoder: Utf8Decoder = new Utf8Decoder();
  /** What REP repeats; 0 when something else came since. */
  protected lastPrinted: u32 = 0;

  /** Bytes that the program wrote, at a kernel-virtual address. */
  write(address: u64, length: u64): void {
    let at = address;
    let end = address + length;
    while (at < end) {
      if (this.state == State.GROUND && this.decoder.isIdle) at = this.writeRuns(at, end);
      if (at < end) this.byte(mem.load8(at++));
    }
  }

  protected byte(byte: u32): void {
    let decoder = this.decoder;
    if (decoder.breaks(byte)) {
      decoder.abandon();
      this.parse(REPLACEMENT);
    }
    let code = decoder.decode(byte);
    if (code >= 0) this.parse(<u32>code);
  }

  /** Printable ASCII, which most output is, without the detours. Returns where something else begins. */
  protected writeRuns(address: u64, end: u64): u64 {
    if (this.charset != Charset.ASCII || this.modes.isInsert) return address;
    let at = address;
    while (at < end) {
      let first = at;
      while (at < end && mem.load8(at) - FIRST_PRINTABLE < DEL - FIRST_PRINTABLE) at++;
      if (at == first) break;
      this.lastPrinted = mem.load8(at - 1);
      this.printRun(first, at);
    }
    return at;
  }

  protected printRun(first: u64, end: u64): void {
    let page = this.page;
    let style = this.pen.style;
    let at = first;
    while (at < end) {
      if (page.column >= page.columns) this.wrap(1);
      let grid = page.grid;
      let row = page.row;
      let column = page.column;
      let count = <i32>min(end - at, <u64>(page.columns - column));
      if (!this.modes.isWraparound && end - at > <u64>count) {
        // What does not fit overwrites the last column: only its last character stays.
        this.printPlain(mem.load8(at), row, column, style);
        at++;
        if (page.column < page.columns) page.column++;
        continue;
      }
      if (column > 0 && grid.isWide(row, column - 1)) grid.set(row, column - 1, BLANK, style);
      let cells = grid.cells;
      let index = grid.base(row) + column * 2;
      for (let i = 0; i < count; i++) {
        cells[index] = <u64>mem.load8(at + <u64>i);
        cells[index + 1] = style;
        index += 2;
      }
      page.column = column + count;
      this.repairRight(style);
      this.damage(row);
      at += <u64>count;
    }
  }

  protected printPlain(code: u32, row: i32, column: i32, style: u64): void {
    let grid = this.grid;
    if (column > 0 && grid.isWide(row, column - 1)) grid.set(row, column - 1, BLANK, style);
    grid.set(row, column, <u64>code, style);
    if (column + 1 < this.columns && grid.isSpacer(row, column + 1)) grid.set(row, column + 1, BLANK, style);
    this.damage(row);
  }

  /** The right half of a wide character whose left half was just overwritten. */
  protected repairRight(style: u64): void {
    let page = this.page;
    if (page.column < page.columns && page.grid.isSpacer(page.row, page.column)) {
      page.grid.set(page.row, page.column, BLANK, style);
    }
  }

  protected override print(code: u32): void {
    let shown = code < DEL && this.charset != Charset.ASCII ? translate(this.charset, code) : code;
    let width = cellsOf(shown);
    if (width == 0) {
      this.join(shown);
      return;
    }
    this.lastPrinted = shown;
    this.put(shown, width);
  }

  /** A character that takes cells. */
  protected put(code: u32, width: i32): void {
    let page = this.page;
    let style = this.pen.style;
    if (width > page.columns) return;
    if (page.column + width > page.columns) {
      if (this.modes.isWraparound) this.wrap(width);
      else {
        page.column = page.columns - 1;
        if (width == 2) return;
      }
    }
    let grid = page.grid;
    let row = page.row;
    let column = page.column;
    if (column > 0 && grid.isWide(row, column - 1)) grid.set(row, column - 1, BLANK, style);
    if (this.modes.isInsert) grid.insertCells(row, column, width, style);
    grid.set(row, column, <u64>code | (width == 2 ? WIDE : 0), style);
    if (width == 2) grid.set(row, column + 1, SPACER, style);
    page.column = column + width;
    this.repairRight(style);
    this.damage(row);
  }

  /** A mark goes to the character before the cursor. */
  protected join(mark: u32): void {
    let page = this.page;
    if (mark > 0xffff || page.column == 0) return;
    let column = page.column - 1;
    if (column > 0 && page.grid.isSpacer(page.row, column)) column--;
    let glyph = page.grid.glyph(page.row, column);
    if ((glyph & CODE_MASK) == 0) return;
    let shift = ((glyph >> FIRST_MARK_SHIFT) & MARK_MASK) == 0 ? FIRST_MARK_SHIFT : SECOND_MARK_SHIFT;
    if (((glyph >> shift) & MARK_MASK) != 0) return;
    let marked = glyph | ((<u64>mark) << shift);
    page.grid.set(page.row, column, marked, page.grid.style(page.row, column));
    this.damage(page.row);
  }

  /** On to the next line, because `width` cells do not fit any more. */
  protected wrap(width: i32): void {
    let page = this.page;
    if (!this.modes.isWraparound) {
      page.column = page.columns - 1;
      return;
    }
    if (width > 1) {
      for (let column = page.column; column < page.columns; column++) {
        page.grid.set(page.row, column, BLANK, this.pen.style);
      }
      this.damage(page.row);
    }
    page.column = 0;
    this.down();
    page.grid.setWrapped(page.row, true);
  }

  protected repeat(code: u32): void {
    if (code == 0) return;
    let width = cellsOf(code);
    let count = min(this.parameters.amount(0), MOST_REPEATED);
    for (let i = 0; i < count; i++) this.put(code, width);
  }
}
