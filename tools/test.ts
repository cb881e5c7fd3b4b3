// `npm test`: everything that must hold, in the order of how soon it tells. Ends with the counts of all tests.
//
//   npm test                     checks, kernel build, unit tests, guest tests
//   npm test -- checks unit      only these parts (checks, kernel, unit, guest)
//   npm test -- --only=TEXT      tests whose file name contains TEXT

import { spawn } from "node:child_process";
import { existsSync, globSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { repositoryRoot } from "../cli/paths.ts";

const PARTS = ["checks", "kernel", "unit", "guest"] as const;
type Part = (typeof PARTS)[number];

/** No single test file takes longer, milliseconds. */
const FILE_LIMIT_MS = { unit: 120_000, guest: 600_000 };

interface Counts {
  tests: number;
  passed: number;
  failed: number;
  skipped: number;
}

const failures: string[] = [];
const totals: Counts = { tests: 0, passed: 0, failed: 0, skipped: 0 };

/** Run a command of the repository and say how it went. */
async function check(title: string, command: string, args: string[]): Promise<void> {
  const startedAt = performance.now();
  const status = await new Promise<number>((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: repositoryRoot });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk));
    child.on("error", () => resolve(127));
    child.on("close", (code) => {
      if (code !== 0) process.stdout.write(output.endsWith("\n") ? output : `${output}\n`);
      resolve(code ?? 1);
    });
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "✔" : "✖"} ${title} (${seconds} s)\n`);
  if (status !== 0) failures.push(title);
}

async function runChecks(): Promise<void> {
  const script = (name: string): string => join(repositoryRoot, "node_modules", name);
  const node = process.execPath;
  await check("format and lint (biome)", node, [script("@biomejs/biome/bin/biome"), "check", "--error-on-warnings"]);
  await check("tables for the kernel", node, [join(repositoryRoot, "tools/tables/tables.ts")]);
  await check("types of the tools (tsc)", node, [script("typescript/bin/tsc"), "-p", "."]);
  await check("types of the kernel (tsc)", node, [script("typescript/bin/tsc"), "-p", "kernel"]);
  await check("docs/syscalls.md says what the rows say", node, [
    join(repositoryRoot, "tools/docs/syscalls.ts"),
    "--check",
  ]);
  await check("library/syscall/numbers.ts says what the kernel says", node, [
    join(repositoryRoot, "tools/library/syscall-numbers.ts"),
    "--check",
  ]);
  const folder = join(repositoryRoot, "tools/checks");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .sort()) {
    await check(`tools/checks/${name}`, node, [join(folder, name)]);
  }
}

async function buildKernel(): Promise<void> {
  const build = join(repositoryRoot, "tools/kernel/build.ts");
  await check("kernel", process.execPath, [build]);
}

async function runTests(part: "unit" | "guest", only: string): Promise<void> {
  const files = globSync(`tests/${part}/**/*.test.ts`, { cwd: repositoryRoot })
    .filter((name) => name.includes(only))
    .map((name) => join(repositoryRoot, name))
    .sort();
  if (files.length === 0) return;
  process.stdout.write(`\n${part} tests\n`);
  // Guests are slow under emulation: one file at a time keeps their time limits meaningful.
  const stream = run({ files, concurrency: part === "unit" ? 2 : 1, timeout: FILE_LIMIT_MS[part] });
  stream.on("test:summary", ({ file, counts }) => {
    if (file !== undefined) return;
    totals.tests += counts.tests;
    totals.passed += counts.passed;
    totals.failed += counts.tests - counts.passed - counts.skipped - counts.todo - counts.cancelled;
    totals.failed += counts.cancelled;
    totals.skipped += counts.skipped + counts.todo;
  });
  const failedBefore = totals.failed;
  let failed = false;
  stream.on("test:fail", ({ todo }) => {
    failed ||= !todo;
  });
  for await (const text of stream.compose(spec)) process.stdout.write(text as string | Buffer);
  if (failed || totals.failed > failedBefore) failures.push(`${part} tests`);
}

const words = process.argv.slice(2);
const only = words.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";
const named = words.filter((word): word is Part => (PARTS as readonly string[]).includes(word));
const unknown = words.filter((word) => !word.startsWith("--only=") && !(PARTS as readonly string[]).includes(word));
if (unknown.length > 0) {
  process.stderr.write(`test: unknown: ${unknown.join(" ")} (parts: ${PARTS.join(", ")}; --only=TEXT)\n`);
  process.exit(64);
}
const parts: readonly Part[] = named.length > 0 ? named : PARTS;
process.chdir(repositoryRoot);
if (parts.includes("checks")) await runChecks();
if (parts.includes("kernel")) await buildKernel();
if (parts.includes("unit")) await runTests("unit", only);
if (parts.includes("guest")) await runTests("guest", only);

const { tests, passed, failed, skipped } = totals;
if (failures.length > 0) process.stdout.write(`\nfailed: ${failures.join(", ")}\n`);
process.stdout.write(`\ntests ${tests}, pass ${passed}, fail ${failed}, skipped ${skipped}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
