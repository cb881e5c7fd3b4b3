// What console.test.ts talks with; the first argument says how it behaves.

import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const END = "\u0004";

/** Read until END comes, after a while in which nobody reads: how much, and its SHA-1. */
async function readLate(): Promise<void> {
  process.stdin.setRawMode(true);
  console.log("ready");
  await sleep(2000);
  const hash = createHash("sha1");
  let length = 0;
  const buffer = Buffer.alloc(5000);
  for (;;) {
    let count: number;
    try {
      count = readSync(0, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await sleep(5);
      continue;
    }
    const part = buffer.toString("latin1", 0, count);
    const text = part.replaceAll(END, "");
    hash.update(text, "latin1");
    length += text.length;
    if (text.length < part.length) break;
  }
  console.log(`got ${length} ${hash.digest("hex")}`);
}

/** Read lines as the terminal edits them until an empty one: how many, and the SHA-1 of all. */
async function readLines(): Promise<void> {
  console.log("ready");
  const hash = createHash("sha1");
  let rest = "";
  let lines = 0;
  for await (const chunk of process.stdin) {
    rest += String(chunk);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line === "") {
        console.log(`got ${lines} ${hash.digest("hex")}`);
        process.exit(0);
      }
      lines++;
      hash.update(line);
    }
  }
}

/** Numbered lines without end, written as fast as they are taken. */
function writeOn(): void {
  for (let number = 0; ; number++) writeSync(1, `line ${number}\n`);
}

/** Read to the end of input, then say what a write gives. */
function readToEnd(): void {
  process.on("SIGHUP", () => {});
  console.log("ready");
  const buffer = Buffer.alloc(100);
  let text = "";
  for (;;) {
    try {
      const count = readSync(0, buffer);
      if (count === 0) break;
      text += buffer.toString("latin1", 0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
  const again = readSync(0, buffer);
  let outcome = "written";
  try {
    writeSync(1, "never shown");
  } catch (error) {
    outcome = (error as NodeJS.ErrnoException).code ?? "";
  }
  writeSync(2, `read ${JSON.stringify(text)}, then ${again}; write: ${outcome}\n`);
}

const modes: Record<string, () => Promise<void> | void> = { readLate, readLines, writeOn, readToEnd };
await modes[process.argv[2] ?? ""]?.();
process.exit(0);
