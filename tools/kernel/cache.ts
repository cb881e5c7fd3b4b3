// Content hashing for the incremental build: a step's result is kept with the hash of everything it was made from.

import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder; every path in the build is relative to it. */
export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A short content hash, stable across runs and machines. */
export function hash(...parts: readonly (string | Uint8Array)[]): string {
  const digest = createHash("sha256");
  for (const part of parts) {
    digest.update(typeof part === "string" ? `s${Buffer.byteLength(part)}:` : `b${part.byteLength}:`);
    digest.update(part);
  }
  return digest.digest("hex").slice(0, 32);
}

/** A file's content hash, or null where there is no such file. */
export function hashFile(path: string): string | null {
  const content = readIfThere(path);
  return content === null ? null : hash(content);
}

/** A file's bytes, or null where there is no such file. */
export function readIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}

/** Write a file so that a reader in another process sees all of it or nothing. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Write a file unless it already has this content; returns whether it changed. */
export function writeIfChanged(path: string, content: string | Uint8Array): boolean {
  const present = readIfThere(path);
  if (present !== null && Buffer.compare(present, Buffer.from(content)) === 0) return false;
  writeWhole(path, content);
  return true;
}
