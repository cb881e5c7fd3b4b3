// Lines and cells are inserted, deleted, moved and erased.

import { Writing } from "./writing";

export abstract class Editing extends Writing {
  protected insertLines(count: i32): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row < page.top || page.row > page.bottom) return;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollDown(page.row, page.bottom, this.pen.eraser);
    page.column = 0;
    this.damageRows(page.row, page.bottom);
  }

  protected deleteLines(count: i32): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row < page.top || page.row > page.bottom) return;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollUp(page.row, page.bottom, this.pen.eraser, false);
    page.column = 0;
    this.damageRows(page.row, page.bottom);
  }

  protected scrollRows(count: i32): void {
    let page = this.page;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollUp(page.top, page.bottom, this.pen.eraser, false);
    this.damageRows(page.top, page.bottom);
  }

  protected scrollRowsDown(count: i32): void {
    let page = this.page;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollDown(page.top, page.bottom, this.pen.eraser);
    this.damageRows(page.top, page.bottom);
  }

  protected shiftColumns(count: i32, isInsert: bool): void {
    let page = this.page;
    if (page.row < page.top || page.row > page.bottom) return;
    let column = min(page.column, page.columns - 1);
    for (let row = page.top; row <= page.bottom; row++) {
      if (isInsert) page.grid.insertCells(row, column, count, this.pen.eraser);
      else page.grid.deleteCells(row, column, count, this.pen.eraser);
    }
    this.damageRows(page.top, page.bottom);
  }

  /** 0 from the cursor on, 1 up to it, 2 everything, 3 what was kept above. */
  protected eraseDisplay(which: i32, isSelective: bool): void {
    let page = this.page;
    page.restrict(page.columns, this.modes.isOrigin);
    if (which == 0) {
      this.eraseCells(page.column, page.columns, isSelective);
      for (let row = page.row + 1; row < page.rows; row++) this.eraseRow(row, isSelective);
    } else if (which == 1) {
      this.eraseCells(0, page.column + 1, isSelective);
      if (page.column + 1 >= page.columns && page.row + 1 < page.rows) page.grid.setWrapped(page.row + 1, false);
      for (let row = 0; row < page.row; row++) this.eraseRow(row, isSelective);
    } else if (which == 2) {
      for (let row = 0; row < page.rows; row++) this.eraseRow(row, isSelective);
    } else if (which == 3) {
      page.grid.forget();
      this.viewOffset = 0;
    }
    this.damageAll();
  }

  protected eraseLine(which: i32, isSelective: bool): void {
    let page = this.page;
    page.restrict(page.columns, this.modes.isOrigin);
    if (which == 0) this.eraseCells(page.column, page.columns, isSelective);
    else if (which == 1) this.eraseCells(0, page.column + 1, isSelective);
    else if (which == 2) this.eraseCells(0, page.columns, isSelective);
  }

  protected eraseCells(from: i32, to: i32, isSelective: bool): void {
    this.grid.erase(this.page.row, from, to, this.pen.eraser, isSelective);
    this.damage(this.page.row);
  }

  protected eraseRow(row: i32, isSelective: bool): void {
    if (isSelective) this.grid.erase(row, 0, this.columns, this.pen.eraser, true);
    else this.grid.clearRow(row, this.pen.eraser);
  }

  protected alignmentPattern(): void {
    let page = this.page;
    for (let row = 0; row < page.rows; row++) {
      page.grid.setWrapped(row, false);
      for (let column = 0; column < page.columns; column++) page.grid.set(row, column, 0x45, this.pen.style);
    }
    this.moveTo(0, 0);
    this.damageAll();
  }
}
