// AssemblyScript in, WebAssembly and its source map out: the only module that knows how asc is driven.
//
//   entries ──► asc (in this process) ──► { wasm, sourceMap, inputs }
//
// kernel/trusted is asc's custom library: its files are imported without a path ("machine/mem") and only they may
// use unsafe operations when `noUnsafe` is set. The kernel's own runtime takes the place of asc's stock ones by
// standing in asc's table of library files, so that it counts as a library too.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { SourceTypes } from "../translator/source-types.ts";
import { writeTables } from "../tables/tables.ts";
import { apiFile, type KernelPackage, realFile } from "./packages.ts";
import { hash, hashFile, readIfThere, repositoryRoot, writeWhole } from "./cache.ts";
import { showPlace, shownPath } from "./diagnostic.ts";
import { separateModuleData } from "./module-data.ts";
import { keepPrivate } from "./privacy.ts";
import { typeCollector } from "./type-collector.ts";

/** The part of asc's interface that is used here (its own declarations would put `i32`, `load` … into our globals). */
interface Asc {
  main(
    argv: readonly string[],
    api: {
      stdout: { write(text: string): void };
      stderr: { write(text: string): void };
      readFile(name: string, baseDir: string): string | null;
      writeFile(name: string, content: string | Uint8Array, baseDir: string): void;
      listFiles(name: string, baseDir: string): string[] | null;
      reportDiagnostic(diagnostic: AscDiagnostic): void;
      transforms: readonly unknown[];
    },
  ): Promise<{ error: Error | null }>;
  readonly libraryFiles: Record<string, string>;
  readonly version: string;
}

interface AscRange {
  readonly start: number;
  readonly end: number;
  readonly source: { readonly normalizedPath: string } | null;
}

interface AscDiagnostic {
  readonly message: string;
  readonly code: number;
  /** 0 pedantic, 1 information, 2 warning, 3 error. */
  readonly category: number;
  readonly range: AscRange | null;
  readonly relatedRange: AscRange | null;
}

export type Runtime = "kernel" | "incremental" | "minimal" | "stub";

export interface CompileOptions {
  /** Entry files, absolute or relative to the repository; all their exports become wasm exports. */
  readonly entries: readonly string[];
  /** "kernel" is kernel/trusted/runtime/index.ts, without asc's shadow stack. */
  readonly runtime: Runtime;
  /** Refuse unsafe operations outside kernel/trusted. */
  readonly noUnsafe: boolean;
  /** Where static data starts in linear memory, in bytes. */
  readonly memoryBase?: number;
  /** Initial linear memory in bytes, a multiple of 64 KiB. */
  readonly initialMemory?: number;
  /** Export `__new`, `__pin` and the rest of the runtime's interface. */
  readonly exportRuntime?: boolean;
  /** Sources that are not on disk, by their path from the repository. */
  readonly made?: Readonly<Record<string, string>>;
  /** Folders outside of the repository that asc sees in it. */
  readonly packages?: readonly KernelPackage[];
  /** Further asc arguments. */
  readonly arguments?: readonly string[];
}

export interface CompileResult {
  readonly wasm: Uint8Array;
  /** A version 3 source map; `sources` are paths relative to the repository, or `~lib/…` for asc's own library. */
  readonly sourceMap: string;
  /** What wasm forgets: the types of locals and globals, the layouts of classes. */
  readonly types: SourceTypes;
  /** Every file that was looked for, with its content hash (null: it was not there). */
  readonly inputs: readonly (readonly [path: string, hash: string | null])[];
  /** Warnings, formatted. */
  readonly warnings: readonly string[];
}

/** The sources do not compile; the message holds each error with file:line:column and the offending text. */
export class CompileError extends Error {
  override readonly name = "CompileError";
  readonly diagnostics: readonly string[];
  constructor(diagnostics: readonly string[]) {
    super(diagnostics.join("\n"));
    this.diagnostics = diagnostics;
  }
}

const trustedFolder = "kernel/trusted";
/** asc's SourceKind. */
const librarySource = 2;
const kernelRuntime = `${trustedFolder}/runtime`;
/** Names of the runtime's interface (asc calls them) and of asc's replaceable globals, wherever kernel/trusted/runtime exports them. */
const runtimeExport = /^export (?:function|const|let) (__\w+|abort|trace|seed)\b/gm;

let loadedAsc: Promise<Asc> | null = null;

function loadAsc(): Promise<Asc> {
  const specifier: string = "assemblyscript/asc";
  loadedAsc ??= import(specifier).then((module) => (module as { default: Asc }).default);
  return loadedAsc;
}

/** asc keeps its state in module variables, so compilations of one process take turns. */
let turn: Promise<unknown> = Promise.resolve();

/** Compile; throws a CompileError when the sources are at fault. */
export function compile(options: CompileOptions): Promise<CompileResult> {
  const result = turn.then(() => compileNow(options));
  turn = result.catch(() => {});
  return result;
}

