// Answering system calls: a worker that waits at the device and runs the handler.

import { openSync, closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { CLOSE, DEVICE, encodeCommand } from "./record.ts";

export interface RegisterOptions {
  /** How long a caller waits for an answer before it gets ETIMEDOUT, milliseconds; 5000 by default, 0 for ever. */
  timeoutMs?: number;
}

/** A handler at work. */
export interface Registration {
  readonly number: number;
  /** Give the number back to whoever had it. Callers that wait get ENOSYS. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 5000;
/** How long a handler may take to finish when it is closed. */
const CLOSE_GRACE_MS = 200;

/** What the worker tells once: that it answers, or why not. */
export type WorkerNews = { kind: "ready"; thread: number } | { kind: "failed"; message: string };

export interface WorkerOrder {
  number: number;
  module: string;
  timeoutMs: number;
}

/** Stop the handler that runs on kernel thread `thread`: it may be waiting in a read. */
function closeRelay(thread: number): void {
  const device = openSync(DEVICE, "r+");
  try {
    writeSync(device, encodeCommand(CLOSE, { id: BigInt(thread) }));
  } catch {
    // It ended by itself.
  } finally {
    closeSync(device);
  }
}

/**
 * Have `module`'s default export answer system call `number`, for every process of the machine, until `close` or the end of
 * this one. Give the module as `new URL("./handler.ts", import.meta.url)`. Rejects when the number is taken (EBUSY), cannot be
 * answered, or the module does not load.
 */
export async function register(number: number, module: URL, options: RegisterOptions = {}): Promise<Registration> {
  const order: WorkerOrder = { number, module: module.href, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: order });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const news = await new Promise<WorkerNews>((resolve) => {
    worker.once("message", resolve);
    worker.once("error", (error: Error) => resolve({ kind: "failed", message: error.message }));
    void ended.then(() => resolve({ kind: "failed", message: "its worker ended" }));
  });
  if (news.kind === "failed") {
    throw new Error(`system call ${number} cannot be answered by ${module.href}: ${news.message}`);
  }
  // The program may end while it is registered.
  worker.unref();
  worker.on("error", (error: Error) => {
    process.stderr.write(`eggos/syscall: the handler ${module.href} ended: ${error.message}\n`);
  });
  // Node waits for its workers when it exits, and this one waits in a read.
  const atExit = (): void => closeRelay(news.thread);
  process.once("exit", atExit);
  void ended.then(() => process.off("exit", atExit));
  return {
    number,
    close: async () => {
      process.off("exit", atExit);
      closeRelay(news.thread);
      // A handler that waits for something of its own does not see the end.
      const timer = setTimeout(() => void worker.terminate(), CLOSE_GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
