// Compiled objects kept beyond one checkout: another clone or worktree of the same sources takes them from here. An
// object is found by the hash of all it was made from, so nothing here can be out of date; what was not used for longest
// goes first.

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Files kept: about 200 kB each. */
const LIMIT = 3000;

function folder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "eggos", "objects");
}

/** Put the kept file of a key at `target`; whether there was one. */
export function fetchObject(key: string, target: string): boolean {
  const kept = join(folder(), key);
  try {
    copyFileSync(kept, target);
    const now = new Date();
    utimesSync(kept, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Keep a file under a key. A store that cannot be written is no store: the build goes on. */
export function keepObject(key: string, source: string): void {
  try {
    mkdirSync(folder(), { recursive: true });
    const temporary = join(folder(), `${key}.${process.pid}`);
    copyFileSync(source, temporary);
    renameSync(temporary, join(folder(), key));
  } catch {
    // No room or no permission.
  }
}

/** Drop what was not used for longest, once there are more files than the limit. */
export function pruneObjects(): void {
  try {
    const names = readdirSync(folder());
    if (names.length <= LIMIT) return;
    const byAge = names
      .map((name) => ({ name, usedMs: statSync(join(folder(), name)).mtimeMs }))
      .toSorted((a, b) => a.usedMs - b.usedMs);
    for (const { name } of byAge.slice(0, names.length - (LIMIT >> 1))) rmSync(join(folder(), name), { force: true });
  } catch {
    // Somebody else prunes.
  }
}
