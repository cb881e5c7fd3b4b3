// The command from outside: its words, its streams, its exit status, and what it says when something is wrong.
// QEMU is played by fake-qemu.mjs.

import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decodeBootConfig, encodeBootConfig } from "../../../cli/image/boot-config.ts";
import { bootImage } from "../../../cli/image/elf.ts";
import { erofsImage } from "../../../cli/image/erofs.ts";
import { writeImage } from "../../../cli/image/pieces.ts";
import { readImageConfig } from "../../../cli/image/prepare.ts";
import { makeKernelFile } from "./kernel-file.ts";

const main = join(import.meta.dirname, "../../../cli/main.ts");
let folder = "";
let image = "";
let environment: NodeJS.ProcessEnv = {};

before(() => {
  folder = mkdtempSync(join(tmpdir(), "egg-cli-"));
  mkdirSync(join(folder, "bin"));
  const qemu = join(folder, "bin/qemu-system-x86_64");
  writeFileSync(qemu, `#!${process.execPath}\n${readFileSync(join(import.meta.dirname, "fake-qemu.mjs"), "utf8")}`);
  chmodSync(qemu, 0o755);
  // CommonJS by name, an ES module by content: let Node see which.
  writeFileSync(join(folder, "bin/package.json"), '{"type":"module"}');
  image = join(folder, "image.elf");
  const boot = encodeBootConfig({ program: "/bin/tool", args: ["tool", "default"], fixedArgs: 1 });
  writeImage(image, bootImage(makeKernelFile(), erofsImage([]), boot));
  const kernel = join(folder, "kernel.elf");
  writeFileSync(kernel, makeKernelFile());
  environment = { PATH: `${join(folder, "bin")}:${process.env.PATH}`, EGG_KERNEL: kernel };
});
after(() => rmSync(folder, { recursive: true }));

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function egg(
  words: string[],
  options: { guest?: string; input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
): Outcome {
  const result = spawnSync(process.execPath, [main, ...words], {
    cwd: folder,
    env: { ...environment, FAKE_GUEST: options.guest ?? "exit 0", ...options.env },
    input: options.input ?? "",
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** One line, that begins with `egg:` and matches; no stack trace; a status that is a failure. */
function assertComplains(outcome: Outcome, what: RegExp): void {
  assert.match(outcome.stderr, what);
  assert.equal(outcome.stderr.trim().split("\n").length, 1, outcome.stderr);
  assert.match(outcome.stderr, /^egg: /);
  assert.doesNotMatch(outcome.stderr, /\bat .*:\d+:\d+|defect/);
  assert.notEqual(outcome.status, 0);
}

test("the exit status, standard output and standard error are the program's", () => {
  assert.deepEqual(egg(["run", image], { guest: "exit 7" }), { status: 7, stdout: "out\n", stderr: "err\n" });
});

test("a program ended by a signal gives 128 and the signal's number", () => {
  assert.equal(egg(["run", image], { guest: "signal 9" }).status, 137);
});

test("a kernel panic is told from a program's failure", () => {
  const { status, stderr } = egg(["run", image], { guest: "panic" });
  assert.equal(status, 70);
  assert.equal(stderr, "kernel/main.ts:1\negg: the kernel panicked: out of luck\n");
});

test("standard input reaches the program whole, every byte, with its end", () => {
  const text = `${"line\n".repeat(20_000)}\x10\x04 end \x10`;
  const { stdout, status } = egg(["run", image], { guest: "echo", input: text });
  assert.equal(status, 0);
  assert.equal(stdout, text);
});

test("words after -- replace the program's default arguments, and the streams' kinds are told", () => {
  const { stdout } = egg(["run", image, "-e", "A=b c", "--", "-x", "--debug"], { guest: "arguments" });
  const words = JSON.parse(stdout) as string[];
  const config = decodeBootConfig(words[words.indexOf("-append") + 1] ?? "");
  assert.deepEqual(config.args, ["tool", "-x", "--debug"]);
  assert.deepEqual(config.env, { A: "b c" });
  assert.equal(config.stdin, "pipe");
  assert.equal(config.stdout, "pipe");
  assert.equal(config.stderr, "com2");
});

test("arguments too long for the loader travel in a copy of the image, which goes away", () => {
  const long = Array.from({ length: 2000 }, (_, index) => `argument-${index}`);
  const { stdout, stderr } = egg(["run", image, "--", ...long], { guest: "arguments" });
  const words = JSON.parse(stdout) as string[];
  assert.ok(!words.includes("-append"), stderr);
  const copy = words[words.indexOf("-kernel") + 1] ?? "";
  assert.notEqual(copy, image);
  assert.throws(() => readFileSync(copy), /ENOENT/);
});

test("memory, tracing, ports and QEMU_OPTS reach QEMU", () => {
  const options = ["-m", "1G", "--strace=read,write", "--trace", "-p", "8080:80"];
  const { stdout } = egg(["run", ...options, image], { guest: "arguments", env: { QEMU_OPTS: "-d 'int, x'" } });
  const words = JSON.parse(stdout) as string[];
  assert.equal(words[words.indexOf("-m") + 1], "1024M");
  assert.deepEqual(words.slice(-2), ["-d", "int, x"]);
  assert.match(words.join(" "), /hostfwd=tcp:127\.0\.0\.1:8080-:80/);
  const config = decodeBootConfig(words[words.indexOf("-append") + 1] ?? "");
  assert.deepEqual(config.strace, ["read", "write"]);
  assert.equal(config.trace, true);
});

function start(guest: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [main, "run", image], { cwd: folder, env: { ...environment, FAKE_GUEST: guest } });
}

function untilReady(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve) => child.stdout.on("data", (chunk: Buffer) => chunk.includes("ready") && resolve()));
}

test("a signal to egg is passed on to the program", async () => {
  const child = start("wait");
  await untilReady(child);
  child.kill("SIGTERM");
  const status = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(status, 143);
});

test("the second signal of a kind ends a machine that does not heed the first", async () => {
  const child = start("stubborn");
  await untilReady(child);
  child.kill("SIGINT");
  const timer = setInterval(() => child.kill("SIGINT"), 200);
  const status = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  assert.equal(status, 130);
});

/** The command lines of all processes. */
function runningCommands(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(join("/proc", name, "cmdline"), "utf8");
      } catch {
        return "";
      }
    });
}

