// Files as Node's programs use them: on the writable layer and on the image they came with.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { constants } from "node:fs";
import fsp from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { PassThrough, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fs-"));
const at = (name: string): string => path.join(scratch, name);

test("files are written and read, by callbacks, promises and synchronously", async () => {
  fs.writeFileSync(at("one"), "eins");
  await fsp.writeFile(at("two"), "zwei ✓");
  assert.equal(await fsp.readFile(at("one"), "utf8"), "eins");
  assert.equal(fs.readFileSync(at("two"), "utf8"), "zwei ✓");
  const text = await new Promise((resolve, reject) =>
    fs.readFile(at("one"), "latin1", (error, data) => (error ? reject(error) : resolve(data))),
  );
  assert.equal(text, "eins");
  await fsp.appendFile(at("one"), "+");
  assert.equal(fs.statSync(at("one")).size, 5);
});

test("errors name their code", async () => {
  await assert.rejects(fsp.readFile(at("none")), { code: "ENOENT", syscall: "open" });
  assert.throws(() => fs.rmdirSync(scratch), { code: "ENOTEMPTY" });
  assert.throws(() => fs.readFileSync(scratch), { code: "EISDIR" });
  assert.throws(() => fs.mkdirSync(at("one/x")), { code: "ENOTDIR" });
  assert.throws(() => fs.openSync(at("one"), "wx"), { code: "EEXIST" });
});

test("the program's own files are there", async () => {
  const own = path.join(import.meta.dirname, "data/hello.txt");
  assert.equal(await fsp.readFile(own, "utf8"), "a file that came with the program\n");
  const stats = await fsp.stat(own);
  assert.ok(stats.isFile() && stats.size === 34);
  assert.deepEqual(fs.readdirSync(path.dirname(own)), ["hello.txt"]);
});

test("a file of the image can be changed", async () => {
  const copy = path.join(os.tmpdir(), `changed-${process.pid}`);
  fs.copyFileSync(path.join(import.meta.dirname, "data/hello.txt"), copy);
  fs.appendFileSync(copy, "more");
  assert.match(fs.readFileSync(copy, "utf8"), /program\nmore$/);
  fs.unlinkSync(copy);
});

test("directories are made, listed, walked and removed", async () => {
  await fsp.mkdir(at("a/b/c"), { recursive: true });
  for (let i = 0; i < 300; i++) fs.writeFileSync(at(`a/b/file-${i}`), String(i));
  assert.equal(fs.readdirSync(at("a/b")).length, 301);
  const kinds = fs.readdirSync(at("a/b"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    kinds.map((entry) => entry.name),
    ["c"],
  );
  assert.equal((await fsp.readdir(at("a"), { recursive: true })).length, 302);
  let found = 0;
  for await (const entry of await fsp.opendir(at("a/b"))) found += entry.isFile() ? 1 : 0;
  assert.equal(found, 300);
  await fsp.cp(at("a"), at("copy"), { recursive: true });
  assert.equal(fs.readFileSync(at("copy/b/file-299"), "utf8"), "299");
  await fsp.rm(at("a"), { recursive: true });
  assert.equal(fs.existsSync(at("a")), false);
  assert.equal(fs.globSync("copy/b/file-1?", { cwd: scratch }).length, 10);
});

test("symlinks are made, read and followed", async () => {
  fs.writeFileSync(at("target"), "t");
  fs.symlinkSync("target", at("link"));
  assert.equal(fs.readlinkSync(at("link")), "target");
  assert.equal(fs.readFileSync(at("link"), "utf8"), "t");
  assert.ok(fs.lstatSync(at("link")).isSymbolicLink());
  assert.equal(await fsp.realpath(at("link")), await fsp.realpath(at("target")));
  fs.symlinkSync("loop", at("loop"));
  assert.throws(() => fs.readFileSync(at("loop")), { code: "ELOOP" });
  fs.linkSync(at("target"), at("hard"));
  assert.equal(fs.statSync(at("hard")).nlink, 2);
});

test("modes, times, access and rename", async () => {
  fs.writeFileSync(at("m"), "m");
  fs.chmodSync(at("m"), 0o640);
  assert.equal(fs.statSync(at("m")).mode & 0o777, 0o640);
  const then = new Date("2001-02-03T04:05:06.789Z");
  fs.utimesSync(at("m"), then, then);
  assert.equal(fs.statSync(at("m")).mtime.getTime(), then.getTime());
  await fsp.access(at("m"), constants.R_OK | constants.W_OK);
  await assert.rejects(fsp.access(at("m"), constants.X_OK), { code: "EACCES" });
  await fsp.rename(at("m"), at("n"));
  assert.equal(fs.existsSync(at("m")), false);
  const stats = fs.statSync(at("n"), { bigint: true });
  assert.ok(stats.birthtimeNs > 0n && stats.ino > 0n);
  assert.ok(fs.statfsSync(scratch).bsize > 0);
});

test("file handles read and write at positions, truncate and sync", async () => {
  const handle = await fsp.open(at("h"), "w+");
  await handle.write("0123456789");
  await handle.write("AB", 3);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 2);
  assert.equal(buffer.toString(), "2AB5");
  await handle.writev([Buffer.from("x"), Buffer.from("yz")], 10);
  await handle.truncate(12);
  await handle.sync();
  await handle.datasync();
  assert.equal((await handle.stat()).size, 12);
  const lines: string[] = [];
  await handle.writeFile("");
  await handle.close();
  await fsp.writeFile(at("lines"), "one\ntwo\nthree\n");
  for await (const line of (await fsp.open(at("lines"))).readLines()) lines.push(line);
  assert.deepEqual(lines, ["one", "two", "three"]);
});

test("streams carry a large file through a transform, unchanged", async () => {
  const size = 24 << 20;
  const block = Buffer.from(Uint8Array.from({ length: 1 << 16 }, (_, index) => (index * 7) & 255));
  const output = fs.createWriteStream(at("large"));
  for (let done = 0; done < size; done += block.length) {
    if (!output.write(block)) await new Promise((resolve) => output.once("drain", resolve));
  }
  await new Promise<void>((resolve) => output.end(() => resolve()));
  assert.equal(fs.statSync(at("large")).size, size);
  const hash = createHash("sha1");
  const seen = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    fs.createReadStream(at("large"), { highWaterMark: 100_003 }),
    seen,
    new PassThrough(),
    fs.createWriteStream(at("large-copy")),
  );
  const direct = createHash("sha1")
    .update(fs.readFileSync(at("large-copy")))
    .digest("hex");
  assert.equal(hash.digest("hex"), direct);
  const part = fs.createReadStream(at("large"), { start: 65_530, end: 65_541 });
  const pieces: Buffer[] = [];
  for await (const piece of part) pieces.push(piece as Buffer);
  assert.deepEqual([...Buffer.concat(pieces)], [...block.subarray(65_530), ...block.subarray(0, 6)]);
  fs.unlinkSync(at("large"));
  fs.unlinkSync(at("large-copy"));
});

