// What shows the console beside the line that it is on: a screen, and whatever else registers here.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";

const NEWLINE: u32 = 0x0a;
const lineEnd: StaticArray<u8> = [0x0d, 0x0a];

/** Shows what is written to the console. Override what matters; nothing here may block. */
export class ConsoleBackend {
  /** Bytes that the terminal sends, at a kernel-virtual address. All of them must be taken. */
  write(_address: u64, _length: u64): void {}

  /** The same for text in which a newline alone ends a line: what streams and the kernel's log have. */
  writeLines(address: u64, length: u64): void {
    let start: u64 = 0;
    for (let i: u64 = 0; i < length; i++) {
      if (mem.load8(address + i) != NEWLINE) continue;
      if (i > start) this.write(address + start, i - start);
      this.write(bytesAddress(lineEnd), 2);
      start = i + 1;
    }
    if (length > start) this.write(address + start, length - start);
  }

  /** What a program writes to standard output or error when those are streams, no terminal. */
  writeStream(address: u64, length: u64): void {
    this.writeLines(address, length);
  }

  /** The terminal's window has this size now. */
  resize(_columns: u32, _rows: u32): void {}
}

const backends: Array<ConsoleBackend> = [] as ConsoleBackend[];

/** Let a backend show the console from now on. */
export function registerBackend(backend: ConsoleBackend): void {
  backends.push(backend);
}

/** To all of them. */
export function writeToBackends(address: u64, length: u64): void {
  for (let i = 0; i < backends.length; i++) backends[i].write(address, length);
}

export function writeStreamToBackends(address: u64, length: u64): void {
  for (let i = 0; i < backends.length; i++) backends[i].writeStream(address, length);
}

export function resizeBackends(columns: u32, rows: u32): void {
  for (let i = 0; i < backends.length; i++) backends[i].resize(columns, rows);
}
