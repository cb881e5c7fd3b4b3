// The kernel that images carry: built from this repository's sources when they changed.
//
// The build compares contents, which takes a while even when nothing changed; in front of it stand the sizes and
// times of everything it read the last time.

import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { EXIT_BAD_DATA, EXIT_NO_INPUT, Failure } from "../failure.ts";
import { cacheFolder, repositoryRoot } from "../paths.ts";
import { step } from "../progress.ts";
import type { KernelChoice } from "./kernel-modules.ts";
import { type FileStamp, hashKey, isUnchanged, readJson, stampFile, writeJson } from "./hash.ts";

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

/** The kernel's path, and the project's files in it. */
async function build(choice: KernelChoice | undefined): Promise<{ path: string; inputs: readonly string[] }> {
  const { buildKernel } = await import("../../tools/kernel/build.ts");
  try {
    const kernel = await step("building the kernel", (show) =>
      buildKernel({
        ...(choice ? { modules: choice } : {}),
        onProgress: ({ step: part, done, total, item }) => show(`${part} ${done}/${total} ${item}`),
      }),
    );
    return kernel;
  } catch (error) {
    const text = error instanceof Error ? error.message.trim() : String(error);
    throw new Failure(`the kernel does not build: ${text}`, { status: EXIT_BAD_DATA, cause: error });
  }
}

/** The kernel's file: `given`, or what the environment variable EGG_KERNEL names, or this repository's with the project's modules. */
export async function kernelPath(given = process.env.EGG_KERNEL, choice?: KernelChoice): Promise<string> {
  if (given !== undefined) {
    if (!existsSync(given)) {
      throw new Failure(`${given}: no such kernel`, { advice: "check EGG_KERNEL", status: EXIT_NO_INPUT });
    }
    return given;
  }
  const isOrdinary = !choice || (choice.packages.length === 0 && choice.without.length === 0);
  const name = isOrdinary ? "kernel" : `kernel-${hashKey(JSON.stringify(choice))}`;
  const recordPath = join(cacheFolder(), `${name}.json`);
  const record = readJson<KernelRecord>(recordPath);
  if (record && existsSync(record.path) && record.stamps.every(isUnchanged)) return record.path;
  // Before the build: what changes during it is seen the next time.
  const stamps = stampSources();
  const { path, inputs } = await build(isOrdinary ? undefined : choice);
  stamps.push(...inputs.map(stampFile).filter((stamp) => stamp !== null));
  writeJson(recordPath, { path, stamps } satisfies KernelRecord);
  return path;
}
