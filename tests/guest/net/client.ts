// A client in the guest of servers outside: HTTP and bulk transfers over both families, TLS. Prints one line a step.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import tls from "node:tls";
import { pattern } from "./handlers.ts";

async function transfer(host: string, base: string): Promise<void> {
  assert.equal(await (await fetch(`${base}/hello`)).text(), "hello eggos");
  console.log(`${host}: hello`);
  const size = 4 << 20;
  assert.ok(Buffer.from(await (await fetch(`${base}/download?size=${size}`)).arrayBuffer()).equals(pattern(0, size)));
  console.log(`${host}: download`);
  const upload = await fetch(`${base}/upload`, { method: "POST", body: new Blob([pattern(0, size)]) });
  const answer = (await upload.json()) as { hash: string };
  assert.equal(answer.hash, createHash("sha1").update(pattern(0, size)).digest("hex"));
  console.log(`${host}: upload`);
  const answers = await Promise.all(Array.from({ length: 32 }, async () => (await fetch(`${base}/hello`)).text()));
  assert.equal(answers.filter((text) => text === "hello eggos").length, 32);
  console.log(`${host}: 32 at once`);
}

export async function runClient(host4: string, host6: string, port: number, tlsPort: number): Promise<void> {
  await transfer(host4, `http://${host4}:${port}`);
  await transfer(host6, `http://[${host6}]:${port}`);
  const ca = fs.readFileSync(path.join(import.meta.dirname, "data/test-certificate.pem"));
  const socket = tls.connect({ host: host4, port: tlsPort, ca, checkServerIdentity: () => undefined });
  await once(socket, "secureConnect");
  assert.ok(socket.authorized);
  socket.write("eggos\n");
  assert.equal(String(((await once(socket, "data")) as [Buffer])[0]), "sogge\n");
  socket.destroy();
  console.log("tls");
}
