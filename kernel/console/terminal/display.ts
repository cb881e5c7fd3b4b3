// What a terminal shows: its two pages, the cursor on them, which rows are damaged, how far the view is scrolled back.

import { Text } from "../../lib/text";
import { Charset } from "./charset";
import { Grid } from "./grid";
import { Modes } from "./modes";
import { charsetIn, Page, withCharset } from "./page";
import { Parser } from "./parser";
import { Pen } from "./pen";

/** Cells of lines that went up out of the screen. */
const KEPT_CELLS: i32 = 65536;

/** Who hears what the terminal has to say. */
export class TerminalListener {
  /** An answer to a query: bytes to the program, as if typed. */
  answer(_text: Text): void {}
  bell(): void {}
}

export abstract class Display extends Parser {
  protected main: Page;
  protected alternate: Page;
  /** The one that is shown. */
  page: Page;
  readonly modes: Modes = new Modes();
  readonly pen: Pen = new Pen();
  /** G0 to G3, and which of them is in use. */
  protected charsets: u32 = 0;
  protected level: i32 = 0;
  protected charset: Charset = Charset.ASCII;
  /** DECSCUSR: 0 to 6. */
  cursorStyle: i32 = 0;
  /** How many lines the view is scrolled back. */
  viewOffset: i32 = 0;
  /** By row of the view: whether it must be drawn anew. */
  damaged: StaticArray<u8>;
  protected readonly answerText: Text = new Text(64);
  /** The window's title: OSC 0 and 2, UTF-8. */
  readonly title: Text = new Text(256);

  constructor(
    columns: i32,
    rows: i32,
    readonly listener: TerminalListener,
  ) {
    super();
    let main = new Page(new Grid(columns, rows, KEPT_CELLS / columns));
    this.main = main;
    this.page = main;
    this.alternate = new Page(new Grid(columns, rows, 0));
    this.damaged = new StaticArray<u8>(rows);
    this.resetParser();
    this.damageAll();
  }

  get columns(): i32 {
    return this.page.columns;
  }

  get rows(): i32 {
    return this.page.rows;
  }

  get isAlternate(): bool {
    return this.page === this.alternate;
  }

  get grid(): Grid {
    return this.page.grid;
  }

  // ── Cursor ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Put the cursor at a place; with origin mode rows count from the top margin. */
  protected moveTo(row: i32, column: i32): void {
    let page = this.page;
    page.column = column;
    page.row = this.modes.isOrigin ? page.top + row : row;
    page.restrict(page.columns - 1, this.modes.isOrigin);
  }

  protected moveBy(rows: i32, columns: i32): void {
    let page = this.page;
    let last = page.columns - 1;
    page.restrict(last, this.modes.isOrigin);
    page.row += min(max(rows, -page.rows), page.rows);
    page.column += min(max(columns, -page.columns), page.columns);
    page.restrict(last, this.modes.isOrigin);
  }

  /** Up or down, not across a margin that the cursor is within. */
  protected moveRows(rows: i32): void {
    let page = this.page;
    let limited = rows;
    if (rows < 0 && page.row >= page.top) limited = -min(-rows, page.row - page.top);
    if (rows > 0 && page.row <= page.bottom) limited = min(rows, page.bottom - page.row);
    this.moveBy(limited, 0);
  }

  /** One row down; at the bottom margin the lines go up. */
  protected down(): void {
    let page = this.page;
    if (page.row == page.bottom) this.scroll();
    else if (page.row < page.rows - 1) page.row++;
  }

  protected scroll(): void {
    let page = this.page;
    let isKept = page.top == 0 && page === this.main;
    page.grid.scrollUp(page.top, page.bottom, this.pen.eraser, isKept);
    if (isKept && this.viewOffset > 0) this.viewOffset = min(this.viewOffset + 1, page.grid.kept);
    this.damageRows(page.top, page.bottom);
  }

