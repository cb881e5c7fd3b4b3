// The console on a screen: a terminal's cells on a surface. Writing changes cells only; `draw` brings the surface up to
// date, cell by cell where something differs from what is shown, and the painter (painter.ts) calls it at its leisure.
// Whatever lies between two drawings is drawn once.

import * as clock from "../../sched/clock";
import { ConsoleBackend } from "../backend";
import { INVERSE } from "../terminal/cell";
import { Terminal } from "../terminal/terminal";
import { CURSOR_BAR, CURSOR_BLOCK, CURSOR_UNDERLINE, Surface } from "./surface";

/** No cell is like it: it will be drawn. */
const NOT_SHOWN: u64 = u64.MAX_VALUE;
/** How long a program may keep the screen as it is (DEC mode 2026). */
const LONGEST_HOLD_NS: u64 = 150_000_000;

/** Told what happens on the screen. Nothing may block. */
export class ScreenListener {
  /** There is something to draw. */
  wanted(): void {}
  /** DECCKM: what the cursor keys are to send. */
  applicationCursorSet(_isOn: bool): void {}
}

export class Screen extends ConsoleBackend {
  /** Two words a cell, as drawn. */
  private shown: StaticArray<u64>;
  private cursorRow: i32 = -1;
  private cursorColumn: i32 = -1;
  /** Something may differ from what is shown. */
  isPending: bool = true;
  /** KD_GRAPHICS: a program draws by itself. */
  isHidden: bool = false;
  /** A program may draw between text: what is written is drawn at once, so that whoever comes later is on top. */
  isImmediate: bool = false;
  listener: ScreenListener = new ScreenListener();
  private isApplicationCursor: bool = false;
  private heldSinceNs: u64 = 0;
  /** What the window may be at most: 0 for as large as the surface. */
  private windowColumns: u32 = 0;
  private windowRows: u32 = 0;

  constructor(
    readonly terminal: Terminal,
    public surface: Surface,
  ) {
    super();
    this.shown = new StaticArray<u64>(0);
    this.fit();
  }

  override write(address: u64, length: u64): void {
    this.terminal.write(address, length);
    let isApplicationCursor = this.terminal.modes.isApplicationCursor;
    if (isApplicationCursor != this.isApplicationCursor) {
      this.isApplicationCursor = isApplicationCursor;
      this.listener.applicationCursorSet(isApplicationCursor);
    }
    if (this.isImmediate) this.draw();
    else this.want();
  }

  /** Streams go elsewhere: they show as long as nobody draws here. */
  override writeStream(address: u64, length: u64): void {
    if (!this.isImmediate) this.writeLines(address, length);
  }

  /** The window's size: the screen shows as much of it as it has room for. */
  override resize(columns: u32, rows: u32): void {
    if (columns == this.windowColumns && rows == this.windowRows) return;
    this.windowColumns = columns;
    this.windowRows = rows;
    if (this.fittingColumns != this.terminal.columns || this.fittingRows != this.terminal.rows) this.fit();
  }

  private get fittingColumns(): i32 {
    return fitting(this.surface.columns, this.windowColumns);
  }

  private get fittingRows(): i32 {
    return fitting(this.surface.rows, this.windowRows);
  }

  /** The window is as large as the surface again. */
  freeWindow(): void {
    this.windowColumns = 0;
    this.windowRows = 0;
  }

  /** Draw on this surface from now on. */
  moveTo(surface: Surface): void {
    this.surface = surface;
    this.fit();
  }

  /** The surface or the window has another size: nothing of what is shown counts. */
  fit(): void {
    let columns = this.fittingColumns;
    let rows = this.fittingRows;
    this.terminal.resize(columns, rows);
    if (this.shown.length != columns * rows * 2) this.shown = new StaticArray<u64>(columns * rows * 2);
    if (!this.isHidden) this.surface.clear();
    this.forget();
    this.want();
  }

