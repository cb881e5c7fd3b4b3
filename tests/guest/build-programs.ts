/**
 * Compiles tests/guest/programs/*.c into build/guest-programs, only what changed.
 *
 *   node tests/guest/build-programs.ts [NAME…]
 *
 * A program is static unless its first lines hold `build: KIND…`: `static`, `static-pie` and `dynamic` make NAME,
 * NAME-static-pie and NAME-dynamic; further words that start with `-` are passed to the compiler.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

export const programsFolder: string = join(import.meta.dirname, "programs");
export const builtFolder: string = join(import.meta.dirname, "../../build/guest-programs");

const commonFlags = [
  "-O1",
  "-g",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wno-unused-result",
  "-Wno-nonnull",
  "-Wno-stringop-overread",
  "-Wno-stringop-overflow",
  "-pthread",
];

const kindFlags: Record<string, string[]> = {
  static: ["-static"],
  "static-pie": ["-static-pie"],
  dynamic: ["-pie"],
};

type Job = { source: string; output: string; flags: string[] };

/** The sources among `folder`'s *.c files that have one of the names, or all. */
export function listPrograms(folder: string = programsFolder): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".c"))
    .map((file) => basename(file, ".c"))
    .sort();
}

function jobsOf(folder: string, into: string, name: string): Job[] {
  const source = join(folder, `${name}.c`);
  const words = /build: ([^*\n]*)/.exec(readFileSync(source, "utf8").slice(0, 1000))?.[1]?.trim().split(/\s+/) ?? [];
  const extra = words.filter((word) => word.startsWith("-"));
  const kinds = words.filter((word) => word in kindFlags);
  return (kinds.length === 0 ? ["static"] : kinds).map((kind) => ({
    source,
    output: join(into, kind === "static" ? name : `${name}-${kind}`),
    flags: [...commonFlags, ...(kindFlags[kind] ?? []), ...extra],
  }));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Builds what is out of date and returns the paths of all programs asked for. */
export async function buildPrograms(
  names?: string[],
  folder: string = programsFolder,
  into: string = builtFolder,
): Promise<string[]> {
  mkdirSync(into, { recursive: true });
  const headers = readdirSync(folder)
    .filter((file) => file.endsWith(".h"))
    .map((file) => modified(join(folder, file)));
  const newestCommon = Math.max(modified(import.meta.filename), ...headers);
  const jobs = (names && names.length > 0 ? names : listPrograms(folder)).flatMap((name) => jobsOf(folder, into, name));
  const stale = jobs.filter((job) => modified(job.output) < Math.max(newestCommon, modified(job.source)));
  const run = promisify(execFile);
  const worker = async (): Promise<void> => {
    for (let job = stale.shift(); job !== undefined; job = stale.shift()) {
      await run("gcc", [...job.flags, "-o", job.output, job.source, "-lm"]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return jobs.map((job) => job.output);
}

if (import.meta.main) {
  for (const path of await buildPrograms(process.argv.slice(2))) console.log(path);
}
