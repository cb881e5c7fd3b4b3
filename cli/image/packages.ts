// Which packages a bundle can hold, and what of the others is copied.

import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

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
export const WHOLE_PACKAGES = new Set([
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

export interface PackageManifest {
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
export function packageName(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules") + "node_modules/".length).replaceAll("\\", "/");
}

export function readManifest(folder: string): PackageManifest {
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

/** The files of a package but for its own dependencies and what only its makers need. */
export function packageFiles(folder: string): string[] {
  const skipped = /(^|\/)(node_modules|tests?|__tests__|docs|examples|benchmarks?|\.github)(\/|$)/;
  return globSync("**/*", { cwd: folder, exclude: (name) => skipped.test(name) })
    .filter((name) => !skipped.test(name))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}
