// A client in the guest of servers outside: HTTP, bulk transfers, DNS over UDP. Prints one line a step.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { pattern } from "./handlers.ts";

export async function runClient(host: string, port: number): Promise<void> {
  const base = `http://${host}:${port}`;
  assert.equal(await (await fetch(`${base}/hello`)).text(), "hello eggos");
  console.log("client: hello");
  const size = 4 << 20;
  assert.ok(Buffer.from(await (await fetch(`${base}/download?size=${size}`)).arrayBuffer()).equals(pattern(0, size)));
  console.log("client: download");
  const answer = (await (
    await fetch(`${base}/upload`, { method: "POST", body: new Blob([pattern(0, size)]) })
  ).json()) as {
    hash: string;
  };
  assert.equal(answer.hash, createHash("sha1").update(pattern(0, size)).digest("hex"));
  console.log("client: upload");
  const answers = await Promise.all(Array.from({ length: 32 }, async () => (await fetch(`${base}/hello`)).text()));
  assert.equal(answers.filter((text) => text === "hello eggos").length, 32);
  console.log("client: 32 at once");
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`${host}:${port}`]);
  assert.deepEqual(await resolver.resolve4("anything.test"), ["192.0.2.7"]);
  console.log("client: dns");
}
