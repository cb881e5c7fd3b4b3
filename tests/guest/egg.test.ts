// The wires between the host and a program in a guest: arguments, streams, terminal, signals, status.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { configLocation } from "../../cli/image/elf.ts";
import { prepareTarget } from "../../cli/image/prepare.ts";
import { type Guest, type GuestResult, type RunOptions, runGuest, startGuest } from "../../cli/run/guest.ts";

const TIME_LIMIT_MS = 60_000;
const SIGINT = 2;
const SIGHUP = 1;
const SIGTERM = 15;
let elf = "";

before(async () => {
  elf = (await prepareTarget(join(import.meta.dirname, "egg"))).path;
});

function shown(result: GuestResult): string {
  return `status ${result.status}${result.timedOut ? " (time limit)" : ""}\n${result.stdout}\n${result.stderr}\n${result.qemuErrors}`;
}

function run(args: string[], options: RunOptions = {}): Promise<GuestResult> {
  return runGuest({ elf, args, timeoutMs: TIME_LIMIT_MS, ...options });
}

interface Description {
  argv: string[];
  cwd: string;
  project?: string;
  caller?: string;
  terminals: boolean[];
  size: number[];
}

test("the project's own arguments and environment are there when no others are given", async () => {
  const result = await runGuest({ elf, timeoutMs: TIME_LIMIT_MS });
  const seen = JSON.parse(result.stdout) as Description;
  assert.deepEqual(seen.argv, ["describe", "by default"]);
  assert.equal(seen.project, "yes");
  assert.equal(seen.cwd, "/app");
  assert.deepEqual(seen.terminals, [false, false, false]);
});

test("given arguments and environment arrive as they were, whatever is in them", async () => {
  const args = ["describe", "", "two words", "100%", `quotes " ' \\`, "ä✓", "line\nbreak"];
  const result = await run(args, { env: { FROM_CALLER: "a=b c" } });
  const seen = JSON.parse(result.stdout) as Description;
  assert.deepEqual(seen.argv, args, shown(result));
  assert.equal(seen.caller, "a=b c");
});

test("arguments longer than the loader takes arrive too", async () => {
  const args = ["describe", ...Array.from({ length: 1500 }, (_, index) => `argument number ${index}`)];
  const result = await run(args);
  assert.deepEqual((JSON.parse(result.stdout) as Description).argv, args, result.stderr);
});

test("standard input arrives whole, binary and larger than any buffer, with its end", async () => {
  const input = Buffer.from(Array.from({ length: 30_000 }, (_, index) => (index * 7919 + (index >> 8)) & 0xff));
  const result = await run(["copy"], { stdin: input, boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" } });
  assert.equal(result.status, 0, shown(result));
  assert.equal(result.stdout, input.toString("utf8"));
});

test("without input a read finds the end at once", async () => {
  const result = await run(["copy"]);
  assert.equal(result.status, 0, shown(result));
  assert.equal(result.stdout, "");
});

test("the status is the program's, and its standard error is apart", async () => {
  const result = await run(["status", "41"]);
  assert.equal(result.status, 41, shown(result));
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /^on standard error$/m);
});

test("a program that a signal ends is told by it", async () => {
  const result = await run(["kill", "SIGKILL"]);
  assert.deepEqual(result.ending, { kind: "signal", signal: 9 }, shown(result));
  assert.equal(result.status, 137);
});

test("an uncaught error shows TypeScript files and lines and ends with status 1", async () => {
  const result = await run(["fail"]);
  assert.equal(result.status, 1, shown(result));
  assert.match(result.stderr, /Error: on purpose\n.*\/app\/fail\.ts:7:9\)?\n.*\/app\/main\.ts:31:5/);
});

/** Collects a guest's output and waits for text in it. */
class Dialogue {
  #text = "";
  #watchers: (() => void)[] = [];

  constructor(guest: Guest) {
    guest.stdout?.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("utf8");
      for (const watch of this.#watchers) watch();
    });
    void guest.ended.then(() => {
      for (const watch of this.#watchers) watch();
    });
    guest.stderr.on("data", () => {});
  }

  get text(): string {
    return this.#text;
  }

  async until(part: string): Promise<void> {
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    while (!this.#text.includes(part)) {
      await new Promise<void>((resolve, reject) => {
        this.#watchers.push(resolve);
        signal.onabort = () => reject(new Error(`no "${part}" in:\n${this.#text}`));
      });
    }
  }
}

