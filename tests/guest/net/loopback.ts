// Both ends in one process, over 127.0.0.1 and ::1: what Node's networking asks of sockets, without a network device.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns/promises";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket as Client, WebSocketServer } from "ws";
import { handle, pattern, statistics } from "./handlers.ts";

const data = (name: string): Buffer => fs.readFileSync(path.join(import.meta.dirname, "data", name));
const tls = { key: data("test-key.pem"), cert: data("test-certificate.pem") };

async function listening(server: net.Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
const closed = (server: { close(done: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

for (const host of ["127.0.0.1", "::1"]) {
  test(`a TCP connection over ${host} carries bytes both ways and closes`, async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    const port = await listening(server, host);
    const socket = net.connect(port, host);
    await once(socket, "connect");
    assert.equal(socket.remotePort, port);
    assert.equal(socket.remoteAddress, host);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 1000);
    socket.end("to and fro");
    assert.equal(await text(socket), "to and fro");
    await closed(server);
  });
}

test("10 MB pass through a socket unchanged", async () => {
  const size = 10 << 20;
  const server = net.createServer((socket) => {
    socket.end(pattern(0, size));
  });
  const socket = net.connect(await listening(server));
  const received = await buffer(socket);
  assert.equal(received.length, size);
  assert.ok(received.equals(pattern(0, size)));
  await closed(server);
});

test("a slow reader holds the writer back", async () => {
  const server = net.createServer();
  const port = await listening(server);
  const accepted = once(server, "connection");
  const socket = net.connect(port);
  const [peer] = (await accepted) as [net.Socket];
  socket.pause();
  let written = 0;
  while (peer.write(Buffer.alloc(65536)) || peer.writableLength < 4 << 20) {
    written += 65536;
    assert.ok(written < 64 << 20, "the writer is never held back");
    await sleep(0);
  }
  let received = 0;
  socket.on("data", (chunk) => {
    received += chunk.length;
  });
  socket.resume();
  peer.end();
  await once(socket, "end");
  assert.ok(received >= written);
  socket.destroy();
  await closed(server);
});

test("connecting to a closed port is ECONNREFUSED, binding twice EADDRINUSE", async () => {
  const server = net.createServer();
  const port = await listening(server);
  const second = net.createServer();
  second.listen(port, "127.0.0.1");
  assert.equal(((await once(second, "error")) as [{ code: string }])[0].code, "EADDRINUSE");
  await closed(server);
  const socket = net.connect(port, "127.0.0.1");
  assert.equal(((await once(socket, "error")) as [{ code: string }])[0].code, "ECONNREFUSED");
});

test("a reset is seen as ECONNRESET", async () => {
  const server = net.createServer((socket) => socket.resetAndDestroy());
  const socket = net.connect(await listening(server));
  const [error] = (await once(socket, "error")) as [{ code: string }];
  assert.equal(error.code, "ECONNRESET");
  await closed(server);
});

test("a thousand connections one after another, and 200 at once", async () => {
  const server = net.createServer((socket) => socket.end("x"));
  const port = await listening(server);
  for (let i = 0; i < 200; i++) assert.equal(await text(net.connect(port)), "x");
  const answers = await Promise.all(Array.from({ length: 200 }, () => text(net.connect(port))));
  assert.ok(answers.every((answer) => answer === "x"));
  await closed(server);
});

test("local sockets have names in the file system and in the abstract space", async () => {
  for (const name of [path.join(fs.mkdtempSync(path.join(os.tmpdir(), "socket-")), "s"), "\0abstract-name"]) {
    const server = net.createServer((socket) => socket.end("local"));
    server.listen(name);
    await once(server, "listening");
    assert.equal(await text(net.connect(name)), "local");
    await closed(server);
  }
});

test("http: requests with keep-alive use one connection", async () => {
  const server = http.createServer(handle);
  let connections = 0;
  server.on("connection", () => connections++);
  const port = await listening(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 50; i++) {
    const [response] = (await once(http.get({ port, path: "/hello", agent }), "response")) as [http.IncomingMessage];
    assert.equal(await text(response), "hello eggos");
  }
  assert.equal(connections, 1);
  agent.destroy();
  await closed(server);
});

test("fetch: json, streams both ways, aborts", async () => {
  const server = http.createServer(handle);
  const port = await listening(server);
  const base = `http://127.0.0.1:${port}`;
  const answer = await fetch(`${base}/json`, { method: "POST", body: JSON.stringify({ a: 1 }) });
  assert.deepEqual(await answer.json(), { a: 1, seen: true });
  const body = await (await fetch(`${base}/stream?count=100&ms=0`)).text();
  assert.equal(body.split("\n").length, 101);
  const size = 3 << 20;
  const upload = await fetch(`${base}/upload`, { method: "POST", body: new Blob([pattern(0, size)]) });
  assert.deepEqual(await upload.json(), { size, hash: createHash("sha1").update(pattern(0, size)).digest("hex") });
  const download = Buffer.from(await (await fetch(`${base}/download?size=${size}`)).arrayBuffer());
  assert.ok(download.equals(pattern(0, size)));
  const aborted = statistics.aborted;
  const controller = new AbortController();
  const never = await fetch(`${base}/never`, { signal: controller.signal });
  controller.abort();
  await assert.rejects(never.text(), { name: "AbortError" });
  for (let i = 0; i < 100 && statistics.aborted === aborted; i++) await sleep(10);
  assert.equal(statistics.aborted, aborted + 1);
  assert.equal((await fetch(`${base}/nowhere`)).status, 404);
  server.closeAllConnections();
  await closed(server);
});

test("https: a certificate is checked, a connection carries data", async () => {
  const server = https.createServer(tls, handle);
  const port = await listening(server);
  const get = (ca: Buffer | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      https
        .get({ port, host: "127.0.0.1", path: "/hello", ...(ca ? { ca } : {}), agent: false }, (response) =>
          resolve(text(response)),
        )
        .on("error", reject);
    });
  assert.equal(await get(tls.cert), "hello eggos");
  await assert.rejects(get(undefined), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  await closed(server);
});

test("http2: many streams share a connection", async () => {
  const server = http2.createServer((request, response) => {
    request.resume();
    response.end(`path ${request.url}`);
  });
  const port = await listening(server as unknown as net.Server);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => text(session.request({ ":path": `/${index}` }))),
  );
  assert.ok(answers.every((answer, index) => answer === `path /${index}`));
  session.close();
  await closed(server);
});

