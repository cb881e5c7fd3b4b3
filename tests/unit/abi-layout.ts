// Structures of kernel/abi against C's own layout: a program of C prints what the compiler says, the kernel's module
// collects what AssemblyScript says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instantiate } from "../../simulator/instantiate.ts";
import { buildWasm } from "../../tools/kernel/wasm.ts";

/**
 * Compare: `expressions` are C expressions (sizeof, offsetof) for the facts that `module` (exports collect() and
 * fact(index)) collects, in its order; `declarations` is what they need: includes, structures.
 */
export async function compareLayout(module: URL, declarations: string, expressions: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "abi-"));
  try {
    const prints = expressions.map((expression) => `  printf("%zu\\n", (size_t)(${expression}));`).join("\n");
    const source = `#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdio.h>\n${declarations}\nint main(void) {\n${prints}\n}\n`;
    writeFileSync(join(folder, "facts.c"), source);
    execFileSync("gcc", ["-o", join(folder, "facts"), join(folder, "facts.c")]);
    const expected = execFileSync(join(folder, "facts"), { encoding: "utf8" }).trim().split("\n").map(Number);
    const { exports } = instantiate<{ collect(): number; fact(index: number): bigint }>(await buildWasm(module));
    assert.equal(exports.collect(), expressions.length);
    for (const [index, expression] of expressions.entries()) {
      assert.equal(Number(exports.fact(index)), expected[index], expression);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
