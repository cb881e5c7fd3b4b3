// A target as the entries and the boot configuration of its image.

import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { step } from "../progress.ts";
import { type Base, type BaseKind, libraryNames, prepareBase } from "./base.ts";
import type { BootConfig } from "./boot-config.ts";
import { type BundleRecord, type BundleSource, bundleEntries, cachedBundle, makeBundle } from "./bundle-cache.ts";
import { type Elf, PT_DYNAMIC, PT_INTERP, PT_LOAD, readElf } from "./elf.ts";
import { type PackageFiles, packageEntries } from "./debian.ts";
import type { Entry } from "./erofs.ts";
import { APP_FOLDER, guestPath } from "./guest-path.ts";
import { hashKey } from "./hash.ts";
import { type EggSettings, projectSettings, readHead, shown, type Target, type TestsTarget } from "./target.ts";

/** What an image is made of besides the kernel. */
export interface Program {
  base: Base;
  baseKind: BaseKind;
  entries: Entry[];
  boot: BootConfig;
  /** Names the program's own part. */
  key: string;
  warnings: string[];
}

const PATH = "/usr/local/bin:/usr/bin:/bin";

function commonBoot(extra: BootConfig): BootConfig {
  return { cwd: APP_FOLDER, hostname: "eggos", ...extra, env: { PATH, HOME: "/root", ...extra.env } };
}

async function scriptProgram(target: Extract<Target, { kind: "script" }>): Promise<Program> {
  const record =
    cachedBundle(target) ?? (await step(`bundling ${shown(target.entry)}`, async () => await makeBundle(target)));
  return await nodeProgram(target, [record], [...(target.settings.nodeOptions ?? []), record.entry]);
}

/** What "egg.packages" names; a shell too where npm needs one. */
async function projectPackages(root: string, settings: EggSettings): Promise<PackageFiles> {
  const where = shown(join(root, "package.json"));
  const names = settings.packages ?? [];
  const packages = await packageEntries(names, where);
  if (settings.npm !== true || packages.entries.some((entry) => entry.path === "/usr/bin/sh")) return packages;
  return await packageEntries([...names, "busybox-static"], where);
}

/** Of the packages' files those that the base does not have. */
function besides(base: Base, packages: PackageFiles): Entry[] {
  const inBase = new Set(base.entries.filter((entry) => entry.kind !== "directory").map((entry) => entry.path));
  return packages.entries.filter((entry) => !inBase.has(entry.path));
}

/** npm, and the project's package.json, whose scripts it runs. */
async function projectNpm(root: string): Promise<PackageFiles> {
  const { npmEntries } = await import("./npm.ts");
  const path = join(root, "package.json");
  const { key, entries } = await npmEntries(shown(path));
  const bytes = readFileSync(path);
  const manifest: Entry = { path: `${APP_FOLDER}/package.json`, kind: "file", mode: 0o644, content: { bytes } };
  return { key: hashKey(key, bytes), entries: [...entries, manifest] };
}

/** A program on Node.js of bundles; `words` are what stands on Node's command line. */
async function nodeProgram(
  { root, settings }: { root: string; settings: EggSettings },
  records: BundleRecord[],
  words: string[],
  own: Entry[] = [],
): Promise<Program> {
  const base = await prepareBase("node");
  const packages = await projectPackages(root, settings);
  const bundled = bundleEntries(records);
  const entries = [...besides(base, packages), ...bundled, ...own];
  const npm = settings.npm === true ? await projectNpm(root) : undefined;
  if (npm) {
    const known = new Set(entries.map((entry) => entry.path));
    entries.push(...npm.entries.filter((entry) => !known.has(entry.path)));
  }
  const command = ["node", "--enable-source-maps", ...words];
  const boot = commonBoot({
    program: "/usr/bin/node",
    args: [...command, ...(settings.args ?? [])],
    fixedArgs: command.length,
    ...(settings.env ? { env: settings.env } : {}),
    ...(settings.keyboard ? { keyboard: settings.keyboard } : {}),
  });
  return {
    base,
    baseKind: "node",
    entries,
    boot,
    key: hashKey(
      ...records.map((record) => record.key),
      packages.key,
      own.map((entry) => entry.path).join(),
      ...(npm ? [npm.key] : []),
    ),
    warnings: [...new Set(records.flatMap((record) => record.warnings))],
  };
}

