// A target as a bootable file: kernel, root image and boot configuration in one ELF, kept in the cache.
//
// What did not change is not made again. The base layer's data, 120 MB, stands first in the root image, always
// at the same place, in a file of its own; an image is a copy of that file (shared blocks where the file system
// can) with the program's part, the directory tree and the kernel written over it.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { type BootConfig, decodeBootConfig, encodeBootConfig, mergeBootConfig, withArguments } from "./boot-config.ts";
import { bootImage, configLocation, replaceConfig, roomyRootOffset } from "./elf.ts";
import { BLOCK, dataEndBlock, erofsImage } from "./erofs.ts";
import { hashKey, writeWhole } from "./hash.ts";
import { kernelPath } from "./kernel.ts";
import { type KernelChoice, kernelChoice, trustNotes } from "./kernel-modules.ts";
import { shiftPieces, writeImage } from "./pieces.ts";
import { type BuiltTarget, type Program, prepareProgram } from "./program.ts";
import { findTarget, projectSettings, readHead, shown, type Target } from "./target.ts";

/** How many images the cache keeps; the one used longest ago goes first. */
const IMAGES_KEPT = 4;
const BASES_KEPT = 3;
/** What was used so lately stays in any case, milliseconds. */
const RECENT_MS = 120_000;
/** Copies for long command lines go when their guest ends; these are what crashes left, or guests at work. */
const COPY_ENDING = ".copy";
const COPIES_KEPT = 16;

/** Change when images are laid out differently, so that old caches are left behind. */
const LAYOUT = "4";
/** The kernel's own part of an image, with all headers, lies within so many bytes of its start. */
const HEADER_LIMIT = 16 << 20;

export interface PrepareOptions {
  /** Joined to the boot configuration that travels in the image. */
  boot?: BootConfig;
  /** Replace the project's own arguments for its program. */
  args?: string[] | undefined;
  /** What is given is a root file system: a folder or an archive. `args` then are the program to start and its arguments. */
  isRoot?: boolean;
  /** Another kernel than the repository's. */
  kernel?: string;
}

export interface Prepared {
  path: string;
  target: Target;
  /** Guest memory that the project asks for. */
  memory: string | undefined;
  /** The program draws on the screen. */
  wantsDisplay: boolean;
  warnings: string[];
  /** The kernel in it, with symbols; undefined for what was built before. */
  kernel?: string;
  /** The modules it was made of. */
  choice?: KernelChoice;
  /** More arguments for QEMU that the project asks for. */
  qemu?: string[];
}

/** The file with the base layer's data where every image has it. Undefined when the base is small or the program replaces part of it. */
function baseImage(program: Program, kernelSize: number): { path: string; files: number; offset: number } | undefined {
  if (program.baseKind === "static") return undefined;
  const own = new Set(program.entries.map((entry) => entry.path));
  if (program.base.entries.some((entry) => own.has(entry.path))) return undefined;
  const offset = roomyRootOffset(kernelSize);
  const files = program.base.entries.filter((entry) => entry.kind === "file");
  const sizes = files.map(
    (entry) => `${entry.path}:${"bytes" in entry.content ? entry.content.bytes.length : entry.content.size}`,
  );
  const path = join(cacheFolder("base"), `data-${hashKey(program.base.key, sizes.join(), String(offset))}.img`);
  if (!existsSync(path)) {
    const data = erofsImage(program.base.entries);
    const end = dataEndBlock(program.base.entries) * BLOCK;
    const pieces = data.pieces.filter((piece) => piece.offset >= BLOCK && piece.offset < end);
    writeWhole(path, (temporary) => writeImage(temporary, { size: offset + end, pieces: shiftPieces(pieces, offset) }));
    keepNewest(cacheFolder("base"), ".img", BASES_KEPT);
  }
  return { path, files: files.length, offset };
}