test("QEMU ends when egg is killed", async () => {
  const child = start("stubborn");
  await untilReady(child);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(!runningCommands().some((command) => command.includes(join(folder, "bin/qemu-system-x86_64"))));
});

test("help prints every option, to standard output, with status 0", () => {
  const general = egg(["--help"]);
  assert.equal(general.status, 0);
  for (const name of ["run", "dev", "test", "init", "build", "pack"])
    assert.match(general.stdout, new RegExp(`^  egg ${name} `, "m"));
  const run = egg(["run", "--help"]);
  assert.equal(run.status, 0);
  for (const option of ["-p", "-m", "-e", "-v", "--accel", "--strace", "--gdb", "--trace", "--display", "--smp"]) {
    assert.ok(run.stdout.includes(option), option);
  }
  assert.equal(egg(["build", "--help"]).status, 0);
});

test("a missing target, command or option is named", () => {
  assertComplains(egg(["run", "nothing.ts"]), /nothing\.ts: no such file or folder/);
  assertComplains(egg(["fly"]), /there is no command "fly"/);
  assertComplains(egg(["run", "--bogus", image]), /unknown option '--bogus'/);
  assertComplains(egg(["run", image, "extra"]), /too many arguments/);
});

test("a folder without a program is told what to add", () => {
  mkdirSync(join(folder, "empty"));
  assertComplains(egg(["run", "empty"]), /empty: no program found .*main\.ts/);
});

test("an entry file that package.json names and that is not there is named", () => {
  mkdirSync(join(folder, "broken-main"));
  writeFileSync(join(folder, "broken-main/package.json"), '{"main":"dist/x.js"}');
  assertComplains(egg(["run", "broken-main"]), /package\.json: "main" names dist\/x\.js, which does not exist/);
});

test("a package.json that is not JSON, or has a wrong egg field, is named", () => {
  mkdirSync(join(folder, "bad-package"));
  const path = join(folder, "bad-package/package.json");
  writeFileSync(path, "{");
  assertComplains(egg(["run", "bad-package"]), /package\.json: not valid JSON/);
  writeFileSync(path, '{"egg":{"memory":3}}');
  assertComplains(egg(["run", "bad-package"]), /"egg\.memory" must be a string/);
  writeFileSync(path, '{"egg":{"entry":"x"}}');
  assertComplains(egg(["run", "bad-package"]), /unknown key "egg\.entry"/);
});

test("a file that is no program is refused", () => {
  writeFileSync(join(folder, "notes.txt"), "just notes\n");
  assertComplains(egg(["run", "notes.txt"]), /not something egg can run/);
  writeFileSync(join(folder, "empty.bin"), "");
  assertComplains(egg(["run", "empty.bin"]), /the file is empty/);
});

test("a program for another machine, truncated or lying, is refused", () => {
  const arm = makeKernelFile();
  arm.writeUInt16LE(183, 18);
  writeFileSync(join(folder, "arm"), arm);
  assertComplains(egg(["run", "arm"]), /arm: a program for 64-bit ARM, not for x86-64/);
  writeFileSync(join(folder, "cut"), makeKernelFile().subarray(0, 100));
  assertComplains(egg(["run", "cut"]), /cut: the file is truncated or damaged/);
  const lying = makeKernelFile();
  lying.writeBigUInt64LE(0xffff_ffff_ffff_fff0n, 96);
  writeFileSync(join(folder, "lying"), lying);
  assertComplains(egg(["run", "lying"]), /lying: the file is truncated or damaged: segment 0/);
});

test("QEMU that is not installed is named with the package", () => {
  assertComplains(
    egg(["run", image], { env: { PATH: "/nowhere" } }),
    /qemu-system-x86_64 is not installed .*apt-get install qemu-system-x86/,
  );
});