async function compileNow(options: CompileOptions): Promise<CompileResult> {
  writeTables();
  const asc = await loadAsc();
  const packages = options.packages ?? [];
  const inputs = new Map<string, string | null>();
  const outputs = new Map<string, string | Uint8Array>();
  const sources = new Map<string, string>();
  const errors: string[] = [];
  const warnings: string[] = [];
  let printed = "";

  const argv = [
    ...options.entries.map((entry) => relative(repositoryRoot, resolve(repositoryRoot, entry))),
    ...["--baseDir", repositoryRoot],
    ...["--lib", trustedFolder],
    ...["--optimizeLevel", "0", "--debug", "--sourceMap", "--outFile", "out.wasm"],
    ...(options.noUnsafe ? ["--noUnsafe"] : []),
    ...(options.exportRuntime ? ["--exportRuntime"] : []),
    ...(options.memoryBase === undefined ? [] : ["--memoryBase", String(options.memoryBase)]),
    ...(options.initialMemory === undefined ? [] : ["--initialMemory", String(options.initialMemory / 0x10000)]),
    ...(options.arguments ?? []),
  ];
  const collector = typeCollector();
  const isBound = (path: string): boolean => realFile(packages, path)?.owner.isTrusted === false;
  const transforms: unknown[] = [collector.transform, trustMarked(packages), keepPrivate(isBound)];
  if (options.runtime === "kernel") {
    asc.libraryFiles["rt/index-kernel"] = 'import "runtime/index";\n';
    argv.push("--runtime", "kernel", ...kernelAliases(inputs));
    transforms.push(NoShadowStack);
  } else {
    argv.push("--runtime", options.runtime);
  }

  const moduleData = packages.length > 0 ? await separateModuleData() : null;
  if (moduleData) transforms.push(moduleData.transform);
  const { error } = await asc.main(argv, {
    stdout: { write() {} },
    stderr: {
      write(text) {
        printed += text;
      },
    },
    readFile(name, baseDir) {
      const path = repositoryPath(name, baseDir);
      const made = options.made?.[path] ?? apiFile(path);
      if (made !== null) {
        sources.set(path, made);
        return made;
      }
      const file = realFile(packages, path)?.file ?? path;
      const content = readIfThere(resolve(repositoryRoot, file));
      inputs.set(file, content === null ? null : hash(content));
      if (content === null) return null;
      const text = Buffer.from(content).toString("utf8");
      sources.set(path, text);
      return text;
    },
    writeFile(name, content) {
      outputs.set(name, content);
    },
    listFiles(name, baseDir) {
      const folder = resolve(repositoryRoot, repositoryPath(name, baseDir));
      if (!existsSync(folder)) return null;
      return readdirSync(folder).filter((file) => /^(?!.*\.d\.ts$).*\.ts$/.test(file));
    },
    reportDiagnostic(diagnostic) {
      const text = formatDiagnostic(diagnostic, asc, sources, packages);
      if (diagnostic.category === 3) errors.push(text);
      else if (diagnostic.category === 2) warnings.push(text);
    },
    transforms,
  });
  moduleData?.end();
  // asc looks some expressions up more than once.
  if (errors.length > 0) throw new CompileError([...new Set(errors)]);
  if (error) throw new CompileError([printed.trim() || error.message]);

  const wasm = outputs.get("out.wasm");
  const map = outputs.get("out.wasm.map");
  if (!(wasm instanceof Uint8Array) || typeof map !== "string") throw new Error("asc wrote no output");
  return { wasm, sourceMap: repositorySources(map, asc), types: collector.types(), inputs: [...inputs], warnings };
}

/**
 * A custom runtime makes asc reserve a shadow stack and keep every managed local on it; the kernel's collector scans
 * the real stacks instead.
 */
class NoShadowStack {
  declare readonly program: { options: { stackSize: number }; module: { useShadowStack: boolean } };
  constructor() {
    this.program.options.stackSize = 0;
    this.program.module.useShadowStack = false;
  }
}

/**
 * To asc a source of a library is trusted, whatever it does. It goes by the path; here the packages' own mark decides.
 */
function trustMarked(packages: readonly KernelPackage[]): new () => unknown {
  return class {
    afterParse(parser: { readonly sources: readonly { readonly normalizedPath: string; sourceKind: number }[] }): void {
      for (const source of parser.sources) {
        if (realFile(packages, source.normalizedPath)?.owner.isTrusted) source.sourceKind = librarySource;
      }
    }
  };
}

/** `--use NAME=~lib/runtime/FILE/NAME` for each part of asc's runtime interface that kernel/trusted/runtime exports. */
function kernelAliases(inputs: Map<string, string | null>): string[] {
  const aliases: string[] = [];
  for (const file of readdirSync(resolve(repositoryRoot, kernelRuntime)).toSorted()) {
    if (!file.endsWith(".ts") || file.endsWith(".d.ts")) continue;
    const path = `${kernelRuntime}/${file}`;
    const content = readFileSync(resolve(repositoryRoot, path));
    inputs.set(path, hash(content));
    const text = content.toString("utf8");
    for (const [, name] of text.matchAll(runtimeExport)) {
      aliases.push("--use", `${name}=~lib/runtime/${file.slice(0, -".ts".length)}/${name}`);
    }
  }
  return aliases;
}

