// What TARGET is: looked at, never run.

import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { EXIT_BAD_DATA, EXIT_NO_INPUT, Failure } from "../failure.ts";
import { KEYBOARDS } from "./boot-config.ts";
import { repositoryRoot } from "../paths.ts";
import type { DiskFormat } from "../run/qemu.ts";
import { configLocation, isElf } from "./elf.ts";

/** The `egg` field of package.json. */
export interface EggSettings {
  /** Entry file, relative to the folder. */
  main?: string;
  /** Arguments after the program's name. */
  args?: string[];
  env?: Record<string, string>;
  /** Guest memory, as for -m. */
  memory?: string;
  /** The keyboard's layout, as for --keyboard. */
  keyboard?: string;
  /** More files for the image: glob patterns relative to the folder. */
  files?: string[];
  /** Options for Node.js itself. */
  nodeOptions?: string[];
  /** Packages to copy as they are instead of bundling them. */
  external?: string[];
  /** `false`: bundle the project's own files only, copy all packages. */
  bundle?: boolean;
  /** The program draws on the screen: `egg run` gives it one. */
  display?: boolean;
  /** Debian packages whose files the image gets, with all they depend on. */
  packages?: string[];
  /** The image gets npm, which runs the project's scripts there. */
  npm?: boolean;
  /** Kernel modules: files of the project, and packages that bring one. */
  kernel?: string[];
  /** Kernel modules that may touch raw memory: packages, and "." for the project's own. */
  trusted?: string[];
  /** Modules of the kernel to leave out. */
  without?: string[];
  /** More arguments for QEMU. */
  qemu?: string[];
}

/** A project's test files, to be run by Node's test runner in the guest. */
export interface TestsTarget {
  kind: "tests";
  files: string[];
  root: string;
  settings: EggSettings;
  name: string;
  /** Options for `node --test`. */
  options: string[];
  /** Whether coverage files are made and sent out (image/test-runner.ts). */
  hasCoverage: boolean;
}

export type Target =
  | TestsTarget
  | { kind: "script"; entry: string; root: string; settings: EggSettings; name: string }
  | { kind: "program"; path: string; name: string; root: string }
  /** Node.js itself: its prompt, or what its arguments say. */
  | { kind: "node"; name: string; root: string }
  /** A root file system, and the words of the program in it to start. */
  | { kind: "root"; path: string; args: string[] | undefined; name: string }
  | { kind: "go"; folder: string; name: string }
  | { kind: "image"; path: string; name: string }
  | { kind: "disk"; path: string; name: string; format: DiskFormat }
  | { kind: "cdrom"; path: string; name: string };

const SCRIPT_EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];
const USUAL_ENTRIES = ["main", "index", "src/main", "src/index", "app", "src/app", "server", "src/server"];
/** Targets by name, where no file or folder is called so: Node.js's prompt, and the shell among the examples. */
const NODE = "node";
const SHELL = "shell";
/** Enough of a file to know it by, and to find a kernel's headers in. */
const HEAD_BYTES = 64 << 10;

export function readHead(path: string, length = HEAD_BYTES, offset = 0): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
  } finally {
    closeSync(file);
  }
}

/** The parts of a package.json that are read. */
export interface Package {
  name?: unknown;
  main?: unknown;
  module?: unknown;
  egg?: unknown;
  eggos?: unknown;
  dependencies?: Record<string, unknown>;
  optionalDependencies?: Record<string, unknown>;
}

export function readPackage(folder: string): Package | null {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Failure(`${shown(path)}: not valid JSON: ${(error as Error).message}`, { status: EXIT_BAD_DATA });
  }
  return typeof value === "object" && value !== null ? value : {};
}

/** Shorter of the absolute path and the one relative to the working folder. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path) || ".";
  return near.length < path.length ? near : path;
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "string");
}

/** Check the `egg` field: a wrong type is named, an unknown key too. */
export function parseSettings(value: unknown, where: string): EggSettings {
  if (value === undefined) return {};
  const wrong = (what: string): Failure =>
    new Failure(`${where}: ${what}`, { advice: "docs/command-line.md lists the keys", status: EXIT_BAD_DATA });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong('"egg" must be an object');
  for (const [key, field] of Object.entries(value)) {
    switch (key) {
      case "main":
      case "memory":
        if (typeof field !== "string") throw wrong(`"egg.${key}" must be a string`);
        break;
      case "keyboard":
        if (typeof field !== "string" || !KEYBOARDS.includes(field)) {
          throw wrong(`"egg.keyboard" must be one of ${KEYBOARDS.join(", ")}`);
        }
        break;
      case "args":
      case "files":
      case "nodeOptions":
      case "external":
      case "packages":
      case "kernel":
      case "trusted":
      case "without":
      case "qemu":
        if (!Array.isArray(field) || !field.every((one) => typeof one === "string")) {
          throw wrong(`"egg.${key}" must be a list of strings`);
        }
        break;
      case "env":
        if (!isStringRecord(field)) throw wrong('"egg.env" must be an object of strings');
        break;
      case "bundle":
      case "display":
      case "npm":
        if (typeof field !== "boolean") throw wrong(`"egg.${key}" must be true or false`);
        break;
      default:
        throw wrong(`unknown key "egg.${key}"`);
    }
  }
  return value as EggSettings;
}

