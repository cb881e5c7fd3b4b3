// What is printed on the keys: for each layout the characters of 48 keys, four rows, at each shift level.
//
//   row 1   KEY_GRAVE, KEY_1 … KEY_EQUAL             13 keys
//   row 2   KEY_Q … KEY_RIGHTBRACE                   12
//   row 3   KEY_A … KEY_APOSTROPHE, KEY_BACKSLASH    12
//   row 4   KEY_102ND, KEY_Z … KEY_SLASH             11
//
// Levels: plain, Shift, AltGr, Shift and AltGr (ISO/IEC 9995-2). A combining character (U+03xx) stands for a dead key.

import {
  KEY_102ND,
  KEY_1,
  KEY_A,
  KEY_APOSTROPHE,
  KEY_BACKSLASH,
  KEY_EQUAL,
  KEY_GRAVE,
  KEY_Q,
  KEY_RIGHTBRACE,
  KEY_SLASH,
  KEY_Z,
} from "../abi/input-codes";

const ROWS: i32 = 4;

/** xkb-data 2.35, symbols/us "basic". */
const US: StaticArray<string> = [
  "`1234567890-=",
  "qwertyuiop[]",
  "asdfghjkl;'\\",
  "<zxcvbnm,./",
  "~!@#$%^&*()_+",
  "QWERTYUIOP{}",
  'ASDFGHJKL:"|',
  ">ZXCVBNM<>?",
];
/** xkb-data 2.35, symbols/gb "basic". */
const GB: StaticArray<string> = [
  "`1234567890-=",
  "qwertyuiop[]",
  "asdfghjkl;'#",
  "\\zxcvbnm,./",
  '¬!"£$%^&*()_+',
  "QWERTYUIOP{}",
  "ASDFGHJKL:@~",
  "|ZXCVBNM<>?",
  "|¹²³€½¾{[]}\\\u0327",
  "@ſe¶ŧ←↓→øþ\u0308\u0303",
  "æßðđŋħ\u0309ĸł\u0301\u0302\u0300",
  "|«»¢„“”µ•·\u0323",
  "|¡⅛£¼⅜⅝⅞™±°¿\u0328",
  "Ω§E®Ŧ¥↑ıØÞ\u030a\u0304",
  "ÆẞÐªŊĦ\u031b&Ł\u030b\u030c\u0306",
  "¦<>©‚‘’º×÷\u0307",
];
/** xkb-data 2.35, symbols/de "basic". */
const DE: StaticArray<string> = [
  "\u03021234567890ß\u0301",
  "qwertzuiopü+",
  "asdfghjklöä#",
  "<yxcvbnm,.-",
  '°!"§$%&/()=?\u0300',
  "QWERTZUIOPÜ*",
  "ASDFGHJKLÖÄ'",
  ">YXCVBNM;:_",
  "′¹²³¼½¬{[]}\\\u0327",
  "@ſ€¶ŧ←↓→øþ\u0308~",
  "æſðđŋħ\u0323ĸł\u030b\u0302’",
  "|»«¢„“”µ·…–",
  "″¡⅛£¤⅜⅝⅞™±°¿\u0328",
  "Ω§€®Ŧ¥↑ıØÞ\u030a¯",
  "ÆẞÐªŊĦ\u0307&Ł\u0323\u030c\u0306",
  "\u0331›‹©‚‘’º×÷—",
];
/** xkb-data 2.35, symbols/fr "basic". */
const FR: StaticArray<string> = [
  "²&é\"'(-è_çà)=",
  "azertyuiop\u0302$",
  "qsdfghjklmù*",
  "<wxcvbn,;:!",
  "~1234567890°+",
  "AZERTYUIOP\u0308£",
  "QSDFGHJKLM%µ",
  ">WXCVBN?./§",
  "¬¹~#{[|`\\^@]}",
  "æ«€¶ŧ←↓→øþ\u0308¤",
  "@ßðđŋħ\u0309ĸłµ\u0302\u0300",
  "|ł»¢„“”\u0301•·\u0323",
  "¬¡⅛£$⅜⅝⅞™±°¿\u0328",
  "Æ<¢®Ŧ¥↑ıØÞ\u030a\u0304",
  "ΩẞÐªŊĦ\u031b&Łº\u030c\u0306",
  "¦Ł>©‚‘’\u030b×÷\u0307",
];

export class Layout {
  constructor(
    /** "de". */
    readonly name: string,
    private readonly rows: StaticArray<string>,
    /** What the keypad's decimal key types. */
    readonly decimal: u32,
  ) {}

  /** Whether the right Alt key is AltGr. */
  get hasThirdLevel(): bool {
    return this.rows.length > 2 * ROWS;
  }

  /** The character of a key at a level (0 to 3); a combining character is a dead key; 0: the key has none. */
  character(code: u32, level: i32): u32 {
    let row = 0;
    let column: u32 = 0;
    if (code == KEY_GRAVE) column = 0;
    else if (code >= KEY_1 && code <= KEY_EQUAL) column = code - KEY_1 + 1;
    else {
      row++;
      if (code >= KEY_Q && code <= KEY_RIGHTBRACE) column = code - KEY_Q;
      else {
        row++;
        if (code >= KEY_A && code <= KEY_APOSTROPHE) column = code - KEY_A;
        else if (code == KEY_BACKSLASH) column = KEY_APOSTROPHE - KEY_A + 1;
        else {
          row++;
          if (code == KEY_102ND) column = 0;
          else if (code >= KEY_Z && code <= KEY_SLASH) column = code - KEY_Z + 1;
          else return 0;
        }
      }
    }
    let place = level * ROWS + row;
    return place < this.rows.length ? <u32>this.rows[place].charCodeAt(<i32>column) : 0;
  }
}

const layouts: StaticArray<Layout> = [
  new Layout("us", US, 0x2e),
  new Layout("gb", GB, 0x2e),
  new Layout("de", DE, 0x2c),
  new Layout("fr", FR, 0x2e),
];

/** The layout of that name; null when there is none. */
export function findLayout(name: StaticArray<u8>): Layout | null {
  for (let i = 0; i < layouts.length; i++) {
    let known = layouts[i].name;
    if (known.length == name.length && isSame(known, name)) return layouts[i];
  }
  return null;
}

/** The layout where nobody chose one: us. */
export function defaultLayout(): Layout {
  return layouts[0];
}

function isSame(text: string, bytes: StaticArray<u8>): bool {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) != <i32>bytes[i]) return false;
  return true;
}
