// node:child_process: starting programs, their streams, how they end.

import assert from "node:assert/strict";
import { type ChildProcess, exec, execFile, execFileSync, execSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const sh = (script: string, ...args: string[]): [string, string[]] => ["/bin/sh", ["-c", script, "sh", ...args]];

async function ending(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal };
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = "";
  for await (const chunk of stream ?? []) all += chunk;
  return all;
}

function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "processes-"));
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !condition(); round++) await sleep(10);
  assert.ok(condition());
}

test("spawn runs a program; its streams and its status come back", async () => {
  const child = spawn(...sh("echo out; echo err >&2; exit 7"));
  assert.ok((child.pid ?? 0) > 1);
  const [out, err, end] = await Promise.all([text(child.stdout), text(child.stderr), ending(child)]);
  assert.equal(out, "out\n");
  assert.equal(err, "err\n");
  assert.deepEqual(end, { code: 7, signal: null });
  assert.equal(child.exitCode, 7);
});

test("input written to a child comes back, a megabyte of it", async () => {
  const child = spawn("cat");
  const block = Buffer.from(Array.from({ length: 1 << 16 }, (_, index) => (index * 31) & 0xff));
  for (let round = 0; round < 16; round++) child.stdin.write(block);
  child.stdin.end();
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  assert.ok(Buffer.concat(chunks).equals(Buffer.concat(Array.from({ length: 16 }, () => block))));
});

test("a program that is not there gives ENOENT, one that may not run EACCES", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "file");
  fs.writeFileSync(file, "no program\n", { mode: 0o644 });
  for (const [command, code] of [
    ["no-such-program", "ENOENT"],
    [path.join(folder, "nothing"), "ENOENT"],
    [file, "EACCES"],
  ] as const) {
    const [error] = (await once(spawn(command), "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, code);
    assert.equal(error.syscall, `spawn ${command}`);
    assert.equal((spawnSync(command).error as NodeJS.ErrnoException).code, code);
  }
  const [error] = (await once(spawn("true", { cwd: path.join(folder, "nowhere") }), "error")) as [
    NodeJS.ErrnoException,
  ];
  assert.equal(error.code, "ENOENT");
  fs.rmSync(folder, { recursive: true });
});

test("a child has the folder, the environment and the name it is given", async () => {
  const folder = fs.realpathSync(temporaryFolder());
  const child = spawn("/bin/sh", ["-c", 'pwd; echo "$A_VARIABLE"; env | grep -c HOME; echo "$0"'], {
    cwd: folder,
    env: { A_VARIABLE: "ä b", PATH: process.env.PATH },
    argv0: "sh",
  });
  assert.equal(await text(child.stdout), `${folder}\nä b\n0\nsh\n`);
  fs.rmSync(folder, { recursive: true });
});

test("streams may be files, nothing, our own, or further pipes", async () => {
  const folder = temporaryFolder();
  const out = fs.openSync(path.join(folder, "out"), "w+");
  const child = spawn(...sh("cat <&4 >&3; echo to the file; echo ignored >&2; read line || echo end"), {
    stdio: ["ignore", out, "ignore", "pipe", "pipe"],
  });
  const [, , , third, fourth] = child.stdio as [null, null, null, NodeJS.ReadableStream, NodeJS.WritableStream];
  fourth.end("through descriptor 4");
  const [said, end] = await Promise.all([text(third), ending(child)]);
  assert.equal(said, "through descriptor 4");
  assert.deepEqual(end, { code: 0, signal: null });
  assert.equal(fs.readFileSync(path.join(folder, "out"), "utf8"), "to the file\nend\n");
  fs.closeSync(out);
  fs.rmSync(folder, { recursive: true });
});

test("a child inherits no descriptor that it is not given", () => {
  const folder = temporaryFolder();
  const extra = fs.openSync(path.join(folder, "secret"), "w");
  const list = execFileSync("/bin/sh", ["-c", "for f in /proc/self/fd/*; do readlink $f; done; true"], {
    encoding: "utf8",
  });
  assert.doesNotMatch(list, /secret/);
  assert.doesNotMatch(list, /eventpoll|eventfd|io_uring/);
  fs.closeSync(extra);
  fs.rmSync(folder, { recursive: true });
});

test("a pipe runs from one child to the next", async () => {
  const first = spawn("seq", ["1", "2000"]);
  const second = spawn("sort", ["-rn"], { stdio: [first.stdout, "pipe", "inherit"] });
  const out = await text(second.stdout);
  assert.equal(out.split("\n").length, 2001);
  assert.ok(out.startsWith("2000\n1999\n"));
});

test("kill ends a child with the signal, and an ended child cannot be killed", async () => {
  for (const signal of ["SIGTERM", "SIGKILL", "SIGHUP", "SIGUSR1"] as const) {
    const child = spawn("sleep", ["100"]);
    await once(child, "spawn");
    assert.equal(child.kill(0), true);
    assert.equal(child.kill(signal), true);
    assert.deepEqual(await ending(child), { code: null, signal });
    assert.equal(child.signalCode, signal);
    assert.equal(child.kill(), false);
    assert.throws(() => process.kill(child.pid ?? 0, 0), { code: "ESRCH" });
  }
});

test("process.kill stops, continues and signals a child that has handlers", async () => {
  const child = spawn(
    ...sh('trap "echo one" USR1; trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.05; done'),
  );
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const pid = child.pid ?? 0;
  await until(() => said === "ready\n");
  const state = (): string =>
    / (\w) /.exec(fs.readFileSync(`/proc/${pid}/stat`, "latin1").replace(/.*\)/, ""))?.[1] ?? "";
  process.kill(pid, "SIGSTOP");
  await until(() => state() === "T");
  process.kill(pid, "SIGUSR1");
  await sleep(50);
  assert.equal(said, "ready\n");
  process.kill(pid, "SIGCONT");
  await until(() => said === "ready\none\n");
  process.kill(pid, "SIGTERM");
  assert.deepEqual(await ending(child), { code: 5, signal: null });
  assert.equal(said, "ready\none\nbye\n");
});

