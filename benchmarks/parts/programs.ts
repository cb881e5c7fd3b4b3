// The roots that benchmarks boot: the settings every image has, and the programs of benchmarks/programs.

import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { prepareBase } from "../../cli/image/base.ts";
import type { Entry } from "../../cli/image/erofs.ts";
import { buildGoProgram } from "../../cli/image/go.ts";
import { hashKey } from "../../cli/image/hash.ts";
import { repositoryRoot } from "../../cli/paths.ts";
import { buildPrograms } from "../../tests/guest/build-programs.ts";
import type { Root } from "../systems.ts";

let programs: Promise<Root> | undefined;

/** C programs as /programs/NAME. */
export function programsRoot(): Promise<Root> {
  programs ??= (async () => {
    const base = await prepareBase("static");
    const paths = await buildPrograms(
      undefined,
      join(repositoryRoot, "benchmarks/programs"),
      join(repositoryRoot, "build/benchmarks"),
    );
    const entries = paths.map(
      (path): Entry => ({
        path: `/programs/${basename(path)}`,
        kind: "file",
        mode: 0o755,
        content: { path, size: statSync(path).size },
      }),
    );
    return {
      key: hashKey(base.key, ...paths.map((path) => readFileSync(path))),
      entries: [...base.entries, ...entries],
    };
  })();
  return programs;
}

/** A static Go program of a folder, as /programs/NAME. */
export async function goRoot(folder: string): Promise<Root> {
  const base = await prepareBase("static");
  const path = await buildGoProgram(folder, basename(folder));
  const program: Entry = {
    path: `/programs/${basename(path)}`,
    kind: "file",
    mode: 0o755,
    content: { path, size: statSync(path).size },
  };
  return { key: hashKey(base.key, readFileSync(path)), entries: [...base.entries, program] };
}

/** Node.js with the scripts given by name and text, as /app/NAME. */
export async function nodeRoot(scripts: Record<string, string>): Promise<Root> {
  const base = await prepareBase("node");
  const entries = Object.entries(scripts).map(
    ([name, text]): Entry => ({
      path: `/app/${name}`,
      kind: "file",
      mode: 0o644,
      content: { bytes: Buffer.from(text) },
    }),
  );
  return { key: hashKey(base.key, JSON.stringify(scripts)), entries: [...base.entries, ...entries] };
}

/** Lines `bench NAME VALUE UNIT …` of a program's output. */
export function benchLines(lines: string[]): { name: string; value: number; unit: string }[] {
  return lines.flatMap((line) => {
    const match = /^bench (\S+) ([\d.]+) (\S+)/.exec(line);
    return match ? [{ name: match[1] as string, value: Number(match[2]), unit: match[3] as string }] : [];
  });
}
