/**
 * The network: both ends in the guest (net/loopback.ts), real clients outside against servers inside through QEMU's user
 * network (net/serve.ts), and a client inside against servers outside (net/client.ts).
 */
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { WebSocket as Client } from "ws";
import { type Guest, runGuest, startGuest } from "../../cli/run/guest.ts";
import { knownFailure } from "./known-failures.ts";
import { handle, pattern } from "./net/handlers.ts";
import { PORTS } from "./net/ports.ts";
import { parseOutcomes } from "./node-tap.ts";

const folder = join(import.meta.dirname, "net");
const certificate = readFileSync(join(folder, "data/test-certificate.pem"));
const LIMIT_MS = 120_000;

/** A test that may be known to fail; then it is reported when it passes. */
function check(name: string, body: () => Promise<void>): void {
  const reason = knownFailure(`net: ${name}`);
  test(name, { todo: reason ?? false, timeout: LIMIT_MS }, async () => {
    await body();
    assert.equal(reason, undefined, "passes now: take it out of known-failures.json");
  });
}

/** A kept-alive HTTP connection, by hand: one request at a time. */
class KeptConnection {
  readonly socket: net.Socket;
  #received = "";

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => (this.#received += chunk.toString("latin1")));
  }

  /**
   * Opened when the first answer is there. QEMU's user network listens with a backlog of one, whatever the guest: connections
   * opened all at once would wait for seconds on the host's side.
   */
  static async open(port: number): Promise<KeptConnection> {
    const socket = net.connect(port, "127.0.0.1");
    const connection = new KeptConnection(socket);
    await once(socket, "connect");
    assert.equal(await connection.get("/hello"), "hello eggos");
    return connection;
  }

