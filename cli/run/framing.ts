// How standard input travels over a serial line, which has no end of file, no window size and no signals.
//
// Every byte stands for itself but DLE (0x10), which opens a message (docs/command-line.md, "Standard input"):
//
//   DLE DLE             the byte 0x10 itself
//   DLE EOT(0x04)       end of input: further reads give 0
//   DLE 's' N           signal number N (one byte) to the program
//   DLE 'w' CL CH RL RH terminal size: columns and rows, 16 bits each, low byte first; SIGWINCH follows
//
// Output is plain but for one message, which a kernel that was started from a disc or a disk is asked for:
//
//   DLE STX(0x02)       here the kernel begins; what was before came from firmware and loaders
//
// The line is flow-controlled by the UART itself: while the guest does not read, QEMU waits, and so do we.

import { Transform, type TransformCallback } from "node:stream";

export const DLE = 0x10;
export const EOT = 0x04;
const STX = 0x02;
/** More than firmware and loaders say; when no mark comes by then, there is none. */
const LONGEST_PREAMBLE = 1 << 20;

/** Data bytes, each DLE doubled. */
export function frameData(data: Uint8Array): Uint8Array {
  let escapes = 0;
  for (const byte of data) if (byte === DLE) escapes++;
  if (escapes === 0) return data;
  const out = new Uint8Array(data.length + escapes);
  let to = 0;
  for (const byte of data) {
    if (byte === DLE) out[to++] = DLE;
    out[to++] = byte;
  }
  return out;
}

export function frameEnd(): Uint8Array {
  return Uint8Array.of(DLE, EOT);
}

export function frameSignal(signal: number): Uint8Array {
  return Uint8Array.of(DLE, 0x73, signal & 0xff);
}

export function frameWindow(columns: number, rows: number): Uint8Array {
  return Uint8Array.of(DLE, 0x77, columns & 0xff, (columns >> 8) & 0xff, rows & 0xff, (rows >> 8) & 0xff);
}

/** Passes on what follows the mark; all of it, should the mark not come. */
export class AfterMark extends Transform {
  #held: Buffer | null = Buffer.alloc(0);

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#held === null) {
      done(null, chunk);
      return;
    }
    this.#held = Buffer.concat([this.#held, chunk]);
    const at = this.#held.indexOf(Uint8Array.of(DLE, STX));
    if (at < 0 && this.#held.length < LONGEST_PREAMBLE) {
      done();
      return;
    }
    const rest = at < 0 ? this.#held : this.#held.subarray(at + 2);
    this.#held = null;
    done(null, rest);
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#held);
  }
}
