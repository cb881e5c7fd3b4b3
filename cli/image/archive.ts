// Root file systems out of archives: an image as `docker save` or an OCI tool writes it, or a plain tar of a root folder.
//
// Files are unpacked under numbers, never under the names in the archive, so that no archive can write elsewhere.
//
// Spec: OCI image format 1.1 (layer.md: whiteouts, image-layout.md, config.md); docker save's manifest.json.

import { closeSync, createReadStream, createWriteStream, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { RootTree, type TreeNode } from "./root-tree.ts";

/** What an image says about its program. */
export interface ImageSettings {
  env: string[];
  entrypoint: string[];
  command: string[];
  folder: string;
  user: string;
}

export interface UnpackedRoot {
  tree: RootTree;
  settings: ImageSettings;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const NO_SETTINGS: ImageSettings = { env: [], entrypoint: [], command: [], folder: "/", user: "" };

function damaged(name: string, what: string): Failure {
  return new Failure(`${name}: ${what}`, {
    advice: "give an archive made by docker save, an OCI image archive, or a tar of a root folder",
    status: EXIT_BAD_DATA,
  });
}

/** Read the entries of a tar file, packed by gzip or zstd or not at all, in order. */
async function readTar(path: string, name: string, take: (entry: ReadEntry) => Promise<void>): Promise<number> {
  let last: Promise<void> = Promise.resolve();
  let failure: unknown = null;
  let count = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      count++;
      last = last
        .then(() => take(entry))
        .catch((error: unknown) => {
          failure ??= error;
          entry.resume();
        });
    },
  });
  const head = readStart(path);
  const input = createReadStream(path);
  const unpacked =
    head[0] === 0x1f && head[1] === 0x8b
      ? input.pipe(createGunzip())
      : head.readUInt32LE(0) === 0xfd2fb528
        ? input.pipe(createZstdDecompress())
        : input;
  try {
    await new Promise<void>((resolve, reject) => {
      input.on("error", reject);
      unpacked.on("error", reject);
      parser.on("error", reject);
      parser.on("end", resolve);
      unpacked.on("data", (chunk: Buffer | string) => {
        if (parser.write(chunk as Buffer)) return;
        unpacked.pause();
        parser.once("drain", () => unpacked.resume());
      });
      unpacked.on("end", () => parser.end());
    });
  } catch (error) {
    throw damaged(name, `the archive is damaged: ${(error as Error).message}`);
  }
  await last;
  if (failure !== null) throw failure;
  return count;
}

function readStart(path: string): Buffer {
  const head = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head;
}

