/**
 * The same server behind every kind of network card: each guest has a second card on a user network of its own, and a
 * client outside moves data through it in both directions.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guest, startGuest } from "../../cli/run/guest.ts";
import { pattern } from "./net/handlers.ts";
import { PORTS } from "./net/ports.ts";

const LIMIT_MS = 180_000;
const SIZE = 2 << 20;

const DEVICES = [
  "e1000",
  "e1000e",
  "virtio-net-pci,disable-legacy=on",
  "virtio-net-pci,mrg_rxbuf=off",
  "virtio-net-pci,event_idx=off,indirect_desc=off",
  // Without messages: the interrupt comes over a line.
  "virtio-net-pci,vectors=0",
  // As before virtio 1: ports, rings in one piece, a shorter header, a descriptor of its own for it.
  "virtio-net-pci,disable-modern=on",
  "virtio-net-pci,disable-modern=on,mrg_rxbuf=off",
  "virtio-net-pci,disable-modern=on,mrg_rxbuf=off,any_layout=off,vectors=0",
] as const;

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(guest: Guest): Promise<void> {
  const lines: string[] = [];
  let isOver = false;
  void guest.ended.then(() => {
    isOver = true;
  });
  createInterface({ input: guest.stdout as Readable }).on("line", (line) => lines.push(line));
  const began = performance.now();
  while (!lines.includes("listening")) {
    assert.ok(!isOver && performance.now() - began < 60_000, `the guest does not listen: ${lines.join(" / ")}`);
    await sleep(50);
  }
}

function startWith(device: string, port: number, extra: string[] = []): Promise<Guest> {
  return startGuest({
    target: join(import.meta.dirname, "net"),
    args: ["serve"],
    boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" },
    output: "pipe",
    memoryMiB: 384,
    qemuArguments: [
      "-netdev",
      `user,id=second,net=10.0.9.0/24,hostfwd=tcp:127.0.0.1:${port}-10.0.9.15:${PORTS.http}`,
      "-device",
      `${device},netdev=second,romfile=,id=card`,
      ...extra,
    ],
  });
}

async function moveData(base: string): Promise<void> {
  assert.equal(await (await fetch(`${base}/hello`)).text(), "hello eggos");
  const down = Buffer.from(await (await fetch(`${base}/download?size=${SIZE}`)).arrayBuffer());
  assert.ok(down.equals(pattern(0, SIZE)), "the download is changed");
  const up = await fetch(`${base}/upload`, { method: "POST", body: new Blob([pattern(0, SIZE)]) });
  const hash = createHash("sha1").update(pattern(0, SIZE)).digest("hex");
  assert.deepEqual(await up.json(), { size: SIZE, hash });
}

for (const device of DEVICES) {
  test(`${device} carries data both ways`, { timeout: LIMIT_MS }, async () => {
    const port = await freePort();
    const guest = await startWith(device, port);
    try {
      await listening(guest);
      await moveData(`http://127.0.0.1:${port}`);
    } finally {
      guest.kill();
      await guest.ended;
    }
  });
}

/** microvm's devices stand in memory; ACPI declares them, without it the command line names them. */
const MEMORY_DEVICES = {
  "before version 1, declared by ACPI": [],
  "of version 1, declared by ACPI": ["-global", "virtio-mmio.force-legacy=false"],
  "before version 1, named on the command line": ["-machine", "acpi=off,pit=on"],
  "of version 1, named on the command line": [
    "-machine",
    "acpi=off,pit=on",
    "-global",
    "virtio-mmio.force-legacy=false",
  ],
};

for (const [kind, qemuArguments] of Object.entries(MEMORY_DEVICES)) {
  test(`virtio-mmio ${kind} carries data both ways`, { timeout: LIMIT_MS }, async () => {
    const port = await freePort();
    const guest = await startGuest({
      target: join(import.meta.dirname, "net"),
      args: ["serve"],
      boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" },
      output: "pipe",
      memoryMiB: 384,
      machine: "microvm",
      ports: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: port, guestPort: PORTS.http }],
      qemuArguments,
    });
    try {
      await listening(guest);
      await moveData(`http://127.0.0.1:${port}`);
    } finally {
      guest.kill();
      await guest.ended;
    }
  });
}
