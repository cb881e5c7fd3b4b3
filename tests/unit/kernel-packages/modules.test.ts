// Which modules a kernel is made of, and how large they are.

import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../tools/kernel/cache.ts";
import { addedText, builtInModules, chooseBuiltIn, enabledText, ModuleError } from "../../../tools/kernel/modules.ts";
import { codeSizes, kernelSizes, showSizes, sizesFile } from "../../../tools/kernel/sizes.ts";

test("the list names each module once, and its entry exports register", () => {
  const modules = builtInModules();
  assert.equal(new Set(modules.map(({ name }) => name)).size, modules.length);
  for (const { name, entry, what } of modules) {
    assert.match(
      readFileSync(join(repositoryRoot, "kernel", entry), "utf8"),
      /^export function register\(\): void/m,
      name,
    );
    assert.ok(what.length > 0, name);
  }
});

test("every driver and kind of file system that registers is in the list", () => {
  const entries = new Set(builtInModules().map(({ entry }) => entry));
  const files = globSync("kernel/**/*.ts", { cwd: repositoryRoot }).filter((file) =>
    /^export function register\(\): void/m.test(readFileSync(join(repositoryRoot, file), "utf8")),
  );
  assert.ok(files.length > 0);
  for (const file of files) assert.ok(entries.has(file.slice("kernel/".length)), `${file} is not in built-in.json`);
});

test("modules register in the order of the list, each under its name", () => {
  const text = enabledText();
  const order = [...text.matchAll(/enter\("([^"]+)"\)/g)].map(([, name]) => name);
  assert.deepEqual(
    order,
    builtInModules().map(({ name }) => name),
  );
});

test("what is left out is neither imported nor called", () => {
  const text = enabledText({ without: ["e1000"] });
  assert.doesNotMatch(text, /e1000/);
  assert.match(text, /virtio-net/);
});

test("a name that the kernel does not have is told with those it has", () => {
  assert.throws(
    () => chooseBuiltIn(["e1001"]),
    (error) => {
      assert.ok(error instanceof ModuleError);
      assert.match(error.message, /"without" names e1001, but the kernel has no such module \(it has .*e1000.*\)/);
      return true;
    },
  );
});

test("a module that everything stands on cannot be left out, and the reason is told", () => {
  assert.throws(
    () => chooseBuiltIn(["erofs"]),
    /"without" names erofs, which cannot be left out: the root image is one/,
  );
});

test("a project's modules are an entry of their own, behind the kernel", () => {
  assert.equal(addedText(), null);
  const packages = [{ name: "@me/foo", folder: "/nowhere", entries: ["a.ts", "b/c.ts"], isTrusted: false }];
  const text = addedText({ packages }) ?? "";
  assert.match(text, /import \{ register as register0 \} from "\.\.\/\.\.\/packages\/@me\/foo\/a";/);
  assert.match(text, /import \{ register as register1 \} from "\.\.\/\.\.\/packages\/@me\/foo\/b\/c";/);
  assert.match(
    text,
    /enter\("@me\/foo"\);\n {2}register0\(\);\n {2}enter\("@me\/foo"\);\n {2}register1\(\);\n {2}leave\(\);/,
  );
});

test("code counts for the file of the function that it stands in, gaps for nobody", () => {
  const frame = (file: string) => ({ name: "f", file, line: 1 });
  const sizes = codeSizes([
    { address: 0x1000n, frames: [frame("kernel/lib/text.ts"), frame("kernel/a.ts")] },
    { address: 0x1010n, frames: [frame("kernel/a.ts")] },
    { address: 0x1014n, frames: [frame("")] },
    { address: 0x1020n, frames: [frame("kernel/b.ts")] },
    { address: 0x900000n, frames: [frame("kernel/b.ts")] },
  ]);
  assert.deepEqual(sizes, { "kernel/a.ts": 20 });
});

test("a module's size is that of the files which nothing else needs", () => {
  const folder = mkdtempSync(join(tmpdir(), "eggos-sizes-"));
  try {
    writeFileSync(
      join(folder, sizesFile),
      JSON.stringify({
        "kernel/drivers/e1000/driver.ts": 100,
        "kernel/drivers/e1000/e1000.ts": 1000,
        "kernel/drivers/ring-device.ts": 5000,
        "kernel/log/log.ts": 7000,
        "packages/foo/a.ts": 30,
        "packages/foobar/a.ts": 4,
      }),
    );
    const packages = [{ name: "foo", folder: "/nowhere", entries: ["a.ts"], isTrusted: true }];
    const sizes = kernelSizes(folder, { packages, without: ["power-button"] });
    const bytes = Object.fromEntries(sizes.modules.map((one) => [one.name, one.bytes]));
    // virtio-net needs ring-device.ts too, everything needs the log.
    assert.equal(bytes.e1000, 1100);
    assert.equal(bytes["virtio-net"], 0);
    assert.equal(bytes.foo, 30);
    assert.equal(bytes["power-button"], undefined);
    assert.equal(sizes.bytes, 13134);
    const shown = showSizes(sizes);
    assert.match(shown, /^kernel +13\.1 kB of code\n {2}e1000 +1\.1 kB\n {2}foo +0\.0 kB {2}trusted\n/);
    assert.match(shown, /left out: power-button$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
