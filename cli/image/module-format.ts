// Script files: what esbuild takes them for, CommonJS or ES module, and what they are called once bundled.

import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Loader } from "esbuild";
import { guestPath } from "./guest-path.ts";
import { readManifest } from "./packages.ts";

export type Format = "esm" | "cjs";

export const NODE_TARGET = "node26";
export const SCRIPT = /\.[cm]?[jt]sx?$/;
export const LOADERS: Record<string, Loader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
};
/** CommonJS or ES module, as Node decides; a TypeScript file without a package type is what its text looks like. */
export function formatOf(entry: string, root: string): Format {
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

export function outputPath(file: string, root: string, format: Format): string {
  return guestPath(file, root).replace(/(\.[cm]?[jt]sx?)?$/, format === "esm" ? ".mjs" : ".cjs");
}
