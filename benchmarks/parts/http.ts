// Node.js, and Go, serving HTTP: the time to the first answer, then requests under load. wrk (Debian) is the client; CPU time
// of the QEMU process per request is the steadiest figure, and no other load of the machine moves it much.

import { execFile } from "node:child_process";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BootConfig } from "../../cli/image/boot-config.ts";
import { repositoryRoot } from "../../cli/paths.ts";
import type { Part } from "../main.ts";
import type { Results } from "../results.ts";
import type { Root, Running, System, SystemName } from "../systems.ts";
import { goRoot, nodeRoot } from "./programs.ts";

const execute = promisify(execFile);

const GUEST_PORT = 8000;
const CONNECTIONS = [1, 16, 64, 256];
const WARM_UP_SECONDS = 5;
const LOAD_SECONDS = 5;
const BULK_BYTES = 32 << 20;

const SERVER = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
const bulk = Buffer.alloc(1 << 20, 120);
createServer((request, response) => {
  if (request.url === "/bulk") {
    let left = ${BULK_BYTES} / bulk.length;
    const more = () => {
      while (left-- > 0) if (!response.write(bulk)) return response.once("drain", more);
      response.end();
    };
    return more();
  }
  if (request.url === "/collector") return response.end(readFileSync("/proc/eggos/collector"));
  if (request.method === "POST") {
    let bytes = 0;
    request.on("data", (chunk) => (bytes += chunk.length));
    request.on("end", () => response.end(String(bytes)));
    return;
  }
  response.end("hello eggos\\n");
}).listen(${GUEST_PORT}, () => console.log("listening"));
`;

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Send one request; the bytes of the answer's body. */
async function transfer(port: number, path: string, body?: Buffer): Promise<number> {
  return await new Promise((resolve, reject) => {
    const client = request(
      { host: "127.0.0.1", port, path, method: body ? "POST" : "GET", timeout: 120_000, agent: false },
      (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => (bytes += chunk.length));
        response.on("end", () => resolve(bytes));
        response.on("error", reject);
      },
    );
    client.on("timeout", () => client.destroy(new Error("no answer in two minutes")));
    client.on("error", reject);
    client.end(body);
  });
}

interface Load {
  requests: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** wrk prints "1.23ms", "4.5s", "900.00us". */
function milliseconds(text: string | undefined): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text ?? "");
  const unit = { us: 0.001, ms: 1, s: 1000 }[match?.[2] as "us" | "ms" | "s"];
  return Number(match?.[1]) * (unit ?? Number.NaN);
}

async function load(port: number, connections: number, seconds: number, isKeptAlive = true): Promise<Load> {
  const headers = isKeptAlive ? [] : ["-H", "Connection: close"];
  const url = `http://127.0.0.1:${port}/hello`;
  const { stdout } = await execute("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}`,
    "--latency",
    "--timeout",
    "20",
    ...headers,
    url,
  ]);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50Ms: milliseconds(/50%\s+(\S+)/.exec(stdout)?.[1]),
    p99Ms: milliseconds(/99%\s+(\S+)/.exec(stdout)?.[1]),
  };
}

/** Requests a second, CPU time of QEMU for each, and how long they take, at one number of connections. */
async function measureAt(
  guest: Running,
  port: number,
  connections: number,
  isKeptAlive: boolean,
  tell: (name: string, value: number, unit: string) => void,
): Promise<void> {
  const before = guest.process().cpuMs;
  const measured = await load(port, connections, LOAD_SECONDS, isKeptAlive);
  const cpuMs = guest.process().cpuMs - before;
  const kind = `${connections} connections${isKeptAlive ? "" : ", not kept alive"}`;
  tell(`requests/s, ${kind}`, measured.perSecond, "");
  tell(`QEMU CPU time per request, ${kind}`, cpuMs / measured.requests, "ms");
  tell(`latency p50, ${kind}`, measured.p50Ms, "ms");
  tell(`latency p99, ${kind}`, measured.p99Ms, "ms");
}

async function measureLoad(guest: Running, port: number, system: SystemName, results: Results): Promise<void> {
  const tell = (name: string, value: number, unit: string): void => results.add(system, name, value, unit);
  await load(port, 16, WARM_UP_SECONDS);
  for (const isKeptAlive of [true, false]) {
    for (const connections of CONNECTIONS) await measureAt(guest, port, connections, isKeptAlive, tell);
  }
}

/** eggos alone: what the kernel's own garbage collector cost under all that load. */
async function measureCollector(port: number, system: SystemName, results: Results): Promise<void> {
  if (system !== "eggos") return;
  const answer = await fetch(`http://127.0.0.1:${port}/collector`);
  const text = await answer.text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
  results.add(system, "kernel collections", value("collections"), "");
  results.add(system, "longest collector pause", value("longest_pause_ns"), "ns");
}

async function measureBulk(port: number, system: SystemName, results: Results): Promise<void> {
  let startedAt = performance.now();
  if ((await transfer(port, "/bulk")) !== BULK_BYTES) throw new Error("the download came short");
  results.add(
    system,
    "download, 1 connection",
    BULK_BYTES / (1 << 20) / ((performance.now() - startedAt) / 1000),
    "MiB/s",
  );
  startedAt = performance.now();
  await transfer(port, "/", Buffer.alloc(BULK_BYTES, 120));
  results.add(
    system,
    "upload, 1 connection",
    BULK_BYTES / (1 << 20) / ((performance.now() - startedAt) / 1000),
    "MiB/s",
  );
}

/** Boot a server, wait for its first answer, and put it under load. */
async function measureServer(
  system: System,
  results: Results,
  root: Root,
  boot: BootConfig,
  more: (port: number) => Promise<void> = async () => {},
): Promise<void> {
  const port = await freePort();
  const guest = await system.launch({
    root,
    boot,
    memoryMiB: 1024,
    ports: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: port, guestPort: GUEST_PORT }],
  });
  try {
    const { atMs } = await guest.line(/^listening/, 120_000);
    const askedAt = performance.now();
    await transfer(port, "/hello");
    results.add(system.name, "QEMU start → first response", atMs + performance.now() - askedAt, "ms");
    await measureLoad(guest, port, system.name, results);
    await more(port);
  } finally {
    await guest.kill();
  }
}

export const httpPart: Part = {
  title: "Node.js: HTTP",
  round: async (system, results) => {
    const root = await nodeRoot({ "server.mjs": SERVER });
    const boot = { program: "/usr/bin/node", args: ["node", "/app/server.mjs"], cwd: "/app" };
    await measureServer(system, results, root, boot, async (port) => {
      await measureBulk(port, system.name, results);
      await measureCollector(port, system.name, results);
    });
  },
};

export const goPart: Part = {
  title: "Go: net/http",
  round: async (system, results) => {
    const root = await goRoot(join(repositoryRoot, "examples/go/httpd"));
    await measureServer(system, results, root, { program: "/programs/httpd", args: ["httpd", String(GUEST_PORT)] });
  },
};
