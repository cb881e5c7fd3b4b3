// Every kind of server on its port, until SIGTERM; then a graceful stop.

import dgram from "node:dgram";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import express from "express";
import fastify from "fastify";
import { WebSocketServer } from "ws";
import { handle, statistics } from "./handlers.ts";
import { PORTS } from "./ports.ts";

const data = (name: string): Buffer => fs.readFileSync(path.join(import.meta.dirname, "data", name));
const tls = { key: data("test-key.pem"), cert: data("test-certificate.pem") };

const servers: { close(done: () => void): unknown }[] = [];
const listening: Promise<unknown>[] = [];
function listen(server: net.Server, port: number): void {
  servers.push(server);
  listening.push(new Promise<void>((resolve) => server.listen({ port, host: "::" }, resolve)));
}

const plain = http.createServer(handle);
// Idle connections are a test's business: they must not be closed for being idle.
plain.keepAliveTimeout = 0;
plain.on("connection", (socket) => {
  statistics.connections++;
  socket.on("close", () => statistics.connections--);
});
listen(plain, PORTS.http);
listen(https.createServer(tls, handle), PORTS.https);
const secure = http2.createSecureServer({ ...tls, allowHTTP1: true });
secure.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
  const path = String(headers[":path"]);
  if (path === "/hello") {
    stream.respond({ ":status": 200 });
    stream.end("hello eggos");
  } else {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  }
});
listen(secure as unknown as net.Server, PORTS.http2);
listen(
  net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }),
  PORTS.echo,
);

const datagrams = dgram.createSocket({ type: "udp6", ipv6Only: false });
datagrams.on("message", (message, from) => datagrams.send(message, from.port, from.address));
listening.push(new Promise<void>((resolve) => datagrams.bind(PORTS.udp, resolve)));

const sockets = new WebSocketServer({ noServer: true });
plain.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on("message", (message, isBinary) => client.send(message, { binary: isBinary }));
  });
});

const app = fastify();
app.get<{ Params: { name: string } }>("/hello/:name", (request) => ({ hello: request.params.name }));
app.post("/sum", (request) => ({ sum: (request.body as number[]).reduce((a, b) => a + b, 0) }));
listening.push(app.listen({ port: PORTS.fastify, host: "::" }));

const routed = express();
routed.use(express.json());
routed.get("/hello/:name", (request, response) => void response.json({ hello: request.params.name }));
routed.post("/sum", (request, response) => {
  response.json({ sum: (request.body as number[]).reduce((a, b) => a + b, 0) });
});
listen(http.createServer(routed), PORTS.express);

process.on("SIGTERM", async () => {
  console.log("stopping");
  datagrams.close();
  for (const client of sockets.clients) client.close();
  plain.closeIdleConnections();
  await Promise.all([
    app.close(),
    ...servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  ]);
  console.log("stopped");
});

await Promise.all(listening);
console.log("listening");
