// A file image as a list of pieces: what a writer returns instead of one large buffer, so that 120 MB of
// root file system need not pass through memory more than once. Between pieces there are zeros.

import {
  closeSync,
  copyFileSync,
  constants as fsConstants,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";

export type Piece =
  | { offset: number; bytes: Uint8Array }
  /** `length` bytes of the file at `path`, from its beginning or from `from`. */
  | { offset: number; path: string; length: number; from?: number };

export interface Image {
  size: number;
  pieces: Piece[];
}

/** The same image, placed at `offset` inside a larger one. */
export function shiftPieces(pieces: Piece[], offset: number): Piece[] {
  return pieces.map((piece) => ({ ...piece, offset: piece.offset + offset }));
}

const CHUNK = 4 << 20;

function copyInto(output: number, piece: Extract<Piece, { path: string }>, buffer: Buffer): void {
  const input = openSync(piece.path, "r");
  try {
    let done = 0;
    while (done < piece.length) {
      const count = readSync(input, buffer, 0, Math.min(CHUNK, piece.length - done), (piece.from ?? 0) + done);
      if (count === 0) throw new Error(`${piece.path} is shorter than the ${piece.length} bytes it had`);
      writeFully(output, buffer.subarray(0, count), piece.offset + done);
      done += count;
    }
  } finally {
    closeSync(input);
  }
}

function writeFully(output: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(output, bytes, done, bytes.length - done, position + done);
}

/** Write the image to `path`. With `start`, that file is copied first and the pieces go over it. */
export function writeImage(path: string, image: Image, start?: string): void {
  if (start !== undefined) copyFileSync(start, path, fsConstants.COPYFILE_FICLONE);
  const output = openSync(path, start === undefined ? "w" : "r+", 0o755);
  try {
    let buffer: Buffer | undefined;
    for (const piece of image.pieces) {
      if ("bytes" in piece) {
        writeFully(output, piece.bytes, piece.offset);
      } else {
        buffer ??= Buffer.allocUnsafe(CHUNK);
        copyInto(output, piece, buffer);
      }
    }
    ftruncateSync(output, image.size);
  } finally {
    closeSync(output);
  }
}

/** The whole image in memory: for tests and small images. */
export function imageBytes(image: Image): Buffer {
  const out = Buffer.alloc(image.size);
  for (const piece of image.pieces) {
    if ("bytes" in piece) {
      out.set(piece.bytes, piece.offset);
    } else {
      const input = openSync(piece.path, "r");
      try {
        let done = 0;
        while (done < piece.length) {
          const count = readSync(input, out, piece.offset + done, piece.length - done, (piece.from ?? 0) + done);
          if (count === 0) break;
          done += count;
        }
      } finally {
        closeSync(input);
      }
    }
  }
  return out;
}
