// `node benchmarks/tap.ts SYSTEM`, in a network namespace of its own (parts/network.ts): makes a tap, boots the system on it,
// measures, and prints one JSON line for each figure.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { repositoryRoot } from "../cli/paths.ts";
import { nodeRoot, programsRoot } from "./parts/programs.ts";
import { GUEST_PORT, IDLE_SERVER } from "./parts/scripts.ts";
import { prepareSystem, type Running, type SystemName, TAP_GUEST } from "./systems.ts";

const SECONDS = 4;
const CONNECTIONS = 10_000;
const flows = join(repositoryRoot, "build/benchmarks/flows");

function tell(name: string, value: number, unit: string): void {
  console.log(JSON.stringify({ name, value, unit }));
}

function start(...words: string[]): ChildProcess {
  return spawn(flows, words, { stdio: ["pipe", "pipe", "inherit"] });
}

async function numbers(...words: string[]): Promise<number[]> {
  const child = start(...words);
  const [out, [status]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream & AsyncIterable<string>),
    once(child, "close"),
  ]);
  if (status !== 0) throw new Error(`flows ${words.join(" ")} ended with ${String(status)}`);
  return [...out.matchAll(/[\d.]+/g)].map(([digits]) => Number(digits));
}

/** CPU time of QEMU while `action` runs, milliseconds. */
async function cpuOf<T>(guest: Running, action: Promise<T>): Promise<[T, number]> {
  const before = guest.process().cpuMs;
  const result = await action;
  return [result, guest.process().cpuMs - before];
}

async function measureFlows(guest: Running): Promise<void> {
  for (const [task, what] of [
    ["give", "receives"],
    ["take", "sends"],
  ] as const) {
    for (const count of [1, 15]) {
      const [[bytes = 0, seconds = 1], cpuMs] = await cpuOf(
        guest,
        numbers(task, TAP_GUEST, String(count), String(SECONDS)),
      );
      tell(`guest ${what} TCP, ${count} flows`, bytes / seconds / (1 << 20), "MiB/s");
      // The first second is not in the bytes, but in the time.
      tell(
        `QEMU CPU time per MiB, guest ${what}, ${count} flows`,
        (cpuMs * seconds) / (seconds + 1) / (bytes / (1 << 20)),
        "ms",
      );
    }
  }
  for (const [task, what] of [
    ["datagrams-to", "receives"],
    ["datagrams-from", "sends"],
  ] as const) {
    const [[sent = 0, arrived = 0, seconds = 1], cpuMs] = await cpuOf(guest, numbers(task, TAP_GUEST, String(SECONDS)));
    tell(`guest ${what} datagrams a second`, arrived / seconds, "");
    tell(`QEMU CPU time per datagram, guest ${what}`, cpuMs / Math.max(arrived, 1), "ms");
    tell(`datagrams lost, guest ${what}`, (100 * (sent - arrived)) / Math.max(sent, 1), "%");
  }
}

async function freeBytes(): Promise<number> {
  return Number(await (await fetch(`http://${TAP_GUEST}:${GUEST_PORT}/free`)).text());
}

async function measureIdle(guest: Running): Promise<void> {
  const before = await freeBytes();
  const residentBefore = guest.process().residentBytes;
  const child = start("idle", TAP_GUEST, String(GUEST_PORT), String(CONNECTIONS));
  await once(child.stdout as NodeJS.ReadableStream, "data");
  tell(`memory for each of ${CONNECTIONS} idle connections`, (before - (await freeBytes())) / CONNECTIONS, "bytes");
  const resident = guest.process().residentBytes;
  tell(`QEMU resident memory with ${CONNECTIONS} idle connections`, resident, "bytes");
  tell("of that, since there were none", resident - residentBefore, "bytes");
  child.kill("SIGKILL");
}

for (const words of [
  "link set lo up",
  "tuntap add tap0 mode tap vnet_hdr",
  "addr add 10.9.0.1/24 dev tap0",
  "link set tap0 up",
]) {
  execFileSync("ip", words.split(" "), { stdio: ["ignore", "ignore", "inherit"] });
}

const system = await prepareSystem(process.argv[2] as SystemName, { memoryMiB: 512, qemuArguments: [] });
const flowsGuest = await system.launch({
  root: await programsRoot(),
  boot: { program: "/programs/flows", args: ["flows", "serve"] },
  tap: "tap0",
});
try {
  await flowsGuest.line(/^serving/);
  await measureFlows(flowsGuest);
} finally {
  await flowsGuest.kill();
}
const idleGuest = await system.launch({
  root: await nodeRoot({ "server.mjs": IDLE_SERVER }),
  boot: { program: "/usr/bin/node", args: ["node", "--expose-gc", "/app/server.mjs"], cwd: "/app" },
  // The 125 MB of the initramfs are unpacked into memory; the root of the others lies there or on the disk.
  memoryMiB: system.name === "linux-initramfs" ? 1024 : 512,
  tap: "tap0",
});
try {
  await idleGuest.line(/^listening/, 120_000);
  await measureIdle(idleGuest);
} finally {
  await idleGuest.kill();
}
process.exit(0);