/** Files get numbers in one folder. */
class Store {
  #count = 0;
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async keep(entry: ReadEntry): Promise<string> {
    const path = join(this.folder, String(this.#count++));
    await pipeline(entry as unknown as NodeJS.ReadableStream, createWriteStream(path));
    return path;
  }
}

/** `./a//b/` as `a/b`. */
function cleanPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Lay one layer over what is there: first what it takes away, then what it brings. */
async function applyLayer(tree: RootTree, path: string, name: string, store: Store): Promise<void> {
  const removals: (() => void)[] = [];
  const additions: (() => void)[] = [];
  await readTar(path, name, async (entry) => {
    const at = cleanPath(entry.path);
    const last = at.slice(at.lastIndexOf("/") + 1);
    const mode = (entry.mode ?? 0o644) & 0o7777;
    if (last === OPAQUE) removals.push(() => tree.empty(parentOf(at)));
    else if (last.startsWith(WHITEOUT)) {
      const hidden = join("/", parentOf(at), last.slice(WHITEOUT.length));
      removals.push(() => tree.remove(hidden));
    } else if (entry.type === "File" || entry.type === "OldFile" || entry.type === "ContiguousFile") {
      const size = entry.size;
      const content = size === 0 ? { bytes: new Uint8Array() } : { path: await store.keep(entry), size };
      if (size === 0) entry.resume();
      additions.push(() => tree.place(at, { kind: "file", mode, content }));
      return;
    } else if (entry.type === "Directory") {
      additions.push(() => tree.place(at, { kind: "directory", mode, children: new Map() }));
    } else if (entry.type === "SymbolicLink") {
      const target = entry.linkpath ?? "";
      additions.push(() => tree.place(at, { kind: "symlink", target }));
    } else if (entry.type === "Link") {
      const target = cleanPath(entry.linkpath ?? "");
      additions.push(() => {
        const node = tree.find(target, false);
        if (node && node.kind !== "directory") tree.place(at, node);
      });
    }
    // Devices and pipes: the kernel has a /dev of its own.
    entry.resume();
  });
  for (const remove of removals) remove();
  for (const add of additions) add();
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

interface ConfigFile {
  architecture?: unknown;
  os?: unknown;
  config?: { Env?: unknown; Entrypoint?: unknown; Cmd?: unknown; WorkingDir?: unknown; User?: unknown };
}

function readSettings(file: ConfigFile, name: string): ImageSettings {
  const machine = typeof file.architecture === "string" ? file.architecture : "amd64";
  if (machine !== "amd64") {
    throw new Failure(`${name}: an image for ${machine}, not for amd64`, {
      advice: "pull it with --platform linux/amd64",
      status: EXIT_BAD_DATA,
    });
  }
  const config = file.config ?? {};
  return {
    env: strings(config.Env),
    entrypoint: strings(config.Entrypoint),
    command: strings(config.Cmd),
    folder: typeof config.WorkingDir === "string" && config.WorkingDir !== "" ? config.WorkingDir : "/",
    user: typeof config.User === "string" ? config.User : "",
  };
}

interface Descriptor {
  mediaType?: string;
  digest?: string;
  platform?: { os?: string; architecture?: string };
}

/** Names of an image's parts in the archive: its configuration, its layers from the lowest up. */
interface Parts {
  config: string;
  layers: string[];
}

/** Follow an OCI index to the manifest for linux/amd64. */
function ociParts(read: (name: string) => unknown, name: string): Parts {
  const blob = (digest: string | undefined): string => `blobs/${(digest ?? "").replace(":", "/")}`;
  let index = read("index.json") as { manifests?: Descriptor[] };
  for (let depth = 0; depth < 4; depth++) {
    const manifests = (index.manifests ?? []).filter((one) => one.platform?.os !== "unknown");
    const chosen = manifests.find((one) => one.platform?.architecture === "amd64") ?? manifests[0];
    if (!chosen) break;
    const manifest = read(blob(chosen.digest)) as {
      manifests?: Descriptor[];
      config?: Descriptor;
      layers?: Descriptor[];
    };
    if (manifest.layers && manifest.config) {
      return { config: blob(manifest.config.digest), layers: manifest.layers.map((layer) => blob(layer.digest)) };
    }
    index = manifest;
  }
  throw damaged(name, "the archive names no image");
}

function dockerParts(manifest: unknown, name: string): Parts {
  const first = (Array.isArray(manifest) ? manifest[0] : undefined) as
    | { Config?: string; Layers?: string[] }
    | undefined;
  if (typeof first?.Config !== "string" || !Array.isArray(first.Layers)) {
    throw damaged(name, "its manifest.json names no image");
  }
  return { config: first.Config, layers: first.Layers };
}

/** An image whose parts `locate` finds. */
async function unpackImage(
  locate: (part: string) => string | undefined,
  name: string,
  store: Store,
): Promise<UnpackedRoot> {
  const fileOf = (part: string): string => {
    const file = locate(cleanPath(part));
    if (file === undefined) throw damaged(name, `${part} is missing in it`);
    return file;
  };
  const read = (part: string): unknown => {
    try {
      return JSON.parse(readFileSync(fileOf(part), "utf8"));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw damaged(name, `${part} in it is not valid JSON`);
    }
  };
  const isOci = locate("index.json") !== undefined;
  const parts = isOci ? ociParts(read, name) : dockerParts(read("manifest.json"), name);
  const settings = readSettings(read(parts.config) as ConfigFile, name);
  const tree = new RootTree();
  for (const layer of parts.layers) await applyLayer(tree, fileOf(layer), `${name}: ${layer}`, store);
  return { tree, settings };
}

/** An image layout as a folder (OCI image-layout.md). */
export async function unpackLayout(
  locate: (part: string) => string | undefined,
  name: string,
  folder: string,
): Promise<UnpackedRoot> {
  return await unpackImage(locate, name, new Store(folder));
}

/** Unpack the archive at `path` into numbered files in `folder`. */
export async function unpackArchive(path: string, name: string, folder: string): Promise<UnpackedRoot> {
  const store = new Store(folder);
  const parts = new Map<string, string>();
  const links: [from: string, to: string][] = [];
  let isImage = false;
  // An image archive holds a few large parts. Whether it is one is known at its end: manifest.json may come last.
  const plain = new RootTree();
  const late: [path: string, node: TreeNode | string][] = [];
  const count = await readTar(path, name, async (entry) => {
    const at = cleanPath(entry.path);
    if (at === "manifest.json" || at === "index.json") isImage = true;
    const mode = (entry.mode ?? 0o644) & 0o7777;
    if (entry.type === "File" || entry.type === "OldFile" || entry.type === "ContiguousFile") {
      const size = entry.size;
      const file = await store.keep(entry);
      parts.set(at, file);
      late.push([at, { kind: "file", mode, content: { path: file, size } }]);
      return;
    }
    const target = entry.linkpath ?? "";
    if (entry.type === "Directory") late.push([at, { kind: "directory", mode, children: new Map() }]);
    else if (entry.type === "SymbolicLink") {
      late.push([at, { kind: "symlink", target }]);
      // docker save links layers that are alike.
      links.push([at, cleanPath(join("/", parentOf(at), target))]);
    } else if (entry.type === "Link") late.push([at, cleanPath(target)]);
    entry.resume();
  });
  if (count === 0) throw damaged(name, "the archive is empty, or no tar archive");
  if (isImage) {
    for (const [from, to] of links) {
      const file = parts.get(to);
      if (file !== undefined) parts.set(from, file);
    }
    return await unpackImage((part) => parts.get(part), name, store);
  }
  for (const [at, node] of late) {
    const placed = typeof node === "string" ? plain.find(node, false) : node;
    if (placed) plain.place(at, placed);
  }
  return { tree: plain, settings: NO_SETTINGS };
}
