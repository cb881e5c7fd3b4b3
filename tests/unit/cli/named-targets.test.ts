// Targets by name: node and shell, where nothing is called so.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findTarget } from "../../../cli/image/target.ts";
import { repositoryRoot } from "../../../cli/paths.ts";

let folder: string;
let home: string;

before(() => {
  home = process.cwd();
  folder = mkdtempSync(join(tmpdir(), "targets-"));
  process.chdir(folder);
});

after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

test("node is Node.js itself, shell the example", () => {
  assert.equal(findTarget("node").kind, "node");
  const shell = findTarget("shell");
  assert.equal(shell.kind === "script" && shell.entry, join(repositoryRoot, "examples/shell/main.ts"));
});

test("a file of that name comes first, and a path is never a name", () => {
  writeFileSync(join(folder, "node"), "#!/usr/bin/env node\nconsole.log(1);\n");
  assert.equal(findTarget("node").kind, "script");
  assert.throws(() => findTarget("./shell"), /no such file or folder/);
});

test("a folder without a program says what there is instead", () => {
  rmSync(join(folder, "node"), { force: true });
  assert.throws(
    () => findTarget("."),
    (error: Error & { advice?: string }) => /egg run shell/.test(error.advice ?? ""),
  );
});