function repositoryPath(name: string, baseDir: string): string {
  const path = isAbsolute(name) ? name : resolve(repositoryRoot, baseDir, name);
  return relative(repositoryRoot, path).replaceAll("\\", "/");
}

/** asc's name of a source as a path from the repository's root: `~lib/machine/mem.ts` is kernel/trusted/machine/mem.ts. */
function sourcePath(name: string, asc: Asc): string {
  if (!name.startsWith("~lib/")) return name;
  const inLibrary = name.slice("~lib/".length);
  if (Object.hasOwn(asc.libraryFiles, inLibrary.replace(/\.ts$/, ""))) return name;
  return `${trustedFolder}/${inLibrary}`;
}

function repositorySources(map: string, asc: Asc): string {
  const parsed = JSON.parse(map) as { sources: string[]; sourceRoot?: string; sourcesContent?: unknown };
  parsed.sources = parsed.sources.map((source) => sourcePath(source, asc));
  delete parsed.sourceRoot;
  delete parsed.sourcesContent;
  return JSON.stringify(parsed);
}

function formatDiagnostic(
  diagnostic: AscDiagnostic,
  asc: Asc,
  sources: ReadonlyMap<string, string>,
  packages: readonly KernelPackage[],
): string {
  const kind = diagnostic.category === 3 ? "error" : "warning";
  const code = `${diagnostic.code < 1000 ? "AS" : "TS"}${diagnostic.code}`;
  const where = place(diagnostic.range, asc, sources, packages);
  const also = place(diagnostic.relatedRange, asc, sources, packages);
  const lines = [`${where ? `${where.at}: ` : ""}${kind} ${code}: ${diagnostic.message}`];
  if (where) lines.push(where.excerpt);
  if (also) lines.push(`  ${also.at}:`, also.excerpt);
  return lines.join("\n");
}

function place(
  range: AscRange | null,
  asc: Asc,
  sources: ReadonlyMap<string, string>,
  packages: readonly KernelPackage[],
) {
  if (!range?.source) return null;
  const path = sourcePath(range.source.normalizedPath, asc);
  const text = sources.get(path) ?? asc.libraryFiles[range.source.normalizedPath.slice("~lib/".length, -".ts".length)];
  const real = realFile(packages, path);
  const shown = real ? shownPath(real.file) : path;
  if (text === undefined) return { at: shown, excerpt: "" };
  return showPlace({ path: shown, text, start: range.start, end: range.end });
}

interface Manifest {
  readonly inputs: CompileResult["inputs"];
  readonly warnings: readonly string[];
}

/** Everything beside the sources that decides what asc makes of them. */
function compilerKey(options: CompileOptions): string {
  const versions = ["assemblyscript", "binaryen"].map(
    (name) => hashFile(join(packageFolder(name), "package.json")) ?? "",
  );
  const self = ["compile.ts", "module-data.ts", "packages.ts", "privacy.ts", "type-collector.ts", "cache.ts"].map(
    (name) => hashFile(join(import.meta.dirname, name)) ?? "",
  );
  return hash(JSON.stringify(options), ...versions, ...self);
}

function packageFolder(name: string): string {
  return dirname(join(repositoryRoot, "node_modules", name, "package.json"));
}

/** As `compile`, but answered from build/wasm when no input has changed since. */
export async function compileCached(options: CompileOptions): Promise<CompileResult & { readonly isFresh: boolean }> {
  const stem = join(repositoryRoot, "build/wasm", compilerKey(options));
  writeTables();
  const cached = readCached(stem);
  if (cached) return { ...cached, isFresh: false };
  const result = await compile(options);
  const manifest: Manifest = { inputs: result.inputs, warnings: result.warnings };
  writeWhole(`${stem}.wasm`, result.wasm);
  writeWhole(`${stem}.map`, result.sourceMap);
  writeWhole(`${stem}.types`, JSON.stringify(result.types));
  writeWhole(`${stem}.json`, JSON.stringify(manifest));
  return { ...result, isFresh: true };
}

function readCached(stem: string): CompileResult | null {
  const manifestText = readIfThere(`${stem}.json`);
  if (!manifestText) return null;
  const manifest = JSON.parse(Buffer.from(manifestText).toString("utf8")) as Manifest;
  for (const [path, expected] of manifest.inputs) {
    if (hashFile(resolve(repositoryRoot, path)) !== expected) return null;
  }
  const wasm = readIfThere(`${stem}.wasm`);
  const map = readIfThere(`${stem}.map`);
  const types = readIfThere(`${stem}.types`);
  if (!wasm || !map || !types) return null;
  return {
    wasm,
    sourceMap: Buffer.from(map).toString("utf8"),
    types: JSON.parse(Buffer.from(types).toString("utf8")) as SourceTypes,
    inputs: manifest.inputs,
    warnings: manifest.warnings,
  };
}
