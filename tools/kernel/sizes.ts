// How much of a kernel each module is: machine code by source file, from the linked kernel's line table, and for each
// module the files that nothing else needs. So much smaller is the kernel's code without it.

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { readIfThere, repositoryRoot } from "./cache.ts";
import { builtInModules, chooseBuiltIn, type ModuleChoice } from "./modules.ts";
import { mountOf } from "./packages.ts";
import type { Row } from "./symbols.ts";

/** Bytes of machine code by source file. */
export type CodeSizes = Readonly<Record<string, number>>;

export interface ModuleSize {
  readonly name: string;
  /** Bytes of machine code in files that only this module needs. */
  readonly bytes: number;
  readonly isTrusted: boolean;
}

export interface KernelSizes {
  /** All machine code. */
  readonly bytes: number;
  readonly modules: readonly ModuleSize[];
  /** Modules of the kernel's own that were left out. */
  readonly without: readonly string[];
}

/** Beside kernel.elf. */
export const sizesFile = "sizes.json";
const kernelMain = "kernel/main.ts";
/** A stretch of code longer than this is a gap between sections. */
const longestStretch = 0x1000n;

/** Code by the file of the function that it stands in, inlined callees included. */
export function codeSizes(rows: readonly Row[]): CodeSizes {
  const sizes: Record<string, number> = {};
  for (const [index, row] of rows.entries()) {
    const length = (rows[index + 1]?.address ?? row.address) - row.address;
    const file = row.frames.at(-1)?.file;
    if (file === undefined || file === "" || length <= 0n || length > longestStretch) continue;
    sizes[file] = (sizes[file] ?? 0) + Number(length);
  }
  return sizes;
}

/** What the kernel in a folder is made of. */
export function kernelSizes(folder: string, choice: ModuleChoice = {}): KernelSizes {
  const text = readIfThere(join(folder, sizesFile));
  const sizes: CodeSizes = text === null ? {} : JSON.parse(Buffer.from(text).toString("utf8"));
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + (sizes[file] ?? 0), 0);
  const builtIn = chooseBuiltIn(choice.without ?? [], builtInModules());
  const entries = builtIn.map(({ entry }) => `kernel/${entry}`);
  const own = builtIn.map(({ name }, index) => {
    const others = reachable([kernelMain, ...entries.filter((_, other) => other !== index)]);
    const files = [...reachable([entries[index] ?? ""])].filter((file) => !others.has(file));
    return { name, bytes: sum(files), isTrusted: false };
  });
  const added = (choice.packages ?? []).map(({ name, isTrusted }) => {
    const files = Object.keys(sizes).filter((file) => file.startsWith(`${mountOf(name)}/`));
    return { name, bytes: sum(files), isTrusted };
  });
  return { bytes: sum(Object.keys(sizes)), modules: [...own, ...added], without: choice.without ?? [] };
}

/** The kernel files that some need, themselves included. */
function reachable(entries: readonly string[]): Set<string> {
  const found = new Set(entries);
  for (const file of found) for (const next of importsOf(file)) found.add(next);
  return found;
}

const known = new Map<string, readonly string[]>();

function importsOf(file: string): readonly string[] {
  let imports = known.get(file);
  if (!imports) {
    const text = readFileSync(join(repositoryRoot, file), "utf8");
    const specifiers = [...text.matchAll(/^(?:import|export|\}).*\bfrom "(\.[^"]+)";$/gm)].map(
      ([, name]) => name ?? "",
    );
    imports = specifiers
      .map((name) => `${posix.normalize(posix.join(posix.dirname(file), name))}.ts`)
      .filter((path) => path.startsWith("kernel/") && existsSync(join(repositoryRoot, path)));
    known.set(file, imports);
  }
  return imports;
}

/** The sizes as lines for people, the largest module first. */
export function showSizes({ bytes, modules, without }: KernelSizes): string {
  const kilobytes = (size: number) => `${(size / 1000).toFixed(1).padStart(7)} kB`;
  const width = Math.max(...modules.map(({ name }) => name.length), "kernel".length);
  const lines = modules
    .toSorted((a, b) => b.bytes - a.bytes)
    .map((one) => `  ${one.name.padEnd(width)} ${kilobytes(one.bytes)}${one.isTrusted ? "  trusted" : ""}`);
  const left = without.length > 0 ? [`  left out: ${without.join(", ")}`] : [];
  return [`${"kernel".padEnd(width + 2)} ${kilobytes(bytes)} of code`, ...lines, ...left].join("\n");
}
