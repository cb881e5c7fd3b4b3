import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { errnoOf, makeImage, O_DIRECTORY, O_WRONLY, Refused, Tree } from "./tree.ts";

const ENOENT = 2;
const EFAULT = 14;
const ENOTDIR = 20;
const EISDIR = 21;
const EROFS = 30;
const ELOOP = 40;

const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

function fill(folder: string): void {
  writeFileSync(join(folder, "hello.txt"), "hello eggos\n");
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(join(folder, "large"), large);
  writeFileSync(join(folder, "page"), large.subarray(0, 8192));
  chmodSync(join(folder, "page"), 0o755);
  mkdirSync(join(folder, "many"));
  for (let i = 0; i < 700; i++) writeFileSync(join(folder, "many", `file-${i}-${"x".repeat(i % 90)}`), `${i}`);
  mkdirSync(join(folder, "a/b/c"), { recursive: true });
  writeFileSync(join(folder, "a/b/c/deep"), "deep");
  symlinkSync("a/b/c/deep", join(folder, "link"));
  symlinkSync("/a/b", join(folder, "absolute"));
  symlinkSync("loop", join(folder, "loop"));
  symlinkSync("nowhere", join(folder, "dangling"));
  linkSync(join(folder, "hello.txt"), join(folder, "second-name"));
}

for (const [name, options] of [
  ["compact inodes", ["-Eforce-inode-compact"]],
  ["extended inodes", ["-Eforce-inode-extended"]],
  ["chunks", ["--chunksize=4096"]],
] as const) {
  const image = makeImage(fill, ...options);
  test(`an image with ${name} shows its files`, () => {
    const tree = new Tree("erofs", image);
    assert.equal(tree.mounted, 0);
    assert.equal(tree.readFile("/hello.txt").toString(), "hello eggos\n");
    assert.equal(tree.readFile("/empty").length, 0);
    assert.deepEqual(tree.readFile("/large"), large);
    assert.deepEqual(tree.readFile("page"), large.subarray(0, 8192));
    assert.equal(tree.readFile("/link").toString(), "deep");
    assert.equal(tree.readFile("/absolute/c/../c/./deep").toString(), "deep");
    assert.equal(tree.readlink("/absolute"), "/a/b");
    assert.equal(tree.stat("/page").mode, 0o100755);
    assert.equal(tree.stat("/hello.txt").links, 2);
    assert.equal(tree.stat("/hello.txt").number, tree.stat("/second-name").number);
  });

  test(`names in an image with ${name} are found and listed`, () => {
    const tree = new Tree("erofs", image);
    const listed = tree.list("/many", 1000);
    assert.equal(listed.length, 700);
    for (const { name: file, number, type } of listed) {
      assert.equal(type, 8);
      const stat = tree.stat(`/many/${file}`);
      assert.equal(stat.number, number);
      assert.equal(tree.readFile(`/many/${file}`).toString(), file.split("-")[1]);
    }
    assert.equal(
      errnoOf(() => tree.stat("/many/file-")),
      ENOENT,
    );
    assert.equal(
      errnoOf(() => tree.stat("/many/zzz")),
      ENOENT,
    );
    assert.equal(
      errnoOf(() => tree.stat("/many/A")),
      ENOENT,
    );
  });

  test(`pages of an image with ${name} are the image's own frames where they are aligned`, () => {
    const tree = new Tree("erofs", image);
    const file = tree.open("/large");
    const before = tree.kernel.freeFrames();
    for (let page = 0; page * 4096 < large.length; page++) {
      const frame = tree.pageFrame(file, page);
      const expected = large.subarray(page * 4096, page * 4096 + 4096);
      assert.deepEqual(Buffer.from(tree.machine.memory.ram.subarray(frame, frame + expected.length)), expected);
    }
    assert.ok(before - tree.kernel.freeFrames() <= 1n, "only the tail may need a frame");
    assert.equal(
      errnoOf(() => tree.pageFrame(file, 74)),
      EFAULT,
    );
    assert.equal(
      errnoOf(() => tree.pageFrame(file, 0, true)),
      EROFS,
    );
    tree.close(file);
    assert.equal(tree.kernel.freeFrames(), before);
  });
}

