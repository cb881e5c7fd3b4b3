// A panic's backtrace, and gdb on the running kernel: both speak TypeScript.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { buildKernel } from "../../../tools/kernel/build.ts";
import { repositoryRoot } from "../../../tools/kernel/cache.ts";

const run = promisify(execFile);
const source = "tests/guest/debugging/kernel.as.ts";
let kernel = "";
let debugKernel = "";

/** The number of the source line that holds a text. */
function lineOf(text: string): number {
  const lines = readFileSync(join(repositoryRoot, source), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  assert.ok(index >= 0, text);
  return index + 1;
}

function machine(kernelPath: string, ...more: string[]): string[] {
  const devices = ["-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio", "-debugcon", "file:/dev/null"];
  const exit = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"];
  return [
    "-accel",
    "tcg",
    "-cpu",
    "max",
    "-m",
    "128",
    "-smp",
    "1,maxcpus=2",
    ...devices,
    ...exit,
    "-kernel",
    kernelPath,
    ...more,
  ];
}

before(async () => {
  kernel = (await buildKernel({ main: source, output: "build/debugging" })).path;
  debugKernel = (await buildKernel({ main: source, output: "build/debugging-gdb", debug: true })).path;
});

test("a panic shows a backtrace of TypeScript functions and lines, and ends QEMU with a status", async () => {
  const { code, stdout } = await run("qemu-system-x86_64", machine(kernel), { timeout: 30_000 }).then(
    () => assert.fail("QEMU ended by itself"),
    (error: { code: number; stdout: string }) => error,
  );
  assert.equal(code, 255, stdout);
  assert.match(stdout, /kernel panic: Index out of range \(~lib\/staticarray\.ts:\d+\)/);
  const frames = stdout.split("\n").flatMap((line) => /^\s+at (.*?)\r?$/.exec(line)?.[1] ?? []);
  const inSource = frames.filter((frame) => frame.includes(source)).map((frame) => frame.replace(`${source}:`, ""));
  assert.deepEqual(
    inSource.filter((frame, index) => frame !== inSource[index - 1]),
    [
      `lastEntry (${lineOf("return entries[index + 2]")})`,
      `Account.total (${lineOf("sum += lastEntry(depth)")})`,
      `Account.total (${lineOf("sum += next.total(depth + 1)")})`,
      `boot (${lineOf("first.total(0)")})`,
    ],
    stdout,
  );
});

/** A TCP port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Run gdb commands on the machine stopped at its first instruction; returns what gdb printed. */
async function debug(commands: readonly string[]): Promise<string> {
  const port = await freePort();
  const guest = spawn("qemu-system-x86_64", machine(debugKernel, "-S", "-gdb", `tcp:127.0.0.1:${port}`), {
    stdio: "ignore",
  });
  try {
    const all = ["set pagination off", "set tcp connect-timeout 15", `target remote 127.0.0.1:${port}`, ...commands];
    const batch = ["-q", "-nx", "-batch", "-x", "tools/gdb/kernel.py", ...all.flatMap((command) => ["-ex", command])];
    const { stdout, stderr } = await run("gdb", [...batch, debugKernel], { cwd: repositoryRoot, timeout: 60_000 });
    return stdout + stderr;
  } finally {
    guest.kill("SIGKILL");
  }
}

test("gdb breaks at a TypeScript line, lists it, and shows locals and objects", async () => {
  const breakLine = lineOf("else sum += lastEntry(depth)");
  const printed = await debug([
    `hbreak ${source}:${breakLine}`,
    "continue",
    "backtrace",
    "list",
    "info locals",
    "print this",
    "ts this",
    "print depth",
    "ts this.owner",
    "step",
    "frame",
  ]);
  assert.match(printed, new RegExp(`${source}:${breakLine}`));
  assert.match(printed, /#0 .*Account_total \(.*depth=1.*\) at tests\/guest\/debugging\/kernel\.as\.ts/);
  assert.match(printed, /#1 .*Account_total \(/);
  assert.match(printed, /#\d .*kernel_boot \(/);
  assert.match(printed, /\d+\s+if \(next !== null\) sum \+= next\.total\(depth \+ 1\);/);
  assert.match(printed, /sum = -5/);
  assert.match(printed, /next = null/);
  assert.match(printed, /\$1 = Account\(0x[0-9a-f]+\)/);
  assert.match(printed, /balance: i32 = -5\n {2}isOpen: bool = true\n {2}owner: String = "second"/);
  assert.match(printed, /\$2 = 1/);
  assert.match(printed, /lastEntry|staticarray\.ts/);
});
