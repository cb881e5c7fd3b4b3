// What the HTTP servers answer, over whichever protocol.

import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import os from "node:os";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

export const statistics = { requests: 0, aborted: 0, finished: 0, connections: 0 };

/** Bytes that can be checked at any place: each is a function of its offset. */
export function pattern(offset: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = ((offset + i) * 31 + ((offset + i) >> 8)) & 255;
  return bytes;
}

/** Bytes for bodies of any size: one block over and over, each time with its number in front. */
export function* blocks(size: number): Generator<Buffer> {
  const block = pattern(0, 1 << 18);
  for (let at = 0, number = 0; at < size; at += block.length, number++) {
    const copy = Buffer.from(block);
    copy.writeUInt32LE(number);
    yield copy.subarray(0, Math.min(copy.length, size - at));
  }
}

/** SHA-256 of what `blocks` gives. */
export function hashOfBlocks(size: number): string {
  const hash: Hash = createHash("sha256");
  for (const block of blocks(size)) hash.update(block);
  return hash.digest("hex");
}

async function send(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  if (response.destroyed) return false;
  if (!response.write(bytes)) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.off("drain", done);
        response.off("close", done);
        resolve();
      };
      response.on("drain", done);
      response.on("close", done);
    });
  }
  return !response.destroyed;
}

export function handle(request: IncomingMessage, response: ServerResponse): void {
  // A client that leaves in the middle of its body is no fault of ours.
  answer(request, response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ECONNRESET" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  statistics.requests++;
  response.on("close", () => {
    if (response.writableFinished) statistics.finished++;
    else statistics.aborted++;
  });
  const url = new URL(request.url ?? "/", "http://guest");
  const number = (name: string): number => Number(url.searchParams.get(name) ?? 0);
  switch (url.pathname) {
    case "/hello":
      response.end("hello eggos");
      return;
    case "/json": {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as object;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...body, seen: true }));
      return;
    }
    case "/stream":
      for (let i = 0; i < number("count"); i++) {
        if (!(await send(response, Buffer.from(`piece ${i}\n`)))) return;
        await sleep(number("ms"));
      }
      response.end();
      return;
    case "/download": {
      const size = number("size");
      response.setHeader("content-length", size);
      for (let at = 0; at < size; at += 65536) {
        if (!(await send(response, pattern(at, Math.min(65536, size - at))))) return;
      }
      response.end();
      return;
    }
    case "/blocks": {
      const size = number("size");
      response.setHeader("content-length", size);
      for (const block of blocks(size)) if (!(await send(response, block))) return;
      response.end();
      return;
    }
    case "/hash": {
      const hash = createHash("sha256");
      let size = 0;
      for await (const chunk of request) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      response.end(JSON.stringify({ size, hash: hash.digest("hex") }));
      return;
    }
    case "/echo":
      await pipeline(request, response);
      return;
    case "/upload": {
      const hash = createHash("sha1");
      let size = 0;
      for await (const chunk of request) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      response.end(JSON.stringify({ size, hash: hash.digest("hex") }));
      return;
    }
    case "/statistics":
      response.end(JSON.stringify({ ...statistics, memory: process.memoryUsage.rss(), freeMemory: os.freemem() }));
      return;
    case "/never":
      response.write("it begins");
      return;
    default:
      response.statusCode = 404;
      response.end("not here");
  }
}