  private forget(): void {
    for (let i = 0; i < this.shown.length; i++) this.shown[i] = NOT_SHOWN;
    this.terminal.damageAll();
  }

  private want(): void {
    if (this.isPending) return;
    this.isPending = true;
    this.listener.wanted();
  }

  /** KD_TEXT and KD_GRAPHICS. */
  hide(isHidden: bool): void {
    if (isHidden == this.isHidden) return;
    this.isHidden = isHidden;
    if (isHidden) return;
    this.isImmediate = false;
    this.surface.clear();
    this.forget();
    this.draw();
  }

  /** Half a screen back (1) or forward (-1); false when there is nothing to look back on. */
  scrollView(direction: i32): bool {
    if (this.isHidden || this.terminal.grid.kept == 0) return false;
    if (this.terminal.scrollView(direction * (this.terminal.rows / 2))) this.want();
    return true;
  }

  /** Someone types: the view goes back to where the cursor is. */
  showCursor(): void {
    if (this.terminal.viewOffset > 0 && this.terminal.scrollView(-this.terminal.viewOffset)) this.want();
  }

  /** Whether the program wants the screen left alone for a moment. */
  isHeld(): bool {
    if (!this.terminal.modes.isSynchronized) {
      this.heldSinceNs = 0;
      return false;
    }
    let nowNs = clock.nowNs();
    if (this.heldSinceNs == 0) this.heldSinceNs = nowNs;
    return nowNs - this.heldSinceNs < LONGEST_HOLD_NS;
  }

  /** Bring the whole surface up to date. */
  draw(): void {
    this.begin();
    for (let row = 0; row < this.terminal.rows; row++) this.drawRow(row);
    this.finish();
  }

  /** Before a pass over the rows. */
  begin(): void {
    this.isPending = false;
    let row = this.terminal.cursorRow;
    let column = this.terminal.cursorColumn;
    if (row == this.cursorRow && column == this.cursorColumn) return;
    if (this.cursorRow >= 0 && this.cursorRow < this.terminal.rows) this.terminal.damaged[this.cursorRow] = 1;
    if (row >= 0) this.terminal.damaged[row] = 1;
    else this.surface.hideCursor();
    this.cursorRow = row;
    this.cursorColumn = column;
  }

  /** After it. */
  finish(): void {
    if (!this.isHidden) this.surface.finish();
  }

  /** Draw what changed in a row. */
  drawRow(row: i32): void {
    let terminal = this.terminal;
    if (this.isHidden || row >= terminal.rows || terminal.damaged[row] == 0) return;
    terminal.damaged[row] = 0;
    let shown = this.shown;
    let cells = terminal.grid.cells;
    let columns = terminal.columns;
    let from = terminal.viewBase(row);
    let to = row * columns * 2;
    let turned: u64 = terminal.modes.isReverseScreen ? INVERSE : 0;
    let cursor = row == this.cursorRow ? this.cursorColumn : -1;
    for (let column = 0; column < columns; column++) {
      let glyph = cells[from];
      let style = cells[from + 1] ^ turned;
      if (column == cursor) glyph |= this.cursorShape;
      if (shown[to] != glyph || shown[to + 1] != style) {
        shown[to] = glyph;
        shown[to + 1] = style;
        this.surface.draw(row, column, glyph, style);
      }
      from += 2;
      to += 2;
    }
  }

  /** DECSCUSR: 0 to 2 a block, 3 and 4 a line below, 5 and 6 one at the left. */
  private get cursorShape(): u64 {
    let style = this.terminal.cursorStyle;
    if (style >= 5) return CURSOR_BAR;
    return style >= 3 ? CURSOR_UNDERLINE : CURSOR_BLOCK;
  }
}

/** A side of the screen: the surface's, or the window's where that is less and known. */
function fitting(surface: i32, window: u32): i32 {
  return window > 0 ? min(surface, <i32>window) : surface;
}
