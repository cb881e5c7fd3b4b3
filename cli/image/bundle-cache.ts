// Bundles, kept while none of the files they were made of changed.

import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { cacheFolder } from "../paths.ts";
import { nodeVersion } from "./base.ts";
import type { Entry } from "./erofs.ts";
import { type FileStamp, hashKey, isUnchanged, readJson, stampFile, writeJson } from "./hash.ts";
import type { EggSettings } from "./target.ts";

/** Change when bundling changes, so that old caches are left behind. */
const BUNDLE_RECIPE = "2";

/** What is bundled: an entry file, the project's folder, how. */
export interface BundleSource {
  entry: string;
  root: string;
  settings: EggSettings;
  /** Keep functions that nobody calls: coverage counts them. */
  keepsUnused?: boolean;
}

export interface BundleRecord {
  /** The files of the host it was made of. */
  inputs: FileStamp[];
  /** Guest path of the entry. */
  entry: string;
  bundled: { path: string; source: string; size: number }[];
  copied: { path: string; source: string; size: number; mode: number }[];
  warnings: string[];
  key: string;
}

function recordFolder({ entry, root, settings, keepsUnused }: BundleSource): string {
  const how = keepsUnused ? "keeps unused" : "";
  return cacheFolder("bundle", hashKey(BUNDLE_RECIPE, nodeVersion(), entry, root, JSON.stringify(settings), how));
}

/** The bundle as it was made before; undefined when there is none or a file changed since. */
export function cachedBundle(source: BundleSource): BundleRecord | undefined {
  const old = readJson<BundleRecord>(join(recordFolder(source), "record.json"));
  return old?.inputs.every(isUnchanged) ? old : undefined;
}

export async function makeBundle(source: BundleSource): Promise<BundleRecord> {
  const folder = recordFolder(source);
  const { bundleProgram } = await import("./bundle.ts");
  const bundle = await bundleProgram(source.entry, source.root, source.settings, source.keepsUnused);
  const hash = createHash("sha256");
  const bundled = bundle.bundled.map(({ path, text }, index) => {
    const kept = join(folder, `${index}${posix.extname(path)}`);
    writeFileSync(kept, text);
    hash.update(path).update(text);
    return { path, source: kept, size: Buffer.byteLength(text) };
  });
  const inputs = bundle.inputs.map(stampFile).filter((stamp) => stamp !== null);
  const copied = bundle.copied.map(({ path, source: from }) => {
    const stats = statSync(from);
    hash.update(`${path}:${stats.size}:${stats.mtimeMs}`);
    return { path, source: from, size: stats.size, mode: stats.mode & 0o755 };
  });
  const record: BundleRecord = {
    inputs,
    entry: bundle.entry,
    bundled,
    copied,
    warnings: bundle.warnings,
    key: hash.digest("hex").slice(0, 24),
  };
  writeJson(join(folder, "record.json"), record);
  return record;
}

/** The files of bundles as entries of a root image; what several have is there once. */
export function bundleEntries(records: BundleRecord[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const record of records) {
    for (const { path, source, size } of record.bundled) {
      entries.set(path, { path, kind: "file", mode: 0o644, content: { path: source, size } });
    }
    for (const { path, source, size, mode } of record.copied) {
      entries.set(path, { path, kind: "file", mode, content: { path: source, size } });
    }
  }
  return [...entries.values()];
}
