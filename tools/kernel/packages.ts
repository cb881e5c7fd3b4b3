// Kernel modules of a project: folders outside of the kernel whose files it is compiled with.
//
// asc sees each of them at packages/NAME, wherever it lies: names in the compiled kernel, in backtraces and in the object
// store do not depend on the place. `eggos/kernel` is kernel/api; for trusted modules `eggos/kernel/PATH` is kernel/PATH.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./cache.ts";

export interface KernelPackage {
  /** As in package.json. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Files that export `register`, relative to the folder, in order. */
  readonly entries: readonly string[];
  /** Whether it may touch raw memory and the kernel's own files. */
  readonly isTrusted: boolean;
}

const mountFolder = "packages";
const library = "kernel/trusted/";
const apiSpecifier = "eggos/kernel";

/** Where asc sees a package. */
export function mountOf(name: string): string {
  return `${mountFolder}/${name}`;
}

/** The package and the real file behind a path that asc asks for. */
export function realFile(
  packages: readonly KernelPackage[],
  path: string,
): { readonly file: string; readonly owner: KernelPackage } | null {
  for (const owner of packages) {
    const mount = `${mountOf(owner.name)}/`;
    if (path.startsWith(mount)) return { file: join(owner.folder, path.slice(mount.length)), owner };
  }
  return null;
}

/** The text of a file that only asc sees: what `eggos/kernel` leads to. Null for all others. */
export function apiFile(path: string): string | null {
  if (!path.startsWith(`${library}${apiSpecifier}`)) return null;
  const rest = path.slice(library.length + apiSpecifier.length);
  if (rest === ".ts") return 'export * from "../../kernel/api/index";\n';
  if (!rest.startsWith("/") || !existsSync(join(repositoryRoot, "kernel", rest))) return null;
  const up = "../".repeat(rest.split("/").length);
  return `export * from "${up}kernel${rest.replace(/\.ts$/, "")}";\n`;
}

/** Whether a module may import what a bare specifier names. */
export function mayImport(owner: KernelPackage, specifier: string): boolean {
  if (specifier === apiSpecifier) return true;
  return owner.isTrusted && /^(eggos\/kernel|machine|memory|runtime)\//.test(specifier);
}