/** The settings of the project in a folder. */
export function projectSettings(root: string): EggSettings {
  return parseSettings(readPackage(root)?.egg, shown(join(root, "package.json")));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A named entry may lack its extension, or name the .js that a .ts becomes. */
function findEntry(folder: string, name: string): string | null {
  const path = resolve(folder, name);
  if (isFile(path)) return path;
  for (const extension of SCRIPT_EXTENSIONS) if (isFile(path + extension)) return path + extension;
  const source = path.replace(/\.([cm]?)js$/, ".$1ts");
  if (source !== path && isFile(source)) return source;
  for (const extension of SCRIPT_EXTENSIONS) {
    if (isFile(join(path, `index${extension}`))) return join(path, `index${extension}`);
  }
  return null;
}

function folderTarget(folder: string): Target {
  const manifest = readPackage(folder);
  const where = shown(join(folder, "package.json"));
  const settings = parseSettings(manifest?.egg, where);
  const name = typeof manifest?.name === "string" ? manifest.name.replace(/^.*\//, "") : basename(folder);
  const named: [key: string, value: unknown][] = [
    ["egg.main", settings.main],
    ["main", manifest?.main],
    ["module", manifest?.module],
  ];
  for (const [key, value] of named) {
    if (typeof value !== "string") continue;
    const entry = findEntry(folder, value);
    if (entry) return fileTarget(entry, folder, settings, name);
    throw new Failure(`${where}: "${key}" names ${value}, which does not exist`, {
      advice: "correct the name, or build the project first",
      status: EXIT_NO_INPUT,
    });
  }
  for (const usual of USUAL_ENTRIES) {
    for (const extension of SCRIPT_EXTENSIONS) {
      const entry = join(folder, usual + extension);
      if (isFile(entry)) return { kind: "script", entry, root: folder, settings, name };
    }
  }
  if (existsSync(join(folder, "go.mod"))) return { kind: "go", folder, name };
  throw new Failure(`${shown(folder)}: no program found in this folder`, {
    advice:
      'add a main.ts, or name the entry file in package.json ("main" or "egg.main"); egg run shell starts a shell, egg run node a prompt',
    status: EXIT_NO_INPUT,
  });
}

/** A project's folder with its name and settings, whether or not it has a program. */
export function findProject(folder: string): { root: string; settings: EggSettings; name: string } {
  const root = projectAbove(realpathSync(folder));
  const manifest = readPackage(root);
  const name = typeof manifest?.name === "string" ? manifest.name.replace(/^.*\//, "") : basename(root);
  return { root, settings: parseSettings(manifest?.egg, shown(join(root, "package.json"))), name };
}

/** The project a script belongs to: the nearest folder upward with a package.json, else the script's own. */
function projectOf(entry: string): string {
  return projectAbove(dirname(entry));
}

function projectAbove(own: string): string {
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return own;
  }
}

/** A fixed VHD is a raw disk with a footer of 512 bytes. */
function isFixedVhd(path: string): boolean {
  const size = statSync(path).size;
  return size > 512 && readHead(path, 8, size - 512).toString("latin1") === "conectix";
}

function fileTarget(path: string, root: string, settings: EggSettings, name: string): Target {
  if (SCRIPT_EXTENSIONS.includes(extname(path))) return { kind: "script", entry: path, root, settings, name };
  const head = readHead(path);
  if (isElf(head)) {
    const size = statSync(path).size;
    // A kernel's headers may lie anywhere in its data; only files large enough to hold a root image are read further.
    const probe = size > 1 << 20 ? readHead(path, Math.min(size, 16 << 20)) : head;
    if (configLocation(probe, size, shown(path))) return { kind: "image", path, name };
    return { kind: "program", path, name, root };
  }
  if (head.length > 0x8006 && head.toString("latin1", 0x8001, 0x8006) === "CD001") return { kind: "cdrom", path, name };
  if (head.toString("latin1", 0, 4) === "QFI\xfb") return { kind: "disk", path, name, format: "qcow2" };
  if (head.toString("latin1", 0, 4) === "KDMV") return { kind: "disk", path, name, format: "vmdk" };
  if (head.toString("latin1", 0, 8) === "vhdxfile") return { kind: "disk", path, name, format: "vhdx" };
  if (head.toString("latin1", 0, 8) === "conectix" || isFixedVhd(path))
    return { kind: "disk", path, name, format: "vpc" };
  if (head.length >= 512 && head.readUInt16LE(510) === 0xaa55) return { kind: "disk", path, name, format: "raw" };
  if (/^#!.*\b(node|tsx|ts-node|bun|deno)\b/.test(head.toString("latin1", 0, 200))) {
    return { kind: "script", entry: path, root, settings, name };
  }
  throw new Failure(`${shown(path)}: not something egg can run`, {
    advice: "give a project folder, a .ts or .js file, a Linux program, or an image made by egg",
    status: EXIT_BAD_DATA,
  });
}

export function findTarget(given: string): Target {
  const path = resolve(given);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats && given === NODE) return { kind: "node", name: NODE, root: projectAbove(process.cwd()) };
  if (!stats && given === SHELL) return folderTarget(join(repositoryRoot, "examples", SHELL));
  if (!stats) {
    throw new Failure(`${given}: no such file or folder`, { advice: "check the name", status: EXIT_NO_INPUT });
  }
  const real = realpathSync(path);
  if (stats.isDirectory()) return folderTarget(real);
  if (!stats.isFile()) throw new Failure(`${given}: neither a file nor a folder`, { status: EXIT_NO_INPUT });
  if (stats.size === 0 && !SCRIPT_EXTENSIONS.includes(extname(real))) {
    throw new Failure(`${given}: the file is empty`, { status: EXIT_BAD_DATA });
  }
  const root = projectOf(real);
  const settings = parseSettings(readPackage(root)?.egg, shown(join(root, "package.json")));
  // `main` of the project does not speak for another file of it, its other settings do.
  return fileTarget(real, root, settings, basename(real, extname(real)));
}

/** Whether `path` lies in `folder`. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