/** What the tests are bundled from. */
export function testSources({ files, root, settings, hasCoverage }: TestsTarget): BundleSource[] {
  return files.map((entry) => ({ entry, root, settings, keepsUnused: hasCoverage }));
}

/** The project's tests: Node's test runner over a bundle for each file. */
async function testsProgram(target: TestsTarget): Promise<Program> {
  const sources = testSources(target);
  const isStale = sources.some((source) => cachedBundle(source) === undefined);
  const count = sources.length === 1 ? "1 test file" : `${sources.length} test files`;
  const bundleAll = async (show: (detail: string) => void): Promise<BundleRecord[]> => {
    const made: BundleRecord[] = [];
    for (const source of sources) {
      show(shown(source.entry));
      made.push(cachedBundle(source) ?? (await makeBundle(source)));
    }
    return made;
  };
  const records = isStale ? await step(`bundling ${count}`, bundleAll) : await bundleAll(() => {});
  const words = ["--test", ...target.options, ...records.map((record) => record.entry)];
  const project = { root: target.root, settings: { ...target.settings, args: [] } };
  const nodeOptions = target.settings.nodeOptions ?? [];
  if (!target.hasCoverage) return await nodeProgram(project, records, [...nodeOptions, ...words]);
  const { runnerEntry, RUNNER_PATH } = await import("./test-runner.ts");
  const command = [RUNNER_PATH, ...nodeOptions, ...words];
  return await nodeProgram(project, records, command, [runnerEntry()]);
}

/** Node.js as it comes: without arguments its prompt. */
async function plainNode(): Promise<Program> {
  return {
    base: await prepareBase("node"),
    baseKind: "node",
    entries: [],
    boot: commonBoot({ program: "/usr/bin/node", args: ["node"], fixedArgs: 1, cwd: "/root" }),
    key: "node",
    warnings: [],
  };
}

/** The offset in the file of a virtual address. */
function fileOffset(elf: Elf, address: bigint): number | null {
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD) continue;
    const distance = address - segment.virtualAddress;
    if (distance >= 0n && distance < BigInt(segment.fileSize)) return segment.offset + Number(distance);
  }
  return null;
}

function cString(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 ? bytes.length : end);
}

/** Names of the shared libraries a program asks for (DT_NEEDED), and its loader. */
export function neededLibraries(bytes: Buffer, elf: Elf): { needed: string[]; interpreter: string | null } {
  const DT_NEEDED = 1n;
  const DT_STRTAB = 5n;
  const interp = elf.segments.find((segment) => segment.type === PT_INTERP);
  const interpreter = interp ? cString(bytes, interp.offset) : null;
  const dynamic = elf.segments.find((segment) => segment.type === PT_DYNAMIC);
  if (!dynamic) return { needed: [], interpreter };
  const offsets: number[] = [];
  let strings: number | null = null;
  for (let at = dynamic.offset; at + 16 <= dynamic.offset + dynamic.fileSize; at += 16) {
    const tag = bytes.readBigInt64LE(at);
    const value = bytes.readBigUInt64LE(at + 8);
    if (tag === 0n) break;
    if (tag === DT_NEEDED) offsets.push(Number(value));
    if (tag === DT_STRTAB) strings = fileOffset(elf, value);
  }
  const table = strings;
  return { needed: table === null ? [] : offsets.map((offset) => cString(bytes, table + offset)), interpreter };
}

