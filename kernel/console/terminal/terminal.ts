// A terminal as xterm and DEC's VT series are: bytes in, cells and answers out. A model without hardware: the screen
// (console/screen) draws what it says is damaged.
//
// Rules of use: nothing allocates but the constructor and `resize`; every input is accepted, and what is not understood
// changes nothing. Where terminals differ it does what xterm.js does, the model that it is tested against.

import * as mem from "machine/mem";
import { Text } from "../../lib/text";
import { BLANK, CODE_MASK, FIRST_MARK_SHIFT, MARK_MASK, PROTECTED, SECOND_MARK_SHIFT, SPACER, WIDE } from "./cell";
import { Charset, charsetNamed, translate } from "./charset";
import { Grid } from "./grid";
import { Modes } from "./modes";
import { charsetIn, Page, withCharset } from "./page";
import { Parser, SequenceName, State } from "./parser";
import { Pen } from "./pen";
import * as answers from "./answers";
import * as seq from "./sequences";
import { REPLACEMENT, Utf8Decoder } from "./utf8";
import { cellsOf } from "./width";

/** Cells of lines that went up out of the screen. */
const KEPT_CELLS: i32 = 65536;
/** REP repeats no more often. */
const MOST_REPEATED: i32 = 65536;
const FIRST_PRINTABLE: u32 = 0x20;
const DEL: u32 = 0x7f;

/** Who hears what the terminal has to say. */
export class TerminalListener {
  /** An answer to a query: bytes to the program, as if typed. */
  answer(_text: Text): void {}
  bell(): void {}
}

export class Terminal extends Parser {
  private main: Page;
  private alternate: Page;
  /** The one that is shown. */
  page: Page;
  readonly modes: Modes = new Modes();
  readonly pen: Pen = new Pen();
  /** G0 to G3, and which of them is in use. */
  private charsets: u32 = 0;
  private level: i32 = 0;
  private charset: Charset = Charset.ASCII;
  private readonly decoder: Utf8Decoder = new Utf8Decoder();
  /** What REP repeats; 0 when something else came since. */
  private lastPrinted: u32 = 0;
  /** DECSCUSR: 0 to 6. */
  cursorStyle: i32 = 0;
  /** How many lines the view is scrolled back. */
  viewOffset: i32 = 0;
  /** By row of the view: whether it must be drawn anew. */
  damaged: StaticArray<u8>;
  private readonly answerText: Text = new Text(64);
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

  // ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Bytes that the program wrote, at a kernel-virtual address. */
  write(address: u64, length: u64): void {
    let at = address;
    let end = address + length;
    while (at < end) {
      if (this.state == State.GROUND && this.decoder.isIdle) at = this.writeRuns(at, end);
      if (at < end) this.byte(mem.load8(at++));
    }
  }

  private byte(byte: u32): void {
    let decoder = this.decoder;
    if (decoder.breaks(byte)) {
      decoder.abandon();
      this.parse(REPLACEMENT);
    }
    let code = decoder.decode(byte);
    if (code >= 0) this.parse(<u32>code);
  }

