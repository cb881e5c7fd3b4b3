// child_process.fork: messages and handles between Node.js processes.

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "forks-"));
after(() => fs.rmSync(folder, { recursive: true }));

function program(name: string, text: string): string {
  const file = path.join(folder, `${name}.cjs`);
  fs.writeFileSync(file, text);
  return file;
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [value] = (await once(child, "message")) as [T];
  return value;
}

const ECHO = program(
  "echo",
  `process.on("message", (value) => {
    if (value === "leave") { process.disconnect(); return; }
    if (value === "die") process.exit(3);
    process.send(value);
  });
  process.send({ ready: true, args: process.argv.slice(2), connected: process.connected });`,
);

test("messages go both ways, in order, large ones whole", async () => {
  const child = fork(ECHO, ["one", "two words"]);
  assert.deepEqual(await message(child), { ready: true, args: ["one", "two words"], connected: true });
  const large = { text: "x".repeat(600_000), list: Array.from({ length: 1000 }, (_, index) => index) };
  child.send(large);
  assert.deepEqual(await message(child), large);
  const received: number[] = [];
  const all = new Promise<void>((resolve) => {
    child.on("message", (value: number) => {
      received.push(value);
      if (received.length === 500) resolve();
    });
  });
  for (let index = 0; index < 500; index++) child.send(index);
  await all;
  assert.deepEqual(
    received,
    Array.from({ length: 500 }, (_, index) => index),
  );
  child.send("leave");
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0);
  assert.equal(child.connected, false);
});

test("advanced serialization carries maps, buffers and big integers", async () => {
  const child = fork(ECHO, { serialization: "advanced" });
  await message(child);
  const value = { map: new Map([["a", 1n]]), bytes: new Uint8Array([1, 2, 3]), when: new Date(5), circular: {} };
  value.circular = value;
  child.send(value);
  const back = await message<typeof value>(child);
  assert.deepEqual(back.map, value.map);
  assert.deepEqual([...back.bytes], [1, 2, 3]);
  assert.equal(back.when.getTime(), 5);
  assert.equal(back.circular, back);
  child.send("die");
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 3);
});

test("a child without its parent's channel ends; silent keeps its output apart", async () => {
  const child = fork(program("silent", 'console.log("quiet"); process.on("disconnect", () => process.exit(6));'), {
    silent: true,
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  child.disconnect();
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 6);
  assert.equal(said, "quiet\n");
});

test("a socket is handed to a child, which answers on it", async () => {
  const child = fork(
    program(
      "socket",
      `process.on("message", (value, socket) => {
        socket.setEncoding("utf8");
        socket.on("data", (text) => socket.end("child " + process.pid + " got " + value + " " + text));
        socket.resume();
        socket.on("close", () => process.disconnect());
      });
      process.send("ready");`,
    ),
  );
  await message(child);
  const server = net.createServer({ pauseOnConnect: true }, (socket) => child.send("handle", socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  client.write("hello");
  const left = once(child, "exit");
  let said = "";
  for await (const chunk of client) said += chunk;
  assert.equal(said, `child ${child.pid} got handle hello`);
  await left;
  server.close();
});

test("a listening server is handed to a child, which accepts on it", async () => {
  const child = fork(
    program(
      "server",
      `process.on("message", (value, server) => {
        if (value !== "server") process.exit(0);
        server.on("connection", (socket) => socket.end("from " + process.pid));
        process.send("accepting");
      });
      process.send("ready");`,
    ),
  );
  await message(child);
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  child.send("server", server);
  assert.equal(await message(child), "accepting");
  server.close();
  const client = net.connect(port, "127.0.0.1");
  let said = "";
  for await (const chunk of client) said += chunk;
  assert.equal(said, `from ${child.pid}`);
  child.send("end");
  await once(child, "exit");
});
