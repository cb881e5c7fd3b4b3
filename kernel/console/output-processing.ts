// What happens to a terminal's output on its way to the device (man 3 termios, "c_oflag"): newlines, tabs, and the
// cursor's column, which tabs and erasing need to know. Pure: bytes in, bytes out through `emit`.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS } from "../abi/termios";
import { Termios } from "./termios";

export const BACKSPACE: u32 = 8;
export const TAB: u32 = 9;
export const NEWLINE: u32 = 10;
export const RETURN: u32 = 13;
export const DELETE: u32 = 127;
const SPACE: u32 = 0x20;
/** The most bytes that one byte becomes: a tab expanded. */
const WIDEST: u32 = 8;

const oneByte = new StaticArray<u8>(1);

export class OutputProcessing {
  termios: Termios = new Termios();
  /** Where the cursor is. */
  column: u32 = 0;

  /** Bytes for the screen, already processed. */
  emit(_address: u64, _length: u32): void {}

  /** Bytes that `emit` can take without loss. */
  get outputRoom(): u32 {
    return u32.MAX_VALUE;
  }

  /** Bytes that the program writes, from a kernel-virtual address. Returns how many there was room for. */
  processBytes(address: u64, length: u32): u32 {
    let termios = this.termios;
    if (!termios.isOutput(OPOST)) {
      let taken = min(length, this.outputRoom);
      if (taken > 0) this.emit(address, taken);
      return taken;
    }
    let isUtf8 = termios.isInput(IUTF8);
    let hasCase = termios.isOutput(OLCUC);
    let done: u32 = 0;
    while (done < length) {
      // Most output is runs of bytes that stay as they are.
      let limit = min(length - done, this.outputRoom);
      let run: u32 = 0;
      let cells: u32 = 0;
      while (run < limit) {
        let byte = mem.load8(address + <u64>(done + run));
        if (byte < SPACE || byte == DELETE || hasCase) break;
        if (!isUtf8 || (byte & 0xc0) != 0x80) cells++;
        run++;
      }
      if (run > 0) {
        this.column += cells;
        this.emit(address + <u64>done, run);
        done += run;
        continue;
      }
      if (this.outputRoom < WIDEST) break;
      this.process(mem.load8(address + <u64>done));
      done++;
    }
    return done;
  }

  /** One byte that the program writes, or an echo. */
  process(raw: u32): void {
    let termios = this.termios;
    let byte = raw;
    if (!termios.isOutput(OPOST)) {
      this.emitByte(byte);
      return;
    }
    switch (byte) {
      case NEWLINE:
        if (termios.isOutput(ONLRET) || termios.isOutput(ONLCR)) this.column = 0;
        if (termios.isOutput(ONLCR)) this.emitByte(RETURN);
        break;
      case RETURN:
        if (termios.isOutput(ONOCR) && this.column == 0) return;
        if (termios.isOutput(OCRNL)) {
          byte = NEWLINE;
          if (termios.isOutput(ONLRET)) this.column = 0;
          break;
        }
        this.column = 0;
        break;
      case TAB: {
        let spaces = 8 - (this.column & 7);
        this.column += spaces;
        if ((termios.outputFlags & TABDLY) == XTABS) {
          for (; spaces > 0; spaces--) this.emitByte(SPACE);
          return;
        }
        break;
      }
      case BACKSPACE:
        if (this.column > 0) this.column--;
        break;
      default:
        if (termios.isOutput(OLCUC) && byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
        if (byte >= SPACE && byte != DELETE && (!termios.isInput(IUTF8) || (byte & 0xc0) != 0x80)) this.column++;
    }
    this.emitByte(byte);
  }

  /** A byte for the screen, past processing. */
  emitByte(byte: u32): void {
    oneByte[0] = <u8>byte;
    this.emit(bytesAddress(oneByte), 1);
  }
}