  /** Printable ASCII, which most output is, without the detours. Returns where something else begins. */
  private writeRuns(address: u64, end: u64): u64 {
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

  private printRun(first: u64, end: u64): void {
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

  private printPlain(code: u32, row: i32, column: i32, style: u64): void {
    let grid = this.grid;
    if (column > 0 && grid.isWide(row, column - 1)) grid.set(row, column - 1, BLANK, style);
    grid.set(row, column, <u64>code, style);
    if (column + 1 < this.columns && grid.isSpacer(row, column + 1)) grid.set(row, column + 1, BLANK, style);
    this.damage(row);
  }

  /** The right half of a wide character whose left half was just overwritten. */
  private repairRight(style: u64): void {
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
  private put(code: u32, width: i32): void {
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
  private join(mark: u32): void {
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
  private wrap(width: i32): void {
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

  /** One row down; at the bottom margin the lines go up. */
  private down(): void {
    let page = this.page;
    if (page.row == page.bottom) this.scroll();
    else if (page.row < page.rows - 1) page.row++;
  }

  private scroll(): void {
    let page = this.page;
    let isKept = page.top == 0 && page === this.main;
    page.grid.scrollUp(page.top, page.bottom, this.pen.eraser, isKept);
    if (isKept && this.viewOffset > 0) this.viewOffset = min(this.viewOffset + 1, page.grid.kept);
    this.damageRows(page.top, page.bottom);
  }

  // ── Control characters ───────────────────────────────────────────────────────────────────────────────────────────

  protected override execute(code: u32): void {
    this.lastPrinted = 0;
    let page = this.page;
    switch (code) {
      case seq.BEL:
        this.listener.bell();
        break;
      case seq.BS:
        this.backspace();
        break;
      case seq.HT:
        page.tabForward();
        break;
      case seq.LF:
      case seq.VT:
      case seq.FF:
        this.lineFeed();
        break;
      case seq.CR:
        page.column = 0;
        break;
      case seq.SO:
        this.shift(1);
        break;
      case seq.SI:
        this.shift(0);
        break;
      case seq.IND:
        this.index();
        break;
      case seq.NEL:
        page.column = 0;
        this.index();
        break;
      case seq.HTS:
        page.setTab();
        break;
      case seq.RI:
        this.reverseIndex();
        break;
    }
  }

  private backspace(): void {
    let page = this.page;
    let isReverse = this.modes.isReverseWraparound;
    page.restrict(isReverse ? page.columns : page.columns - 1, this.modes.isOrigin);
    if (page.column > 0) {
      page.column--;
      return;
    }
    // Back over the edge, to a line that this one goes on from.
    if (!isReverse || page.row <= page.top || page.row > page.bottom || !page.grid.isWrapped(page.row)) return;
    page.grid.setWrapped(page.row, false);
    page.row--;
    page.column = page.columns - 1;
  }

  private lineFeed(): void {
    let page = this.page;
    if (this.modes.isNewLine) page.column = 0;
    this.down();
    page.grid.setWrapped(page.row, false);
    if (page.column >= page.columns) page.column--;
  }

  private index(): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    this.down();
  }

  private reverseIndex(): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row == page.top) {
      page.grid.scrollDown(page.top, page.bottom, this.pen.eraser);
      this.damageRows(page.top, page.bottom);
    } else if (page.row > 0) page.row--;
  }

  private shift(level: i32): void {
    this.level = level;
    this.charset = charsetIn(this.charsets, level);
  }

  private designate(level: i32, charset: Charset): void {
    this.charsets = withCharset(this.charsets, level, charset);
    if (level == this.level) this.charset = charset;
  }

  // ── Escape sequences ─────────────────────────────────────────────────────────────────────────────────────────────

  protected override escape(name: SequenceName): void {
    this.lastPrinted = 0;
    let intermediate = name >> 8;
    if (intermediate >= seq.SCS_FIRST && intermediate <= seq.SCS_LAST) {
      this.designate(<i32>(intermediate - seq.SCS_FIRST), charsetNamed(name & 0xff));
      return;
    }
    switch (name) {
      case seq.DECSC:
        this.saveCursor();
        break;
      case seq.DECRC:
        this.restoreCursor();
        break;
      case seq.DECKPAM:
        this.modes.isApplicationKeypad = true;
        break;
      case seq.DECKPNM:
        this.modes.isApplicationKeypad = false;
        break;
      case seq.ESC_IND:
        this.index();
        break;
      case seq.ESC_NEL:
        this.page.column = 0;
        this.index();
        break;
      case seq.ESC_HTS:
        this.page.setTab();
        break;
      case seq.ESC_RI:
        this.reverseIndex();
        break;
      case seq.RIS:
        this.reset();
        break;
      case seq.LS2:
        this.shift(2);
        break;
      case seq.LS3:
        this.shift(3);
        break;
      case seq.DECALN:
        this.alignmentPattern();
        break;
    }
  }

  private saveCursor(): void {
    let saved = this.page.saved;
    saved.row = this.page.row;
    saved.column = this.page.column;
    saved.style = this.pen.style;
    saved.charsets = this.charsets;
    saved.level = this.level;
    saved.isOrigin = this.modes.isOrigin;
  }

  private restoreCursor(): void {
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

  private alignmentPattern(): void {
    let page = this.page;
    for (let row = 0; row < page.rows; row++) {
      page.grid.setWrapped(row, false);
      for (let column = 0; column < page.columns; column++) page.grid.set(row, column, 0x45, this.pen.style);
    }
    this.moveTo(0, 0);
    this.damageAll();
  }

  /** RIS: everything as at the start. */
  private reset(): void {
    this.resetParser();
    this.page = this.main;
    this.modes.reset();
    this.pen.reset();
    this.cursorStyle = 0;
    this.charsets = 0;
    this.shift(0);
    this.viewOffset = 0;
    this.title.clear();
    resetPage(this.main);
    resetPage(this.alternate);
    this.damageAll();
  }

  // ── Control sequences ────────────────────────────────────────────────────────────────────────────────────────────

  protected override control(name: SequenceName): void {
    let repeated = this.lastPrinted;
    this.lastPrinted = 0;
    if (name == seq.REP) this.repeat(repeated);
    else if (name == seq.SGR) this.pen.apply(this.parameters);
    else if (!this.move(name) && !this.edit(name)) this.configure(name);
  }

  private repeat(code: u32): void {
    if (code == 0) return;
    let width = cellsOf(code);
    let count = min(this.parameters.amount(0), MOST_REPEATED);
    for (let i = 0; i < count; i++) this.put(code, width);
  }

  /** Put the cursor at a place; with origin mode rows count from the top margin. */
  private moveTo(row: i32, column: i32): void {
    let page = this.page;
    page.column = column;
    page.row = this.modes.isOrigin ? page.top + row : row;
    page.restrict(page.columns - 1, this.modes.isOrigin);
  }

  private moveBy(rows: i32, columns: i32): void {
    let page = this.page;
    let last = page.columns - 1;
    page.restrict(last, this.modes.isOrigin);
    page.row += min(max(rows, -page.rows), page.rows);
    page.column += min(max(columns, -page.columns), page.columns);
    page.restrict(last, this.modes.isOrigin);
  }

  /** Up or down, not across a margin that the cursor is within. */
  private moveRows(rows: i32): void {
    let page = this.page;
    let limited = rows;
    if (rows < 0 && page.row >= page.top) limited = -min(-rows, page.row - page.top);
    if (rows > 0 && page.row <= page.bottom) limited = min(rows, page.bottom - page.row);
    this.moveBy(limited, 0);
  }

  /** Sequences that move the cursor; whether it is one. */
  private move(name: SequenceName): bool {
    let page = this.page;
    let amount = this.parameters.amount(0);
    switch (name) {
      case seq.CUU:
        this.moveRows(-amount);
        return true;
      case seq.CUD:
        this.moveRows(amount);
        return true;
      case seq.CUF:
      case seq.HPR:
        this.moveBy(0, amount);
        return true;
      case seq.CUB:
        this.moveBy(0, -amount);
        return true;
      case seq.CNL:
        this.moveRows(amount);
        page.column = 0;
        return true;
      case seq.CPL:
        this.moveRows(-amount);
        page.column = 0;
        return true;
      case seq.CHA:
      case seq.HPA:
        page.column = amount - 1;
        page.restrict(page.columns - 1, this.modes.isOrigin);
        return true;
      case seq.VPA:
        this.moveTo(amount - 1, min(page.column, page.columns - 1));
        return true;
      case seq.VPR:
        this.moveBy(amount, 0);
        return true;
      case seq.CUP:
      case seq.HVP:
        this.moveTo(amount - 1, this.parameters.amount(1) - 1);
        return true;
      case seq.CHT:
        for (let i = 0; i < min(amount, page.columns); i++) page.tabForward();
        return true;
      case seq.CBT:
        for (let i = 0; i < min(amount, page.columns); i++) page.tabBackward();
        return true;
      default:
        return false;
    }
  }

  /** Sequences that change cells; whether it is one. */
  private edit(name: SequenceName): bool {
    let page = this.page;
    let amount = this.parameters.amount(0);
    switch (name) {
      case seq.ICH:
        page.restrict(page.columns - 1, this.modes.isOrigin);
        page.grid.insertCells(page.row, page.column, amount, this.pen.eraser);
        this.damage(page.row);
        return true;
      case seq.DCH:
        page.restrict(page.columns - 1, this.modes.isOrigin);
        page.grid.deleteCells(page.row, page.column, amount, this.pen.eraser);
        this.damage(page.row);
        return true;
      case seq.ECH:
        page.restrict(page.columns - 1, this.modes.isOrigin);
        page.grid.erase(page.row, page.column, page.column + min(amount, page.columns), this.pen.eraser, false);
        this.damage(page.row);
        return true;
      case seq.IL:
        this.insertLines(amount);
        return true;
      case seq.DL:
        this.deleteLines(amount);
        return true;
      case seq.SU:
        this.scrollRows(amount);
        return true;
      case seq.SD:
      case seq.SD_ECMA:
        // With five parameters it is highlight mouse tracking.
        if (this.parameters.count < 2) this.scrollRowsDown(amount);
        return true;
      case seq.ED:
      case seq.DECSED:
        this.eraseDisplay(this.parameters.value(0), name == seq.DECSED);
        return true;
      case seq.EL:
      case seq.DECSEL:
        this.eraseLine(this.parameters.value(0), name == seq.DECSEL);
        return true;
      case seq.DECIC:
        this.shiftColumns(amount, true);
        return true;
      case seq.DECDC:
        this.shiftColumns(amount, false);
        return true;
      default:
        return false;
    }
  }

  private insertLines(count: i32): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row < page.top || page.row > page.bottom) return;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollDown(page.row, page.bottom, this.pen.eraser);
    page.column = 0;
    this.damageRows(page.row, page.bottom);
  }

  private deleteLines(count: i32): void {
    let page = this.page;
    page.restrict(page.columns - 1, this.modes.isOrigin);
    if (page.row < page.top || page.row > page.bottom) return;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollUp(page.row, page.bottom, this.pen.eraser, false);
    page.column = 0;
    this.damageRows(page.row, page.bottom);
  }

  private scrollRows(count: i32): void {
    let page = this.page;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollUp(page.top, page.bottom, this.pen.eraser, false);
    this.damageRows(page.top, page.bottom);
  }

  private scrollRowsDown(count: i32): void {
    let page = this.page;
    for (let i = min(count, page.rows); i > 0; i--) page.grid.scrollDown(page.top, page.bottom, this.pen.eraser);
    this.damageRows(page.top, page.bottom);
  }

  private shiftColumns(count: i32, isInsert: bool): void {
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
  private eraseDisplay(which: i32, isSelective: bool): void {
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

  private eraseLine(which: i32, isSelective: bool): void {
    let page = this.page;
    page.restrict(page.columns, this.modes.isOrigin);
    if (which == 0) this.eraseCells(page.column, page.columns, isSelective);
    else if (which == 1) this.eraseCells(0, page.column + 1, isSelective);
    else if (which == 2) this.eraseCells(0, page.columns, isSelective);
  }

  private eraseCells(from: i32, to: i32, isSelective: bool): void {
    this.grid.erase(this.page.row, from, to, this.pen.eraser, isSelective);
    this.damage(this.page.row);
  }

  private eraseRow(row: i32, isSelective: bool): void {
    if (isSelective) this.grid.erase(row, 0, this.columns, this.pen.eraser, true);
    else this.grid.clearRow(row, this.pen.eraser);
  }

  // ── Settings and reports ─────────────────────────────────────────────────────────────────────────────────────────

  private configure(name: SequenceName): void {
    let value = this.parameters.value(0);
    switch (name) {
      case seq.SM:
      case seq.RM:
        this.setModes(name == seq.SM);
        break;
      case seq.DECSET:
      case seq.DECRST:
        this.setPrivateModes(name == seq.DECSET);
        break;
      case seq.DECSTBM:
        this.setMargins();
        break;
      case seq.TBC:
        if (value == 0) this.page.clearTab();
        else if (value == 3) this.page.clearTabs();
        break;
      case seq.SCOSC:
        this.saveCursor();
        break;
      case seq.SCORC:
        this.restoreCursor();
        break;
      case seq.DECSCUSR:
        if (value <= 6) this.cursorStyle = value;
        this.damage(this.page.row);
        break;
      case seq.DECSCA:
        if (value == 1) this.pen.style |= PROTECTED;
        else if (value == 0 || value == 2) this.pen.style &= ~PROTECTED;
        break;
      case seq.DECSTR:
        this.softReset();
        break;
      case seq.DA1:
        if (value == 0) this.answer(answers.primaryAttributes(this.answerText));
        break;
      case seq.DA2:
        if (value == 0) this.answer(answers.secondaryAttributes(this.answerText));
        break;
      case seq.DSR:
      case seq.DECDSR:
        this.reportStatus(value, name == seq.DECDSR);
        break;
      case seq.DECRQM:
        this.answer(answers.mode(this.answerText, value, this.privateState(value), true));
        break;
      case seq.RQM:
        this.answer(answers.mode(this.answerText, value, this.modeState(value), false));
        break;
    }
  }

  private answer(text: Text): void {
    this.listener.answer(text);
  }

  private reportStatus(value: i32, isPrivate: bool): void {
    let page = this.page;
    if (value == 5 && !isPrivate) this.answer(answers.isWell(this.answerText));
    else if (value == 6) {
      let row = this.modes.isOrigin ? page.row - page.top : page.row;
      this.answer(answers.cursorPosition(this.answerText, row + 1, min(page.column + 1, page.columns), isPrivate));
    }
  }

  private privateState(mode: i32): i32 {
    if (mode == 47 || mode == 1047 || mode == 1049) return this.isAlternate ? 1 : 2;
    return this.modes.privateState(mode);
  }

  private modeState(mode: i32): i32 {
    if (mode == 4) return this.modes.isInsert ? 1 : 2;
    return mode == 20 ? (this.modes.isNewLine ? 1 : 2) : 0;
  }

  private setMargins(): void {
    let page = this.page;
    let top = this.parameters.amount(0);
    let bottom = this.parameters.value(1);
    if (bottom == 0 || bottom > page.rows) bottom = page.rows;
    if (bottom <= top) return;
    page.top = top - 1;
    page.bottom = bottom - 1;
    this.moveTo(0, 0);
  }

  private setModes(isOn: bool): void {
    for (let i = 0; i < this.parameters.count; i++) {
      let mode = this.parameters.value(i);
      if (mode == 4) this.modes.isInsert = isOn;
      else if (mode == 20) this.modes.isNewLine = isOn;
    }
  }

  private setPrivateModes(isOn: bool): void {
    for (let i = 0; i < this.parameters.count; i++) this.setPrivateMode(this.parameters.value(i), isOn);
  }

  private setPrivateMode(mode: i32, isOn: bool): void {
    switch (mode) {
      case 6:
        this.modes.isOrigin = isOn;
        this.moveTo(0, 0);
        break;
      case 47:
      case 1047:
        this.showPage(isOn);
        break;
      case 1048:
        if (isOn) this.saveCursor();
        else this.restoreCursor();
        break;
      case 1049:
        if (isOn) this.saveCursor();
        this.showPage(isOn);
        if (!isOn) this.restoreCursor();
        break;
      default:
        if (this.modes.setPrivate(mode, isOn) && (mode == 5 || mode == 25)) this.damageAll();
    }
  }

  /** To the alternate screen, which starts out blank, or back to the main one. */
  private showPage(isAlternate: bool): void {
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

  private softReset(): void {
    this.modes.softReset();
    this.page.resetMargins();
    this.pen.reset();
    this.charsets = 0;
    this.shift(0);
    let saved = this.page.saved;
    saved.row = 0;
    saved.column = 0;
    saved.style = this.pen.style;
    saved.charsets = 0;
    saved.level = 0;
    saved.isOrigin = false;
    this.damageAll();
  }

  /** OSC: `0 ; TITLE` and `2 ; TITLE` name the window, the others are passed over. */
  protected override command(): void {
    this.lastPrinted = 0;
    if (this.textLength < 2 || this.text[1] != 0x3b || (this.text[0] != 0x30 && this.text[0] != 0x32)) return;
    this.title.clear().array(this.text, 2, this.textLength - 2);
  }

  // ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

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

function resetPage(page: Page): void {
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
