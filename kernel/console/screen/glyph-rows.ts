// A cell's picture: rows of bits from the font, with marks, bold, slant, lines and the cursor.

import {
  BOLD,
  CODE_MASK,
  FIRST_MARK_SHIFT,
  ITALIC,
  MARK_MASK,
  OVERLINE,
  SECOND_MARK_SHIFT,
  SPACER,
  STRIKE,
  UNDERLINE,
  UNDERLINE_SHIFT,
  WIDE,
} from "../terminal/cell";
import * as font from "./font";
import { CURSOR_BAR, CURSOR_UNDERLINE } from "./surface";

const DOUBLE: u64 = 2;
const CURLY: u64 = 3;
const DOTTED: u64 = 4;
const DASHED: u64 = 5;

/** Rows of the cell drawn last: `height` of `width` bits. */
export const rows: StaticArray<u32> = new StaticArray<u32>(font.LARGE_HEIGHT);
/** The cell's size: the small font's or the large one's. */
let isLarge: bool = false;
let width: i32 = font.SMALL_WIDTH;
let height: i32 = font.SMALL_HEIGHT;

function full(): u32 {
  return <u32>((1 << width) - 1);
}

/** Fill `rows` with a cell (words as in terminal/cell.ts). */
export function compose(glyph: u64, style: u64, large: bool): void {
  isLarge = large;
  width = large ? font.LARGE_WIDTH : font.SMALL_WIDTH;
  height = large ? font.LARGE_HEIGHT : font.SMALL_HEIGHT;
  letters(glyph);
  if ((style & BOLD) != 0) embolden();
  if ((style & ITALIC) != 0) slant();
  if ((style & UNDERLINE) != 0) underline((style >> UNDERLINE_SHIFT) & 7);
  if ((style & STRIKE) != 0) line(height / 2, full());
  if ((style & OVERLINE) != 0) line(0, full());
  if ((glyph & CURSOR_UNDERLINE) != 0) invert(height - height / 8, height, full());
  if ((glyph & CURSOR_BAR) != 0) invert(0, height, full() & ~(full() >> <u32>(width / 8)));
}

function letters(glyph: u64): void {
  for (let y = 0; y < height; y++) rows[y] = 0;
  let code = <u32>(glyph & CODE_MASK);
  if ((glyph & (WIDE | SPACER)) != 0) {
    if (code != 0x3000) halfBox((glyph & WIDE) != 0);
    return;
  }
  if (code <= 0x20) return;
  let first = <u32>((glyph >> FIRST_MARK_SHIFT) & MARK_MASK);
  let second = <u32>((glyph >> SECOND_MARK_SHIFT) & MARK_MASK);
  code = joined(code, first);
  if (second != 0) joined(code, second);
  add(font.glyphOrReplacement(code));
}

/** The character that both make; where the font has none, the mark is drawn over. */
function joined(code: u32, mark: u32): u32 {
  if (mark == 0) return code;
  let both = font.composed(code, mark);
  if (both != 0) return both;
  let glyph = font.glyphOf(mark);
  if (glyph >= 0) add(glyph);
  return code;
}

function add(glyph: i32): void {
  for (let y = 0; y < height; y++) rows[y] |= isLarge ? font.largeRow(glyph, y) : font.smallRow(glyph, y);
}

/** The font has no wide characters: a box over two cells stands for them. */
function halfBox(isLeft: bool): void {
  let edge = height / 8;
  let side: u32 = isLeft ? <u32>(1 << (width - 2)) : 2;
  let inside = isLeft ? full() >> 1 : full() & ~1;
  for (let y = edge; y < height - edge; y++) {
    rows[y] = y == edge || y == height - edge - 1 ? inside : side;
  }
}

function embolden(): void {
  for (let y = 0; y < height; y++) rows[y] |= rows[y] >> 1;
}

/** The upper part to the right, the lower to the left. */
function slant(): void {
  let third = height / 3;
  for (let y = 0; y < height; y++) {
    if (y < third) rows[y] >>= 1;
    else if (y >= height - third) rows[y] = (rows[y] << 1) & full();
  }
}

function line(y: i32, pattern: u32): void {
  let thickness = isLarge ? 2 : 1;
  for (let i = 0; i < thickness; i++) rows[y + i] |= pattern;
}

function underline(how: u64): void {
  let y = height - height / 8;
  if (how == CURLY) {
    // A wave: two rows that take turns, two pixels each.
    let wave: u32 = isLarge ? 0xf0f0 : 0xcc;
    line(y - (isLarge ? 2 : 1), wave);
    line(y, ~wave & full());
  } else if (how == DOTTED) line(y, isLarge ? 0xcccc : 0xaa);
  else if (how == DASHED) line(y, isLarge ? 0xfcfc : 0xee);
  else line(y, full());
  if (how == DOUBLE) line(y - (isLarge ? 4 : 2), full());
}

function invert(from: i32, to: i32, pattern: u32): void {
  for (let y = from; y < to; y++) rows[y] ^= pattern;
}
