// node:cluster: workers that serve one port, both ways of sharing it; workers that die are replaced.
// The program is its own worker, so it is run as a child.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const PROGRAM = `
const cluster = require("node:cluster");
const http = require("node:http");
const { once } = require("node:events");
if (process.env.POLICY === "shared") cluster.schedulingPolicy = cluster.SCHED_NONE;

async function ask(port) {
  const request = http.get({ port, host: "127.0.0.1", agent: false });
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

async function primary() {
  const workers = [cluster.fork(), cluster.fork()];
  const addresses = await Promise.all(workers.map(async (worker) => (await once(worker, "listening"))[0]));
  const port = addresses[0].port;
  const seen = new Set();
  let count = 0;
  for (; count < 400 && (count < 20 || seen.size < 2); count++) seen.add(await ask(port));
  if (process.env.POLICY === "shared") {
    // Whoever waits first may get all: ask several at once too.
    for (let round = 0; round < 50 && seen.size < 2; round++)
      for (const text of await Promise.all(Array.from({ length: 10 }, () => ask(port)))) seen.add(text);
  }
  const pids = workers.map((worker) => String(worker.process.pid));
  console.log("same port", addresses[1].port === port);
  console.log("answered", [...seen].every((pid) => pids.includes(pid)), seen.size);
  workers[0].process.kill("SIGKILL");
  const [, signal] = await once(workers[0], "exit");
  console.log("died of", signal);
  const third = cluster.fork();
  await once(third, "listening");
  const later = new Set();
  for (let round = 0; round < 400 && later.size < (process.env.POLICY === "shared" ? 1 : 2); round++) later.add(await ask(port));
  console.log("after", [...later].every((pid) => pid !== pids[0]));
  cluster.disconnect(() => console.log("all gone", Object.keys(cluster.workers).length));
}

if (cluster.isPrimary) void primary();
else http.createServer((request, response) => response.end(String(process.pid))).listen(0, "127.0.0.1");
`;

async function output(policy: string): Promise<string[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cluster-"));
  try {
    const file = path.join(folder, "cluster.cjs");
    fs.writeFileSync(file, PROGRAM);
    const env = { ...process.env, POLICY: policy };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env, timeout: 120_000 });
    return stdout.trim().split("\n");
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("two workers serve one port in turns; one that dies is replaced", async () => {
  assert.deepEqual(await output("turns"), [
    "same port true",
    "answered true 2",
    "died of SIGKILL",
    "after true",
    "all gone 0",
  ]);
});

test("workers share one listening socket", async () => {
  const lines = await output("shared");
  assert.match(lines[1] ?? "", /^answered true [12]$/);
  lines.splice(1, 1);
  assert.deepEqual(lines, ["same port true", "died of SIGKILL", "after true", "all gone 0"]);
});
