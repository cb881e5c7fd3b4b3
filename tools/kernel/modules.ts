// Which modules a kernel is made of, as the file that imports them and calls them in order.
//
//   kernel/modules/built-in.json  minus `without` ──► kernel/modules/enabled.ts    neither is on disk
//   packages of a project                         ──► kernel/modules/packages.ts

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./cache.ts";
import { type KernelPackage, mountOf } from "./packages.ts";

/** A module of the kernel's own. */
export interface BuiltInModule {
  readonly name: string;
  /** Its entry file, relative to kernel/. */
  readonly entry: string;
  readonly what: string;
  /** Why it cannot be left out. */
  readonly required?: string;
}

export interface ModuleChoice {
  /** Built-in modules to leave out. */
  readonly without?: readonly string[];
  /** What a project adds, in the order in which they register. */
  readonly packages?: readonly KernelPackage[];
}

/** The choice of modules cannot be built; the message says which one and why. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
}

/** Where the list of the kernel's own modules is, relative to the repository. */
export const builtInList = "kernel/modules/built-in.json";
/** The generated files. */
export const enabledFile = "kernel/modules/enabled.ts";
export const packagesFile = "kernel/modules/packages.ts";

export function builtInModules(): BuiltInModule[] {
  return JSON.parse(readFileSync(join(repositoryRoot, builtInList), "utf8")) as BuiltInModule[];
}

/** The built-in modules that stay. */
export function chooseBuiltIn(without: readonly string[], all: readonly BuiltInModule[] = builtInModules()) {
  for (const name of without) {
    const found = all.find((module) => module.name === name);
    if (!found) {
      const names = all.map((module) => module.name).join(", ");
      throw new ModuleError(`"without" names ${name}, but the kernel has no such module (it has ${names})`);
    }
    if (found.required !== undefined) {
      throw new ModuleError(`"without" names ${name}, which cannot be left out: ${found.required}`);
    }
  }
  return all.filter((module) => !without.includes(module.name));
}

/** The text of kernel/modules/enabled.ts. */
export function enabledText(choice: ModuleChoice = {}): string {
  const modules = chooseBuiltIn(choice.without ?? []).map(({ name, entry }) => ({ name, path: `../${entry}` }));
  return [
    'import { enter, leave } from "../lib/module";',
    'import { registerAdded } from "./added";',
    ...imports(modules),
    "export function registerModules(): void {",
    ...calls(modules),
    "  leave();",
    "  registerAdded();",
    "}",
    "",
  ].join("\n");
}

/** The text of an entry that is compiled after the kernel, null when a project adds nothing. */
export function addedText(choice: ModuleChoice = {}): string | null {
  const modules = (choice.packages ?? []).flatMap(({ name, entries }) =>
    entries.map((entry) => ({ name, path: `../../${mountOf(name)}/${entry}` })),
  );
  if (modules.length === 0) return null;
  return [
    'import { enter, leave } from "../lib/module";',
    'import { setAdded } from "./added";',
    ...imports(modules),
    "function registerPackages(): void {",
    ...calls(modules),
    "  leave();",
    "}",
    "setAdded(registerPackages);",
    "",
  ].join("\n");
}

interface Imported {
  readonly name: string;
  readonly path: string;
}

function imports(modules: readonly Imported[]): string[] {
  return modules.map(
    ({ path }, index) => `import { register as register${index} } from ${JSON.stringify(path.replace(/\.ts$/, ""))};`,
  );
}

function calls(modules: readonly Imported[]): string[] {
  return modules.map(({ name }, index) => `  enter(${JSON.stringify(name)});\n  register${index}();`);
}
