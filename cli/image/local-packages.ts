// Where a project's packages are: installed in node_modules, or, for those that package.json names by `file:` or `link:`,
// where that says; such a package need not be installed.

import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Package, readPackage } from "./target.ts";

function installedFolder(root: string, name: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}

function localFolder(root: string, wanted: unknown): string | undefined {
  const local = typeof wanted === "string" ? /^(?:file|link):(.+)$/.exec(wanted)?.[1] : undefined;
  if (local === undefined) return undefined;
  const folder = resolve(root, local);
  return existsSync(join(folder, "package.json")) ? realpathSync(folder) : undefined;
}

/** The folder of a package that the project in `root` names; undefined when it is nowhere. */
export function packageFolder(root: string, manifest: Package, name: string): string | undefined {
  const wanted: unknown = { ...manifest.dependencies, ...manifest.optionalDependencies }[name];
  return installedFolder(root, name) ?? localFolder(root, wanted);
}

/** Packages that are not installed but named by their place, as the bundler is to be told of them. */
export function localPackages(root: string): Record<string, string> {
  const { dependencies = {}, optionalDependencies = {} } = readPackage(root) ?? {};
  const found: Record<string, string> = {};
  for (const [name, wanted] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    const folder = installedFolder(root, name) ? undefined : localFolder(root, wanted);
    if (folder) found[name] = folder;
  }
  return found;
}
