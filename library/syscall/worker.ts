// The worker behind `register`: reads a request, runs the handler, writes the answer.
//
// It waits in a plain read, so that a call is answered even while the main thread is the one that waits for it. What the
// handler prints goes straight to the descriptor, for the same reason: the usual way leads over the main thread.

import { Console } from "node:console";
import { openSync, readSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import { errnoName, syscall } from "./call.ts";
import { type Handler, type Relay, SystemCall } from "./handler.ts";
import { SYS } from "./numbers.ts";
import {
  CALL_ORIGINAL,
  DEVICE,
  decodeRecord,
  encodeCommand,
  KIND_CALL,
  RECORD_SIZE,
  REGISTER,
  type RelayRecord,
  REPLY,
} from "./record.ts";
import type { WorkerNews, WorkerOrder } from "./register.ts";

const EIO = 5;
const ETIMEDOUT = 110;
/** Of the time that a caller waits, how much a handler gets. */
const PATIENCE = 0.8;
const NS_PER_MS = 1_000_000n;
/** What setTimeout takes at most. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const order = workerData as WorkerOrder;

function directStream(descriptor: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writeSync(descriptor, chunk);
      done();
    },
  });
}

/** The worker's end of the device. */
class Device implements Relay {
  readonly #file = openSync(DEVICE, "r+");
  readonly #record = Buffer.alloc(RECORD_SIZE);
  /** Calls that came while another one's result was waited for. */
  readonly #waiting: RelayRecord[] = [];

  send(bytes: Buffer): void {
    writeSync(this.#file, bytes);
  }

  #read(): RelayRecord | null {
    return readSync(this.#file, this.#record) === 0 ? null : decodeRecord(this.#record);
  }

  /** The next call; null when the relay was closed. */
  next(): RelayRecord | null {
    return this.#waiting.shift() ?? this.#read();
  }

  callOriginal(id: bigint, values: readonly bigint[]): bigint {
    this.send(encodeCommand(CALL_ORIGINAL, { id, arguments: values }));
    while (true) {
      const record = this.#read();
      if (record === null) throw new Error("the handler was closed while a call was under way");
      if (record.kind !== KIND_CALL && record.id === id) return record.result;
      if (record.kind === KIND_CALL) this.#waiting.push(record);
    }
  }
}

/** What a handler threw, as the caller's errno. */
function errnoOf(error: unknown): bigint {
  const { errno } = error as { errno?: unknown };
  return typeof errno === "number" && errno !== 0 ? -BigInt(Math.abs(errno)) : -BigInt(EIO);
}

/**
 * What the handler returns, or an error when that takes long. A little before its caller gives up: the next caller's time
 * is running already.
 */
async function inTime(result: ReturnType<Handler>): Promise<bigint> {
  // Without a timer that runs, a worker that waits for a promise ends.
  const limitMs = order.timeoutMs > 0 ? Math.ceil(order.timeoutMs * PATIENCE) : LONGEST_TIMER_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`no answer within ${limitMs} ms`), { errno: -ETIMEDOUT });
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return BigInt.asIntN(64, BigInt((await Promise.race([result, late])) ?? 0));
  } finally {
    clearTimeout(timer);
  }
}

async function answer(handler: Handler, record: RelayRecord, device: Device): Promise<bigint> {
  try {
    const result = handler(new SystemCall(record, device));
    return result instanceof Promise ? await inTime(result) : BigInt.asIntN(64, BigInt(result ?? 0));
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(`eggos/syscall: the handler of system call ${record.number} (${order.module}) failed: ${text}`);
    return errnoOf(error);
  }
}

/** Answer calls until the relay is closed. */
async function serve(handler: Handler, device: Device): Promise<void> {
  for (let record = device.next(); record !== null; record = device.next()) {
    const value = await answer(handler, record, device);
    try {
      device.send(encodeCommand(REPLY, { id: record.id, value }));
    } catch {
      // The caller waits no more: its time was over, or a signal came.
    }
  }
}

function tell(news: WorkerNews): void {
  parentPort?.postMessage(news);
}

async function start(): Promise<void> {
  const { default: handler } = (await import(order.module)) as { default?: Handler };
  if (typeof handler !== "function") return tell({ kind: "failed", message: "it has no default export to call" });
  globalThis.console = new Console({ stdout: directStream(1), stderr: directStream(2) });
  const device = new Device();
  try {
    device.send(encodeCommand(REGISTER, { number: order.number, value: BigInt(order.timeoutMs) * NS_PER_MS }));
  } catch (error) {
    const name = errnoName((error as { errno?: number }).errno ?? 0);
    const why =
      name === "EBUSY"
        ? "another handler answers that number already (EBUSY)"
        : `the kernel does not relay that number (${name ?? String(error)})`;
    return tell({ kind: "failed", message: why });
  }
  tell({ kind: "ready", thread: Number(syscall(SYS.gettid)) });
  await serve(handler, device);
}

try {
  await start();
} catch (error) {
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}
