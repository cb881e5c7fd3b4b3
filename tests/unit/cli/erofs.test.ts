// The root image against erofs-utils: fsck.erofs reads it and gives back what went in.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BLOCK, dataEndBlock, type Entry, erofsImage } from "../../../cli/image/erofs.ts";
import { imageBytes, writeImage } from "../../../cli/image/pieces.ts";
import { Random } from "./random.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "egg-erofs-"));
});
after(() => rmSync(folder, { recursive: true }));

function file(path: string, bytes: Uint8Array | string, mode = 0o644): Entry {
  return { path, kind: "file", mode, content: { bytes: Buffer.from(bytes) } };
}

/** Write the image, let erofs-utils check and unpack it, return the folder. */
function unpack(entries: Entry[]): string {
  const path = join(folder, `${Math.random()}.img`);
  writeImage(path, erofsImage(entries));
  const output = `${path}.out`;
  execFileSync("fsck.erofs", [`--extract=${output}`, path], { stdio: "pipe" });
  return output;
}

test("files, folders and links come back as they went in", () => {
  const output = unpack([
    file("/etc/passwd", "root\n"),
    file("/usr/bin/tool", "#!/bin/sh\n", 0o755),
    file("/empty", ""),
    { path: "/lib", kind: "symlink", target: "usr/lib" },
    { path: "/tmp", kind: "directory", mode: 0o1777 },
    { path: "/usr/lib/deep/er", kind: "directory", mode: 0o700 },
  ]);
  assert.equal(readFileSync(join(output, "etc/passwd"), "utf8"), "root\n");
  assert.equal(lstatSync(join(output, "usr/bin/tool")).mode & 0o7777, 0o755);
  assert.equal(lstatSync(join(output, "empty")).size, 0);
  assert.equal(readlinkSync(join(output, "lib")), "usr/lib");
  assert.equal(lstatSync(join(output, "tmp")).mode & 0o7777, 0o1777);
  assert.equal(lstatSync(join(output, "usr/lib/deep/er")).mode & 0o7777, 0o700);
});

test("sizes around a block boundary keep every byte", () => {
  const sizes = [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17];
  const random = new Random(1);
  const contents = new Map(sizes.map((size) => [`/f${size}`, random.bytes(size)]));
  const output = unpack([...contents].map(([path, bytes]) => file(path, bytes)));
  for (const [path, bytes] of contents) assert.deepEqual(readFileSync(join(output, path)), bytes);
});

test("a folder of many names spans blocks and stays in byte order", () => {
  const names = Array.from({ length: 1500 }, (_, index) => `name-${index}-${"é".repeat(index % 60)}`);
  const output = unpack(names.map((name) => file(`/many/${name}`, name)));
  assert.deepEqual(readdirSync(join(output, "many")).sort(), [...names].sort());
  assert.equal(readFileSync(join(output, "many", names[777] ?? ""), "utf8"), names[777]);
});

test("many links with long targets stay within their blocks", () => {
  const entries = Array.from(
    { length: 300 },
    (_, index): Entry => ({
      path: `/l${index}`,
      kind: "symlink",
      target: "x".repeat(1 + ((index * 37) % 900)),
    }),
  );
  const output = unpack(entries);
  for (const entry of entries) {
    if (entry.kind === "symlink") assert.equal(readlinkSync(join(output, entry.path)), entry.target);
  }
});

test("random trees come back whole", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new Random(seed);
    const contents = new Map<string, Buffer>();
    for (let index = 0; index < 60; index++) {
      const depth = random.below(4);
      const folders = Array.from({ length: depth }, () => `d${random.below(3)}`);
      contents.set(`/${[...folders, `f${index}`].join("/")}`, random.bytes(random.below(9000)));
    }
    const output = unpack([...contents].map(([path, bytes]) => file(path, bytes)));
    for (const [path, bytes] of contents)
      assert.deepEqual(readFileSync(join(output, path)), bytes, `seed ${seed} ${path}`);
  }
});

test("the same entries give the same bytes", () => {
  const entries = [file("/b", "2"), file("/a", "1")];
  assert.deepEqual(imageBytes(erofsImage(entries)), imageBytes(erofsImage(entries)));
});

test("file data begins on a block of its own, in the order given", () => {
  const image = imageBytes(erofsImage([file("/z", "first"), file("/a", "second")]));
  assert.equal(image.toString("latin1", BLOCK, BLOCK + 5), "first");
  assert.equal(image.toString("latin1", 2 * BLOCK, 2 * BLOCK + 6), "second");
});

test("a later entry replaces an earlier file", () => {
  const output = unpack([file("/a", "old"), file("/a", "new")]);
  assert.equal(readFileSync(join(output, "a"), "utf8"), "new");
});

test("a path through a file is refused", () => {
  assert.throws(() => erofsImage([file("/a", ""), file("/a/b", "")]), /no directory/);
});

test("an image over a copy of its base is the image made whole", () => {
  const base = [file("/base/one", "1".repeat(5000)), file("/base/two", "2")];
  const more = [file("/app/main", "main")];
  const basePath = join(folder, "base.img");
  const end = dataEndBlock(base) * BLOCK;
  const pieces = erofsImage(base).pieces.filter((piece) => piece.offset >= BLOCK && piece.offset < end);
  writeImage(basePath, { size: end, pieces });
  const path = join(folder, "composed.img");
  writeImage(path, erofsImage([...base, ...more], { filesInPlace: 2 }), basePath);
  assert.deepEqual(readFileSync(path), imageBytes(erofsImage([...base, ...more])));
});

test("content from files of the host is copied in", () => {
  const source = join(folder, "source");
  const bytes = new Random(3).bytes(70_000);
  writeFileSync(source, bytes);
  const output = unpack([{ path: "/copy", kind: "file", mode: 0o600, content: { path: source, size: bytes.length } }]);
  assert.deepEqual(readFileSync(join(output, "copy")), bytes);
});
