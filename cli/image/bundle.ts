// A TypeScript or JavaScript program as the few files that the guest needs.
//
//   bundled   the entry, its imports, and every worker it starts: one file each (esbuild), with a source map
//   copied    what a bundle cannot hold: packages with native addons and their dependencies, files that the
//             code reads beside itself (@vercel/nft finds them), what package.json's egg.files names
//
// A bundled module still sees its own place: __dirname, __filename and import.meta are set for each file before
// it is bundled, to where the file stood in the project, with /app in the project's place.

import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Message, OnLoadResult, Plugin, PluginBuild } from "esbuild";
import * as esbuild from "esbuild";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { repositoryRoot } from "../paths.ts";
import { guestPath } from "./guest-path.ts";
import { localPackages } from "./local-packages.ts";

import { type Format, formatOf, LOADERS, NODE_TARGET, outputPath, SCRIPT } from "./module-format.ts";
import { isNativePackage, packageFolder, packageName, WHOLE_PACKAGES } from "./packages.ts";
import { insertPrefix, PLACE_VARIABLES, placePrefix, SELF_AWARE } from "./place.ts";
import { type EggSettings, isInside, shown } from "./target.ts";
import { namedFiles, READS_FILES, traceFiles } from "./trace.ts";

export interface BundledFile {
  /** Path in the guest. */
  path: string;
  text: string;
}

export interface CopiedFile {
  path: string;
  source: string;
}

export interface Bundle {
  /** Guest path of the entry. */
  entry: string;
  bundled: BundledFile[];
  copied: CopiedFile[];
  /** Every file of the host whose change makes another bundle. */
  inputs: string[];
  /** What the person should know: one line each. */
  warnings: string[];
}

