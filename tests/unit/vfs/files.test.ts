import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  errnoOf,
  type Kind,
  makeImage,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDWR,
  O_TMPFILE,
  O_TRUNC,
  Tree,
} from "./tree.ts";

const EPERM = 1;
const ENOENT = 2;
const ENXIO = 6;
const EACCES = 13;
const EBUSY = 16;
const EEXIST = 17;
const EXDEV = 18;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENOSPC = 28;
const ENAMETOOLONG = 36;
const ENOTEMPTY = 39;
const ELOOP = 40;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const S_IFMT = 0o170000;

const lowerText = Buffer.from("the image's own text, long enough to matter\n".repeat(400));
const image = makeImage((folder) => {
  mkdirSync(join(folder, "etc/app/deep"), { recursive: true });
  mkdirSync(join(folder, "tmp"));
  mkdirSync(join(folder, "dev"));
  writeFileSync(join(folder, "etc/app/config"), "from the image\n");
  writeFileSync(join(folder, "etc/app/deep/leaf"), "leaf");
  writeFileSync(join(folder, "etc/text"), lowerText);
  symlinkSync("app", join(folder, "etc/current"));
});

/** What every writable tree must do, tried on each kind. */
function onEach(name: string, body: (tree: Tree) => void): void {
  for (const kind of ["tmpfs", "overlay"] satisfies Kind[]) {
    test(`${kind}: ${name}`, () => body(new Tree(kind, kind === "overlay" ? image : undefined)));
  }
}

onEach("a file is made, written, read and removed", (tree) => {
  tree.writeFile("/f", "one two three");
  assert.equal(tree.readFile("/f").toString(), "one two three");
  const file = tree.open("/f", O_RDWR);
  assert.equal(tree.seek(file, 4, 0), 4);
  tree.write(file, Buffer.from("TWO"));
  assert.equal(tree.readAt(file, 100, 0).toString(), "one TWO three");
  tree.truncate(file, 7);
  assert.equal(tree.readAt(file, 100, 0).toString(), "one TWO");
  tree.truncate(file, 9);
  assert.deepEqual(tree.readAt(file, 100, 0), Buffer.from("one TWO\0\0"));
  tree.unlink("/f");
  assert.equal(
    errnoOf(() => tree.stat("/f")),
    ENOENT,
  );
  assert.equal(tree.readAt(file, 3, 0).toString(), "one", "an open file outlives its name");
  assert.equal(tree.fstat(file).links, 0);
  assert.equal(tree.pathOf(file), "/f (deleted)");
  tree.close(file);
});

onEach("what is written costs pages, and they come back", (tree) => {
  const before = tree.kernel.pagesUsed();
  const file = tree.open("/f", O_RDWR | O_CREAT);
  tree.writeAt(file, Buffer.alloc(10_000, 1), 0);
  tree.writeAt(file, Buffer.alloc(10, 1), 1 << 30);
  assert.equal(tree.kernel.pagesUsed() - before, 9n, "four pages and five nodes");
  assert.equal(tree.fstat(file).size, (1 << 30) + 10);
  assert.equal(tree.fstat(file).blocks, 32);
  tree.truncate(file, 5000);
  assert.equal(tree.kernel.pagesUsed() - before, 5n, "two pages and three nodes");
  tree.unlink("/f");
  assert.equal(tree.kernel.pagesUsed() - before, 5n);
  tree.close(file);
  assert.equal(tree.kernel.pagesUsed(), before);
});

