// Who may import whom: arrows point down only. Fails with file:line for an import against the table, for a
// `changetype` outside kernel/trusted (asc does not count it as unsafe), and for kernel sources in cli or library.

import { globSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";

/** The tree to check: this repository, or the one named on the command line. */
const root = resolve(process.argv[2] ?? join(import.meta.dirname, "../.."));

/** What everything stands on. */
const ground = ["lib", "log", "abi"];
const core = [...ground, "cpu", "acpi", "panic", "sched", "entropy"];
/** Files and what is made of them; devices below, processes above. */
const files = [...core, "memory", "interrupt", "vfs", "fs"];
const services = [...files, "display", "net", "input", "drivers", "process", "ipc", "procfs", "socket", "console"];

/** A folder of kernel/, and the folders it may import beside itself and trusted. Lowest first. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  trusted: [],
  abi: [],
  lib: ["abi"],
  log: ["lib", "abi"],
  cpu: ground,
  acpi: ground,
  panic: [...ground, "cpu", "acpi"],
  sched: [...ground, "cpu", "panic"],
  entropy: [...ground, "cpu", "panic", "sched"],
  memory: core,
  interrupt: [...core, "memory"],
  display: core,
  vfs: [...core, "memory"],
  net: core,
  fs: [...core, "memory", "vfs", "display"],
  input: [...core, "memory", "vfs"],
  drivers: [...core, "memory", "interrupt", "display", "vfs", "net", "input"],
  process: files,
  ipc: [...files, "process"],
  procfs: [...files, "display", "net", "input", "process"],
  socket: [...files, "net"],
  console: [...files, "display", "drivers", "process"],
  syscall: services,
  entry: [...services, "syscall"],
  boot: [...services, "syscall", "entry"],
  init: [...services, "syscall", "entry", "boot"],
  modules: [],
  api: [...services, "syscall"],
};
/** main.ts lists what is started: it may import everything. */
const unrestricted = "main.ts";

const problems: string[] = [];

function lines(file: string): string[] {
  return readFileSync(join(root, file), "utf8").split("\n");
}

/** Every import of a file, with its line. */
function* importsOf(file: string): Generator<{ specifier: string; line: number }> {
  for (const [index, text] of lines(file).entries()) {
    const match = /(?:\bfrom|^\s*import|\bimport\()\s*"([^"]+)"/.exec(text);
    if (match?.[1] !== undefined) yield { specifier: match[1], line: index + 1 };
  }
}

/** The folder of kernel/ that a path lies in; the file's name for kernel/*.ts. */
const folderOf = (path: string): string => path.split("/")[1] ?? "";

function checkKernel(file: string): void {
  const from = folderOf(file);
  if (from !== unrestricted && mayImport[from] === undefined) {
    problems.push(`${file}:1: kernel/${from} has no row in tools/checks/imports.ts`);
    return;
  }
  for (const { specifier, line } of importsOf(file)) {
    const isTrusted = !specifier.startsWith(".");
    const target = isTrusted
      ? `kernel/trusted/${specifier}`
      : posix.normalize(posix.join(posix.dirname(file), specifier));
    if (target.startsWith("build/generated/")) continue; // tables, tools/tables
    if (!target.startsWith("kernel/")) {
      problems.push(`${file}:${line}: imports ${target}, which is no part of the kernel`);
      continue;
    }
    const to = folderOf(target);
    if (!isTrusted && to === "trusted" && from !== "trusted") {
      const name = target.slice("kernel/trusted/".length);
      problems.push(`${file}:${line}: trusted files are imported without a path: "${name}"`);
    } else if (from !== unrestricted && to !== from && to !== "trusted" && !mayImport[from]?.includes(to)) {
      problems.push(`${file}:${line}: kernel/${from} may not import kernel/${to} (${specifier})`);
    }
  }
  if (from === "trusted") return;
  for (const [index, text] of lines(file).entries()) {
    const code = text.replace(/\/\/.*|^\s*\*.*|^\s*\/\*.*/, "");
    if (/\bchangetype\b/.test(code)) {
      problems.push(`${file}:${index + 1}: changetype is for kernel/trusted only: use at<T>() of "memory/address"`);
    }
  }
}

function checkOutside(file: string): void {
  for (const { specifier, line } of importsOf(file)) {
    if (!specifier.startsWith(".")) continue;
    const target = posix.normalize(posix.join(posix.dirname(file), specifier));
    if (target.startsWith("kernel/")) {
      problems.push(`${file}:${line}: imports kernel source ${target}; share a generated file instead`);
    }
  }
}

const kernelFiles = globSync("kernel/**/*.ts", { cwd: root }).toSorted();
for (const file of kernelFiles) checkKernel(file);
for (const file of globSync(["cli/**/*.ts", "library/**/*.ts"], { cwd: root }).toSorted()) checkOutside(file);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${kernelFiles.length} kernel files import downward only`);
