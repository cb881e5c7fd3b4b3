// The bootable file against readelf, and the reader against files that lie.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Failure } from "../../../cli/failure.ts";
import { decodeBootConfig } from "../../../cli/image/boot-config.ts";
import { bootImage, configLocation, findRootHeader, readElf, replaceConfig } from "../../../cli/image/elf.ts";
import { erofsImage } from "../../../cli/image/erofs.ts";
import { imageBytes, writeImage } from "../../../cli/image/pieces.ts";
import { makeKernelFile } from "./kernel-file.ts";
import { Random } from "./random.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "egg-elf-"));
});
after(() => rmSync(folder, { recursive: true }));

const root = erofsImage([{ path: "/hello", kind: "file", mode: 0o644, content: { bytes: Buffer.from("hello") } }]);

test("readelf sees the kernel's segment and the root image behind it", () => {
  const path = join(folder, "boot.elf");
  writeImage(path, bootImage(makeKernelFile(), root, "program=/hello"));
  const text = execFileSync("readelf", ["-lW", path], { encoding: "utf8" });
  const loads = text.split("\n").filter((line) => line.includes("LOAD"));
  assert.equal(loads.length, 2, text);
  assert.match(loads[1] ?? "", /LOAD +0x003000 0x0000000000400000 0x0000000000400000/);
});

test("the kernel's header says where root image and configuration lie", () => {
  const file = imageBytes(bootImage(makeKernelFile(), root, "program=/hello arg=x"));
  const header = findRootHeader(file);
  assert.ok(header);
  assert.equal(header.rootAddress, 0x400000);
  assert.equal(header.rootSize, root.size);
  assert.equal(header.configSize, "program=/hello arg=x".length);
  const location = configLocation(file, file.length, "boot.elf");
  assert.ok(location);
  const text = file.toString("latin1", location.offset, location.offset + location.size);
  assert.deepEqual(decodeBootConfig(text), { program: "/hello", args: ["x"] });
  assert.deepEqual(file.subarray(0x3000, 0x3000 + root.size), imageBytes(root));
});

test("another configuration takes the place of the first, shorter or longer", () => {
  const path = join(folder, "first.elf");
  writeImage(path, bootImage(makeKernelFile(), root, "program=/hello"));
  const first = readFileSync(path);
  for (const text of ["a", `program=/hello ${"arg=x ".repeat(2000)}`]) {
    const changed = replaceConfig(first, first.length, "first.elf", text);
    assert.ok(changed);
    const copy = join(folder, "second.elf");
    writeImage(copy, changed, path);
    const second = readFileSync(copy);
    assert.deepEqual(second, imageBytes(bootImage(makeKernelFile(), root, text)));
  }
});

test("a kernel without the header, or a plain program, is no image", () => {
  const kernel = makeKernelFile();
  assert.equal(configLocation(kernel, kernel.length, "kernel"), null);
  kernel.fill(0, 0x1008, 0x1010);
  assert.equal(findRootHeader(kernel), null);
  assert.throws(() => bootImage(kernel, root, ""), /image_root/);
});

test("an ELF for another machine is named", () => {
  for (const [machine, name] of [
    [183, /64-bit ARM/],
    [243, /RISC-V/],
    [3, /32-bit x86/],
    [4711, /machine number 4711/],
  ] as const) {
    const file = makeKernelFile();
    file.writeUInt16LE(machine, 18);
    assert.throws(() => readElf(file, file.length, "program"), name);
  }
});

test("a truncated ELF is called truncated, wherever it is cut", () => {
  const file = makeKernelFile();
  for (let length = 0; length < file.length; length += 13) {
    const cut = file.subarray(0, length);
    assert.throws(() => readElf(cut, cut.length, "program"), Failure, `cut at ${length}`);
  }
});

test("sizes that lie end in a Failure, not in a crash", () => {
  const random = new Random(11);
  for (let round = 0; round < 3000; round++) {
    const file = makeKernelFile();
    for (let change = 0; change <= random.below(4); change++) file[random.below(128)] = random.below(256);
    try {
      readElf(file, file.length, "program");
    } catch (error) {
      assert.ok(error instanceof Failure, `round ${round}: ${error}`);
    }
  }
});
