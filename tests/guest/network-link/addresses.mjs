// `addresses.mjs DEVICE` waits for the device's IPv4 address; `addresses.mjs none` serves itself over the loopback. JSON out.

import dns from "node:dns/promises";
import http from "node:http";
import { once } from "node:events";
import os from "node:os";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const device = process.argv[2] ?? "none";
const startedMs = Math.round(os.uptime() * 1000);

if (device === "none") {
  const server = http.createServer((_, response) => response.end("hello eggos")).listen(8000);
  await once(server, "listening");
  const [response] = await once(http.get("http://127.0.0.1:8000/"), "response");
  console.log(JSON.stringify({ interfaces: Object.keys(os.networkInterfaces()), answer: await text(response) }));
  server.close();
} else {
  const find = () => os.networkInterfaces()[device]?.find(({ family }) => family === "IPv4")?.address;
  while (find() === undefined) await sleep(20);
  const foundMs = Math.round(os.uptime() * 1000);
  const { address: resolved } = await dns.lookup("localhost", { family: 4 });
  console.log(JSON.stringify({ startedMs, foundMs, address: find(), resolved }));
}
