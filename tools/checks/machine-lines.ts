// Assembly and C stay where no TypeScript can run: all lines of both in the kernel, comments included, under a limit.

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const limit = 1500;

const counts = globSync(["machine/**/*.{S,c,h}", "kernel/**/*.{S,c,h}", "tools/translator/*.h"], { cwd: root })
  .toSorted()
  .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length - 1 }));
const total = counts.reduce((sum, { lines }) => sum + lines, 0);

if (total >= limit || process.argv.includes("--list")) {
  for (const { file, lines } of counts) console.error(`${String(lines).padStart(5)}  ${file}`);
}
if (total >= limit) {
  console.error(`${total} lines of assembly and C: the limit is ${limit}`);
  process.exitCode = 1;
} else {
  console.log(`${total} lines of assembly and C (limit ${limit})`);
}
