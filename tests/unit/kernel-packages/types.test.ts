// Editors see kernel modules with the types that eggos brings: tsc, as VS Code runs it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../tools/kernel/cache.ts";

function typeCheck(project: string): { status: number | null; output: string } {
  const script = join(repositoryRoot, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [script, "--noEmit", "-p", project], { encoding: "utf8" });
  return { status, output: stdout };
}

for (const project of [
  "examples/syscall/kernel",
  "examples/driver/eggos-driver-edu/kernel",
  "tests/fixtures/kernel-packages/whole-api",
]) {
  test(`${project} type-checks with the preset`, () => {
    const { status, output } = typeCheck(join(repositoryRoot, project));
    assert.equal(output, "");
    assert.equal(status, 0);
  });
}

test("a wrong type in a module is an error to the editor too", () => {
  const folder = mkdtempSync(join(repositoryRoot, "build/types-"));
  try {
    writeFileSync(join(folder, "tsconfig.json"), '{ "extends": "eggos/kernel/tsconfig.json", "include": ["*.ts"] }');
    writeFileSync(
      join(folder, "module.ts"),
      'import { syscalls } from "eggos/kernel";\nfunction none(): string {\n  return "";\n}\n' +
        "export function register(): void {\n  syscalls.register(600, none);\n}\n",
    );
    const { status, output } = typeCheck(folder);
    assert.notEqual(status, 0);
    assert.match(output, /module\.ts\(6,26\): error TS2345/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
