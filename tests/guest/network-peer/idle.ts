/**
 * Ten thousand connections that say nothing, each after one answered request, in 512 MB: the server goes on answering
 * others, the connections still work afterwards, and are forgotten when they close. Runs in a namespace (peer.ts): QEMU's
 * user network takes one connection after another.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { PORTS } from "../net/ports.ts";
import { check, GUEST_4, leave, makeTap, startOnTap } from "./peer.ts";

const COUNT = 10_000;
const AT_ONCE = 100;
/** What the whole machine may hold for one idle connection with Node's objects for it, bytes. */
const LIMIT_BYTES = 24_000;

interface Statistics {
  connections: number;
  memory: number;
  freeMemory: number;
}

makeTap();
const guest = await startOnTap(["serve"], "listening", { memoryMiB: 512 });
const base = `http://${GUEST_4}:${PORTS.http}`;
const statistics = async (): Promise<Statistics> =>
  (await (await fetch(`${base}/statistics`)).json()) as unknown as Statistics;

async function ask(socket: net.Socket): Promise<void> {
  socket.write("GET /hello HTTP/1.1\r\nhost: guest\r\n\r\n");
  let received = "";
  while (!received.endsWith("hello eggos")) received += String(((await once(socket, "data")) as [Buffer])[0]);
}

const sockets: net.Socket[] = [];
let open = 0;
async function openSome(): Promise<void> {
  while (sockets.length < COUNT) {
    const socket = net.connect(PORTS.http, GUEST_4);
    sockets.push(socket);
    socket.on("close", () => open--);
    await once(socket, "connect");
    open++;
    await ask(socket);
  }
}

let before: Statistics;
await check(`${COUNT} connections are opened and answered`, async () => {
  before = await statistics();
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, openSome));
  console.log(`# ${COUNT} connections in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  assert.equal(open, COUNT);
});

await check("they stay, at a bounded price, and others are answered", async () => {
  await sleep(2000);
  assert.equal(open, COUNT);
  const now = await statistics();
  const perConnection = (before.freeMemory - now.freeMemory) / COUNT;
  console.log(`# ${Math.round(perConnection)} bytes of memory a connection, ${now.freeMemory >> 20} MiB are free`);
  assert.ok(now.connections >= COUNT);
  assert.ok(perConnection < LIMIT_BYTES, `${perConnection} bytes a connection`);
  for (let i = 0; i < 20; i++) assert.equal(await (await fetch(`${base}/hello`)).text(), "hello eggos");
});

await check("each still answers", async () => {
  let next = 0;
  const askSome = async (): Promise<void> => {
    while (next < COUNT) await ask(sockets[next++] as net.Socket);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askSome));
});

await check("all are closed and forgotten", async () => {
  for (const socket of sockets) socket.destroy();
  let left = COUNT;
  for (let i = 0; i < 200 && left > 10; i++) {
    await sleep(100);
    left = (await statistics()).connections;
  }
  assert.ok(left <= 10, `${left} connections are left`);
  const shown = execFileSync("ss", ["-Htn", "state", "established", "dst", GUEST_4], { encoding: "utf8" });
  assert.ok(shown.split("\n").length < 20, shown.slice(0, 500));
});

await leave(guest);
