// What the terminal answers to queries (VT510 manual, xterm's "Control Sequences").

import { Text } from "../../lib/text";

function begin(text: Text): Text {
  return text.clear().byte(0x1b).byte(0x5b);
}

/** DA: a VT100 with the advanced video option, as xterm.js says. */
export function primaryAttributes(text: Text): Text {
  return begin(text).string("?1;2c");
}

/** DA2: a VT100-like terminal that behaves as xterm 276. */
export function secondaryAttributes(text: Text): Text {
  return begin(text).string(">0;276;0c");
}

/** DSR 5: no fault. */
export function isWell(text: Text): Text {
  return begin(text).string("0n");
}

/** CPR and DECXCPR; both count from 1. */
export function cursorPosition(text: Text, row: i32, column: i32, isPrivate: bool): Text {
  begin(text);
  if (isPrivate) text.byte(0x3f);
  return text.signed(row).byte(0x3b).signed(column).byte(0x52);
}

/** DECRPM. */
export function mode(text: Text, number: i32, state: i32, isPrivate: bool): Text {
  begin(text);
  if (isPrivate) text.byte(0x3f);
  return text.signed(number).byte(0x3b).signed(state).string("$y");
}