async function linuxProgram(target: Extract<Target, { kind: "program" }>): Promise<Program> {
  const name = shown(target.path);
  const size = statSync(target.path).size;
  const elf = readElf(readHead(target.path), size, name);
  if (elf.type !== 2 && elf.type !== 3) {
    throw new Failure(`${name}: an object file or a core dump, not a program`, {
      advice: "link it first",
      status: EXIT_BAD_DATA,
    });
  }
  if (!elf.segments.some((segment) => segment.type === PT_LOAD) || elf.entry === 0n) {
    throw new Failure(`${name}: a shared library, not a program`, {
      advice: "give the program that uses it",
      status: EXIT_BAD_DATA,
    });
  }
  const bytes = readFileSync(target.path);
  const { needed, interpreter } = neededLibraries(bytes, elf);
  const settings = projectSettings(target.root);
  const packages = await projectPackages(target.root, { packages: settings.packages ?? [] });
  // What packages bring is linked with the C library, whatever the program is.
  const baseKind: BaseKind = interpreter === null && packages.entries.length === 0 ? "static" : "glibc";
  const base = await prepareBase(baseKind);
  if (interpreter !== null) checkLibraries(name, interpreter, needed, base, packages);
  const path = `${APP_FOLDER}/${basename(target.path)}`;
  const files = await projectFiles(target.root, settings.files ?? []);
  const program: Entry = { path, kind: "file", mode: 0o755, content: { path: target.path, size } };
  return {
    base,
    baseKind,
    entries: [...besides(base, packages), ...files.filter((entry) => entry.path !== path), program],
    boot: commonBoot({
      program: path,
      args: [path, ...(settings.args ?? [])],
      fixedArgs: 1,
      ...(settings.env ? { env: settings.env } : {}),
      ...(settings.keyboard ? { keyboard: settings.keyboard } : {}),
    }),
    key: hashKey(bytes, packages.key, ...files.map((entry) => hashKey(readFileSync(entry.content.path), entry.path))),
    warnings: [],
  };
}

/** What "egg.files" names. */
async function projectFiles(root: string, patterns: string[]) {
  if (patterns.length === 0) return [];
  const { namedFiles } = await import("./trace.ts");
  return namedFiles(root, patterns)
    .map((source) => ({ source, stats: statSync(source) }))
    .filter(({ stats }) => stats.isFile())
    .map(({ source, stats }) => ({
      path: guestPath(source, root),
      kind: "file" as const,
      mode: stats.mode & 0o755,
      content: { path: source, size: stats.size },
    }));
}

function checkLibraries(name: string, interpreter: string, needed: string[], base: Base, packages: PackageFiles): void {
  const advice =
    'link it statically, or name the Debian packages of its libraries in "egg": { "packages": […] } of a package.json beside it';
  if (interpreter !== "/lib64/ld-linux-x86-64.so.2") {
    throw new Failure(`${name}: needs the loader ${interpreter}, which the image does not have`, {
      advice,
      status: EXIT_BAD_DATA,
    });
  }
  const names = libraryNames(base);
  for (const entry of packages.entries)
    if (/^\/usr\/lib\/(x86_64-linux-gnu\/)?[^/]+$/.test(entry.path)) names.add(basename(entry.path));
  const missing = needed.filter((library) => !names.has(library) && library !== "ld-linux-x86-64.so.2");
  if (missing.length > 0) {
    throw new Failure(`${name}: needs ${missing.join(", ")}, which the image does not have`, {
      advice,
      status: EXIT_BAD_DATA,
    });
  }
}

/** What an image is built of. */
export type BuiltTarget = Extract<Target, { kind: "script" | "program" | "node" | "root" | "tests" }>;

export async function prepareProgram(target: BuiltTarget): Promise<Program> {
  if (target.kind === "root") {
    const { rootProgram } = await import("./root-folder.ts");
    const root = await rootProgram(target.path, target.args);
    return { ...root, base: { key: "", entries: [] }, baseKind: "static" };
  }
  if (target.kind === "tests") return await testsProgram(target);
  if (target.kind === "node") return await plainNode();
  return target.kind === "script" ? await scriptProgram(target) : await linuxProgram(target);
}
