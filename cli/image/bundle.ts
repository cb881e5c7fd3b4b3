// A TypeScript or JavaScript program as the few files that the guest needs.
//
//   bundled   the entry, its imports, and every worker it starts: one file each (esbuild), with a source map
//   copied    what a bundle cannot hold: packages with native addons and their dependencies, files that the
//             code reads beside itself (@vercel/nft finds them), what package.json's egg.files names
//
// A bundled module still sees its own place: __dirname, __filename and import.meta are set for each file before
// it is bundled, to where the file stood in the project, with /app in the project's place.

import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nodeFileTrace } from "@vercel/nft";
import type { BuildFailure, Loader, Message, OnLoadResult, Plugin, PluginBuild } from "esbuild";
import * as esbuild from "esbuild";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { guestPath } from "./guest-path.ts";
import { type EggSettings, isInside, shown } from "./target.ts";

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

type Format = "esm" | "cjs";

const NODE_TARGET = "node26";
const SCRIPT = /\.[cm]?[jt]sx?$/;
const LOADERS: Record<string, Loader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
};
/** Source that asks where it is. */
const SELF_AWARE = /__dirname|__filename|import\.meta|require\.main/;
/** Source that may read files beside itself. */
const READS_FILES = /__dirname|__filename|import\.meta|process\.cwd|readFile|createReadStream/;
/** `new Worker(new URL("./x.ts", import.meta.url)` and the bare `new URL("./x.ts", import.meta.url)`. */
const MODULE_URL = /new\s+URL\(\s*(["'])(\.{1,2}\/[^"'`]+)\1\s*,\s*import\.meta\.url\s*\)/g;
/** Packages that load native code: whoever depends on one of these does. */
const NATIVE_HELPERS = new Set([
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "@mapbox/node-pre-gyp",
  "node-pre-gyp",
  "prebuild-install",
  "node-addon-api",
  "nan",
]);

/** Packages that load parts of themselves by computed names or start workers from their own files: copied whole. */
const WHOLE_PACKAGES = new Set([
  "@prisma/client",
  "jsdom",
  "pino",
  "pino-pretty",
  "playwright",
  "playwright-core",
  "puppeteer",
  "puppeteer-core",
  "thread-stream",
  "ts-node",
  "typescript",
  "webpack",
]);

interface PackageManifest {
  type?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  gypfile?: boolean;
  binary?: unknown;
  napi?: unknown;
}

/** The folder of the package a file in node_modules belongs to; null for the project's own files. */
export function packageFolder(file: string): string | null {
  const match = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file);
  return match ? match[0] : null;
}

/** `@scope/name` of a package's folder. */
function packageName(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules") + "node_modules/".length).replaceAll("\\", "/");
}

function readManifest(folder: string): PackageManifest {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageManifest;
  } catch {
    return {};
  }
}

function containsAddon(folder: string, depth: number): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".node")) return true;
    if (depth > 0 && entry.isDirectory() && entry.name !== "node_modules") {
      if (containsAddon(join(folder, entry.name), depth - 1)) return true;
    }
  }
  return false;
}

/** Whether a package brings native code, which no bundle can hold. */
export function isNativePackage(folder: string): boolean {
  const manifest = readManifest(folder);
  if (manifest.gypfile || manifest.binary || manifest.napi) return true;
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  if (dependencies.some((name) => NATIVE_HELPERS.has(name) || /linux-x64(-gnu)?$/.test(name))) return true;
  return containsAddon(folder, 3);
}

