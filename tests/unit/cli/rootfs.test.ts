// Root folders and image archives: layers, whiteouts, links, what the image says about its program, what is refused.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import type { Entry } from "../../../cli/image/erofs.ts";
import { rootProgram } from "../../../cli/image/root-folder.ts";
import { RootTree } from "../../../cli/image/root-tree.ts";

const work = mkdtempSync(join(tmpdir(), "egg-rootfs-"));
process.env.EGG_CACHE = join(work, "cache");
after(() => rmSync(work, { recursive: true }));

/** A program: a script needs no ELF header. */
const PROGRAM = "#!/bin/sh\n";

function write(folder: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
  return folder;
}

function folder(name: string, files: Record<string, string>): string {
  return write(join(work, name), files);
}

function tar(from: string, to: string, ...options: string[]): string {
  execFileSync("tar", ["-C", from, ...options, "-cf", to, "."]);
  return to;
}

function paths(entries: Entry[]): string[] {
  return entries.filter((entry) => entry.kind !== "directory").map((entry) => entry.path);
}

function textOf(entries: Entry[], path: string): string | undefined {
  const entry = entries.find((one) => one.path === path);
  if (entry?.kind !== "file") return undefined;
  return "bytes" in entry.content ? "" : readFileSync(entry.content.path, "utf8").slice(0, entry.content.size);
}

const LOWER = {
  "bin/run": PROGRAM,
  "etc/keep": "keep",
  "etc/gone": "gone",
  "data/a": "1",
  "data/b": "2",
  "data/c/d": "3",
};
const UPPER = { "etc/.wh.gone": "", "data/.wh..wh..opq": "", "data/new": "n", "etc/keep": "changed", "lib/x": "x" };
const CONFIG = {
  architecture: "amd64",
  os: "linux",
  config: { Env: ["PATH=/bin", "A=b=c"], Entrypoint: ["run"], Cmd: ["by", "default"], WorkingDir: "/work" },
};

function dockerArchive(name: string, config: unknown = CONFIG): string {
  const stage = join(work, `${name}-stage`);
  const upper = folder(`${name}-upper`, UPPER);
  linkSync(join(upper, "lib/x"), join(upper, "lib/y"));
  symlinkSync("../etc/keep", join(upper, "lib/link"));
  write(stage, {
    "config.json": JSON.stringify(config),
    "manifest.json": JSON.stringify([{ Config: "config.json", Layers: ["one/layer.tar", "two/layer.tar"] }]),
    "one/layer.tar": "",
    "two/layer.tar": "",
  });
  tar(folder(`${name}-lower`, LOWER), join(stage, "one/layer.tar"));
  tar(upper, join(stage, "two/layer.tar"), "-z");
  return tar(stage, join(work, `${name}.tar`));
}

function assertLayers(entries: Entry[]): void {
  const names = paths(entries);
  assert.ok(!names.includes("/etc/gone"));
  assert.deepEqual(
    names.filter((name) => name.startsWith("/data")),
    ["/data/new"],
  );
  assert.ok(!names.some((name) => name.includes(".wh.")));
  assert.equal(textOf(entries, "/etc/keep"), "changed");
  assert.equal(textOf(entries, "/lib/y"), "x");
}

test("an archive of docker save: layers, whiteouts, links, the image's words", async () => {
  const root = await rootProgram(dockerArchive("docker"), undefined);
  assertLayers(root.entries);
  assert.deepEqual(
    root.entries.find((entry) => entry.path === "/lib/link"),
    { path: "/lib/link", kind: "symlink", target: "../etc/keep" },
  );
  assert.equal(root.boot.program, "/bin/run");
  assert.deepEqual(root.boot.args, ["run", "by", "default"]);
  assert.equal(root.boot.cwd, "/work");
  assert.equal(root.boot.env?.A, "b=c");
  assert.ok(root.entries.some((entry) => entry.path === "/work" && entry.kind === "directory"));
  for (const path of ["/dev", "/proc", "/sys", "/tmp"])
    assert.ok(
      root.entries.some((entry) => entry.path === path),
      path,
    );
});

test("arguments replace Cmd and leave Entrypoint; the cache gives the same again", async () => {
  const archive = dockerArchive("again");
  const first = await rootProgram(archive, ["x y"]);
  const second = await rootProgram(archive, ["x y"]);
  assert.deepEqual(second.boot.args, ["run", "x y"]);
  assert.deepEqual(second.entries, first.entries);
  assertLayers(second.entries);
});