onEach("data and holes are told apart", (tree) => {
  const file = tree.open("/f", O_RDWR | O_CREAT);
  tree.writeAt(file, Buffer.alloc(4096, 1), 8192);
  tree.writeAt(file, Buffer.alloc(4096, 1), 100 * 4096);
  tree.truncate(file, 200 * 4096);
  assert.equal(tree.seek(file, 0, SEEK_DATA), 8192);
  assert.equal(tree.seek(file, 0, SEEK_HOLE), 0);
  assert.equal(tree.seek(file, 8200, SEEK_DATA), 8200);
  assert.equal(tree.seek(file, 8200, SEEK_HOLE), 12288);
  assert.equal(tree.seek(file, 12288, SEEK_DATA), 100 * 4096);
  assert.equal(
    errnoOf(() => tree.seek(file, 101 * 4096, SEEK_DATA)),
    ENXIO,
  );
  assert.equal(
    errnoOf(() => tree.seek(file, 200 * 4096, SEEK_HOLE)),
    ENXIO,
  );
  tree.allocate(file, 3, 8192, 4096); // punch a hole
  assert.equal(tree.seek(file, 0, SEEK_DATA), 100 * 4096);
  tree.allocate(file, 0, 0, 4096);
  assert.equal(tree.seek(file, 0, SEEK_DATA), 0);
  assert.equal(
    errnoOf(() => tree.allocate(file, 8, 0, 4096)),
    95,
  );
});

onEach("memory for files is bounded", (tree) => {
  tree.kernel.setPageLimit(tree.kernel.pagesUsed() + 4n); // one for the tree's node
  const file = tree.open("/f", O_RDWR | O_CREAT);
  assert.equal(tree.write(file, Buffer.alloc(20_000, 1)), 3 * 4096);
  assert.equal(
    errnoOf(() => tree.write(file, Buffer.alloc(1))),
    ENOSPC,
  );
  tree.truncate(file, 0);
  assert.equal(tree.writeAt(file, Buffer.alloc(1), 0), 1);
});

onEach("open's flags do what man 2 open says", (tree) => {
  assert.equal(
    errnoOf(() => tree.open("/f")),
    ENOENT,
  );
  tree.close(tree.open("/f", O_CREAT | O_EXCL));
  assert.equal(
    errnoOf(() => tree.open("/f", O_CREAT | O_EXCL)),
    EEXIST,
  );
  assert.equal(
    errnoOf(() => tree.open("/new/", O_CREAT)),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.open("/f/", O_CREAT)),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.open("/", O_CREAT)),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.open("/f", O_CREAT | O_DIRECTORY)),
    EINVAL,
  );
  tree.writeFile("/f", "abc", O_CREAT | O_APPEND);
  tree.writeFile("/f", "def", O_APPEND);
  assert.equal(tree.readFile("/f").toString(), "abcdef");
  tree.writeFile("/f", "x", O_TRUNC);
  assert.equal(tree.readFile("/f").toString(), "x");
  tree.symlink("f", "/l");
  assert.equal(
    errnoOf(() => tree.open("/l", O_NOFOLLOW)),
    ELOOP,
  );
  assert.equal(
    errnoOf(() => tree.open("/l", O_CREAT | O_EXCL)),
    EEXIST,
  );
  tree.symlink("made-through-link", "/m");
  tree.writeFile("/m", "y");
  assert.equal(tree.readFile("/made-through-link").toString(), "y");
  const path = tree.open("/l", O_PATH | O_NOFOLLOW);
  assert.equal(tree.fstat(path).mode & S_IFMT, 0o120000);
  assert.equal(
    errnoOf(() => tree.open(`/${"n".repeat(256)}`, O_CREAT)),
    ENAMETOOLONG,
  );
  tree.close(tree.open(`/${"n".repeat(255)}`, O_CREAT));
  assert.equal(
    errnoOf(() => tree.open("/f", O_TMPFILE | O_RDWR)),
    ENOTDIR,
  );
  const before = tree.names("/");
  const unnamed = tree.open("/", O_TMPFILE | O_RDWR, 0o600);
  tree.write(unnamed, Buffer.from("nobody"));
  assert.deepEqual(tree.names("/"), before);
  assert.equal(tree.fstat(unnamed).links, 0);
  tree.close(unnamed);
});

