// The examples that a person talks to: web servers over a published port, an interactive program on a terminal.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import { type Guest, startGuest } from "../../cli/run/guest.ts";
import { installPackages, missingPackages } from "../../tools/setup/debian.mjs";

const examples = join(import.meta.dirname, "../../examples");
const TIME_LIMIT_MS = 90_000;
const SIGTERM = 15;

before(async () => {
  await installPackages(missingPackages(new URL("../../tools/setup/golang.json", import.meta.url)));
});

/** Wait until the guest has printed `part`; everything it has printed. */
async function until(guest: Guest, seen: { text: string }, part: string): Promise<void> {
  const deadline = Date.now() + TIME_LIMIT_MS;
  while (!seen.text.includes(part)) {
    if (Date.now() > deadline) throw new Error(`no "${part}" in:\n${seen.text}`);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), guest.ended]);
  }
}

function listen(guest: Guest): { text: string } {
  const seen = { text: "" };
  guest.stdout?.on("data", (chunk: Buffer) => (seen.text += chunk.toString("utf8")));
  guest.stderr.on("data", (chunk: Buffer) => (seen.text += chunk.toString("utf8")));
  return seen;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Boot a server, check its three routes, then end it with `stop`. */
async function checkServer(target: string, stop: (guest: Guest) => Promise<void>): Promise<void> {
  const hostPort = await freePort();
  const guest = await startGuest({
    target: join(examples, target),
    boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" },
    ports: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort: 8000 }],
  });
  try {
    const seen = listen(guest);
    await until(guest, seen, "listening on port 8000");
    const url = `http://127.0.0.1:${hostPort}`;
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    assert.equal(await (await fetch(`${url}/hello`, { signal })).text(), "hello eggos\n");
    const machine = (await (await fetch(`${url}/machine`, { signal })).json()) as { hostname: string };
    assert.equal(machine.hostname, "eggos");
    const startedAt = performance.now();
    const response = await fetch(`${url}/ticks`, { signal });
    const chunks: string[] = [];
    let firstMs = 0;
    for await (const chunk of response.body ?? []) {
      if (chunks.length === 0) firstMs = performance.now() - startedAt;
      chunks.push(Buffer.from(chunk).toString());
    }
    const lines = Array.from({ length: 10 }, (_, index) => `tick ${index + 1}\n`);
    assert.equal(chunks.join(""), lines.join(""));
    assert.ok(chunks.length > 1, "the lines came all at once");
    assert.ok(performance.now() - startedAt - firstMs > 400, "the first line waited for the last");
    await stop(guest);
  } finally {
    guest.kill();
  }
}

test("httpd answers text, JSON and a stream, and SIGTERM ends it in order", () =>
  checkServer("httpd", async (guest) => {
    guest.sendSignal(SIGTERM);
    assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 });
  }));

test("the Go httpd answers the same", () => checkServer("go/httpd", async () => {}));

test("repl prints the SHA-1 of each line until the end of input", async () => {
  const guest = await startGuest({
    target: join(examples, "repl"),
    boot: { stdin: "tty", stdout: "tty", stderr: "tty", columns: 80, rows: 24 },
  });
  try {
    const seen = listen(guest);
    await until(guest, seen, "text> ");
    await guest.write(Buffer.from("eggos\r"));
    await until(guest, seen, sha1("eggos"));
    // Up brings the line back, backspace takes its last letter: readline's own editing, in raw mode.
    await guest.write(Buffer.from("\x1b[A\x7f\r"));
    await until(guest, seen, sha1("eggo"));
    await guest.write(Buffer.from("\x04"));
    await until(guest, seen, "bye");
    assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 });
  } finally {
    guest.kill();
  }
});
