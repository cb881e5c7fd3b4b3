// What `egg test`, `egg dev` and `egg init` decide without a guest: which files, which changes, whose paths.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { spawnSync } from "node:child_process";
import { relocateCoverage } from "../../../cli/test/coverage.ts";
import { findTests, testFilesIn } from "../../../cli/test/find-tests.ts";
import { isWatched, watchProject } from "../../../cli/watch.ts";
import { Project } from "./project.ts";

const main = join(import.meta.dirname, "../../../cli/main.ts");

function egg(words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], { encoding: "utf8", timeout: 30_000 });
}

describe("test files", () => {
  const project = new Project({
    "package.json": '{"name":"sample","egg":{"memory":"300M"}}',
    "a.test.ts": "",
    "b_test.mjs": "",
    "test.cjs": "",
    "test-c.js": "",
    "test/deep/any.ts": "",
    "tests/none.ts": "",
    "main.ts": "",
    "types.test.d.ts": "",
    "node_modules/x/x.test.js": "",
    "coverage/lcov.test.js": "",
    "other/package.json": "{}",
    "other/o.test.ts": "",
  });
  after(() => project.remove());
  const names = (files: string[]): string[] => files.map((file) => relative(project.folder, file));

  test("are those that node --test would take, without packages and reports", () => {
    assert.deepEqual(names(testFilesIn(project.folder)), [
      "a.test.ts",
      "b_test.mjs",
      "other/o.test.ts",
      "test-c.js",
      "test.cjs",
      "test/deep/any.ts",
    ]);
  });

  test("may be named, with patterns too, once each", () => {
    const found = findTests([join(project.folder, "main.ts"), join(project.folder, "*.ts")]);
    assert.deepEqual(names(found.files), ["main.ts", "a.test.ts", "types.test.d.ts"]);
    assert.equal(found.settings.memory, "300M");
    assert.equal(found.name, "sample");
  });

  test("of two projects are refused in one line", () => {
    const result = egg(["test", join(project.folder, "a.test.ts"), join(project.folder, "other")]);
    assert.equal(result.status, 66);
    assert.match(result.stderr, /^egg: .*o\.test\.ts: belongs to another project than .*a\.test\.ts \(.*\)\n$/);
  });

  test("that are not there are said to be missing", () => {
    assert.match(egg(["test", join(project.folder, "gone.ts")]).stderr, /^egg: .*gone\.ts: no such file or folder/);
    assert.match(egg(["test", join(project.folder, "tests")]).stderr, /^egg: .*tests: no test files \(/);
    assert.match(egg(["test", join(project.folder, "package.json")]).stderr, /package\.json: not a TypeScript or Java/);
  });
});

test("coverage gets the host's paths, and what is not the project's own is left out", () => {
  const coverage = {
    result: [
      { url: "file:///app/a.test.mjs", functions: [1] },
      { url: "node:internal/x", functions: [] },
      { url: "file:///app/node_modules/x/i.js", functions: [] },
      { url: "file:///usr/lib/eggos/test-runner.mjs", functions: [] },
    ],
    "source-map-cache": {
      "file:///app/a.test.mjs": { lineLengths: [3], data: { sources: ["/app/src/a b.ts", "/outside/y.ts"] } },
      "file:///app/broken.mjs": { data: null },
    },
  };
  assert.deepEqual(relocateCoverage(coverage, "/home/me/it"), {
    result: [{ url: "file:///home/me/it/a.test.mjs", functions: [1] }],
    "source-map-cache": {
      "file:///home/me/it/a.test.mjs": {
        lineLengths: [3],
        data: { sources: ["/home/me/it/src/a b.ts", "/outside/y.ts"] },
      },
    },
  });
});

describe("watching", () => {
  test("leaves out what tools write", () => {
    for (const name of ["main.ts", "src/deep/a.json", "package.json"]) assert.ok(isWatched(join("/p", name), "/p"));
    for (const name of ["node_modules/x/i.js", ".git/index", "src/.a.swp", "coverage/lcov.info", "dist/a.js"])
      assert.ok(!isWatched(join("/p", name), "/p"), name);
  });

  test("tells of changes, also of those that came while nobody waited", async () => {
    const project = new Project({ "package.json": "{}", "a.ts": "1", "node_modules/x.js": "1" });
    const watcher = await watchProject(project.folder, []);
    try {
      const first = watcher.next();
      writeFileSync(join(project.folder, "node_modules/x.js"), "2");
      writeFileSync(join(project.folder, "a.ts"), "22");
      assert.deepEqual(await first, [join(project.folder, "a.ts")]);
      writeFileSync(join(project.folder, "b.ts"), "new");
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual(await watcher.next(), [join(project.folder, "b.ts")]);
    } finally {
      await watcher.close();
      project.remove();
    }
  });
});

describe("egg init", () => {
  test("makes a project that type-checks and bundles, named after its folder", async () => {
    const project = new Project({});
    const folder = join(project.folder, "My App!");
    try {
      const made = egg(["init", folder]);
      assert.equal(made.status, 0, made.stderr);
      assert.match(made.stdout, /egg run/);
      assert.equal(
        (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string }).name,
        "my-app-",
      );
      const tsc = join(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");
      const types = join(import.meta.dirname, "../../../node_modules/@types");
      const checked = spawnSync(process.execPath, [tsc, "-p", folder, "--typeRoots", types], { encoding: "utf8" });
      assert.equal(checked.stdout, "");
      assert.equal(checked.status, 0);
      const files = readdirSync(folder).sort();
      assert.ok(files.includes(".gitignore") && files.includes("main.ts"));
    } finally {
      rmSync(project.folder, { recursive: true });
    }
  });

  test("writes over nothing", () => {
    const project = new Project({ "main.ts": "mine", "README.md": "mine" });
    const result = egg(["init", project.folder]);
    assert.equal(result.status, 64);
    assert.match(result.stderr, /^egg: .*: has main\.ts, README\.md already \(choose another folder/);
    assert.equal(readFileSync(join(project.folder, "main.ts"), "utf8"), "mine");
    assert.deepEqual(readdirSync(project.folder).sort(), ["README.md", "main.ts"]);
    project.remove();
  });
});
