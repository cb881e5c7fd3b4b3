/**
 * The network: both ends in the guest (net/loopback.ts), real clients outside against servers inside through QEMU's user
 * network (net/serve.ts), and a client inside against servers outside (net/client.ts).
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
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
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { WebSocket as Client } from "ws";
import { type Guest, runGuest, startGuest } from "../../cli/run/guest.ts";
import { knownFailure } from "./known-failures.ts";
import { blocks, handle, hashOfBlocks, pattern } from "./net/handlers.ts";
import { PORTS } from "./net/ports.ts";
import { installPackages, missingPackages } from "../../tools/setup/debian.mjs";
import { parseOutcomes } from "./node-tap.ts";

const folder = join(import.meta.dirname, "net");
const certificate = readFileSync(join(folder, "data/test-certificate.pem"));
const LIMIT_MS = 120_000;

before(async () => {
  await installPackages(missingPackages(new URL("../../tools/setup/network-clients.json", import.meta.url)));
});

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
  // Both ends of 10 MB and what they copy lie in one Node.js, which collects its buffers late.
  const result = await runGuest({ target: folder, args: ["loopback"], memoryMiB: 384, timeoutMs: LIMIT_MS });
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
        ports: [
          ...names.map((name) => ({
            protocol: name === "udp" ? ("udp" as const) : ("tcp" as const),
            hostAddress: "127.0.0.1",
            hostPort: at[name],
            guestPort: PORTS[name],
          })),
          { protocol: "tcp", hostAddress: "[::1]", hostPort: at.http, guestPort: PORTS.http },
        ],
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
    const { stdout } = await promisify(execFile)("curl", ["-s", "-m", "20", `${base()}/hello`]);
    assert.equal(stdout, "hello eggos");
  });

  check("hello over IPv6, from fetch and curl", async () => {
    const url = `http://[::1]:${at.http}/hello`;
    assert.equal(await (await fetch(url)).text(), "hello eggos");
    const { stdout } = await promisify(execFile)("curl", ["-6", "-s", "-m", "20", url]);
    assert.equal(stdout, "hello eggos");
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

  check("bodies of 200 MB arrive unchanged, both ways", async () => {
    const size = 200 << 20;
    const hash = hashOfBlocks(size);
    const down = createHash("sha256");
    const response = await fetch(`${base()}/blocks?size=${size}`);
    for await (const chunk of response.body ?? []) down.update(chunk);
    assert.equal(down.digest("hex"), hash);
    const request = http.request({ port: at.http, host: "127.0.0.1", path: "/hash", method: "POST", agent: false });
    const [[answer]] = await Promise.all([once(request, "response"), pipeline(Readable.from(blocks(size)), request)]);
    assert.deepEqual(JSON.parse(await text(answer as http.IncomingMessage)), { size, hash });
  });

  check("a body streams in while the answer streams out", async () => {
    const request = http.request({ port: at.http, host: "127.0.0.1", path: "/echo", method: "POST", agent: false });
    request.write("piece 0\n");
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const reader = createInterface({ input: response })[Symbol.asyncIterator]();
    // The next piece goes out when the one before it has come back: nothing waits for the end of anything.
    for (let i = 0; i < 100; i++) {
      assert.equal((await reader.next()).value, `piece ${i}`);
      request.write(`piece ${i + 1}\n`);
    }
    request.end();
    assert.equal((await reader.next()).value, "piece 100");
    assert.equal((await reader.next()).done, true);
  });

  check("clients that leave in the middle of a body do no harm", async () => {
    const size = 64 << 20;
    for (let i = 0; i < 10; i++) {
      const down = http.get({ port: at.http, host: "127.0.0.1", path: `/blocks?size=${size}`, agent: false });
      down.on("error", () => {});
      const [response] = (await once(down, "response")) as [http.IncomingMessage];
      response.on("error", () => {});
      await once(response, "data");
      down.destroy();
      const up = http.request({ port: at.http, host: "127.0.0.1", path: "/hash", method: "POST", agent: false });
      up.on("error", () => {});
      up.setHeader("content-length", size);
      up.write(pattern(0, 1 << 20), () => up.destroy());
      await new Promise((resolve) => up.once("close", resolve));
    }
    assert.equal(await (await fetch(`${base()}/hello`)).text(), "hello eggos");
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
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const client = spawnSync("openssl", ["s_client", version, "-quiet", "-connect", `127.0.0.1:${at.https}`], {
        input: "GET /hello HTTP/1.0\r\n\r\n",
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

  check("nc talks TCP and UDP with it", async () => {
    const tcp = spawnSync("nc", ["-N", "-w", "10", "127.0.0.1", String(at.echo)], {
      input: "by nc\n",
      timeout: 20_000,
    });
    assert.equal(tcp.stdout.toString(), "by nc\n", tcp.stderr.toString());
    const udp = spawnSync("nc", ["-u", "-w", "2", "127.0.0.1", String(at.udp)], {
      input: "by nc -u\n",
      timeout: 20_000,
    });
    assert.equal(udp.stdout.toString(), "by nc -u\n", udp.stderr.toString());
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

  for (const framework of ["fastify", "express"] as const) {
    check(`an app made with ${framework} answers`, async () => {
      const url = `http://127.0.0.1:${at[framework]}`;
      assert.deepEqual(await (await fetch(`${url}/hello/you`)).json(), { hello: "you" });
      const sum = await fetch(`${url}/sum`, {
        method: "POST",
        body: "[1,2,3]",
        headers: { "content-type": "application/json" },
      });
      assert.deepEqual(await sum.json(), { sum: 6 });
      assert.equal((await fetch(`${url}/none`)).status, 404);
    });
  }

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

/** An echo over TLS by OpenSSL itself: each line comes back reversed. */
async function opensslServer(port: number): Promise<ChildProcess> {
  const words = [
    "s_server",
    "-rev",
    "-accept",
    `127.0.0.1:${port}`,
    "-cert",
    join(folder, "data/test-certificate.pem"),
  ];
  const server = spawn("openssl", [...words, "-key", join(folder, "data/test-key.pem")], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(server.stdout, "data");
  return server;
}

check("a client in the guest reaches servers outside, over IPv4 and IPv6", async () => {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  // A guest that computes for longer than keep-alive lasts would write to a connection that has just been closed.
  const servers = ["127.0.0.1", "::1"].map((host) =>
    http.createServer({ keepAliveTimeout: 0 }, handle).listen(port, host),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const openssl = await opensslServer(tlsPort);
  try {
    // 10.0.2.2 and fec0::2 are this host as QEMU's user network shows it.
    const result = await runGuest({
      target: folder,
      args: ["client", "10.0.2.2", "fec0::2", String(port), String(tlsPort)],
      timeoutMs: LIMIT_MS,
    });
    const steps = ["hello", "download", "upload", "32 at once"];
    assert.deepEqual(
      result.stdout.trim().split("\n"),
      [...steps.map((step) => `10.0.2.2: ${step}`), ...steps.map((step) => `fec0::2: ${step}`), "tls"],
      `${JSON.stringify(result.ending)} ${result.stderr.slice(-1500)}`,
    );
    assert.equal(result.status, 0);
  } finally {
    openssl.kill("SIGKILL");
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  }
});

check("the inspector is reached from outside and evaluates", async () => {
  const [port = 0] = await freePorts(1);
  const guest = await startGuest({
    target: folder,
    args: ["serve"],
    env: { NODE_OPTIONS: "--inspect=0.0.0.0:9229" },
    boot: { stdin: "pipe", stdout: "pipe", stderr: "com2" },
    output: "pipe",
    memoryMiB: 384,
    ports: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: port, guestPort: 9229 }],
  });
  try {
    guest.stderr.resume();
    const reader = createInterface({ input: guest.stdout as Readable });
    while (((await once(reader, "line")) as [string])[0] !== "listening");
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const client = new Client(targets[0]?.webSocketDebuggerUrl ?? "");
    await once(client, "open");
    const expression = "[process.platform, require('node:os').hostname(), 6 * 7].join(' ')";
    const parameters = { expression, includeCommandLineAPI: true };
    client.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: parameters }));
    const [message] = (await once(client, "message")) as [Buffer];
    const answer = JSON.parse(String(message)) as { id: number; result: { result: { value: string } } };
    assert.equal(answer.result.result.value, "linux eggos 42");
    client.terminate();
  } finally {
    guest.kill();
    await guest.ended;
  }
});