onEach("directories are made and removed by the rules", (tree) => {
  tree.mkdir("/d");
  const links = tree.stat("/").links;
  assert.equal(
    errnoOf(() => tree.mkdir("/d")),
    EEXIST,
  );
  assert.equal(
    errnoOf(() => tree.mkdir("/")),
    EEXIST,
  );
  assert.equal(
    errnoOf(() => tree.mkdir("/x/y")),
    ENOENT,
  );
  tree.mkdir("/d/e/");
  assert.equal(tree.stat("/d").links, 3);
  assert.equal(
    errnoOf(() => tree.rmdir("/d")),
    ENOTEMPTY,
  );
  assert.equal(
    errnoOf(() => tree.unlink("/d")),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.rmdir("/d/e/.")),
    EINVAL,
  );
  assert.equal(
    errnoOf(() => tree.rmdir("/d/e/..")),
    ENOTEMPTY,
  );
  assert.equal(
    errnoOf(() => tree.rmdir("/")),
    EBUSY,
  );
  tree.chdir("/d/e");
  tree.rmdir("/d/e");
  assert.equal(
    errnoOf(() => tree.open("here", O_CREAT)),
    ENOENT,
    "nothing is made in a removed directory",
  );
  tree.chdir("/");
  tree.rmdir("/d");
  assert.equal(tree.stat("/").links, links - 1);
  tree.writeFile("/f", "");
  assert.equal(
    errnoOf(() => tree.rmdir("/f")),
    ENOTDIR,
  );
  assert.equal(
    errnoOf(() => tree.unlink("/f/")),
    ENOTDIR,
  );
});

onEach("hard links share everything", (tree) => {
  tree.writeFile("/f", "shared");
  tree.link("/f", "/g");
  assert.equal(tree.stat("/f").number, tree.stat("/g").number);
  assert.equal(tree.stat("/f").links, 2);
  assert.equal(
    errnoOf(() => tree.link("/f", "/g")),
    EEXIST,
  );
  tree.unlink("/f");
  assert.equal(tree.readFile("/g").toString(), "shared");
  assert.equal(tree.stat("/g").links, 1);
  tree.mkdir("/d");
  assert.equal(
    errnoOf(() => tree.link("/d", "/e")),
    EPERM,
  );
});

onEach("rename replaces, refuses and exchanges as renameat2 says", (tree) => {
  tree.writeFile("/a", "A");
  tree.writeFile("/b", "B");
  tree.rename("/a", "/b");
  assert.equal(tree.readFile("/b").toString(), "A");
  assert.equal(
    errnoOf(() => tree.stat("/a")),
    ENOENT,
  );
  tree.mkdir("/d");
  tree.mkdir("/d/inner");
  assert.equal(
    errnoOf(() => tree.rename("/d", "/d/inner/x")),
    EINVAL,
  );
  assert.equal(
    errnoOf(() => tree.rename("/b", "/d")),
    EISDIR,
  );
  assert.equal(
    errnoOf(() => tree.rename("/d", "/b")),
    ENOTDIR,
  );
  assert.equal(
    errnoOf(() => tree.rename("/b", "/c/")),
    ENOTDIR,
  );
  tree.mkdir("/e");
  assert.equal(
    errnoOf(() => tree.rename("/e", "/d")),
    ENOTEMPTY,
  );
  tree.rename("/d", "/e");
  assert.deepEqual(tree.names("/e"), ["inner"]);
  assert.equal(
    errnoOf(() => tree.rename("/b", "/e", 1)),
    EEXIST,
  );
  tree.rename("/b", "/e", 2);
  assert.equal(tree.readFile("/e").toString(), "A");
  assert.deepEqual(tree.names("/b"), ["inner"]);
  assert.equal(
    errnoOf(() => tree.rename("/e", "/nowhere", 2)),
    ENOENT,
  );
  const file = tree.open("/b/inner");
  tree.rename("/b", "/moved");
  assert.equal(tree.pathOf(file), "/moved/inner");
  tree.rename("/e", "/e");
  assert.equal(tree.readFile("/e").toString(), "A");
});

