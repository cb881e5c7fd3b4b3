// docs/syscalls.md from the rows of the system-call table: what this kernel answers, and how fully.
//
//   node tools/docs/syscalls.ts            write the page
//   node tools/docs/syscalls.ts --check    fail when the page is not what the rows say

import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { repositoryRoot } from "../kernel/cache.ts";

interface Row {
  readonly number: number;
  readonly name: string;
  readonly kinds: string;
  readonly support: string;
  readonly family: string;
}

const ROW = /define[0-6]\(\s*(?:nr\.)?SYS_(\w+),\s*"(\w+)",\s*"([^"]*)",\s*\w+,\s*("[^"]*"|\w+),?\s*\)/g;
const NUMBER = /export const SYS_(\w+): i32 = (\d+);/g;
const PAGE = join(repositoryRoot, "docs/syscalls.md");

function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), "utf8");
}

/** All numbers that Linux gives on x86-64, by name. */
function callNumbers(): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const [, name, number] of read("kernel/abi/syscall-numbers.ts").matchAll(NUMBER)) {
    numbers.set(name as string, Number(number));
  }
  return numbers;
}

/** A note is written in its row, or is a constant of the file. */
function noteText(note: string, file: string): string {
  if (note.startsWith('"')) return note.slice(1, -1);
  const found = new RegExp(`(?:const|let) ${note}(?:: string)? = "([^"]*)"`).exec(file);
  if (found === null) throw new Error(`no text for the note ${note}`);
  return found[1] as string;
}

function rows(numbers: ReadonlyMap<string, number>): Row[] {
  const found: Row[] = [];
  for (const path of globSync("kernel/syscall/*.ts", { cwd: repositoryRoot }).filter(
    (file) => basename(file) !== "table.ts",
  )) {
    const text = read(path);
    for (const [, symbol, name, kinds, note] of text.matchAll(ROW)) {
      const support = noteText(note as string, text);
      const number = numbers.get(symbol as string);
      if (number === undefined)
        throw new Error(`${path}: SYS_${symbol} has no number in kernel/abi/syscall-numbers.ts`);
      found.push({
        number,
        name: name as string,
        kinds: kinds as string,
        support,
        family: basename(path, ".ts"),
      });
    }
  }
  return found.toSorted((a, b) => a.number - b.number);
}

function page(): string {
  const numbers = callNumbers();
  const table = rows(numbers);
  const present = new Set(table.map((row) => row.number));
  const absent = [...numbers].filter(([, number]) => !present.has(number)).toSorted((a, b) => a[1] - b[1]);
  const lines = table.map(
    ({ number, name, kinds, support, family }) =>
      `| ${number} | [${name}](../kernel/syscall/${family}.ts) | ${kinds || "–"} | ${support} |`,
  );
  return `# System calls

Made from the table's rows by \`node tools/docs/syscalls.ts\`. ${table.length} calls are there; any other answers
\`ENOSYS\` and is noted once in the kernel's log. Argument kinds are those that \`egg run --strace\` shows.

| number | call | arguments | support |
|---|---|---|---|
${lines.join("\n")}

## Not there

${absent.map(([name]) => `\`${name}\``).join(", ")}
`;
}

const wanted = page();
if (!process.argv.includes("--check")) writeFileSync(PAGE, wanted);
else if (read("docs/syscalls.md") !== wanted) {
  console.error("docs/syscalls.md: not what the rows say: run `node tools/docs/syscalls.ts` and read the difference");
  process.exitCode = 1;
} else console.log("docs/syscalls.md says what the rows say");
