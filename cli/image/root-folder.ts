// `--rootfs`: a root file system that exists already, as a folder or an archive, and the program in it to start.

import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { EXIT_BAD_DATA, EXIT_NO_INPUT, EXIT_USAGE, errorCode, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { step } from "../progress.ts";
import { type ImageSettings, unpackArchive, unpackLayout } from "./archive.ts";
import type { BootConfig } from "./boot-config.ts";
import { readElf } from "./elf.ts";
import { type Content, contentSize, type Entry } from "./erofs.ts";
import { hashKey, readJson, writeJson } from "./hash.ts";
import { RootTree, type TreeNode } from "./root-tree.ts";
import { settingsEntries } from "./settings.ts";
import { readHead, shown } from "./target.ts";

/** Change when unpacking changes, so that old caches are left behind. */
const RECIPE = "1";
const ARCHIVES_KEPT = 4;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Where the kernel mounts its own file systems, and what programs expect to find. */
const NEEDED_FOLDERS: [path: string, mode: number][] = [
  ["/dev", 0o755],
  ["/proc", 0o555],
  ["/sys", 0o555],
  ["/tmp", 0o1777],
  ["/run", 0o755],
];
/** Files that name the machine: written when the root has none. */
const NEEDED_FILES = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group"];

export interface RootProgram {
  entries: Entry[];
  boot: BootConfig;
  key: string;
  warnings: string[];
}

interface Root {
  tree: RootTree;
  settings: ImageSettings;
  key: string;
}

const NO_SETTINGS: ImageSettings = { env: [], entrypoint: [], command: [], folder: "/", user: "" };

/** A folder of this machine as a tree. What may not be read is left out, with a warning. */
function readFolder(folder: string, warnings: string[]): Root {
  const tree = new RootTree();
  const stamps: string[] = [];
  const linked = new Map<string, TreeNode>();
  const visit = (at: string, inside: string): void => {
    for (const name of readdirSync(at).sort()) {
      const source = join(at, name);
      const path = `${inside}/${name}`;
      const stats = lstatSync(source);
      const mode = stats.mode & 0o7777;
      stamps.push(`${path}:${stats.mode}:${stats.size}:${stats.mtimeMs}`);
      if (stats.isDirectory()) {
        tree.place(path, { kind: "directory", mode, children: new Map() });
        try {
          visit(source, path);
        } catch (error) {
          if (errorCode(error) !== "EACCES") throw error;
          warnings.push(`${shown(source)} may not be read and is left out`);
        }
      } else if (stats.isSymbolicLink()) tree.place(path, { kind: "symlink", target: readlinkSync(source) });
      else if (stats.isFile()) {
        const inode = `${stats.dev}:${stats.ino}`;
        const node = linked.get(inode) ?? { kind: "file", mode, content: { path: source, size: stats.size } };
        if (stats.nlink > 1) linked.set(inode, node);
        tree.place(path, node);
      }
      // Devices, pipes and sockets: the kernel has a /dev of its own.
    }
  };
  visit(folder, "");
  return { tree, settings: NO_SETTINGS, key: hashKey("folder", folder, stamps.join("\n")) };
}

interface ArchiveRecord {
  entries: Entry[];
  settings: ImageSettings;
}

/** A tree from entries that `RootTree.entries` gave. */
function treeOf(entries: Entry[]): RootTree {
  const tree = new RootTree();
  for (const entry of entries) {
    if (entry.kind === "directory")
      tree.place(entry.path, { kind: "directory", mode: entry.mode, children: new Map() });
    else if (entry.kind === "file") tree.place(entry.path, { kind: "file", mode: entry.mode, content: entry.content });
    else tree.place(entry.path, { kind: "symlink", target: entry.target });
  }
  return tree;
}

/** An archive, or a folder with an OCI image layout, unpacked into the cache once. */
async function readArchive(path: string, isFolder: boolean): Promise<Root> {
  const stamp = statSync(isFolder ? join(path, "index.json") : path);
  const key = hashKey(RECIPE, path, String(stamp.size), String(stamp.mtimeMs));
  const folder = join(cacheFolder("rootfs"), key);
  const known = readJson<ArchiveRecord>(join(folder, "record.json"));
  if (known) return { tree: treeOf(known.entries), settings: known.settings, key };
  return await step(`unpacking ${shown(path)}`, async () => {
    const work = `${folder}.${process.pid}.tmp`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    try {
      const locate = (part: string): string | undefined => {
        const file = join(path, part);
        return existsSync(file) ? file : undefined;
      };
      const unpacked = isFolder
        ? await unpackLayout(locate, shown(path), work)
        : await unpackArchive(path, shown(path), work);
      const move = (content: Content): Content =>
        "path" in content && content.path.startsWith(work)
          ? { ...content, path: folder + content.path.slice(work.length) }
          : content;
      const entries = unpacked.tree
        .entries()
        .map((entry) =>
          entry.kind === "file" ? { ...entry, content: move(emptyAsPath(entry.content, work)) } : entry,
        );
      writeJson(join(work, "record.json"), { entries, settings: unpacked.settings } satisfies ArchiveRecord);
      rmSync(folder, { recursive: true, force: true });
      renameSync(work, folder);
      keepNewestFolders();
      return { tree: treeOf(entries), settings: unpacked.settings, key };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

/** Bytes do not travel through JSON; only empty files have them here. */
function emptyAsPath(content: Content, work: string): Content {
  return "bytes" in content ? { path: join(work, "record.json"), size: 0 } : content;
}

function keepNewestFolders(): void {
  const all = readdirSync(cacheFolder("rootfs"))
    .map((name) => join(cacheFolder("rootfs"), name))
    .map((path) => ({ path, usedMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedMs - a.usedMs);
  for (const { path } of all.slice(ARCHIVES_KEPT)) rmSync(path, { recursive: true, force: true });
}

async function readRoot(given: string, warnings: string[]): Promise<Root> {
  const stats = statSync(given, { throwIfNoEntry: false });
  if (!stats) {
    throw new Failure(`--rootfs ${given}: no such folder or archive`, {
      advice: "check the name",
      status: EXIT_NO_INPUT,
    });
  }
  if (!stats.isDirectory()) return await readArchive(given, false);
  if (existsSync(join(given, "oci-layout")) && existsSync(join(given, "index.json")))
    return await readArchive(given, true);
  return readFolder(given, warnings);
}

/** Add what the kernel and the C library need and the root does not have. */
function complete(tree: RootTree): void {
  for (const [path, mode] of NEEDED_FOLDERS) {
    if (!tree.find(path)) tree.place(path, { kind: "directory", mode, children: new Map() });
  }
  for (const entry of settingsEntries("static")) {
    if (!NEEDED_FILES.includes(entry.path) || !isMissing(tree, entry.path)) continue;
    if (entry.kind === "file") tree.place(entry.path, { kind: "file", mode: entry.mode, content: entry.content });
    if (entry.kind === "symlink") tree.place(entry.path, { kind: "symlink", target: entry.target });
  }
}

/** Images carry empty files where the engine that runs them puts its own. */
function isMissing(tree: RootTree, path: string): boolean {
  const node = tree.find(path, false);
  return node === null || (node.kind === "file" && contentSize(node.content) === 0);
}

function contentHead(content: Content): Buffer {
  return "bytes" in content ? Buffer.from(content.bytes) : readHead(content.path);
}

/** The file that a command's name means: a path, or a name looked up in PATH. */
function findCommand(tree: RootTree, name: string, folder: string, path: string): string | null {
  const places = name.includes("/")
    ? [posix.resolve(folder, name)]
    : path.split(":").map((place) => posix.resolve(folder, place, name));
  return places.find((place) => tree.find(place)?.kind === "file") ?? null;
}

function checkProgram(tree: RootTree, program: string, where: string): void {
  const node = tree.find(program);
  if (node?.kind !== "file") return;
  if ((node.mode & 0o111) === 0) {
    throw new Failure(`${where}: ${program} may not be run`, { advice: "chmod +x makes it so", status: EXIT_BAD_DATA });
  }
  const head = contentHead(node.content);
  if (head.toString("latin1", 0, 2) === "#!") return;
  const elf = readElf(head, contentSize(node.content), `${where}: ${program}`);
  const interp = elf.segments.find((segment) => segment.type === 3);
  if (!interp) return;
  const loader = head.toString("latin1", interp.offset, interp.offset + interp.fileSize).replace(/\0.*$/s, "");
  if (interp.offset + interp.fileSize > head.length || tree.find(loader)?.kind === "file") return;
  throw new Failure(`${where}: ${program} needs the loader ${loader}, which is not there`, {
    advice: "put the C library it was built with into the root",
    status: EXIT_BAD_DATA,
  });
}

/** The root at `given` with the program to start: `args`, or what the image says. */
export async function rootProgram(given: string, args: string[] | undefined): Promise<RootProgram> {
  const warnings: string[] = [];
  const { tree, settings, key } = await readRoot(given, warnings);
  complete(tree);
  const where = shown(given);
  const words = [...settings.entrypoint, ...(args && args.length > 0 ? args : settings.command)];
  const [name] = words;
  if (name === undefined) {
    throw new Failure(`${where}: nothing says which program to start`, {
      advice: "name it: egg run --rootfs ROOT -- /bin/sh -c 'echo hello'",
      status: EXIT_USAGE,
    });
  }
  const own = settings.env.map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const env: Record<string, string> = { PATH, HOME: "/root", ...Object.fromEntries(own) };
  const program = findCommand(tree, name, settings.folder, env.PATH ?? PATH);
  if (program === null) {
    throw new Failure(`${where}: there is no program ${name} in it`, {
      advice: "check the name",
      status: EXIT_NO_INPUT,
    });
  }
  checkProgram(tree, program, where);
  if (!/^(|0|root)(:|$)/.test(settings.user))
    warnings.push(`the image's user ${settings.user} is not taken: programs run as root`);
  if (!tree.find(settings.folder)) tree.place(settings.folder, { kind: "directory", mode: 0o755, children: new Map() });
  return {
    entries: tree.entries(),
    boot: { program, args: words, fixedArgs: words.length, cwd: settings.folder, hostname: "eggos", env },
    key: hashKey(RECIPE, key),
    warnings,
  };
}
