// The console's font: Terminus, 8x16 and 16x32 pixels, made into tables by tools/tables. A glyph is found by its
// character; rows come as bits, the leftmost pixel highest.

import { PAIR, PAIR_COMPOSED } from "../../../build/generated/characters";
import { LARGE_GLYPHS, RUN_FIRST, RUN_GLYPH, RUN_LAST, SMALL_GLYPHS } from "../../../build/generated/font";

export const SMALL_WIDTH: i32 = 8;
export const SMALL_HEIGHT: i32 = 16;
export const LARGE_WIDTH: i32 = 16;
export const LARGE_HEIGHT: i32 = 32;
/** What stands for characters without a glyph. */
const REPLACEMENT: u32 = 0xfffd;
const NONE: i32 = -1;

/** Where a key stands in an ordered table, -1 for nowhere. */
function find(table: StaticArray<u32>, key: u32): i32 {
  let low = 0;
  let high = table.length;
  while (low < high) {
    let middle = (low + high) >> 1;
    if (table[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low < table.length && table[low] == key ? low : NONE;
}

/** A character's glyph, -1 when it has none. */
export function glyphOf(code: u32): i32 {
  let low = 0;
  let high = RUN_LAST.length;
  while (low < high) {
    let middle = (low + high) >> 1;
    if (RUN_LAST[middle] < code) low = middle + 1;
    else high = middle;
  }
  if (low == RUN_LAST.length || RUN_FIRST[low] > code) return NONE;
  return <i32>(RUN_GLYPH[low] + code - RUN_FIRST[low]);
}

/** The glyph of whatever is to be shown. */
export function glyphOrReplacement(code: u32): i32 {
  let glyph = glyphOf(code);
  return glyph == NONE ? glyphOf(similar(code)) : glyph;
}

/** Another character that looks much the same. */
function similar(code: u32): u32 {
  // Box drawings with dashes: lines without.
  if (code >= 0x2504 && code <= 0x250b) return 0x2500 + ((code - 0x2504) & 3);
  if (code >= 0x254c && code <= 0x254f) return 0x2500 + ((code - 0x254c) & 3);
  switch (code) {
    case 0x2010: // hyphens and dashes
    case 0x2011:
    case 0x2012:
      return 0x2013;
    case 0x202f: // narrow and ideographic blanks
    case 0x205f:
    case 0x3000:
      return 0x20;
    case 0x2212: // minus
      return 0x2013;
    case 0x25b8: // small triangles
    case 0x25b9:
      return 0x25ba;
    case 0x25be:
    case 0x25bf:
      return 0x25bc;
    case 0x25c2:
    case 0x25c3:
      return 0x25c4;
    case 0x23ba: // DEC's horizontal scan lines 1, 3, 7 and 9
    case 0x23bb:
    case 0x23bc:
    case 0x23bd:
      return 0x2500;
    case 0x2714: // heavy marks
      return 0x2713;
    default:
      return REPLACEMENT;
  }
}

/** The character of the font that a character and a mark make; 0 when there is none. */
export function composed(base: u32, mark: u32): u32 {
  if (base > 0xffff) return 0;
  let at = find(PAIR, (base << 16) | mark);
  return at == NONE ? 0 : PAIR_COMPOSED[at];
}

/** Row `y` of a glyph in the small font, 8 bits. */
export function smallRow(glyph: i32, y: i32): u32 {
  return <u32>(SMALL_GLYPHS[glyph * 2 + (y >> 3)] >> <u64>((y & 7) * 8)) & 0xff;
}

/** Row `y` of a glyph in the large font, 16 bits. */
export function largeRow(glyph: i32, y: i32): u32 {
  return <u32>(LARGE_GLYPHS[glyph * 8 + (y >> 2)] >> <u64>((y & 3) * 16)) & 0xffff;
}