  protected index(): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    this.down();
  }

  protected reverseIndex(): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row == page.top) {
      page.grid.scrollDown(page.top, page.bottom, this.pen.eraser);
      this.damageRows(page.top, page.bottom);
    } else if (page.row > 0) page.row--;
  }

  protected setMargins(): void {
    let page = this.page;
    let top = this.parameters.amount(0);
    let bottom = this.parameters.value(1);
    if (bottom == 0 || bottom > page.rows) bottom = page.rows;
    if (bottom <= top) return;
    page.top = top - 1;
    page.bottom = bottom - 1;
    this.moveTo(0, 0);
  }

  protected shift(level: i32): void {
    this.level = level;
    this.charset = charsetIn(this.charsets, level);
  }

  protected designate(level: i32, charset: Charset): void {
    this.charsets = withCharset(this.charsets, level, charset);
    if (level == this.level) this.charset = charset;
  }

  protected saveCursor(): void {
    let saved = this.page.saved;
    saved.row = this.page.row;
    saved.column = this.page.column;
    saved.style = this.pen.style;
    saved.charsets = this.charsets;
    saved.level = this.level;
    saved.isOrigin = this.modes.isOrigin;
  }

  protected restoreCursor(): void {
    let page = this.page;
    let saved = page.saved;
    page.row = saved.row;
    page.column = saved.column;
    this.pen.style = saved.style;
    this.charsets = saved.charsets;
    this.shift(saved.level);
    this.modes.isOrigin = saved.isOrigin;
    page.restrict(page.columns - 1, saved.isOrigin);
  }

  /** To the alternate screen, which starts out blank, or back to the main one. */
  protected showPage(isAlternate: bool): void {
    let from = this.page;
    let to = isAlternate ? this.alternate : this.main;
    if (from === to) return;
    to.row = from.row;
    to.column = from.column;
    if (isAlternate) to.clear(this.pen.eraser);
    else from.reset();
    this.page = to;
    this.viewOffset = 0;
    this.damageAll();
  }

  // ── Out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  damage(row: i32): void {
    this.damageRows(row, row);
  }

  /** Rows of the page; the view may be scrolled back. */
  damageRows(first: i32, last: i32): void {
    let offset = this.viewOffset;
    let end = min(last + offset, this.rows - 1);
    for (let row = first + offset; row <= end; row++) this.damaged[row] = 1;
  }

  damageAll(): void {
    for (let row = 0; row < this.damaged.length; row++) this.damaged[row] = 1;
  }

  /** The index in `grid.cells` of the first cell that a row of the view shows. */
  viewBase(row: i32): i32 {
    return this.grid.base(row - this.viewOffset);
  }

  /** The row of the view that the cursor is in, -1 when it is not to be seen. */
  get cursorRow(): i32 {
    let row = this.page.row + this.viewOffset;
    return this.modes.isCursorVisible && row < this.rows ? row : -1;
  }

  get cursorColumn(): i32 {
    return min(this.page.column, this.columns - 1);
  }

  /** Look `lines` further back; negative: forward. Returns whether the view moved. */
  scrollView(lines: i32): bool {
    let offset = min(max(this.viewOffset + lines, 0), this.grid.kept);
    if (offset == this.viewOffset) return false;
    this.viewOffset = offset;
    this.damageAll();
    return true;
  }

  /** Another size: lines that no longer fit above the cursor are kept, what is too wide is cut. */
  resize(columns: i32, rows: i32): void {
    if (columns == this.columns && rows == this.rows) return;
    let isAlternate = this.isAlternate;
    this.viewOffset = 0;
    this.main = resized(this.main, columns, rows, KEPT_CELLS / columns);
    this.alternate = resized(this.alternate, columns, rows, 0);
    this.page = isAlternate ? this.alternate : this.main;
    this.damaged = new StaticArray<u8>(rows);
    this.damageAll();
  }
}

export function resetPage(page: Page): void {
  page.reset();
  page.clear(0);
  page.grid.forget();
  let saved = page.saved;
  saved.row = 0;
  saved.column = 0;
  saved.style = 0;
  saved.charsets = 0;
  saved.level = 0;
  saved.isOrigin = false;
}

function resized(page: Page, columns: i32, rows: i32, mostKept: i32): Page {
  let grid = new Grid(columns, rows, mostKept);
  let firstRow = max(0, page.row - (rows - 1));
  grid.takeFrom(page.grid, firstRow);
  let result = new Page(grid);
  result.row = page.row - firstRow;
  result.column = min(page.column, columns);
  let saved = result.saved;
  saved.row = min(max(page.saved.row - firstRow, 0), rows - 1);
  saved.column = min(page.saved.column, columns - 1);
  saved.style = page.saved.style;
  saved.charsets = page.saved.charsets;
  saved.level = page.saved.level;
  saved.isOrigin = page.saved.isOrigin;
  return result;
}
