// The console under load and without care: nothing is lost, nothing hangs, memory stays bounded.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guest, startGuest } from "../../cli/run/guest.ts";

const target = join(import.meta.dirname, "console");
const TIME_LIMIT_MS = 120_000;
const STOP = Buffer.from([0x13]);
const START = Buffer.from([0x11]);
const INTERRUPT = Buffer.from([0x03]);

interface Session {
  guest: Guest;
  /** Standard output so far; standard error is apart. */
  shown(): string;
  errors(): string;
  until(isThere: () => boolean, what: string): Promise<void>;
}

/** Boot the fixture in a mode, with a terminal for standard input and output, and do something with it. */
async function withMode(mode: string, work: (session: Session) => Promise<void>): Promise<void> {
  const guest = await startGuest({
    target,
    args: [mode],
    boot: { stdin: "tty", stdout: "tty", stderr: "com2", columns: 80, rows: 24 },
  });
  let shown = "";
  let errors = "";
  let isOver = false;
  guest.stdout?.on("data", (chunk: Buffer) => (shown += chunk.toString("latin1")));
  guest.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("latin1")));
  void guest.ended.then(() => (isOver = true));
  try {
    await work({
      guest,
      shown: () => shown,
      errors: () => errors,
      until: async (isThere, what) => {
        const deadline = Date.now() + TIME_LIMIT_MS;
        while (!isThere()) {
          if (isOver || Date.now() > deadline) {
            throw new Error(`no ${what}; shown: ${shown.slice(-500)}; errors: ${errors.slice(-500)}`);
          }
          await sleep(10);
        }
      },
    });
  } finally {
    guest.kill();
  }
}

/** Text without control characters, different everywhere. */
function text(length: number): string {
  let made = "";
  for (let number = 0; made.length < length; number++) made += `${number.toString(36)}-`;
  return made.slice(0, length);
}

const sha1 = (part: string): string => createHash("sha1").update(part, "latin1").digest("hex");

test("300 kB typed at a program that does not read wait outside the machine and arrive whole", () =>
  withMode("readLate", async ({ guest, shown, until }) => {
    await until(() => shown().includes("ready"), "ready");
    const typed = text(300_000);
    await guest.write(Buffer.from(`${typed}\u0004`, "latin1"));
    await until(() => /got .*[0-9a-f]{40}/.test(shown()), "answer");
    assert.ok(shown().includes(`got ${typed.length} ${sha1(typed)}`), shown().slice(-200));
  }));

test("100 kB of lines pasted at a terminal that edits and echoes arrive whole", () =>
  withMode("readLines", async ({ guest, shown, until }) => {
    await until(() => shown().includes("ready"), "ready");
    const lines = (text(100_000).match(/.{1,97}/g) ?? []).map((line, index) => `${index} ${line}`);
    await guest.write(Buffer.from(`${lines.join("\r")}\r\r`, "latin1"));
    await until(() => /got .*[0-9a-f]{40}/.test(shown()), "answer");
    assert.ok(shown().includes(`got ${lines.length} ${sha1(lines.join(""))}`), shown().slice(-200));
  }));

test("^S holds endless output, ^Q lets it go on where it was, Ctrl-C ends it", () =>
  withMode("writeOn", async ({ guest, shown, until }) => {
    await until(() => shown().includes("line 100\r\n"), "output");
    for (let round = 0; round < 3; round++) {
      await guest.write(STOP);
      // What was on its way comes; then nothing.
      let length = -1;
      for (let quiet = 0; quiet < 5; quiet++) {
        if (shown().length !== length) quiet = 0;
        length = shown().length;
        await sleep(100);
      }
      await guest.write(START);
      await until(() => shown().length > length + 1000, "output after ^Q");
    }
    await guest.write(INTERRUPT);
    const { ending } = await guest.ended;
    assert.deepEqual(ending, { kind: "signal", signal: 2 });
    const lines = shown().split("\r\n").slice(0, -1);
    const first = lines.indexOf("line 0");
    const end = lines.findIndex((line, index) => index > first && line !== `line ${index - first}`);
    assert.ok(first >= 0);
    // Ctrl-C throws away what is not sent, and may cut the last line.
    assert.ok(end < 0 || end >= lines.length - 2, `line ${end} of ${lines.length}: ${lines[end]}`);
  }));

test("a console that closed reads as its end, refuses writes, and hangs nobody", () =>
  withMode("readToEnd", async ({ guest, shown, errors, until }) => {
    await until(() => shown().includes("ready"), "ready");
    await guest.write(Buffer.from("last words\r"));
    guest.endInput();
    await until(() => /read .*write: \w+/.test(errors()), "answer");
    assert.match(errors(), /read "last words\\n", then 0; write: EIO/);
    assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 });
  }));
