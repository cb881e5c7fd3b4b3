// A terminal as xterm and DEC's VT series are: bytes in, cells and answers out. A model without hardware: the screen
// (console/screen) draws what it says is damaged.
//
//   Parser ─► Display (pages, cursor, damage) ─► Writing (characters) ─► Editing (lines, cells) ─► Terminal (which sequence does what)
//
// Rules of use: nothing allocates but the constructor and `resize`; every input is accepted, and what is not understood
// changes nothing. Where terminals differ it does what xterm.js does, the model that it is tested against.

import { Text } from "../../lib/text";
import { PROTECTED } from "./cell";
import { charsetNamed } from "./charset";
import { resetPage } from "./display";
import { Editing } from "./editing";
import { SequenceName } from "./parser";
import * as answers from "./answers";
import * as seq from "./sequences";

export { TerminalListener } from "./display";

export class Terminal extends Editing {
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

  protected override control(name: SequenceName): void {
    let repeated = this.lastPrinted;
    this.lastPrinted = 0;
    if (name == seq.REP) this.repeat(repeated);
    else if (name == seq.SGR) this.pen.apply(this.parameters);
    else if (!this.move(name) && !this.edit(name)) this.configure(name);
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
}
