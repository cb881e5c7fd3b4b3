// Content keys for the caches, and writing a file so that nobody sees half of it.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** A short key for the parts, each told apart from the next. */
export function hashKey(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(`${part.length}:`);
    hash.update(part);
  }
  return hash.digest("hex").slice(0, 24);
}

export interface FileStamp {
  path: string;
  size: number;
  modifiedMs: number;
}

/** Size and time of a file; null when it is not there. */
export function stampFile(path: string): FileStamp | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? { path, size: stats.size, modifiedMs: stats.mtimeMs } : null;
}

export function isUnchanged(stamp: FileStamp): boolean {
  const now = stampFile(stamp.path);
  return now !== null && now.size === stamp.size && now.modifiedMs === stamp.modifiedMs;
}

/** Let `write` make a temporary file beside `path`, then put it in place at once. */
export function writeWhole(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    write(temporary);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A JSON file's value; undefined when it is missing or damaged. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export function writeJson(path: string, value: unknown): void {
  writeWhole(path, (temporary) => writeFileSync(temporary, JSON.stringify(value)));
}
