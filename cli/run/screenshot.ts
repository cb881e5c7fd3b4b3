// A picture of the guest's screen as a PNG file.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { asRefusal, EXIT_SOFTWARE, Failure } from "../failure.ts";
import { shown } from "../image/target.ts";
import type { Monitor } from "./monitor.ts";

export interface Picture {
  width: number;
  height: number;
  /** Red, green and blue, a byte each, row by row. */
  data: Uint8Array;
}

/** Read a binary portable pixmap (`P6`), what QEMU's screendump writes. */
export function readPixmap(bytes: Buffer): Picture {
  const header = /^P6\s+(?:#.*\s+)*(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString("latin1", 0, 200));
  if (!header) throw new Failure("QEMU's picture is not one that egg can read", { status: EXIT_SOFTWARE });
  const [width, height] = [Number(header[1]), Number(header[2])];
  const data = bytes.subarray(header[0].length, header[0].length + width * height * 3);
  if (data.length < width * height * 3) throw new Failure("QEMU's picture is cut off", { status: EXIT_SOFTWARE });
  return { width, height, data };
}

/** The guest's screen as it is now. */
export async function takePicture(monitor: Monitor): Promise<Picture> {
  const folder = mkdtempSync(join(tmpdir(), "egg-screen-"));
  try {
    const path = join(folder, "screen.ppm");
    await monitor.run("screendump", { filename: path });
    return readPixmap(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function writePicture(path: string, { width, height, data }: Picture): void {
  try {
    writeFileSync(path, encode({ width, height, data, channels: 3, depth: 8 }));
  } catch (error) {
    throw asRefusal(error) ?? new Failure(`${shown(path)}: the picture cannot be written`, { cause: error });
  }
}
