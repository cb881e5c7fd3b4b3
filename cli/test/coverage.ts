// Coverage: V8's files come out of the guest over HTTP on this machine's loopback, get the host's paths, and c8 makes
// the report.

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, posix, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { EXIT_CANNOT_CREATE, errorCode, Failure } from "../failure.ts";
import { APP_FOLDER } from "../image/guest-path.ts";
import { shown } from "../image/target.ts";

/** This machine, as seen from QEMU's user network. */
const HOST_ADDRESS = "10.0.2.2";
const FILE_NAME = /^coverage-[\d-]+\.json$/;
/** A file larger than this is refused, bytes. */
const FILE_LIMIT = 256 << 20;
/** Where V8's files lie inside the report's folder. */
const RAW_FOLDER = "tmp";

export interface CoverageReceiver {
  /** What the guest sends to: a URL that ends in a slash. */
  readonly address: string;
  close(): void;
}

async function receive(request: IncomingMessage, response: ServerResponse, folder: string, token: string) {
  const [, secret, name = ""] = (request.url ?? "").split("/");
  if (request.method !== "PUT" || secret !== token || !FILE_NAME.test(name)) {
    response.writeHead(404).end();
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > FILE_LIMIT) {
      response.writeHead(413).end();
      return;
    }
    chunks.push(chunk as Buffer);
  }
  writeFileSync(join(folder, name), Buffer.concat(chunks));
  response.writeHead(200).end();
}

/** Take coverage files into `folder`/tmp, which is emptied first. */
export async function receiveCoverage(folder: string): Promise<CoverageReceiver> {
  const raw = join(folder, RAW_FOLDER);
  try {
    rmSync(raw, { recursive: true, force: true });
    mkdirSync(raw, { recursive: true });
  } catch (error) {
    throw new Failure(`${shown(folder)}: cannot be written (${errorCode(error) ?? "unknown error"})`, {
      advice: "choose another folder with --coverage-dir",
      status: EXIT_CANNOT_CREATE,
      cause: error,
    });
  }
  const token = randomBytes(16).toString("hex");
  const server = createServer((request, response) => {
    receive(request, response, raw, token).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${HOST_ADDRESS}:${port}/${token}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface V8Coverage {
  result: { url: string }[];
  "source-map-cache"?: Record<string, { data: { sources?: string[] } | null }>;
}

/** A guest path as the host's; null for what is not the project's own. */
function hostPath(path: string, root: string): string | null {
  if (!path.startsWith(`${APP_FOLDER}/`) || path.includes("/node_modules/")) return null;
  return join(root, ...posix.relative(APP_FOLDER, path).split("/"));
}

function hostUrl(url: string, root: string): string | null {
  if (!url.startsWith("file:")) return null;
  const path = hostPath(fileURLToPath(url).split(sep).join("/"), root);
  return path === null ? null : pathToFileURL(path).href;
}

/** Give one of V8's files the host's paths; scripts that are not the project's are left out. */
export function relocateCoverage(coverage: V8Coverage, root: string): V8Coverage {
  const result = coverage.result.flatMap((script) => {
    const url = hostUrl(script.url, root);
    return url === null ? [] : [{ ...script, url }];
  });
  const maps: NonNullable<V8Coverage["source-map-cache"]> = {};
  for (const [key, entry] of Object.entries(coverage["source-map-cache"] ?? {})) {
    const url = hostUrl(key, root);
    if (url === null || !entry.data) continue;
    const sources = entry.data.sources?.map((source) => {
      const path = source.startsWith("file:") ? fileURLToPath(source) : source;
      return hostPath(path, root) ?? path;
    });
    maps[url] = { ...entry, data: { ...entry.data, ...(sources ? { sources } : {}) } };
  }
  return { ...coverage, result, "source-map-cache": maps };
}

/** Turn the files that came into a report: on standard output, and in `folder`. Returns how many files came. */
export async function reportCoverage(folder: string, root: string, reporters: string[]): Promise<number> {
  const raw = join(folder, RAW_FOLDER);
  const names = readdirSync(raw).filter((name) => FILE_NAME.test(name));
  for (const name of names) {
    const path = join(raw, name);
    const coverage = JSON.parse(readFileSync(path, "utf8")) as V8Coverage;
    writeFileSync(path, JSON.stringify(relocateCoverage(coverage, root)));
  }
  if (names.length === 0) return 0;
  const { Report } = await import("c8");
  const report = new Report({
    tempDirectory: raw,
    reportsDirectory: folder,
    reporter: reporters,
    resolve: root,
    src: [root],
    excludeAfterRemap: true,
    excludeNodeModules: true,
    // The report's own rules on where paths are relative to take the working folder.
    allowExternal: root !== process.cwd(),
  });
  await report.run();
  return names.length;
}
