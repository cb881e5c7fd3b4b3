// Where things are: this repository, and the cache of what `egg` builds.

import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** The cache folder; the environment variable EGG_CACHE moves it. */
export function cacheFolder(...names: string[]): string {
  const folder = join(process.env.EGG_CACHE ?? join(repositoryRoot, "build", "cache"), ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}
