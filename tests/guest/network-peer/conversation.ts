/** Linux's TCP/IP talks with the guest's: both families, both directions, small and large. Runs in a namespace (peer.ts). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pattern } from "../net/handlers.ts";
import { PORTS } from "../net/ports.ts";
import { check, GUEST_4, GUEST_6, ip, leave, makeTap, startOnTap } from "./peer.ts";

const SIZE = 24 << 20;

makeTap();
const guest = await startOnTap(["serve"], "listening");

for (const [family, host] of [
  ["IPv4", GUEST_4],
  ["IPv6", `[${GUEST_6}]`],
] as const) {
  const base = `http://${host}:${PORTS.http}`;
  await check(`${family}: hello`, async () => {
    assert.equal(await (await fetch(`${base}/hello`)).text(), "hello eggos");
  });
  await check(`${family}: bulk data both ways`, async () => {
    const down = Buffer.from(await (await fetch(`${base}/download?size=${SIZE}`)).arrayBuffer());
    assert.ok(down.equals(pattern(0, SIZE)));
    const up = await fetch(`${base}/upload`, { method: "POST", body: new Blob([pattern(0, SIZE)]) });
    assert.deepEqual(await up.json(), { size: SIZE, hash: createHash("sha1").update(pattern(0, SIZE)).digest("hex") });
  });
  await check(`${family}: datagrams from one byte to what fits, in fragments`, async () => {
    const socket = dgram.createSocket(family === "IPv4" ? "udp4" : "udp6");
    for (const size of [1, 1400, 1473, 4000, 20_000, 60_000]) {
      const sent = pattern(size, size);
      socket.send(sent, PORTS.udp, host.replace(/[[\]]/g, ""));
      const timeout = sleep(5000).then(() => null);
      const answer = await Promise.race([once(socket, "message"), timeout]);
      assert.ok(answer, `no answer to ${size} bytes`);
      assert.ok((answer[0] as Buffer).equals(sent), `${size} bytes came back changed`);
    }
    socket.close();
  });
}

await check("timestamps and window scaling are agreed on", async () => {
  const socket = net.connect(PORTS.http, GUEST_4);
  await once(socket, "connect");
  const shown = execFileSync("ss", ["-tin", "dst", GUEST_4], { encoding: "utf8" });
  socket.destroy();
  assert.match(shown, /wscale:7/);
  // 1460 less the timestamps.
  assert.match(shown, /\bmss:1448\b/);
});

await check("300 connections at once", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 300 });
  const get = (): Promise<string> =>
    new Promise((resolve, reject) => {
      http
        .get({ host: GUEST_4, port: PORTS.http, path: "/hello", agent }, (response) => resolve(text(response)))
        .on("error", reject);
    });
  const answers = await Promise.all(Array.from({ length: 1200 }, get));
  assert.ok(answers.every((answer) => answer === "hello eggos"));
  agent.destroy();
});

await check("a port that nobody has refuses", async () => {
  const socket = net.connect(1, GUEST_4);
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
});

await check("a smaller link: segments get smaller, nothing is lost", async () => {
  ip("link", "set", "tap0", "mtu", "1300");
  const size = 1 << 20;
  const up = await fetch(`http://${GUEST_4}:${PORTS.http}/upload`, {
    method: "POST",
    body: new Blob([pattern(0, size)]),
  });
  assert.equal(((await up.json()) as { size: number }).size, size);
});

await leave(guest);
