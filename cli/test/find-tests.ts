// Which files `egg test` runs: those given, else what `node --test` would take.

import { globSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EXIT_NO_INPUT, Failure } from "../failure.ts";
import { SCRIPT } from "../image/module-format.ts";
import { type EggSettings, findProject, shown } from "../image/target.ts";

/** Node's own patterns (doc/api/test.md, "Running tests from the command line"), with JSX. */
const EXTENSIONS = "{ts,mts,cts,tsx,js,mjs,cjs,jsx}";
const PATTERNS = [
  `**/*.test.${EXTENSIONS}`,
  `**/*-test.${EXTENSIONS}`,
  `**/*_test.${EXTENSIONS}`,
  `**/test-*.${EXTENSIONS}`,
  `**/test.${EXTENSIONS}`,
  `**/test/**/*.${EXTENSIONS}`,
];
const SKIPPED_FOLDERS = new Set(["node_modules", ".git", "coverage"]);

export interface TestSet {
  root: string;
  name: string;
  settings: EggSettings;
  files: string[];
}

/** All test files below a folder. */
export function testFilesIn(folder: string): string[] {
  return globSync(PATTERNS, { cwd: folder, exclude: (name) => SKIPPED_FOLDERS.has(basename(String(name))) })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith(".d.ts"))
    .sort();
}

function expand(word: string): string[] {
  const path = resolve(word);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return testFilesIn(path);
  if (stats?.isFile()) {
    if (SCRIPT.test(path)) return [path];
    throw new Failure(`${word}: not a TypeScript or JavaScript file`, { status: EXIT_NO_INPUT });
  }
  const matches = /[*?{[]/.test(word) ? globSync(word).map((name) => resolve(name)) : [];
  if (matches.length > 0) return matches.filter((match) => SCRIPT.test(match)).sort();
  throw new Failure(`${word}: no such file or folder`, { advice: "check the name", status: EXIT_NO_INPUT });
}

/** What the words of the command line mean: folders, files, patterns; none is the working folder. */
export function findTests(words: string[]): TestSet {
  const files = [...new Set((words.length === 0 ? ["."] : words).flatMap(expand))];
  const [first] = files;
  if (first === undefined) {
    throw new Failure(`${words.length === 0 ? shown(process.cwd()) : words.join(", ")}: no test files`, {
      advice: "tests are named like main.test.ts, or lie in a folder test; or name the files",
      status: EXIT_NO_INPUT,
    });
  }
  const project = findProject(dirname(first));
  const stray = files.find((file) => findProject(dirname(file)).root !== project.root);
  if (stray !== undefined) {
    throw new Failure(`${shown(stray)}: belongs to another project than ${shown(first)}`, {
      advice: "test one project at a time",
      status: EXIT_NO_INPUT,
    });
  }
  return { ...project, files };
}