/** `new Worker(new URL("./x.ts", import.meta.url)` and the bare `new URL("./x.ts", import.meta.url)`. */
const MODULE_URL = /new\s+URL\(\s*(["'])(\.{1,2}\/[^"'`]+)\1\s*,\s*import\.meta\.url\s*\)/g;

/** The library for programs: a project that has not installed it gets this checkout's. */
const OWN_LIBRARY = /^eggos(\/|$)/;

/** `file:line:column: text`; on a source's first line, what we put in front of it is not counted. */
function describe(message: Message, bundling: Bundling): string {
  const where = message.location;
  if (!where) return message.text;
  const file = resolve(bundling.root, where.file);
  const added = where.line === 1 ? (bundling.prefixes.get(file)?.length ?? 0) : 0;
  return `${shown(file)}:${where.line}:${where.column + 1 - added}: ${message.text}`;
}

function asFailure(error: unknown, bundling: Bundling): Failure {
  const { errors } = error as Partial<BuildFailure>;
  const first = errors?.[0];
  if (!first)
    return new Failure(`cannot bundle: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  const more = (errors?.length ?? 1) - 1;
  const missing = /^Could not resolve "([^"./][^"]*)"/.exec(first.text);
  return new Failure(`${describe(first, bundling)}${more > 0 ? ` (and ${more} more)` : ""}`, {
    status: EXIT_BAD_DATA,
    ...(missing ? { advice: `install it in the project: npm install ${missing[1]}` } : {}),
    cause: error,
  });
}

/** One bundling: what the esbuild plugin finds on the way. */
class Bundling {
  readonly root: string;
  readonly settings: EggSettings;
  /** Worker entry files still to be bundled, and those seen. */
  readonly workers = new Set<string>();
  /** Entry files of packages that are copied. */
  readonly externals = new Set<string>();
  /** Folders of packages that are copied whole. */
  readonly wholePackages = new Set<string>();
  /** Bundled sources that may read files beside themselves. */
  readonly readers = new Set<string>();
  readonly inputs = new Set<string>();
  /** What was put in front of sources that ask where they are. */
  readonly prefixes = new Map<string, string>();
  readonly main: string;
  readonly keepsUnused: boolean;
  readonly #native = new Map<string, boolean>();

  constructor(main: string, root: string, settings: EggSettings, keepsUnused: boolean) {
    this.main = main;
    this.keepsUnused = keepsUnused;
    this.root = root;
    this.settings = settings;
  }

  #isExternal(file: string): boolean {
    const folder = packageFolder(file);
    if (folder === null) return false;
    if (this.settings.bundle === false) return true;
    const name = packageName(folder);
    if (WHOLE_PACKAGES.has(name) || this.settings.external?.includes(name)) {
      this.wholePackages.add(folder);
      return true;
    }
    let native = this.#native.get(folder);
    if (native === undefined) {
      native = isNativePackage(folder);
      this.#native.set(folder, native);
    }
    return native;
  }

  plugin(entry: string, format: Format): Plugin {
    return {
      name: "egg",
      setup: (build) => {
        this.#resolveExternals(build, format);
        build.onLoad({ filter: SCRIPT }, (args) => this.#load(args.path, entry, format));
      },
    };
  }

  #resolveExternals(build: PluginBuild, format: Format): void {
    const inside = Symbol("resolving");
    build.onResolve({ filter: /.*/ }, async (args) => {
      if (args.pluginData === inside || args.kind === "entry-point" || isBuiltin(args.path)) return undefined;
      const isBare = /^[^./\\]/.test(args.path);
      if (!isBare && !/\.(node|wasm)$/.test(args.path) && !packageFolder(args.importer)) return undefined;
      const found = await build.resolve(args.path, {
        kind: args.kind,
        importer: args.importer,
        namespace: args.namespace,
        resolveDir: args.resolveDir,
        pluginData: inside,
      });
      if (found.errors.length > 0 && OWN_LIBRARY.test(args.path)) {
        return await build.resolve(args.path, { kind: args.kind, resolveDir: repositoryRoot, pluginData: inside });
      }
      if (found.errors.length > 0) return this.#missing(args.path, args.kind, args.importer, found.errors);
      if (found.external) return found;
      if (/\.(node|wasm)$/.test(found.path) || this.#isExternal(found.path)) {
        this.externals.add(found.path);
        const place = guestPath(found.path, this.root);
        return {
          path: format === "esm" && args.kind === "import-statement" ? pathToFileURL(place).href : place,
          external: true,
        };
      }
      return found;
    });
  }

  /** A package that is tried and may be absent (`try { require("x") }`, an optional peer) stays a run-time matter, as on Node. */
  #missing(path: string, kind: string, importer: string, errors: Message[]) {
    if (
      packageFolder(importer) &&
      (kind === "require-call" || kind === "require-resolve" || kind === "dynamic-import")
    ) {
      return { path, external: true };
    }
    return { errors };
  }

  async #load(file: string, entry: string, format: Format): Promise<OnLoadResult | undefined> {
    const loader = LOADERS[extname(file)];
    if (loader === undefined) return undefined;
    this.inputs.add(file);
    const source = await readFile(file, "utf8");
    if (READS_FILES.test(source)) this.readers.add(file);
    if (!SELF_AWARE.test(source)) return undefined;
    const place = file === entry ? outputPath(file, this.root, format) : guestPath(file, this.root);
    const isMain = file === this.main;
    const prefix = placePrefix(source, place, isMain, file === entry && format === "cjs" ? "module" : "undefined");
    this.prefixes.set(file, prefix);
    return { contents: insertPrefix(this.#rewriteWorkers(source, file), prefix), loader, resolveDir: dirname(file) };
  }

  /** `new URL("./worker.ts", import.meta.url)` of a script: the worker is bundled too, and the URL names the result. */
  #rewriteWorkers(source: string, file: string): string {
    return source.replaceAll(MODULE_URL, (whole, quote: string, name: string) => {
      const target = [resolve(dirname(file), name), resolve(dirname(file), name.replace(/\.([cm]?)js$/, ".$1ts"))].find(
        (path) => SCRIPT.test(path) && existsSync(path) && statSync(path).isFile(),
      );
      if (!target) return whole;
      this.workers.add(target);
      const output = outputPath(target, this.root, formatOf(target, this.root));
      const own = dirname(guestPath(file, this.root));
      return whole.replace(`${quote}${name}${quote}`, JSON.stringify(relativeUrl(own, output)));
    });
  }
}

function relativeUrl(from: string, to: string): string {
  const path = relative(from, to);
  return path.startsWith(".") ? path : `./${path}`;
}

async function bundleOne(bundling: Bundling, entry: string): Promise<{ files: BundledFile[]; warnings: string[] }> {
  const { root } = bundling;
  const format = formatOf(entry, root);
  const output = outputPath(entry, root, format);
  const result = await esbuild
    .build({
      entryPoints: [entry],
      outfile: output,
      absWorkingDir: root,
      bundle: true,
      platform: "node",
      target: NODE_TARGET,
      format,
      sourcemap: "linked",
      treeShaking: !bundling.keepsUnused,
      write: false,
      metafile: true,
      logLevel: "silent",
      legalComments: "none",
      define: PLACE_VARIABLES,
      // CommonJS inside an ES module bundle asks for built-in modules with require.
      ...(format === "esm"
        ? {
            banner: {
              js: 'import { createRequire as __eggRequire } from "node:module"; const require = __eggRequire(import.meta.url);',
            },
          }
        : {}),
      alias: localPackages(root),
      plugins: [bundling.plugin(entry, format)],
    })
    .catch((error: unknown) => {
      throw asFailure(error, bundling);
    });
  for (const input of Object.keys(result.metafile.inputs)) {
    if (!input.includes(":")) bundling.inputs.add(resolve(root, input));
  }
  return {
    files: result.outputFiles.map((file) => ({
      path: file.path,
      text: relocateSources(file.path, file.text, bundling),
    })),
    warnings: result.warnings.map((warning) => describe(warning, bundling)),
  };
}

/** Name the sources in a source map by their place in the guest, so that stack traces read the same on every host. */
function relocateSources(path: string, text: string, { root, prefixes }: Bundling): string {
  if (!path.endsWith(".map")) return text;
  const map = JSON.parse(text) as { sources: string[]; sourcesContent?: (string | null)[] };
  const files = map.sources.map((source) => {
    const file = resolve(dirname(path), source);
    return existsSync(file) ? file : resolve(root, source);
  });
  map.sources = files.map((file) => guestPath(file, root));
  // The text of packages is left out: it is most of the map, and Node reads all of it when the program starts.
  map.sourcesContent = map.sourcesContent?.map((content, index) => {
    const file = files[index] ?? "";
    return packageFolder(file) ? null : (content?.replace(prefixes.get(file) ?? "", "") ?? null);
  });
  return JSON.stringify(map);
}

/** `keepsUnused`: with code that nobody calls, for coverage. */
export async function bundleProgram(
  entry: string,
  root: string,
  settings: EggSettings,
  keepsUnused = false,
): Promise<Bundle> {
  const bundling = new Bundling(entry, root, settings, keepsUnused);
  const bundled: BundledFile[] = [];
  const warnings: string[] = [];
  const queue = [entry];
  const seen = new Set(queue);
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const one = await bundleOne(bundling, file);
    bundled.push(...one.files);
    warnings.push(...one.warnings);
    for (const worker of bundling.workers) {
      if (seen.has(worker)) continue;
      seen.add(worker);
      queue.push(worker);
    }
  }
  const sources = [...(await traceFiles(bundling)), ...namedFiles(root, settings.files ?? [])];
  const copied = [...new Set(sources)]
    .filter((source) => statSync(source, { throwIfNoEntry: false })?.isFile())
    .map((source) => ({ path: guestPath(source, root), source }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const settingsFiles = ["package.json", "tsconfig.json"]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
  const inputs = new Set([...bundling.inputs, ...copied.map((file) => file.source), ...settingsFiles]);
  return {
    entry: outputPath(entry, root, formatOf(entry, root)),
    bundled,
    copied,
    inputs: [...inputs].filter((path) => isInside(path, "/") && existsSync(path)).sort(),
    warnings,
  };
}
