// library/syscall/numbers.ts from kernel/abi/syscall-numbers.ts: the library imports no kernel source.
//
//   node tools/library/syscall-numbers.ts            write it
//   node tools/library/syscall-numbers.ts --check    or say that it is old

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../kernel/cache.ts";

const SOURCE = join(repositoryRoot, "kernel/abi/syscall-numbers.ts");
const RESULT = join(repositoryRoot, "library/syscall/numbers.ts");

/** The library's table for the kernel's constants. */
export function libraryNumbers(kernelText: string): string {
  const rows = [...kernelText.matchAll(/^export const SYS_(\w+): i32 = (\d+);$/gm)];
  return `// Made by tools/library/syscall-numbers.ts from kernel/abi/syscall-numbers.ts.

/** System-call numbers of x86-64, by the names of Linux's syscall_64.tbl. */
export const SYS = {
${rows.map(([, name, number]) => `  ${name}: ${number},`).join("\n")}
} as const;
`;
}

if (import.meta.main) {
  const text = libraryNumbers(readFileSync(SOURCE, "utf8"));
  if (!process.argv.includes("--check")) writeFileSync(RESULT, text);
  else if (readFileSync(RESULT, "utf8") !== text) {
    console.error("library/syscall/numbers.ts is old: node tools/library/syscall-numbers.ts writes it");
    process.exitCode = 1;
  }
}
