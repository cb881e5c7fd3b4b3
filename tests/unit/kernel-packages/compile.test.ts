// Kernel modules and asc: what it refuses is shown by the module's own path, and everything in eggos/kernel compiles.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { shownPath } from "../../../tools/kernel/diagnostic.ts";
import { compile, CompileError } from "../../../tools/kernel/compile.ts";
import { addedText, enabledFile, enabledText, packagesFile } from "../../../tools/kernel/modules.ts";
import type { KernelPackage } from "../../../tools/kernel/packages.ts";

const folder = mkdtempSync(join(tmpdir(), "eggos-modules-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const fixtures = join(import.meta.dirname, "../../fixtures/kernel-packages");
const examples = join(import.meta.dirname, "../../../examples");

async function errorsOf(...packages: KernelPackage[]): Promise<string> {
  try {
    await compile({
      entries: ["kernel/main.ts", packagesFile],
      runtime: "kernel",
      noUnsafe: true,
      made: { [enabledFile]: enabledText(), [packagesFile]: addedText({ packages }) ?? "" },
      packages,
    });
    return "";
  } catch (error) {
    assert.ok(error instanceof CompileError, String(error));
    return error.message.replaceAll(shownPath(folder), "").replaceAll(folder, "");
  }
}

function written(name: string, text: string, isTrusted = false): KernelPackage {
  writeFileSync(join(folder, `${name}.ts`), text);
  return { name, folder, entries: [`${name}.ts`], isTrusted };
}

test("everything in eggos/kernel compiles, and the examples' modules do", async () => {
  const errors = await errorsOf(
    { name: "whole-api", folder: join(fixtures, "whole-api"), entries: ["module.ts"], isTrusted: false },
    { name: "edu", folder: join(examples, "driver/eggos-driver-edu"), entries: ["kernel/driver.ts"], isTrusted: false },
    { name: "syscall", folder: join(examples, "syscall"), entries: ["kernel/uname.ts"], isTrusted: false },
  );
  assert.equal(errors, "");
});

test("raw loads, wrong types and private fields are errors at the module's own line; a trusted module may load", async () => {
  const raw = "export function register(): void {\n  store<u8>(0x1000, load<u8>(0x2000));\n}\n";
  const errors = await errorsOf(
    written("raw", raw),
    written("trusted", raw, true),
    written("wrong", 'export function register(): void {\n  let count: u32 = "three";\n}\n'),
    written(
      "nosy",
      'import { syscalls } from "eggos/kernel";\n' +
        "export function register(): void {\n  let row = syscalls.getHandler(63).row;\n  let list: Array<u8> = [1];\n" +
        "  list.length_ = 1000;\n  new Own().mine;\n}\nclass Own {\n  private mine: u32 = 1;\n}\n",
    ),
  );
  assert.match(errors, /^\/raw\.ts:2:\d+: error AS101: Operation is unsafe/m);
  assert.match(errors, /^ {2}2 \| {3}store<u8>\(0x1000, load<u8>\(0x2000\)\);$/m);
  assert.match(errors, /^\/wrong\.ts:2:\d+: error TS2322: /m);
  assert.match(errors, /^\/nosy\.ts:3:\d+: error TS2341: Property 'row' is private/m);
  assert.match(errors, /^\/nosy\.ts:5:\d+: error TS2341: Property 'length_' is private/m);
  assert.doesNotMatch(errors, /Property 'mine'/);
  assert.doesNotMatch(errors, /\/trusted\.ts/);
});
