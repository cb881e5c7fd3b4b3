// Files that a program needs beside its bundle, found by @vercel/nft without running it.

import { globSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { nodeFileTrace } from "@vercel/nft";
import * as esbuild from "esbuild";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { LOADERS, NODE_TARGET, SCRIPT } from "./module-format.ts";
import { packageFiles } from "./packages.ts";
import { shown } from "./target.ts";

/** Source that may read files beside itself. */
export const READS_FILES = /__dirname|__filename|import\.meta|process\.cwd|readFile|createReadStream/;
/** Folders of the machine that builds: a program that names files there means those of the machine it runs on. */
const MACHINE_FOLDERS = ["proc/**", "sys/**", "dev/**", "run/**", "etc/**"];

/** What bundling left outside, and what may look outside. */
export interface TraceStart {
  root: string;
  /** Entry files of packages that are copied. */
  externals: Set<string>;
  /** Bundled sources that may read files beside themselves. */
  readers: Set<string>;
  /** Folders of packages that are copied whole. */
  wholePackages: Set<string>;
}

/** Files that packages and sources need beside the bundle. */
export async function traceFiles(start: TraceStart): Promise<Set<string>> {
  const files = new Set<string>();
  const scripts = new Set(start.externals);
  if (start.readers.size > 0) {
    // Imports are in the bundle already: nothing is resolved, so what is left are files named by their path.
    const options = {
      base: "/",
      processCwd: start.root,
      ignore: MACHINE_FOLDERS,
      resolve: async () => [],
      readFile: readAsJavaScript,
    };
    const trace = await nodeFileTrace([...start.readers], options);
    for (const [file, { type }] of trace.reasons) {
      const path = join("/", file);
      if (type.includes("initial") || !(type.includes("asset") || type.includes("dependency"))) continue;
      files.add(path);
      // A script that is started by its path (a worker, a child process) brings what it imports.
      if (SCRIPT.test(path)) scripts.add(path);
    }
  }
  for (const folder of start.wholePackages) {
    for (const path of packageFiles(folder)) {
      files.add(path);
      if (/\.[cm]?js$/.test(path)) scripts.add(path);
    }
  }
  if (scripts.size > 0) {
    const trace = await nodeFileTrace([...scripts], {
      base: "/",
      processCwd: start.root,
      ignore: MACHINE_FOLDERS,
      readFile: readAsJavaScript,
    });
    for (const file of trace.fileList) files.add(join("/", file));
  }
  return files;
}

async function readAsJavaScript(file: string): Promise<Buffer | string | null> {
  const content = await readFile(file).catch(() => null);
  const loader = LOADERS[extname(file)];
  if (content === null || loader === undefined || loader === "js") return content;
  const { code } = await esbuild.transform(content, { loader, target: NODE_TARGET });
  return code;
}

/** What the patterns of egg.files name, folders with all they hold. */
export function namedFiles(root: string, patterns: string[]): string[] {
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