test("signals from the host reach the program's handlers", async () => {
  const boot = { stdin: "none", stdout: "pipe", stderr: "com2" } as const;
  const guest = await startGuest({ elf, args: ["signals"], boot });
  try {
    const dialogue = new Dialogue(guest);
    await dialogue.until("ready");
    guest.sendSignal(SIGINT);
    await dialogue.until("SIGINT");
    guest.sendSignal(SIGTERM);
    await dialogue.until("SIGTERM");
    guest.sendSignal(SIGHUP);
    const { ending } = await guest.ended;
    assert.deepEqual(ending, { kind: "exit", status: 9 }, dialogue.text);
  } finally {
    guest.kill();
  }
});

test("the machine's power button is SIGTERM to the program, and its frames can be seen in a pcap file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "power-"));
  const [monitor, pcap] = [join(folder, "monitor"), join(folder, "frames.pcap")];
  const guest = await startGuest({
    elf,
    args: ["signals"],
    boot: { stdin: "none", stdout: "pipe", stderr: "com2" },
    pcap,
    qemuArguments: ["-monitor", `unix:${monitor},server,nowait`],
  });
  try {
    const dialogue = new Dialogue(guest);
    await dialogue.until("ready");
    connect(monitor)
      .on("error", () => {})
      .end("system_powerdown\n");
    await dialogue.until("SIGTERM");
    // pcap's magic number; then the guest's first frames, which ask for an address.
    const frames = readFileSync(pcap);
    assert.equal(frames.readUInt32LE(0), 0xa1b2c3d4);
    assert.ok(frames.length > 24 + 16 + 42, `${frames.length} bytes of frames`);
  } finally {
    guest.kill();
    rmSync(folder, { recursive: true });
  }
});

test("on a terminal lines are edited and echoed, the size follows, Ctrl-C interrupts", async () => {
  const boot = { stdin: "tty", stdout: "tty", stderr: "tty", columns: 100, rows: 30 } as const;
  const guest = await startGuest({ elf, args: ["terminal"], boot });
  try {
    const dialogue = new Dialogue(guest);
    await dialogue.until("ready true\r\n");
    await guest.write(Buffer.from("abx\x7fc\r"));
    await dialogue.until('line "abc\\n"\r\n');
    assert.ok(dialogue.text.includes("abx\b \bc\r\n"), dialogue.text);
    guest.resize(132, 43);
    await dialogue.until("132x43\r\n");
    await guest.write(Buffer.from("\x03"));
    const { ending } = await guest.ended;
    assert.deepEqual(ending, { kind: "exit", status: 3 }, dialogue.text);
    assert.match(dialogue.text, /interrupted\r\n/);
  } finally {
    guest.kill();
  }
});

test("--strace names the calls on standard error", async () => {
  const result = await run(["status", "0"], { strace: ["openat", "execve", "exit_group"] });
  assert.equal(result.status, 0, shown(result));
  assert.match(result.stderr, /openat\(.*libc\.so\.6/);
  assert.match(result.stderr, /exit_group\(0\)/);
  assert.doesNotMatch(result.stderr, /mmap\(/);
});

test("a program that the image does not hold ends with status 127 and its name", async () => {
  const result = await run([], {
    boot: { program: "/usr/bin/nothing", stdin: "none", stdout: "pipe", stderr: "com2" },
  });
  assert.equal(result.status, 127, shown(result));
  assert.match(result.stderr, /\/usr\/bin\/nothing/);
});

test("a damaged root image is told in one line, not a crash", async () => {
  const bytes = readFileSync(elf);
  const location = configLocation(bytes.subarray(0, 16 << 20), bytes.length, elf);
  assert.ok(location);
  const magic = Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]);
  // The kernel has the number in its code; the superblock is 1024 bytes into a block.
  let superblock = bytes.indexOf(magic);
  while (superblock >= 0 && superblock % 4096 !== 1024) superblock = bytes.indexOf(magic, superblock + 1);
  assert.ok(superblock > 0);
  bytes.fill(0, superblock, superblock + 128);
  const damaged = `${elf}.damaged`;
  writeFileSync(damaged, bytes);
  try {
    const result = await runGuest({ elf: damaged, timeoutMs: TIME_LIMIT_MS });
    assert.ok(result.status !== null && result.status !== 0, shown(result));
    assert.match(result.stderr, /root/i);
  } finally {
    rmSync(damaged);
  }
});
