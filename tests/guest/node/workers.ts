// Worker threads: messages, transfer, shared memory with Atomics, many of them, their end.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { BroadcastChannel, isMainThread, MessageChannel, Worker } from "node:worker_threads";

const start = (task: string, data: object = {}): Worker =>
  new Worker(new URL("./worker.ts", import.meta.url), { workerData: { task, ...data } });

test("this is the main thread", () => assert.ok(isMainThread));

test("a worker answers messages", async () => {
  const worker = start("echo");
  for (const message of ["text", { nested: [1, 2n, new Date(0)] }, new Map([["a", 1]])]) {
    worker.postMessage(message);
    assert.deepEqual((await once(worker, "message"))[0], message);
  }
  worker.postMessage("end");
  assert.deepEqual(await once(worker, "exit"), [0]);
});

test("shared memory and Atomics work between threads", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const workers = Array.from({ length: 3 }, () => start("add", { shared, times: 2000 }));
  await Promise.all(workers.map((worker) => once(worker, "exit")));
  assert.equal(Atomics.load(shared, 0), 6000);
});

test("Atomics.wait sleeps until Atomics.notify", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const worker = start("wait", { shared });
  await once(worker, "message");
  while (Atomics.notify(shared, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual((await once(worker, "message"))[0], "ok");
  assert.equal(Atomics.wait(shared, 2, 0, 30), "timed-out");
  const later = Atomics.waitAsync(shared, 3, 0, 20);
  assert.equal(await later.value, "timed-out");
  await worker.terminate();
});

test("buffers are transferred, not copied", async () => {
  const worker = start("echo");
  const buffer = new ArrayBuffer(1 << 20);
  worker.postMessage(buffer, [buffer]);
  assert.equal(buffer.byteLength, 0);
  assert.equal(((await once(worker, "message"))[0] as ArrayBuffer).byteLength, 1 << 20);
  await worker.terminate();
});

test("an endless loop can be terminated", async () => {
  const worker = start("spin");
  await once(worker, "online");
  const began = performance.now();
  await worker.terminate();
  assert.ok(performance.now() - began < 5000);
});

test("a worker's error arrives, with its message", async () => {
  const worker = start("throw");
  const [error] = (await once(worker, "error")) as [Error];
  assert.match(error.message, /on purpose/);
});

test("ports and broadcast channels carry messages", async () => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("through");
  assert.deepEqual(await once(port2, "message"), ["through"]);
  port1.close();
  const [one, two] = [new BroadcastChannel("news"), new BroadcastChannel("news")];
  const heard = new Promise((resolve) => {
    two.onmessage = (event) => resolve((event as MessageEvent).data);
  });
  one.postMessage("to all");
  assert.equal(await heard, "to all");
  one.close();
  two.close();
});
