// Select Graphic Rendition: what colours and attributes the next characters get (ECMA-48 §8.3.117, and xterm's
// control sequences for colours: `38;5;N`, `38;2;R;G;B`, and the colon forms of ITU-T T.416).

import {
  BACKGROUND,
  BACKGROUND_SHIFT,
  BLINK,
  BOLD,
  COLOR_INDEXED,
  COLOR_MASK,
  COLOR_RGB,
  DIM,
  INVERSE,
  INVISIBLE,
  ITALIC,
  OVERLINE,
  PLAIN,
  PROTECTED,
  STRIKE,
  UNDERLINE,
  UNDERLINE_SHIFT,
} from "./cell";
import { ABSENT, Parameters } from "./parameters";

const SINGLE: u64 = 1;
const DOUBLE: u64 = 2;
const DASHED: u64 = 5;
const BY_RGB: i32 = 2;
const BY_INDEX: i32 = 5;
const FOREGROUND_BY: i32 = 38;
const BACKGROUND_BY: i32 = 48;
const UNDERLINE_COLOR_BY: i32 = 58;

export class Pen {
  /** The style word of what is written next. */
  style: u64 = PLAIN;

  /** The style of what is erased: background alone. */
  get eraser(): u64 {
    return this.style & BACKGROUND;
  }

  reset(): void {
    this.style = PLAIN;
  }

  /** All parameters of an SGR. */
  apply(parameters: Parameters): void {
    for (let i = 0; i < parameters.count; i++) {
      let value = parameters.value(i);
      if (value == FOREGROUND_BY || value == BACKGROUND_BY || value == UNDERLINE_COLOR_BY) {
        i += this.extended(parameters, i);
      } else if (value == 4) this.underline(parameters.partsOf(i) > 0 ? <u64>parameters.part(i, 0) : SINGLE);
      else this.simple(value);
    }
  }

  private set(bits: u64): void {
    this.style |= bits;
  }

  private clear(bits: u64): void {
    this.style &= ~bits;
  }

  private foreground(color: u64): void {
    this.style = (this.style & ~COLOR_MASK) | color;
  }

  private background(color: u64): void {
    this.style = (this.style & ~BACKGROUND) | (color << BACKGROUND_SHIFT);
  }

  private underline(how: u64): void {
    this.clear(UNDERLINE);
    this.set((how > DASHED ? SINGLE : how) << UNDERLINE_SHIFT);
  }

  private simple(value: i32): void {
    if (value >= 30 && value <= 37) this.foreground(COLOR_INDEXED | <u64>(value - 30));
    else if (value >= 40 && value <= 47) this.background(COLOR_INDEXED | <u64>(value - 40));
    else if (value >= 90 && value <= 97) this.foreground(COLOR_INDEXED | <u64>(value - 90 + 8));
    else if (value >= 100 && value <= 107) this.background(COLOR_INDEXED | <u64>(value - 100 + 8));
    else this.attribute(value);
  }

  private attribute(value: i32): void {
    switch (value) {
      case 0:
        this.style &= PROTECTED;
        break;
      case 1:
        this.set(BOLD);
        break;
      case 2:
        this.set(DIM);
        break;
      case 3:
        this.set(ITALIC);
        break;
      case 5:
      case 6:
        this.set(BLINK);
        break;
      case 7:
        this.set(INVERSE);
        break;
      case 8:
        this.set(INVISIBLE);
        break;
      case 9:
        this.set(STRIKE);
        break;
      case 21:
        this.underline(DOUBLE);
        break;
      case 22:
        this.clear(BOLD | DIM);
        break;
      case 23:
        this.clear(ITALIC);
        break;
      case 24:
        this.clear(UNDERLINE);
        break;
      case 25:
        this.clear(BLINK);
        break;
      case 27:
        this.clear(INVERSE);
        break;
      case 28:
        this.clear(INVISIBLE);
        break;
      case 29:
        this.clear(STRIKE);
        break;
      case 39:
        this.foreground(0);
        break;
      case 49:
        this.background(0);
        break;
      case 53:
        this.set(OVERLINE);
        break;
      case 55:
        this.clear(OVERLINE);
        break;
    }
  }

  /**
   * 38, 48, 58: a colour by index or by its parts. With semicolons they are the next parameters, with colons parts of this
   * one (a colour space may stand before red, green and blue). Returns how many further parameters it took.
   */
  private extended(parameters: Parameters, at: i32): i32 {
    let parts = parameters.partsOf(at);
    let mode = 0;
    let first = 0;
    let second = 0;
    let third = 0;
    let taken = 0;
    if (parts > 0) {
      mode = parameters.part(at, 0);
      let skipped = mode == BY_RGB && parts >= 5 ? 2 : 1;
      first = partOr0(parameters, at, skipped);
      second = partOr0(parameters, at, skipped + 1);
      third = partOr0(parameters, at, skipped + 2);
    } else if (at + 1 < parameters.count) {
      mode = parameters.value(at + 1);
      let wanted = mode == BY_RGB ? 4 : mode == BY_INDEX ? 2 : 1;
      taken = min(wanted, parameters.count - at - 1);
      first = parameters.value(at + 2);
      second = parameters.value(at + 3);
      third = parameters.value(at + 4);
    }
    let color: u64 = 0;
    if (mode == BY_RGB) color = COLOR_RGB | <u64>(((first & 0xff) << 16) | ((second & 0xff) << 8) | (third & 0xff));
    else if (mode == BY_INDEX) color = COLOR_INDEXED | <u64>(first & 0xff);
    else return taken;
    if (parameters.value(at) == FOREGROUND_BY) this.foreground(color);
    else if (parameters.value(at) == BACKGROUND_BY) this.background(color);
    return taken;
  }
}

function partOr0(parameters: Parameters, at: i32, which: i32): i32 {
  if (which >= parameters.partsOf(at)) return 0;
  let part = parameters.part(at, which);
  return part == ABSENT ? 0 : part;
}
