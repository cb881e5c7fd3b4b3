// What tells keys apart in the sequences that xterm sends for them (xterm, "Control Sequences": PC-Style Function Keys):
//
//   ESC [ letter      cursor keys        ESC O letter   F1 to F4        ESC [ number ~   the others

import * as codes from "../abi/input-codes";

/** The key in the middle of the keypad. */
const KEY_KP5: u32 = codes.KEY_KP7 + 5;
/** For F1 to F12; 0: a letter of its own. */
const FUNCTION_NUMBERS: StaticArray<u32> = [0, 0, 0, 0, 15, 17, 18, 19, 20, 21, 23, 24];

/** The letter that ends the sequence of a cursor key, and of F1 to F4; 0: the key has none. */
export function finalLetter(code: u32): u32 {
  switch (code) {
    case codes.KEY_UP:
      return 0x41;
    case codes.KEY_DOWN:
      return 0x42;
    case codes.KEY_RIGHT:
      return 0x43;
    case codes.KEY_LEFT:
      return 0x44;
    case KEY_KP5:
      return 0x45;
    case codes.KEY_END:
      return 0x46;
    case codes.KEY_HOME:
      return 0x48;
    default:
      return code >= codes.KEY_F1 && code < codes.KEY_F1 + 4 ? 0x50 + code - codes.KEY_F1 : 0;
  }
}

/** The number in the sequence of an editing key, and of F5 to F12; 0: the key has none. */
export function sequenceNumber(code: u32): u32 {
  switch (code) {
    case codes.KEY_INSERT:
      return 2;
    case codes.KEY_DELETE:
      return 3;
    case codes.KEY_PAGEUP:
      return 5;
    case codes.KEY_PAGEDOWN:
      return 6;
    case codes.KEY_F11:
      return FUNCTION_NUMBERS[10];
    case codes.KEY_F12:
      return FUNCTION_NUMBERS[11];
    default:
      return code >= codes.KEY_F1 && code <= codes.KEY_F10 ? FUNCTION_NUMBERS[<i32>(code - codes.KEY_F1)] : 0;
  }
}