test("lines are read one by one", async () => {
  fs.writeFileSync(at("many-lines"), Array.from({ length: 5000 }, (_, index) => `line ${index}`).join("\n"));
  let count = 0;
  for await (const line of createInterface({ input: fs.createReadStream(at("many-lines")) })) {
    assert.equal(line, `line ${count}`);
    count++;
  }
  assert.equal(count, 5000);
});

test("fs.watch tells of new, changed and removed files", async () => {
  fs.mkdirSync(at("watched"));
  const events: string[] = [];
  const watcher = fs.watch(at("watched"), (kind, name) => events.push(`${kind} ${name}`));
  try {
    await sleep(20);
    fs.writeFileSync(at("watched/f"), "1");
    await sleep(50);
    assert.ok(events.includes("rename f"), events.join());
    assert.ok(events.includes("change f"), events.join());
    const before = events.length;
    fs.unlinkSync(at("watched/f"));
    await sleep(50);
    assert.ok(events.slice(before).includes("rename f"), events.join());
  } finally {
    watcher.close();
  }
});

test("fs.watchFile notices a change by polling", async () => {
  fs.writeFileSync(at("polled"), "1");
  const changed = new Promise<fs.Stats>((resolve) => fs.watchFile(at("polled"), { interval: 50 }, resolve));
  await sleep(60);
  fs.writeFileSync(at("polled"), "22");
  assert.equal((await changed).size, 2);
  fs.unwatchFile(at("polled"));
});

test("many files are read at once through the thread pool", async () => {
  for (let i = 0; i < 100; i++) fs.writeFileSync(at(`pool-${i}`), "x".repeat(i * 100));
  const sizes = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => (await fsp.readFile(at(`pool-${index}`))).length),
  );
  assert.deepEqual(
    sizes,
    Array.from({ length: 100 }, (_, index) => index * 100),
  );
});

test("the scratch folder can be removed", () => {
  fs.rmSync(scratch, { recursive: true });
  assert.equal(fs.existsSync(scratch), false);
});