test("WebSockets carry text and binary messages", async () => {
  const server = http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (message, binary) => socket.send(message, { binary })));
  const port = await listening(server);
  const client = new Client(`ws://127.0.0.1:${port}`);
  await once(client, "open");
  client.send("text");
  assert.equal(String(((await once(client, "message")) as [Buffer])[0]), "text");
  const large = pattern(0, 1 << 20);
  client.send(large);
  assert.ok(((await once(client, "message")) as [Buffer])[0].equals(large));
  client.close();
  await once(client, "close");
  const builtin = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve) => builtin.addEventListener("open", resolve));
  const heard = new Promise((resolve) =>
    builtin.addEventListener("message", (event) => resolve((event as MessageEvent).data)),
  );
  builtin.send("again");
  assert.equal(await heard, "again");
  builtin.close();
  sockets.close();
  await closed(server);
});

test("datagrams go to and fro over IPv4 and IPv6", async () => {
  for (const [type, host] of [
    ["udp4", "127.0.0.1"],
    ["udp6", "::1"],
  ] as const) {
    const server = dgram.createSocket(type);
    server.on("message", (message, from) => server.send(message, from.port, from.address));
    await new Promise<void>((resolve) => server.bind(0, host, resolve));
    const client = dgram.createSocket(type);
    for (const size of [0, 1, 1400, 9000]) {
      client.send(pattern(0, size), server.address().port, host);
      const [message, from] = (await once(client, "message")) as [Buffer, dgram.RemoteInfo];
      assert.equal(message.length, size);
      assert.equal(from.port, server.address().port);
    }
    client.setBroadcast(true);
    client.setTTL(10);
    assert.ok(client.getRecvBufferSize() > 4096);
    client.close();
    server.close();
  }
});

test("localhost resolves, interfaces are told", async () => {
  const addresses = await dns.lookup("localhost", { all: true });
  assert.ok(addresses.some(({ address }) => address === "127.0.0.1" || address === "::1"));
  const loopback = Object.values(os.networkInterfaces())
    .flat()
    .filter((one) => one?.internal);
  assert.ok(loopback.some((one) => one?.address === "127.0.0.1" && one.netmask === "255.0.0.0"));
});

test("happy eyeballs connects to whichever address answers", async () => {
  const server = net.createServer((socket) => socket.end("found"));
  const port = await listening(server, "127.0.0.1");
  assert.equal(await text(net.connect({ host: "localhost", port, autoSelectFamily: true })), "found");
  await closed(server);
});

test("a dual-stack server answers both families", async () => {
  const server = net.createServer((socket) => socket.end(String(socket.remoteFamily)));
  const port = await listening(server, "::");
  assert.equal(await text(net.connect(port, "127.0.0.1")), "IPv6");
  assert.equal(await text(net.connect(port, "::1")), "IPv6");
  await closed(server);
});
