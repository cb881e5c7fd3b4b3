/** A cable that is pulled out and put back, nobody who answers DHCP, no network device at all: the guest lives on. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guest, runGuest, startGuest } from "../../cli/run/guest.ts";
import { buildPrograms } from "./build-programs.ts";

const LIMIT_MS = 90_000;
const folder = join(import.meta.dirname, "network-link");
const built = join(import.meta.dirname, "../../build/guest-programs");

/** QEMU's machine protocol: one command after the other. */
class Monitor {
  readonly #socket: net.Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: net.Socket, lines: Interface) {
    this.#socket = socket;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async connect(path: string): Promise<Monitor> {
    const socket = net.connect(path);
    await once(socket, "connect");
    const monitor = new Monitor(socket, createInterface({ input: socket }));
    await monitor.run("qmp_capabilities");
    return monitor;
  }

  async run(command: string, values: object = {}): Promise<void> {
    this.#socket.write(JSON.stringify({ execute: command, arguments: values }));
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("QEMU has closed its monitor");
      const answer = JSON.parse(value as string) as { return?: unknown; error?: { desc: string } };
      if (answer.error) throw new Error(answer.error.desc);
      if ("return" in answer) return;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The lines a guest has printed, and waiting for one. */
class Output {
  readonly lines: string[] = [];

  constructor(guest: Guest) {
    createInterface({ input: guest.stdout as Readable }).on("line", (line) => this.lines.push(line));
  }

  /** Wait for `line` among those from `from` on; where the next one is. */
  async until(line: string, from = 0): Promise<number> {
    const began = performance.now();
    for (;;) {
      const at = this.lines.indexOf(line, from);
      if (at >= 0) return at + 1;
      if (performance.now() - began > 30_000) throw new Error(`no "${line}" in: ${this.lines.slice(from).join(" / ")}`);
      await sleep(20);
    }
  }
}

for (const device of ["virtio-net-pci", "e1000", "e1000e"]) {
  test(`a cable of ${device} that flaps is announced, and the address comes back`, { timeout: LIMIT_MS }, async () => {
    const [program] = await buildPrograms(["watch"], folder, built);
    const place = mkdtempSync(join(tmpdir(), "egg-link-"));
    const guest = await startGuest({
      target: program as string,
      boot: { stdin: "none", stdout: "pipe", stderr: "com2" },
      output: "pipe",
      qemuArguments: [
        "-qmp",
        `unix:${place}/monitor,server=on,wait=off`,
        "-netdev",
        "user,id=second,net=10.0.9.0/24",
        "-device",
        `${device},netdev=second,romfile=,id=card`,
      ],
    });
    try {
      const output = new Output(guest);
      await output.until("watching");
      const monitor = await Monitor.connect(`${place}/monitor`);
      await monitor.run("set_link", { name: "card", up: false });
      let seen = await output.until("link eth1 down");
      await monitor.run("set_link", { name: "card", up: true });
      seen = await output.until("link eth1 up", seen);
      seen = await output.until("address eth1 10.0.9.15", seen);
      // Many times, quickly: what counts is how it stands in the end.
      for (let i = 0; i < 25; i++) await monitor.run("set_link", { name: "card", up: i % 2 === 1 });
      await monitor.run("set_link", { name: "card", up: true });
      await sleep(200);
      await monitor.run("set_link", { name: "card", up: false });
      seen = await output.until("link eth1 down", seen);
      await monitor.run("set_link", { name: "card", up: true });
      await output.until("address eth1 10.0.9.15", await output.until("link eth1 up", seen));
      monitor.close();
    } finally {
      guest.kill();
      await guest.ended;
      rmSync(place, { recursive: true, force: true });
    }
  });
}

const script = join(folder, "addresses.mjs");

test("when nobody answers DHCP the program starts all the same, and a link-local address is there soon", {
  timeout: LIMIT_MS,
}, async () => {
  const result = await runGuest({
    target: script,
    // A network that nobody else is on.
    qemuArguments: ["-netdev", "hubport,id=alone,hubid=7", "-device", "virtio-net-pci,netdev=alone,romfile="],
    args: ["eth1"],
    timeoutMs: LIMIT_MS,
  });
  const told = JSON.parse(result.stdout) as { startedMs: number; foundMs: number; address: string; resolved: string };
  assert.match(told.address, /^169\.254\.\d+\.\d+$/, result.stdout);
  assert.ok(told.foundMs < 20_000, `it took ${told.foundMs} ms`);
  assert.equal(told.resolved, "127.0.0.1");
});

test("without a network device the loopback is there, and a server can listen", { timeout: LIMIT_MS }, async () => {
  const result = await runGuest({
    target: script,
    args: ["none"],
    hasNetwork: false,
    timeoutMs: LIMIT_MS,
  });
  const told = JSON.parse(result.stdout) as { interfaces: string[]; answer: string };
  assert.deepEqual(told.interfaces, ["lo"], result.stdout);
  assert.equal(told.answer, "hello eggos");
});
