// The text console and a program's pictures share one screen: a console in graphics mode does not write on it
// (man 2 ioctl_console, KDSETMODE).

import { closeSync, openSync } from "node:fs";
import { ioctlValue } from "../native/libc.ts";
import { KD_GRAPHICS, KD_TEXT, KDSETMODE } from "./abi.ts";

/** Where the console may be: the active virtual terminal, else the console device. */
const PLACES = ["/dev/tty0", "/dev/console"];

/** Holds the console in graphics mode until `release`. */
export class ConsoleGuard {
  #fd: number | undefined;

  constructor(isWanted: boolean) {
    if (!isWanted) return;
    for (const path of PLACES) {
      try {
        this.#fd = openSync(path, "r+");
      } catch {
        continue;
      }
      // A console that is no screen (a serial line) knows no such request: then there is nothing to keep away.
      if (ioctlValue(this.#fd, KDSETMODE, KD_GRAPHICS)) return;
      closeSync(this.#fd);
      this.#fd = undefined;
    }
  }

  release(): void {
    if (this.#fd === undefined) return;
    ioctlValue(this.#fd, KDSETMODE, KD_TEXT);
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
