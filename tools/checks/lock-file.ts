// package-lock.json as a fresh machine needs it: an entry for every optional package (npm ci refuses a lock file in
// which another platform's is missing, and npm install drops those that a registry lacks), and no registry's address.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../kernel/cache.ts";

interface LockedPackage {
  version?: string;
  resolved?: string;
  /** A package of this repository: `resolved` is its folder. */
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}

/** What is wrong with a lock file, one line each. */
export function lockFileFaults(text: string): string[] {
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  const faults: string[] = [];
  for (const [path, { resolved, link, optionalDependencies }] of Object.entries(packages)) {
    if (resolved !== undefined && !link) faults.push(`${path}: names a registry (resolved)`);
    for (const name of Object.keys(optionalDependencies ?? {})) {
      const isThere = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((key) => packages[key]?.version);
      if (!isThere) faults.push(`${path}: optional ${name} has no entry`);
    }
  }
  return faults;
}

if (import.meta.main) {
  const faults = lockFileFaults(readFileSync(join(repositoryRoot, "package-lock.json"), "utf8"));
  for (const fault of faults) console.error(`package-lock.json: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