test("a time limit and an abort signal end a child", async () => {
  const late = spawn("sleep", ["100"], { timeout: 100, killSignal: "SIGINT" });
  assert.deepEqual(await ending(late), { code: null, signal: "SIGINT" });
  const controller = new AbortController();
  const aborted = spawn("sleep", ["100"], { signal: controller.signal });
  const failed = once(aborted, "error") as Promise<[Error]>;
  controller.abort();
  assert.equal((await failed)[0].name, "AbortError");
  await until(() => aborted.signalCode === "SIGTERM");
  const limited = spawnSync("sleep", ["100"], { timeout: 100 });
  assert.equal((limited.error as NodeJS.ErrnoException).code, "ETIMEDOUT");
  assert.equal(limited.signal, "SIGTERM");
});

test("exec and execFile give output, and errors with code, signal and output", async () => {
  const { stdout, stderr } = await promisify(exec)("echo $((6 * 7)); echo note >&2");
  assert.equal(stdout, "42\n");
  assert.equal(stderr, "note\n");
  await assert.rejects(promisify(exec)("echo before; exit 9"), { code: 9, stdout: "before\n", killed: false });
  await assert.rejects(promisify(exec)("kill -KILL $$"), { signal: "SIGKILL" });
  await assert.rejects(promisify(exec)("sleep 100", { timeout: 100 }), { killed: true, signal: "SIGTERM" });
  assert.equal((await promisify(execFile)("printf", ["%s-%s", "a b", "*"])).stdout, "a b-*");
  await assert.rejects(promisify(exec)("yes", { maxBuffer: 1000 }), { code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER" });
});

test("the synchronous forms wait, feed input and throw", () => {
  assert.equal(execSync("tr a-z A-Z", { input: "loud", encoding: "utf8" }), "LOUD");
  assert.equal(execFileSync("wc", ["-c"], { input: Buffer.alloc(300_000), encoding: "utf8" }).trim(), "300000");
  assert.throws(() => execSync("exit 4", { stdio: "pipe" }), { status: 4 });
  const both = spawnSync("/bin/sh", ["-c", "echo o; echo e >&2; kill -TERM $$"], { encoding: "utf8" });
  assert.deepEqual([both.stdout, both.stderr, both.status, both.signal], ["o\n", "e\n", null, "SIGTERM"]);
  const output = execSync("seq 1 20000", { encoding: "utf8", maxBuffer: 1 << 20 });
  assert.equal(output.length, 108_894);
});

test("a detached child leads a session of its own and outlives its parent", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "mark");
  const program = `
    const { spawn } = require("node:child_process");
    const child = spawn("/bin/sh", ["-c", "sleep 0.3; cut -d' ' -f4-6 /proc/$$/stat > ${file}.new; mv ${file}.new ${file}"],
      { detached: true, stdio: "ignore" });
    child.unref();
    console.log(child.pid);`;
  const pid = Number(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }));
  assert.equal(fs.existsSync(file), false);
  await until(() => fs.existsSync(file));
  const [parent, group, session] = fs.readFileSync(file, "utf8").split(" ").map(Number);
  // An orphan's parent is process 1, which in a guest is this program.
  assert.ok(parent !== process.pid || process.pid === 1);
  assert.equal(group, pid);
  assert.equal(session, pid);
  fs.rmSync(folder, { recursive: true });
});

test("a signal to a negative number reaches a whole group", async () => {
  const child = spawn(...sh("sleep 100 & sleep 100 & echo ready; wait"), { detached: true });
  await once(child.stdout, "data");
  process.kill(-(child.pid ?? 0), "SIGTERM");
  // The pipe closes when the last of them is gone.
  assert.deepEqual(await ending(child), { code: null, signal: "SIGTERM" });
});

test("a node child runs with process.execPath and has a parent", () => {
  const out = execFileSync(process.execPath, ["-p", "process.ppid + ' ' + process.argv0.includes('node')"], {
    encoding: "utf8",
  });
  assert.equal(out, `${process.pid} true\n`);
});

test("process.title is what others see of the process", async () => {
  const child = spawn(process.execPath, [
    "-e",
    "process.title = 'renamed'; console.log(process.title); setTimeout(() => {}, 100000)",
  ]);
  await once(child.stdout, "data");
  const commandLine = fs.readFileSync(`/proc/${child.pid}/cmdline`, "latin1");
  assert.match(commandLine, /^renamed\0*$/);
  assert.match(fs.readFileSync(`/proc/${child.pid}/comm`, "latin1"), /^renamed$/m);
  child.kill("SIGKILL");
  await ending(child);
});

test("many children at once all end well", async () => {
  const children = Array.from({ length: 40 }, (_, index) => spawn(...sh("sleep 0.1; exit $1", String(index))));
  const codes = await Promise.all(children.map(async (child) => (await ending(child)).code));
  assert.deepEqual(
    codes,
    children.map((_, index) => index),
  );
});

test("a child that an uncaught signal ends early does not break a writer", async () => {
  const child = spawn("true");
  const failed = once(child.stdin, "error") as Promise<[NodeJS.ErrnoException]>;
  const write = (): void => {
    if (!child.stdin.destroyed) child.stdin.write(Buffer.alloc(1 << 16), () => setImmediate(write));
  };
  write();
  assert.ok(["EPIPE", "ECONNRESET"].includes((await failed)[0].code ?? ""));
});