const image = makeImage(fill);

test("walks end where man 7 path_resolution says", () => {
  const tree = new Tree("erofs", image);
  assert.equal(
    errnoOf(() => tree.stat("/loop")),
    ELOOP,
  );
  assert.equal(
    errnoOf(() => tree.stat("/dangling")),
    ENOENT,
  );
  assert.equal(tree.lstat("/dangling").mode & 0o170000, 0o120000);
  assert.equal(
    errnoOf(() => tree.stat("/hello.txt/")),
    ENOTDIR,
  );
  assert.equal(
    errnoOf(() => tree.stat("/hello.txt/x")),
    ENOTDIR,
  );
  assert.equal(
    errnoOf(() => tree.stat("")),
    ENOENT,
  );
  assert.equal(tree.stat("/../../a").mode & 0o170000, 0o040000);
  assert.equal(tree.stat("//a///b//").number, tree.stat("/a/b").number);
  assert.equal(
    errnoOf(() => tree.open("/hello.txt", O_DIRECTORY)),
    ENOTDIR,
  );
  assert.equal(
    errnoOf(() => tree.open("/a", O_WRONLY)),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.open("/hello.txt", O_WRONLY)),
    EROFS,
  );
  tree.chdir("/a/b");
  assert.equal(tree.readFile("c/deep").toString(), "deep");
  assert.equal(tree.readFile("../../hello.txt").toString(), "hello eggos\n");
  const file = tree.open("c/../c/deep");
  assert.equal(tree.pathOf(file), "/a/b/c/deep");
});

test("a small cache of names gives the same answers", () => {
  const tree = new Tree("erofs", image);
  tree.kernel.setCacheCapacity(20);
  for (const { name: file } of tree.list("/many")) assert.equal(tree.readFile(`/many/${file}`).length > 0, true);
  assert.ok(tree.kernel.cacheCount() <= 22, `${tree.kernel.cacheCount()} entries`);
  assert.equal(tree.readFile("/a/b/c/deep").toString(), "deep");
});

/** Visit everything that can be reached, reading it. */
function visit(tree: Tree, path: string, depth: number): void {
  for (const { name, type } of tree.list(path === "" ? "/" : path)) {
    const child = `${path}/${name}`;
    try {
      const stat = tree.stat(child, false);
      if (type === 10) tree.readlink(child);
      if ((stat.mode & 0o170000) === 0o100000 && stat.size < 1 << 20) {
        tree.readFile(child);
        const file = tree.open(child);
        if (stat.size > 0) tree.pageFrame(file, 0);
        tree.close(file);
      }
      if ((stat.mode & 0o170000) === 0o040000 && depth < 6) visit(tree, child, depth + 1);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}

test("a corrupt image gives errors, never an access outside of it", () => {
  const small = makeImage((folder) => {
    mkdirSync(join(folder, "d/e"), { recursive: true });
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, "d", `f${i}`), large.subarray(0, i * 700));
    symlinkSync("d/f3", join(folder, "s"));
  });
  const seed = Number(process.env.SEED ?? 1);
  const random = new SeededRandom(seed);
  for (let round = 0; round < 150; round++) {
    const bytes = Buffer.from(small);
    const metadata = random.below(2) === 0 ? 0x3000 : bytes.length;
    for (let i = 1 + random.below(12); i > 0; i--) {
      const at = random.below(metadata);
      if (at >= 1024 && at < 1028) continue;
      if (random.below(2) === 0) bytes[at] = random.below(256);
      else if (at + 4 < bytes.length) bytes.writeUInt32LE([0, 0xffffffff, 0x7fffffff, 4095][random.below(4)] ?? 0, at);
    }
    try {
      const tree = new Tree("overlay", bytes, 4 << 20);
      if (tree.mounted === 0) visit(tree, "", 0);
    } catch (error) {
      if (!(error instanceof Refused)) throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
});
