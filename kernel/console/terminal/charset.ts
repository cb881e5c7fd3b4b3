// Character sets that take the place of ASCII's: what ESC ( and SO, SI choose.

/** `ESC ( B`, `ESC ( 0`, `ESC ( A`. */
export const enum Charset {
  ASCII,
  SPECIAL_GRAPHICS,
  UNITED_KINGDOM,
}

/** DEC special graphics, for 0x60 to 0x7e: VT220 Programmer Reference Manual, table 2-4. */
const SPECIAL_GRAPHICS: StaticArray<u32> = [
  0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0xb0, 0xb1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c,
  0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0, 0x2260, 0xa3,
  0xb7,
];
const FIRST_SPECIAL: u32 = 0x60;
const LAST_SPECIAL: u32 = 0x7e;

/** The character that `code` stands for. */
export function translate(charset: Charset, code: u32): u32 {
  if (charset == Charset.SPECIAL_GRAPHICS) {
    return code >= FIRST_SPECIAL && code <= LAST_SPECIAL ? SPECIAL_GRAPHICS[code - FIRST_SPECIAL] : code;
  }
  return charset == Charset.UNITED_KINGDOM && code == 0x23 ? 0xa3 : code;
}

/** The set that a final byte names; ASCII for those that are not here. */
export function charsetNamed(final: u32): Charset {
  if (final == 0x30) return Charset.SPECIAL_GRAPHICS; // 0
  return final == 0x41 ? Charset.UNITED_KINGDOM : Charset.ASCII; // A
}
