// What workers.ts starts: one task, by name.

import { parentPort, workerData } from "node:worker_threads";

const { task, shared, times } = workerData as { task: string; shared: Int32Array; times: number };

switch (task) {
  case "echo":
    parentPort?.on("message", (message) => {
      if (message === "end") parentPort?.close();
      else parentPort?.postMessage(message, message instanceof ArrayBuffer ? [message] : []);
    });
    break;
  case "add":
    for (let i = 0; i < times; i++) Atomics.add(shared, 0, 1);
    break;
  case "wait":
    parentPort?.postMessage("ready");
    parentPort?.postMessage(Atomics.wait(shared, 1, 0));
    break;
  case "spin":
    for (;;);
  case "throw":
    throw new Error("on purpose");
}