test("too little memory is told with how much is enough", () => {
  const large = join(folder, "large.elf");
  const root = erofsImage([{ path: "/big", kind: "file", mode: 0o644, content: { bytes: Buffer.alloc(40 << 20) } }]);
  writeImage(large, bootImage(makeKernelFile(), root, "program=/big"));
  assertComplains(egg(["run", "-m", "32M", large]), /32 MiB of memory are too few.*give at least -m \d+M/);
});

test("KVM that cannot work is refused when asked for by name", () => {
  const cpuInfo = readFileSync("/proc/cpuinfo", "utf8");
  if (/\b(vmx|svm)\b/.test(cpuInfo)) return;
  assertComplains(egg(["run", "--accel", "kvm", image]), /KVM cannot be used: .*neither vmx nor svm/);
});

test("QEMU's failure, and a machine that vanishes, are told in a line", () => {
  assertComplains(egg(["run", image], { guest: "fail" }), /QEMU failed: cannot do that/);
  assertComplains(egg(["run", image], { guest: "vanish" }), /stopped without reporting an exit status/);
});

test("sharing a folder says plainly that it is not supported yet", () => {
  assertComplains(egg(["run", "-v", "/a:/b", image]), /-v is not supported yet/);
});

test("a cache that cannot be written is named, with what moves it", () => {
  const taken = join(folder, "taken");
  writeFileSync(taken, "");
  writeFileSync(join(folder, "lone.ts"), "");
  assertComplains(egg(["build", "lone.ts"], { env: { EGG_CACHE: taken } }), /taken.*: not a folder .*EGG_CACHE/);
});

test("with --debug an error shows where it came from", () => {
  const { stderr } = egg(["run", "--debug", "nothing.ts"]);
  assert.match(stderr, /egg: nothing\.ts/);
  assert.match(stderr, /at findTarget .*target\.ts/);
});

test("egg build makes one file of a static program, with its arguments and environment", () => {
  const source = join(folder, "tool.c");
  writeFileSync(source, "int main(void) { return 3; }\n");
  execFileSync("gcc", ["-static", "-o", join(folder, "tool"), source]);
  const { stdout, stderr, status } = egg(["build", "tool", "-o", "out.elf", "-e", "X=1", "--json", "--", "one", "two"]);
  assert.equal(status, 0, stderr);
  const made = JSON.parse(stdout) as { path: string; sizeBytes: number };
  assert.equal(made.path, join(folder, "out.elf"));
  const config = readImageConfig(made.path);
  assert.equal(config.program, "/app/tool");
  assert.deepEqual(config.args, ["/app/tool", "one", "two"]);
  assert.equal(config.env?.X, "1");
  assert.equal(egg(["run", "out.elf"], { guest: "exit 4" }).status, 4);
});

test("a project is bundled once, and again when a file of it changes", () => {
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "project/package.json"), '{"type":"module","egg":{"args":["--fast"],"env":{"MODE":"x"}}}');
  writeFileSync(join(folder, "project/main.ts"), 'import { text } from "./text.ts";\nconsole.log(text);\n');
  writeFileSync(join(folder, "project/text.ts"), 'export const text = "one";\n');
  const build = (): Outcome => egg(["build", "project", "-o", "project.elf"]);
  assert.match(build().stderr, /bundling/);
  assert.equal(build().stderr, "");
  writeFileSync(join(folder, "project/text.ts"), 'export const text = "another";\n');
  assert.match(build().stderr, /bundling/);
  const config = readImageConfig(join(folder, "project.elf"));
  assert.equal(config.program, "/usr/bin/node");
  assert.deepEqual(config.args, ["node", "--enable-source-maps", "/app/main.mjs", "--fast"]);
  assert.equal(config.env?.MODE, "x");
  assert.equal(config.cwd, "/app");
});

test("an output that cannot be written is named", () => {
  assertComplains(
    egg(["build", "tool", "-o", "/nowhere/out.elf"]),
    /\/nowhere\/out\.elf: cannot be written \(ENOENT\)/,
  );
});

test("a dynamic program gets the libraries it is linked with", () => {
  writeFileSync(join(folder, "linked.c"), "#include <math.h>\nint main(int n, char **v) { return (int)cos(n); }\n");
  execFileSync("gcc", ["-o", join(folder, "linked"), join(folder, "linked.c"), "-lm"]);
  const { status, stderr } = egg(["build", "linked", "-o", "linked.elf"]);
  assert.equal(status, 0, stderr);
});

test("a dynamic program whose libraries the image lacks is refused by their names", () => {
  execFileSync("gcc", [
    "-shared",
    "-o",
    join(folder, "libabsent.so"),
    "-Wl,-soname,libabsent.so.4",
    "-xc",
    "/dev/null",
  ]);
  writeFileSync(join(folder, "dynamic.c"), "int main(void) { return 0; }\n");
  execFileSync("gcc", [
    "-o",
    join(folder, "dynamic"),
    join(folder, "dynamic.c"),
    "-Wl,--no-as-needed",
    `-L${folder}`,
    "-labsent",
  ]);
  assertComplains(egg(["build", "dynamic"]), /dynamic: needs libabsent\.so\.4, which the image does not have/);
  assertComplains(egg(["build", "libabsent.so"]), /a shared library, not a program/);
});
