// The kernel that images carry: built from this repository's sources when they changed.
//
// The build compares contents, which takes a while even when nothing changed; in front of it stand the sizes and
// times of everything it read the last time.

import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { EXIT_BAD_DATA, EXIT_NO_INPUT, Failure } from "../failure.ts";
import { cacheFolder, repositoryRoot } from "../paths.ts";
import { step } from "../progress.ts";
import { type FileStamp, isUnchanged, readJson, stampFile, writeJson } from "./hash.ts";

/** What a build may read. Folders are listed too: their times tell of files that came and went. */
const SOURCES = ["kernel/**", "machine/x86_64/**", "tools/kernel/**", "tools/translator/**", "package-lock.json"];

interface KernelRecord {
  path: string;
  stamps: FileStamp[];
}

function stampSources(): FileStamp[] {
  return SOURCES.flatMap((pattern) => globSync(pattern, { cwd: repositoryRoot }))
    .map((name) => stampFile(join(repositoryRoot, name)))
    .filter((stamp) => stamp !== null);
}

async function build(): Promise<string> {
  const { buildKernel } = await import("../../tools/kernel/build.ts");
  try {
    const kernel = await step("building the kernel", (show) =>
      buildKernel({ onProgress: ({ step: part, done, total, item }) => show(`${part} ${done}/${total} ${item}`) }),
    );
    return kernel.path;
  } catch (error) {
    const text = error instanceof Error ? error.message.trim() : String(error);
    throw new Failure(`the kernel does not build: ${text}`, { status: EXIT_BAD_DATA, cause: error });
  }
}

/** The kernel's file: `given`, or what the environment variable EGG_KERNEL names, or this repository's. */
export async function kernelPath(given = process.env.EGG_KERNEL): Promise<string> {
  if (given !== undefined) {
    if (!existsSync(given)) {
      throw new Failure(`${given}: no such kernel`, { advice: "check EGG_KERNEL", status: EXIT_NO_INPUT });
    }
    return given;
  }
  const recordPath = join(cacheFolder(), "kernel.json");
  const record = readJson<KernelRecord>(recordPath);
  if (record && existsSync(record.path) && record.stamps.every(isUnchanged)) return record.path;
  // Before the build: what changes during it is seen the next time.
  const stamps = stampSources();
  const path = await build();
  writeJson(recordPath, { path, stamps } satisfies KernelRecord);
  return path;
}