onEach("reading a directory survives changes in it", (tree) => {
  tree.mkdir("/d");
  for (let i = 0; i < 100; i++) tree.writeFile(`/d/${i}`, "");
  const file = tree.open("/d", O_DIRECTORY);
  const seen = new Set<string>();
  for (let some = tree.records(file, 200); some.length > 0; some = tree.records(file, 200)) {
    for (const { name } of some) {
      assert.ok(!seen.has(name), `${name} comes twice`);
      seen.add(name);
      if (name.startsWith(".")) continue;
      tree.unlink(`/d/${name}`);
      if (seen.size < 50) tree.writeFile(`/d/again-${name}`, "");
    }
  }
  for (let i = 0; i < 100; i++) assert.ok(seen.has(`${i}`), `${i} is missing`);
});

onEach("modes and owners decide for those who are not root", (tree) => {
  tree.writeFile("/secret", "s");
  tree.chmod("/secret", 0o600);
  tree.mkdir("/closed", 0o700);
  tree.writeFile("/closed/f", "");
  tree.mkdir("/sticky", 0o1777);
  tree.writeFile("/sticky/roots", "");
  tree.kernel.becomeUser(1000, 1000);
  assert.equal(
    errnoOf(() => tree.open("/secret")),
    EACCES,
  );
  assert.equal(
    errnoOf(() => tree.stat("/closed/f")),
    EACCES,
  );
  assert.equal(
    errnoOf(() => tree.mkdir("/mine")),
    EACCES,
  );
  tree.writeFile("/sticky/mine", "m");
  assert.equal(
    errnoOf(() => tree.unlink("/sticky/roots")),
    EPERM,
  );
  tree.unlink("/sticky/mine");
});

onEach("mounts are walked into and out of", (tree) => {
  tree.writeFile("/outside", "o");
  assert.ok(tree.mountMemory("/mnt"));
  tree.writeFile("/mnt/inside", "i");
  assert.equal(tree.readFile("/mnt/../outside").toString(), "o");
  assert.deepEqual(tree.names("/mnt"), ["inside"]);
  assert.equal(
    errnoOf(() => tree.rename("/outside", "/mnt/x")),
    EXDEV,
  );
  assert.equal(
    errnoOf(() => tree.link("/outside", "/mnt/x")),
    EXDEV,
  );
  assert.equal(
    errnoOf(() => tree.rmdir("/mnt")),
    EBUSY,
  );
  tree.chdir("/mnt");
  assert.equal(tree.pathOf(tree.open("inside")), "/mnt/inside");
});

onEach("/dev has its devices", (tree) => {
  assert.ok(tree.mountDevices("/dev"));
  const zero = tree.open("/dev/zero", O_RDWR);
  assert.deepEqual(tree.read(zero, 5), Buffer.alloc(5));
  assert.equal(tree.write(zero, Buffer.alloc(5)), 5);
  const full = tree.open("/dev/full", O_RDWR);
  assert.equal(
    errnoOf(() => tree.write(full, Buffer.alloc(5))),
    ENOSPC,
  );
  const nothing = tree.open("/dev/null", O_RDWR);
  assert.equal(tree.read(nothing, 5).length, 0);
  const random = tree.open("/dev/urandom");
  assert.notDeepEqual(tree.read(random, 32), tree.read(random, 32));
  assert.equal(tree.readlink("/dev/stdin"), "/proc/self/fd/0");
  tree.mknod("/node", 0o020666, 0x103n);
  assert.equal(tree.read(tree.open("/node"), 5).length, 0, "a node anywhere reaches the driver");
  tree.mknod("/nobody", 0o020666, 0x7f7fn);
  assert.equal(
    errnoOf(() => tree.open("/nobody")),
    ENXIO,
  );
});

onEach("changes are noticed by who watches", (tree) => {
  tree.mkdir("/d");
  tree.watch("/d");
  tree.writeFile("/d/f", "x");
  tree.rename("/d/f", "/d/g");
  tree.unlink("/d/g");
  tree.mkdir("/d/e");
  const events = tree.events().map(([bits, name]) => `${bits.toString(16)} ${name}`);
  assert.deepEqual(events, ["100 f", "20 f", "2 f", "8 f", "40 f", "80 g", "200 g", "40000100 e"]);
});

