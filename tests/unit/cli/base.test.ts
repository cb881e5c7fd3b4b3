// The layers under a program: what every guest finds in /etc, and the libraries.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { libraryNames, prepareBase } from "../../../cli/image/base.ts";
import { settingsEntries } from "../../../cli/image/settings.ts";

test("the time zone file is UTC to the C library", () => {
  const zone = settingsEntries("static").find((entry) => entry.path === "/usr/share/zoneinfo/UTC");
  assert.ok(zone?.kind === "file" && "bytes" in zone.content);
  const folder = mkdtempSync(join(tmpdir(), "egg-zone-"));
  try {
    const path = join(folder, "UTC");
    writeFileSync(path, zone.content.bytes);
    const text = execFileSync("date", ["-d", "@86400", "+%F %T %Z"], { env: { TZ: `:${path}` }, encoding: "utf8" });
    assert.equal(text, "1970-01-02 00:00:00 UTC\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("accounts, names and mount points are there for every kind of program", () => {
  for (const kind of ["static", "glibc", "node"] as const) {
    const paths = new Set(settingsEntries(kind).map((entry) => entry.path));
    for (const path of [
      "/etc/passwd",
      "/etc/hosts",
      "/etc/resolv.conf",
      "/proc",
      "/sys",
      "/dev",
      "/tmp",
      "/root",
      "/bin",
    ]) {
      assert.ok(paths.has(path), `${kind} ${path}`);
    }
    assert.equal(paths.has("/lib64"), kind !== "static");
  }
});

test("the base for Node holds what node is linked with, and the loader's cache of it", async () => {
  const base = await prepareBase("node");
  const names = libraryNames(base);
  const node = base.entries.find((entry) => entry.path === "/usr/bin/node");
  assert.ok(node?.kind === "file" && "path" in node.content);
  const dynamic = execFileSync("readelf", ["-dW", node.content.path], { encoding: "utf8" });
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1] ?? "");
  assert.ok(needed.length > 3);
  for (const name of needed) assert.ok(names.has(name) || name.startsWith("ld-linux"), name);
  assert.ok(base.entries.some((entry) => entry.path === "/etc/ld.so.cache"));
  assert.ok(base.entries.some((entry) => entry.path === "/etc/ssl/certs/ca-certificates.crt"));
});