  /** The body of the answer. */
  async get(path: string): Promise<string> {
    this.#received = "";
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: guest\r\n\r\n`);
    while (true) {
      const [head, body] = this.#received.split("\r\n\r\n", 2);
      const length = /content-length: (\d+)/i.exec(head ?? "")?.[1];
      if (body !== undefined && length !== undefined && body.length >= Number(length)) return body;
      await once(this.socket, "data");
    }
  }
}

test("net/loopback passes in the guest", async (context) => {
  const result = await runGuest({ target: folder, args: ["loopback"], timeoutMs: LIMIT_MS });
  for (const outcome of parseOutcomes(result.stdout)) {
    const reason = knownFailure(`net/loopback: ${outcome.name}`);
    if (outcome.ok && reason === undefined) continue;
    await context.test(outcome.name, { todo: !outcome.ok && reason !== undefined ? reason : false }, () => {
      assert.ok(outcome.ok, outcome.detail);
      assert.equal(reason, undefined, "passes now: take it out of known-failures.json");
    });
  }
  const complete = /^# fail \d+/m.test(result.stdout);
  const reason = knownFailure("net/loopback: runs to its end");
  await context.test("runs to its end", { todo: complete ? false : (reason ?? false) }, () => {
    assert.ok(
      complete,
      [JSON.stringify(result.ending), result.stdout.slice(-800), result.stderr.slice(-1500)].join("\n"),
    );
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** What is used of a guest; a process of this host stands in for it with ORACLE=host, to judge these tests. */
type Served = Pick<Guest, "stdout" | "stderr" | "kill" | "sendSignal"> & { ended: Promise<{ ending: object }> };

function serveHere(): Served {
  const child = spawn(process.execPath, [join(folder, "main.ts"), "serve"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close").then(([status]) => ({ ending: { kind: "exit", status: Number(status) } }));
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    kill: () => child.kill("SIGKILL"),
    sendSignal: (signal) => child.kill(signal),
    ended,
  };
}

describe("servers in the guest, clients outside", () => {
  let guest: Served;
  const at: Record<keyof typeof PORTS, number> = { ...PORTS };
  const lines: string[] = [];
  let errors = "";
  const base = (): string => `http://127.0.0.1:${at.http}`;

  before(async () => {
    const names = Object.keys(PORTS) as (keyof typeof PORTS)[];
    const ports = await freePorts(names.length);
    const onHost = process.env.ORACLE === "host";
    names.forEach((name, index) => {
      at[name] = onHost ? PORTS[name] : (ports[index] ?? 0);
    });
    const startServing = (): Promise<Guest> =>
      startGuest({
        target: folder,
        args: ["serve"],
        boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" },
        output: "pipe",
        memoryMiB: 384,
        ports: names.map((name) => ({
          protocol: name === "udp" ? "udp" : "tcp",
          hostAddress: "127.0.0.1",
          hostPort: at[name],
          guestPort: PORTS[name],
        })),
      });
    guest = onHost ? serveHere() : await startServing();
    let gone = false;
    void guest.ended.then(() => {
      gone = true;
    });
    guest.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
    const reader = createInterface({ input: guest.stdout as Readable });
    reader.on("line", (line) => lines.push(line));
    const began = performance.now();
    while (!lines.includes("listening") && performance.now() - began < 60_000 && !gone) await sleep(50);
    if (!lines.includes("listening")) {
      guest.kill();
      throw new Error(`the guest does not listen: ${lines.join(" / ")} ${errors.slice(-1500)}`);
    }
  });

  after(async () => {
    guest?.kill();
    await guest?.ended;
  });

  check("hello by fetch, curl and plain sockets", async () => {
    assert.equal(await (await fetch(`${base()}/hello`)).text(), "hello eggos");
    const socket = net.connect(at.http, "127.0.0.1");
    socket.write("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK[\s\S]*hello eggos$/);
    if (spawnSync("curl", ["--version"]).status === 0) {
      const { stdout } = await promisify(execFile)("curl", ["-s", "-m", "20", `${base()}/hello`]);
      assert.equal(stdout, "hello eggos");
    }
  });

  check("json bodies and streams", async () => {
    const answer = await fetch(`${base()}/json`, { method: "POST", body: JSON.stringify({ text: "ü".repeat(5000) }) });
    assert.equal(((await answer.json()) as { text: string }).text.length, 5000);
    const began = performance.now();
    const stream = await fetch(`${base()}/stream?count=10&ms=30`);
    const first = await (stream.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().next();
    assert.match(Buffer.from(first.value as Uint8Array).toString(), /^piece 0/);
    assert.ok(performance.now() - began < 20_000);
  });

  check("large downloads and uploads arrive unchanged", async () => {
    const size = 8 << 20;
    const down = Buffer.from(await (await fetch(`${base()}/download?size=${size}`)).arrayBuffer());
    assert.ok(down.equals(pattern(0, size)));
    const up = await fetch(`${base()}/upload`, { method: "POST", body: new Blob([pattern(0, size)]) });
    assert.deepEqual(await up.json(), { size, hash: createHash("sha1").update(pattern(0, size)).digest("hex") });
  });

  check("keep-alive, 64 connections at once, 200 one after another", async () => {
    const connections: KeptConnection[] = [];
    while (connections.length < 64) connections.push(await KeptConnection.open(at.http));
    await Promise.all(
      connections.map(async (connection) => {
        for (let i = 0; i < 10; i++) assert.equal(await connection.get("/hello"), "hello eggos");
        connection.socket.destroy();
      }),
    );
    const get = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        http
          .get({ port: at.http, host: "127.0.0.1", path, agent: false }, (response) => resolve(text(response)))
          .on("error", reject);
      });
    for (let i = 0; i < 200; i++) assert.equal(await get("/hello"), "hello eggos");
  });

  check("clients that go away are noticed and forgotten", async () => {
    const before = (await (await fetch(`${base()}/statistics`)).json()) as { aborted: number };
    for (let i = 0; i < 20; i++) {
      const request = http.get({ port: at.http, host: "127.0.0.1", path: "/never", agent: false });
      request.on("error", () => {});
      await once(request, "response");
      request.destroy();
    }
    let aborted = 0;
    for (let i = 0; i < 100 && aborted < 20; i++) {
      await sleep(50);
      aborted = ((await (await fetch(`${base()}/statistics`)).json()) as { aborted: number }).aborted - before.aborted;
    }
    assert.ok(aborted >= 20, `${aborted} of 20 were noticed`);
  });

  check("https, with openssl's client too", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      https
        .get({ port: at.https, host: "127.0.0.1", path: "/hello", ca: certificate, agent: false }, (response) =>
          resolve(text(response)),
        )
        .on("error", reject);
    });
    assert.equal(answer, "hello eggos");
    if (spawnSync("openssl", ["version"]).status === 0) {
      const request = "GET /hello HTTP/1.0\r\n\r\n";
      const client = spawnSync("openssl", ["s_client", "-quiet", "-connect", `127.0.0.1:${at.https}`], {
        input: request,
        timeout: 20_000,
      });
      assert.match(client.stdout.toString(), /hello eggos/);
    }
  });

  check("http2 streams share a connection", async () => {
    const session = http2.connect(`https://127.0.0.1:${at.http2}`, { ca: certificate });
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const stream = session.request({ ":path": "/echo", ":method": "POST" });
        stream.end(pattern(index, 50_000));
        return (await buffer(stream)).equals(pattern(index, 50_000));
      }),
    );
    assert.ok(answers.every((same) => same));
    session.close();
  });

  check("a TCP echo of 4 MB, half closed", async () => {
    const socket = net.connect({ port: at.echo, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(pattern(0, 4 << 20));
    assert.ok((await buffer(socket)).equals(pattern(0, 4 << 20)));
  });

  check("datagrams come back", async () => {
    const socket = dgram.createSocket("udp4");
    let received = 0;
    socket.on("message", () => received++);
    for (let i = 0; i < 50 && received < 10; i++) {
      socket.send(pattern(0, 1 + i * 20), at.udp, "127.0.0.1");
      await sleep(20);
    }
    socket.close();
    assert.ok(received >= 10, `${received} came back`);
  });

  check("WebSockets carry messages", async () => {
    const client = new Client(`ws://127.0.0.1:${at.http}`);
    await once(client, "open");
    for (let i = 0; i < 50; i++) {
      client.send(`message ${i}`);
      assert.equal(String(((await once(client, "message")) as [Buffer])[0]), `message ${i}`);
    }
    client.close();
    await once(client, "close");
  });

  check("a fastify app answers", async () => {
    const url = `http://127.0.0.1:${at.fastify}`;
    assert.deepEqual(await (await fetch(`${url}/hello/you`)).json(), { hello: "you" });
    const sum = await fetch(`${url}/sum`, {
      method: "POST",
      body: "[1,2,3]",
      headers: { "content-type": "application/json" },
    });
    assert.deepEqual(await sum.json(), { sum: 6 });
    assert.equal((await fetch(`${url}/none`)).status, 404);
  });

  check("garbage and half requests do not disturb others", async () => {
    const sockets = Array.from({ length: 30 }, (_, index) => {
      const socket = net.connect(at.http, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.write(index % 2 ? "GET /hello HTTP/1.1\r\nHo" : pattern(index, 500));
      return socket;
    });
    await sleep(200);
    assert.equal(await (await fetch(`${base()}/hello`)).text(), "hello eggos");
    for (const socket of sockets) socket.destroy();
  });

  check("SIGTERM stops it gracefully, with status 0", async () => {
    guest.sendSignal(15);
    const ended = await Promise.race([guest.ended, sleep(30_000)]);
    assert.deepEqual(ended?.ending, { kind: "exit", status: 0 }, `${lines.join(" / ")} ${errors.slice(-1000)}`);
    assert.ok(lines.includes("stopped"));
  });
});

check("a client in the guest reaches servers outside", async () => {
  const server = http.createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = (server.address() as AddressInfo).port;
  // A name server that knows one answer.
  const names = dgram.createSocket("udp4");
  names.on("message", (query, from) => {
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 6);
    head.writeUInt32BE(0, 8);
    let end = 12;
    while (query[end] !== 0) end += (query[end] ?? 0) + 1;
    names.send(Buffer.concat([head, query.subarray(12, end + 5), answer]), from.port, from.address);
  });
  await new Promise<void>((resolve) => names.bind(port, "127.0.0.1", resolve));
  try {
    // 10.0.2.2 is this host as QEMU's user network shows it.
    const result = await runGuest({ target: folder, args: ["client", "10.0.2.2", String(port)], timeoutMs: LIMIT_MS });
    assert.deepEqual(
      result.stdout.trim().split("\n"),
      ["client: hello", "client: download", "client: upload", "client: 32 at once", "client: dns"],
      `${JSON.stringify(result.ending)} ${result.stderr.slice(-1500)}`,
    );
    assert.equal(result.status, 0);
  } finally {
    server.close();
    server.closeAllConnections();
    names.close();
  }
});