function ociLayout(name: string): string {
  const stage = join(work, name);
  const blob = (bytes: Buffer): { digest: string; size: number } => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    mkdirSync(join(stage, "blobs/sha256"), { recursive: true });
    writeFileSync(join(stage, "blobs/sha256", hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown): { digest: string; size: number } => blob(Buffer.from(JSON.stringify(value)));
  const layers = [LOWER, UPPER].map((files, index) => {
    const source = folder(`${name}-${index}`, files);
    if (index === 1) linkSync(join(source, "lib/x"), join(source, "lib/y"));
    return blob(zstdCompressSync(readFileSync(tar(source, join(work, `${name}-${index}.tar`)))));
  });
  const manifest = json({ config: json(CONFIG), layers });
  const inner = json({
    manifests: [
      { ...json({}), platform: { os: "linux", architecture: "arm64" } },
      { ...manifest, platform: { os: "linux", architecture: "amd64" } },
    ],
  });
  write(stage, {
    "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
    "index.json": JSON.stringify({ manifests: [inner] }),
  });
  return stage;
}

test("an OCI layout with zstd layers for several machines, as a folder and as an archive", async () => {
  const stage = ociLayout("oci");
  assertLayers((await rootProgram(stage, undefined)).entries);
  const archived = await rootProgram(tar(stage, join(work, "oci.tar")), undefined);
  assertLayers(archived.entries);
  assert.deepEqual(archived.boot.args, ["run", "by", "default"]);
});

test("a folder and a plain tar of it hold the same", async () => {
  const source = folder("plain", { "usr/bin/tool": PROGRAM, "etc/hosts": "own\n", "etc/hostname": "" });
  symlinkSync("usr/bin", join(source, "bin"));
  for (const root of [source, tar(source, join(work, "plain.tar")), tar(source, join(work, "plain.tgz"), "-z")]) {
    const { boot, entries } = await rootProgram(root, ["tool", "1"]);
    assert.equal(boot.program, "/usr/bin/tool");
    assert.deepEqual(boot.args, ["tool", "1"]);
    assert.equal(textOf(entries, "/etc/hosts"), "own\n");
    assert.ok(
      entries.some((entry) => entry.path === "/etc/hostname" && entry.kind === "file" && "bytes" in entry.content),
    );
    assert.equal((await rootProgram(root, ["/bin/tool"])).boot.program, "/bin/tool");
  }
});

test("what cannot be started is told in a line", async () => {
  const source = folder("refused", { "bin/tool": PROGRAM, "bin/dynamic": "" });
  writeFileSync(join(source, "bin/data"), "text", { mode: 0o644 });
  await assert.rejects(rootProgram(source, undefined), { status: 64, message: /which program/ });
  await assert.rejects(rootProgram(source, ["nothing"]), { status: 66, message: /no program nothing/ });
  await assert.rejects(rootProgram(source, ["/bin/data"]), { status: 65, message: /may not be run/ });
  await assert.rejects(rootProgram(join(work, "nowhere"), ["x"]), { status: 66 });
  const busybox = readFileSync(process.execPath).subarray(0, 1 << 20);
  writeFileSync(join(source, "bin/dynamic"), busybox, { mode: 0o755 });
  await assert.rejects(rootProgram(source, ["dynamic"]), { status: 65 });
});

test("damaged and foreign archives are refused", async () => {
  const whole = readFileSync(dockerArchive("damaged"));
  const file = join(work, "bad.tar");
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("no archive at all"),
    Buffer.alloc(4096, 7),
    whole.subarray(0, 2000),
  ]) {
    writeFileSync(file, bytes);
    await assert.rejects(rootProgram(file, ["x"]), { status: 65 });
  }
  await assert.rejects(rootProgram(dockerArchive("arm", { ...CONFIG, architecture: "arm64" }), undefined), {
    status: 65,
    message: /arm64/,
  });
});

test("no name in a tree leads out of it or in a circle", () => {
  const tree = new RootTree();
  tree.place("../../a/../b", { kind: "file", mode: 0o644, content: { bytes: new Uint8Array() } });
  tree.place("loop", { kind: "symlink", target: "loop" });
  tree.place("up", { kind: "symlink", target: "../../../a" });
  assert.equal(tree.find("/loop"), null);
  assert.equal(tree.find("/loop/x"), null);
  assert.equal(tree.find("/up")?.kind, "directory");
  assert.ok(tree.find("/b"));
  tree.place("/loop/x", { kind: "symlink", target: "y" });
  tree.remove("/up/nothing");
  tree.remove("/");
  assert.ok(tree.find("/b"));
});