/** CommonJS or ES module, as Node decides; a TypeScript file without a package type is what its text looks like. */
function formatOf(entry: string, root: string): Format {
  const extension = extname(entry);
  if (extension === ".mts" || extension === ".mjs") return "esm";
  if (extension === ".cts" || extension === ".cjs") return "cjs";
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) {
      const { type } = readManifest(folder);
      if (type === "module") return "esm";
      if (type === "commonjs") return "cjs";
      break;
    }
    if (folder === root || dirname(folder) === folder) break;
  }
  const source = readFileSync(entry, "utf8");
  const isModule = /^\s*(import\s*[\w*{"']|export\s+[\w*{])|\bimport\.meta\b|^\s*(const .* = )?await\b/m.test(source);
  return isModule || !/\b(require\s*\(|module\.exports|exports\.)/.test(source) ? "esm" : "cjs";
}

function outputPath(file: string, root: string, format: Format): string {
  return guestPath(file, root).replace(/(\.[cm]?[jt]sx?)?$/, format === "esm" ? ".mjs" : ".cjs");
}

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

/**
 * How a file asks where it is, and the variable that answers. The bundler replaces the one by the other (`define`), in
 * every file; each file that asks begins with the variables it needs. They are the file's own, renamed where names meet.
 */
const PLACE_VARIABLES: Record<string, string> = {
  __filename: "__egg_filename",
  __dirname: "__egg_dirname",
  "import.meta.url": "__egg_url",
  "import.meta.filename": "__egg_filename",
  "import.meta.dirname": "__egg_dirname",
  "import.meta.main": "__egg_main",
  "require.main": "__egg_require_main",
};

/** The variables that `source` needs, as one line's beginning. */
function placePrefix(source: string, place: string, isMain: boolean, requireMain: string): string {
  const values: Record<string, string> = {
    __egg_filename: JSON.stringify(place),
    __egg_dirname: JSON.stringify(dirname(place)),
    __egg_url: JSON.stringify(pathToFileURL(place).href),
    __egg_main: String(isMain),
    __egg_require_main: requireMain,
  };
  const needed = Object.entries(PLACE_VARIABLES).filter(([name]) =>
    source.includes(name.replace(/^import\.meta\./, "")),
  );
  const variables = [...new Set(needed.map(([, variable]) => variable))];
  if (variables.length === 0) return "";
  const strict = /^\s*["']use strict["']/.test(source) ? '"use strict"; ' : "";
  return `${strict}var ${variables.map((name) => `${name} = ${values[name]}`).join(", ")}; `;
}

/** In front of the first line, or of the second when the first is for the shell. */
function insertPrefix(source: string, prefix: string): string {
  const at = source.startsWith("#!") ? source.indexOf("\n") + 1 : 0;
  return source.slice(0, at) + prefix + source.slice(at);
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
  readonly #native = new Map<string, boolean>();

  constructor(main: string, root: string, settings: EggSettings) {
    this.main = main;
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

/** Files that packages and sources need beside the bundle. */
async function traceFiles(bundling: Bundling): Promise<Set<string>> {
  const files = new Set<string>();
  const scripts = new Set(bundling.externals);
  if (bundling.readers.size > 0) {
    // Imports are in the bundle already: nothing is resolved, so what is left are files named by their path.
    const options = { base: "/", processCwd: bundling.root, resolve: async () => [], readFile: readAsJavaScript };
    const trace = await nodeFileTrace([...bundling.readers], options);
    for (const [file, { type }] of trace.reasons) {
      const path = join("/", file);
      if (type.includes("initial") || !(type.includes("asset") || type.includes("dependency"))) continue;
      files.add(path);
      // A script that is started by its path (a worker, a child process) brings what it imports.
      if (SCRIPT.test(path)) scripts.add(path);
    }
  }
  for (const folder of bundling.wholePackages) {
    for (const path of packageFiles(folder)) {
      files.add(path);
      if (/\.[cm]?js$/.test(path)) scripts.add(path);
    }
  }
  if (scripts.size > 0) {
    const trace = await nodeFileTrace([...scripts], {
      base: "/",
      processCwd: bundling.root,
      readFile: readAsJavaScript,
    });
    for (const file of trace.fileList) files.add(join("/", file));
  }
  return files;
}

/** The files of a package but for its own dependencies and what only its makers need. */
function packageFiles(folder: string): string[] {
  const skipped = /(^|\/)(node_modules|tests?|__tests__|docs|examples|benchmarks?|\.github)(\/|$)/;
  return globSync("**/*", { cwd: folder, exclude: (name) => skipped.test(name) })
    .filter((name) => !skipped.test(name))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

async function readAsJavaScript(file: string): Promise<Buffer | string | null> {
  const content = await readFile(file).catch(() => null);
  const loader = LOADERS[extname(file)];
  if (content === null || loader === undefined || loader === "js") return content;
  const { code } = await esbuild.transform(content, { loader, target: NODE_TARGET });
  return code;
}

function namedFiles(root: string, patterns: string[]): string[] {
  return patterns.flatMap((pattern) => {
    const found = globSync(pattern, { cwd: root }).map((name) => resolve(root, name));
    if (found.length === 0) {
      throw new Failure(`${shown(join(root, "package.json"))}: "egg.files": nothing matches ${pattern}`, {
        status: EXIT_BAD_DATA,
      });
    }
    return found.flatMap((path) =>
      statSync(path).isDirectory() ? globSync("**/*", { cwd: path }).map((name) => join(path, name)) : [path],
    );
  });
}

export async function bundleProgram(entry: string, root: string, settings: EggSettings): Promise<Bundle> {
  const bundling = new Bundling(entry, root, settings);
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
