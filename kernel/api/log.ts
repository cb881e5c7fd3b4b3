// The kernel's log (`dmesg`). Lines of WARNING and worse show on the console, all of them with `egg run --trace`.

import { bytesAddress } from "memory/address";
import { Text } from "../lib/text";
import * as log from "../log/log";

/** A longer line is cut. */
const LONGEST: i32 = 1000;
const printed: Text = new Text(LONGEST);

/** One line to the console as it is, without time or level. */
export function print(text: string): void {
  printed.clear().string(text);
  if (printed.length == printed.capacity) printed.length--;
  printed.byte(0x0a);
  log.write(bytesAddress(printed.bytes), <u64>printed.length);
}

/** Something does not work. */
export function error(text: string): void {
  log.say(log.ERROR, text);
}

/** Something is not as it should be, and the rest goes on. */
export function warning(text: string): void {
  log.say(log.WARNING, text);
}

/** Worth a line in the log. */
export function info(text: string): void {
  log.say(log.INFO, text);
}

/** Begin a line that is made without allocating: `log.begin(log.INFO).string("edu: ").decimal(n); log.end();`. Nothing that blocks in between. */
export function begin(level: i32): Text {
  return log.begin(level);
}

export function end(): void {
  log.end();
}

export const ERROR: i32 = log.ERROR;
export const WARNING: i32 = log.WARNING;
export const INFO: i32 = log.INFO;
