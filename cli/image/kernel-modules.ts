// Which kernel modules a project asks for: what its package.json names, and packages among its dependencies that bring one.
//
//   "egg": { "kernel": ["./kernel/uname.ts", "eggos-driver-foo"], "trusted": ["eggos-driver-foo"], "without": ["e1000"] }
//   a kernel package's own package.json: "eggos": { "kernel": "./driver.ts" }

import { existsSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { EXIT_BAD_DATA, EXIT_NO_INPUT, Failure } from "../failure.ts";
import { packageFolder } from "./local-packages.ts";
import { type EggSettings, isInside, type Package, readPackage, shown } from "./target.ts";

/** Modules from one folder; tools/kernel/packages.ts has the same shape. */
export interface KernelPackage {
  name: string;
  folder: string;
  entries: string[];
  isTrusted: boolean;
}

export interface KernelChoice {
  packages: KernelPackage[];
  /** The kernel's own modules to leave out. */
  without: string[];
}

const ADVICE = "docs/kernel-packages.md tells how modules are named";
/** The project itself, in "trusted". */
const OWN = ".";

/** What the project in `root` adds to the kernel, and what it leaves out. */
export function kernelChoice(root: string, settings: EggSettings): KernelChoice {
  const manifest = readPackage(root) ?? {};
  const where = shown(join(root, "package.json"));
  const without = new Set(settings.without ?? []);
  const packages: KernelPackage[] = [];
  const own = ownModules(root, manifest, settings, where);
  const named = (settings.kernel ?? []).filter((name) => !isPath(name));
  const found = dependencies(manifest).filter((name) => !named.includes(name) && !without.has(name));
  for (const name of named) packages.push(namedPackage(root, manifest, name, where));
  for (const name of found) {
    const folder = packageFolder(root, manifest, name);
    if (folder && kernelEntries(folder).length > 0) packages.push(asPackage(name, folder));
  }
  if (own) packages.push(own);
  for (const { name } of packages) {
    if (packages.filter((one) => one.name === name).length > 1) {
      throw wrong(where, `two kernel packages are called ${name}: the project and one that it uses`);
    }
  }
  markTrusted(packages, own, settings, where);
  const others = dependencies(manifest);
  return { packages, without: [...without].filter((name) => !others.includes(name)) };
}

function wrong(where: string, what: string, status: number = EXIT_BAD_DATA): Failure {
  return new Failure(`${where}: ${what}`, { advice: ADVICE, status });
}

function isPath(name: string): boolean {
  return name.startsWith(".") || name.startsWith("/");
}

function dependencies(manifest: Package): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
}

function ownModules(root: string, manifest: Package, settings: EggSettings, where: string): KernelPackage | undefined {
  const entries = (settings.kernel ?? []).filter(isPath).map((name) => {
    const path = resolve(root, name);
    if (!isInside(path, root)) throw wrong(where, `"egg.kernel" names ${name}, which lies outside of the project`);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      throw wrong(where, `"egg.kernel" names ${name}, which does not exist`, EXIT_NO_INPUT);
    }
    if (!path.endsWith(".ts")) throw wrong(where, `"egg.kernel" names ${name}: a kernel module is a .ts file`);
    return relative(root, path).split(sep).join("/");
  });
  if (entries.length === 0) return undefined;
  const name = typeof manifest.name === "string" ? manifest.name : root.slice(root.lastIndexOf(sep) + 1);
  return { name, folder: root, entries, isTrusted: false };
}

function namedPackage(root: string, manifest: Package, name: string, where: string): KernelPackage {
  const folder = packageFolder(root, manifest, name);
  if (!folder) {
    throw new Failure(`${where}: "egg.kernel" names ${name}, which is not installed`, {
      advice: `npm install ${name}, or write ./${name} if a file of the project is meant`,
      status: EXIT_NO_INPUT,
    });
  }
  if (kernelEntries(folder).length === 0) {
    throw wrong(where, `"egg.kernel" names ${name}, whose package.json has no "eggos": { "kernel": "./FILE.ts" }`);
  }
  return asPackage(name, folder);
}

function asPackage(name: string, folder: string): KernelPackage {
  const where = shown(join(folder, "package.json"));
  const entries = kernelEntries(folder).map((entry) => {
    const path = resolve(folder, entry);
    if (!isInside(path, folder) || !path.endsWith(".ts") || !existsSync(path)) {
      throw wrong(where, `"eggos.kernel" names ${entry}, which is no .ts file of the package`, EXIT_NO_INPUT);
    }
    return relative(folder, path).split(sep).join("/");
  });
  return { name, folder, entries, isTrusted: false };
}

/** What a package's own package.json says; nothing for an ordinary package. */
function kernelEntries(folder: string): string[] {
  const field = readPackage(folder)?.eggos;
  if (typeof field !== "object" || field === null || !("kernel" in field)) return [];
  const entries = Array.isArray(field.kernel) ? field.kernel : [field.kernel];
  if (!entries.every((entry) => typeof entry === "string")) {
    throw wrong(shown(join(folder, "package.json")), '"eggos.kernel" must be a file name or a list of them');
  }
  return entries;
}

function markTrusted(
  packages: KernelPackage[],
  own: KernelPackage | undefined,
  settings: EggSettings,
  where: string,
): void {
  for (const name of settings.trusted ?? []) {
    const marked = name === OWN ? own : packages.find((one) => one.name === name);
    if (!marked) {
      const names = packages.map((one) => (one === own ? `"${OWN}"` : one.name)).join(", ");
      throw wrong(where, `"egg.trusted" names ${name}, which brings no kernel module (there are: ${names || "none"})`);
    }
    marked.isTrusted = true;
  }
}

/** What a person should know of the kernel that is made. */
export function trustNotes(choice: KernelChoice): string[] {
  return choice.packages
    .filter((one) => one.isTrusted)
    .map((one) => `kernel module ${one.name} is trusted: nothing keeps it from the kernel's memory`);
}