/** Of the files in `folder` with this ending, keep those used last, and those that a guest may be about to start from. */
function keepNewest(folder: string, ending: string, count: number): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .map((path) => ({ path, usedMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedMs - a.usedMs);
  const limitMs = Date.now() - RECENT_MS;
  for (const { path, usedMs } of files.slice(count)) if (usedMs < limitMs) rmSync(path, { force: true });
}

/** Write kernel, base and program to `path`. */
function writeBootImage(path: string, kernel: Buffer, program: Program, boot: BootConfig): void {
  const base = baseImage(program, kernel.length);
  const root = erofsImage([...program.base.entries, ...program.entries], {
    filesInPlace: base?.files ?? 0,
    shareData: base === undefined,
  });
  const image = bootImage(kernel, root, encodeBootConfig(boot), base?.offset);
  writeWhole(path, (temporary) => writeImage(temporary, image, base?.path));
}

async function prepareBuilt(target: BuiltTarget, options: PrepareOptions): Promise<Prepared> {
  const choice = target.kind === "root" ? undefined : kernelChoice(target.root, projectSettings(target.root));
  const kernelFile = await kernelPath(options.kernel, choice);
  const kernel = readFileSync(kernelFile);
  const program = await prepareProgram(target);
  const args = options.args && target.kind !== "root" ? { args: withArguments(program.boot, options.args) } : {};
  const boot = mergeBootConfig(program.boot, { ...options.boot, ...args });
  const folder = cacheFolder("image");
  const key = hashKey(LAYOUT, hashKey(kernel), program.base.key, program.key, encodeBootConfig(boot));
  const path = join(folder, `${key}.elf`);
  if (existsSync(path)) {
    const now = new Date();
    utimesSync(path, now, now);
  } else {
    writeBootImage(path, kernel, program, boot);
    keepNewest(folder, ".elf", IMAGES_KEPT);
    keepNewest(folder, COPY_ENDING, COPIES_KEPT);
  }
  const project = target.kind === "root" ? {} : projectSettings(target.root);
  const settings = target.kind === "script" || target.kind === "tests" ? target.settings : project;
  const qemu = project.qemu ?? [];
  const warnings = [...(choice ? trustNotes(choice) : []), ...program.warnings];
  const wantsDisplay = settings.display === true;
  return {
    path,
    target,
    memory: settings.memory,
    wantsDisplay,
    warnings,
    kernel: kernelFile,
    ...(choice ? { choice } : {}),
    qemu,
  };
}

function rootTarget(given: string, args: string[] | undefined): Target {
  const path = resolve(given);
  return { kind: "root", path, args, name: basename(path).replace(/\.(tar|tgz|oci)(\.(gz|zst))?$/, "") };
}

function findOrRoot(given: string, options: PrepareOptions): Target {
  return options.isRoot ? rootTarget(given, options.args) : findTarget(given);
}

/** Settings that say something about Node.js only have no meaning beside a go.mod. */
function refuseNodeSettings(folder: string): void {
  const settings = projectSettings(folder);
  const key = (["nodeOptions", "external", "bundle", "npm"] as const).find((name) => settings[name] !== undefined);
  if (key === undefined) return;
  throw new Failure(`${shown(join(folder, "package.json"))}: "egg.${key}" is for Node.js, and this is a Go program`, {
    advice: "args, env, memory, files and packages are for any program",
    status: EXIT_BAD_DATA,
  });
}

async function withGoBuilt(target: Target): Promise<Exclude<Target, { kind: "go" }>> {
  if (target.kind !== "go") return target;
  refuseNodeSettings(target.folder);
  const { buildGoProgram } = await import("./go.ts");
  const path = await buildGoProgram(target.folder, target.name);
  return { kind: "program", path, name: target.name, root: target.folder };
}

/** A target's files and how its program starts, without a kernel. */
export async function prepareFiles(given: string, options: PrepareOptions): Promise<Program & { name: string }> {
  const target = await withGoBuilt(findOrRoot(given, options));
  if (target.kind !== "script" && target.kind !== "program" && target.kind !== "root") {
    throw new Failure(`${given}: an image already, its files are not at hand`, {
      advice: "give the project or the program",
      status: EXIT_BAD_DATA,
    });
  }
  const program = await prepareProgram(target);
  const args = options.args && target.kind !== "root" ? { args: withArguments(program.boot, options.args) } : {};
  return { ...program, boot: mergeBootConfig(program.boot, { ...options.boot, ...args }), name: target.name };
}

/** Whatever `egg run` takes, as a file to boot from. A Target is one that was found already. */
export async function prepareTarget(given: string | Target, options: PrepareOptions = {}): Promise<Prepared> {
  const target = await withGoBuilt(typeof given === "object" ? given : findOrRoot(given, options));
  if (
    target.kind === "script" ||
    target.kind === "program" ||
    target.kind === "node" ||
    target.kind === "root" ||
    target.kind === "tests"
  )
    return await prepareBuilt(target, options);
  return { path: target.path, target, memory: undefined, wantsDisplay: false, warnings: [] };
}

/** The boot configuration inside a built image. */
export function readImageConfig(path: string): BootConfig {
  const size = statSync(path).size;
  const head = readHead(path, Math.min(size, HEADER_LIMIT));
  const location = configLocation(head, size, shown(path));
  if (!location) return {};
  return decodeBootConfig(readTail(path, location));
}

/** A temporary copy of a built image with another boot configuration. */
export function copyWithConfig(path: string, config: BootConfig): string {
  const size = statSync(path).size;
  const image = replaceConfig(
    readHead(path, Math.min(size, HEADER_LIMIT)),
    size,
    shown(path),
    encodeBootConfig(config),
  );
  if (!image) throw new Failure(`${shown(path)}: not an image made by egg`, { status: EXIT_BAD_DATA });
  const copy = join(cacheFolder("image"), `${randomUUID()}${COPY_ENDING}`);
  writeImage(copy, image, path);
  return copy;
}

function readTail(path: string, location: { offset: number; size: number }): string {
  return readAt(path, location.offset, location.size).toString("latin1");
}

function readAt(path: string, offset: number, size: number): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(file, buffer, 0, size, offset));
  } finally {
    closeSync(file);
  }
}