test("overlay: an image's file is stored into page by page", () => {
  const tree = new Tree("overlay", image);
  const before = tree.kernel.pagesUsed();
  const number = tree.stat("/etc/text").number;
  const file = tree.open("/etc/text", O_RDWR);
  assert.equal(tree.kernel.pagesUsed(), before, "opening copies nothing");
  tree.writeAt(file, Buffer.from("HELLO"), 5000);
  assert.equal(tree.kernel.pagesUsed() - before, 2n, "the page and a node");
  const expected = Buffer.from(lowerText);
  expected.write("HELLO", 5000);
  assert.deepEqual(tree.readFile("/etc/text"), expected);
  assert.equal(tree.stat("/etc/text").number, number);
  tree.truncate(file, 6000);
  tree.truncate(file, 9000);
  assert.deepEqual(tree.readFile("/etc/text"), Buffer.concat([expected.subarray(0, 6000), Buffer.alloc(3000)]));
  tree.close(file);
  tree.writeFile("/etc/text", "tail", O_APPEND);
  assert.equal(tree.readFile("/etc/text").length, 9004);
});

test("overlay: a page that was stored into replaces the image's in mappings", () => {
  const tree = new Tree("overlay", image);
  const file = tree.open("/etc/text", O_RDWR);
  const imageFrame = tree.pageFrame(file, 1);
  assert.equal(tree.pageFrame(file, 1), imageFrame);
  tree.writeAt(file, Buffer.from("x"), 4096);
  const own = tree.pageFrame(file, 1);
  assert.notEqual(own, imageFrame);
  assert.equal(tree.pageFrame(file, 1, true), own);
  assert.notEqual(tree.pageFrame(file, 0, true), 0);
});

test("overlay: the image's names are removed, replaced and moved", () => {
  const tree = new Tree("overlay", image);
  tree.unlink("/etc/app/config");
  assert.deepEqual(tree.names("/etc/app"), ["deep"]);
  assert.equal(
    errnoOf(() => tree.stat("/etc/app/config")),
    ENOENT,
  );
  assert.equal(
    errnoOf(() => tree.rmdir("/etc/app/deep")),
    ENOTEMPTY,
  );
  tree.writeFile("/etc/app/config", "new");
  assert.equal(tree.readFile("/etc/current/config").toString(), "new");
  const number = tree.stat("/etc/app/deep/leaf").number;
  tree.rename("/etc/app", "/elsewhere");
  assert.deepEqual(tree.names("/elsewhere"), ["config", "deep"]);
  assert.equal(tree.readFile("/elsewhere/deep/leaf").toString(), "leaf");
  assert.equal(tree.stat("/elsewhere/deep/leaf").number, number);
  assert.equal(
    errnoOf(() => tree.stat("/etc/app")),
    ENOENT,
  );
  tree.mkdir("/etc/app");
  assert.deepEqual(tree.names("/etc/app"), [], "a new directory does not show the image's old one");
  tree.unlink("/elsewhere/deep/leaf");
  tree.rmdir("/elsewhere/deep");
  assert.deepEqual(tree.names("/elsewhere"), ["config"]);
});

test("overlay: changes outlive a small cache of names", () => {
  const tree = new Tree("overlay", image);
  tree.kernel.setCacheCapacity(4);
  tree.chmod("/etc/app/config", 0o444);
  const kept = tree.open("/etc/app/deep/leaf", O_RDWR);
  for (let i = 0; i < 60; i++) tree.writeFile(`/tmp/${i}`, `${i}`);
  assert.equal(tree.stat("/etc/app/config").mode & 0o777, 0o444);
  tree.write(kept, Buffer.from("LEAF"));
  assert.equal(tree.readFile("/etc/app/deep/leaf").toString(), "LEAF");
  assert.equal(tree.readFile("/tmp/7").toString(), "7");
});
