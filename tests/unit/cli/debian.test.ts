// "egg.packages": files of Debian packages for the image.

import assert from "node:assert/strict";
import { test } from "node:test";
import { packageEntries } from "../../../cli/image/debian.ts";
import { parseSettings } from "../../../cli/image/target.ts";

test("busybox brings a shell and its other names, all below /usr", async () => {
  const { entries, key } = await packageEntries(["busybox-static"], "package.json");
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  assert.equal(byPath.get("/usr/bin/busybox")?.kind, "file");
  for (const name of ["sh", "ls", "sed"]) {
    assert.deepEqual(byPath.get(`/usr/bin/${name}`), { path: `/usr/bin/${name}`, kind: "symlink", target: "busybox" });
  }
  for (const path of byPath.keys()) assert.doesNotMatch(path, /^\/(bin|sbin|lib)\/|\/share\/(doc|man)\//);
  assert.equal((await packageEntries(["busybox-static"], "package.json")).key, key);
});

test("a package comes with what it depends on, but for what the base has", async () => {
  const { entries } = await packageEntries(["bash"], "package.json");
  const paths = entries.map((entry) => entry.path);
  assert.ok(paths.includes("/usr/bin/bash") && paths.some((path) => /\/libtinfo\.so\.6$/.test(path)));
  assert.ok(!paths.some((path) => /\/libc\.so\.6$/.test(path)));
  assert.deepEqual(
    entries.find((entry) => entry.path === "/usr/bin/sh"),
    { path: "/usr/bin/sh", kind: "symlink", target: "bash" },
  );
});

test("names that are none, and packages that do not exist, are told with the file that names them", async () => {
  for (const name of ["", "../x", "--option", "Upper", "a b"]) {
    await assert.rejects(packageEntries([name], "x/package.json"), {
      status: 65,
      message: /x\/package\.json.*not the name/,
    });
  }
  assert.throws(() => parseSettings({ packages: "busybox" }, "package.json"), { message: /list of strings/ });
});
