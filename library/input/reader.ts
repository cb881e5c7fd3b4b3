// Bytes of several devices as they come: a thread of its own waits for all of them at once (poll(2)) and sends on what it reads.
// Node.js itself can only read such files one blocking read at a time.

import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { createEvent } from "../native/libc.ts";

/** The thread's program: no file of its own, so that it is part of any bundle. Ends when the event descriptor is readable. */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { readSync } = require("node:fs");
process.emitWarning = () => {};
const { dlopen } = require("node:ffi");
const { poll } = dlopen(null, { poll: { arguments: ["buffer", "uint64", "int32"], return: "int32" } }).functions;
const fds = [workerData.stop, ...workerData.fds];
const entries = Buffer.alloc(8 * fds.length);
const bytes = Buffer.alloc(24 * 64);
const POLLIN = 1;
for (const [i, fd] of fds.entries()) {
  entries.writeInt32LE(fd, 8 * i);
  entries.writeInt16LE(POLLIN, 8 * i + 4);
}
for (;;) {
  poll(entries, BigInt(fds.length), -1);
  if (entries.readInt16LE(6) !== 0) break;
  for (let i = 1; i < fds.length; i++) {
    if (entries.readInt16LE(8 * i + 6) === 0) continue;
    try {
      const length = readSync(fds[i], bytes, 0, bytes.length, null);
      parentPort.postMessage({ index: i - 1, bytes: Uint8Array.prototype.slice.call(bytes, 0, length) });
    } catch {
      entries.writeInt32LE(-1, 8 * i); // unplugged
    }
  }
}
`;

/** Calls `onBytes` with what the devices say, until `stop`. */
export class Reader {
  readonly #stopFd = createEvent();
  readonly #worker: Worker;
  readonly #onExit = (): void => this.stop();
  #isStopped = false;

  constructor(fds: readonly number[], onBytes: (index: number, bytes: Uint8Array) => void) {
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: { stop: this.#stopFd, fds } });
    this.#worker.on("message", ({ index, bytes }: { index: number; bytes: Uint8Array }) => onBytes(index, bytes));
    process.on("exit", this.#onExit);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    process.off("exit", this.#onExit);
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    writeSync(this.#stopFd, one);
    this.#worker.unref();
  }
}
