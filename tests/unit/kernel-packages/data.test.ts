// A change in a project's module costs the units that it is in, not the kernel's: their code and data stay where they are.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compile } from "../../../tools/kernel/compile.ts";
import { addedText, enabledFile, enabledText, packagesFile } from "../../../tools/kernel/modules.ts";
import { moduleDataStart } from "../../../tools/kernel/module-data.ts";
import { translate } from "../../../tools/translator/translate.ts";

const folder = mkdtempSync(join(tmpdir(), "eggos-modules-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function unitsWith(message: string): Promise<{ units: Map<string, string>; end: number }> {
  writeFileSync(
    join(folder, "module.ts"),
    `import { log } from "eggos/kernel";\nexport function register(): void {\n  log.print("${message}");\n}\n`,
  );
  const packages = [{ name: "talker", folder, entries: ["module.ts"], isTrusted: false }];
  const { wasm, sourceMap, types } = await compile({
    entries: ["kernel/main.ts", packagesFile],
    runtime: "kernel",
    noUnsafe: true,
    memoryBase: 0x1000,
    initialMemory: 0x200000,
    made: { [enabledFile]: enabledText(), [packagesFile]: addedText({ packages }) ?? "" },
    packages,
  });
  const { units, data } = translate(wasm, sourceMap, {
    head: "",
    allowFloats: false,
    exportPrefix: "kernel_",
    types,
    pathOf: (source) => source,
  });
  return { units: new Map(units.map(({ name, text }) => [name, text])), end: data.offset + data.bytes.length };
}

test("a longer message in a module leaves the kernel's own units as they are", async () => {
  const short = await unitsWith("short");
  const longer = await unitsWith("a message that is a good deal longer than the one before it was");
  const changed = [...longer.units].filter(([name, text]) => short.units.get(name) !== text).map(([name]) => name);
  assert.ok(changed.length <= 6, `changed: ${changed.join(" ")}`);
  assert.ok(longer.units.size > 40);
  assert.ok(short.end > moduleDataStart && longer.end > short.end);
});
