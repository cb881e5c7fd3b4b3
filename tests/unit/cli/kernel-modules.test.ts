// What package.json says of kernel modules: found, marked, left out, and every mistake told.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { kernelChoice, trustNotes } from "../../../cli/image/kernel-modules.ts";
import { localPackages } from "../../../cli/image/local-packages.ts";
import { type EggSettings, parseSettings } from "../../../cli/image/target.ts";

const top = realpathSync(mkdtempSync(join(tmpdir(), "eggos-project-")));
after(() => rmSync(top, { recursive: true, force: true }));
let count = 0;

interface Manifest {
  name?: string;
  dependencies?: Record<string, string>;
  eggos?: unknown;
}

/** A project of files; those that are objects are written as JSON. */
function project(manifest: Manifest, files: Record<string, string | object> = {}): string {
  const root = join(top, `project-${count++}`);
  for (const [path, content] of Object.entries({ "package.json": { name: "app", ...manifest }, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

const driver = (name: string, kernel: unknown = "./driver.ts") => ({
  [`node_modules/${name}/package.json`]: { name, eggos: { kernel } },
  [`node_modules/${name}/driver.ts`]: "export function register(): void {}\n",
});

const choose = (root: string, settings: EggSettings = {}) => kernelChoice(root, settings);

test("a project without modules adds nothing", () => {
  const root = project({ dependencies: { ordinary: "1" } }, { "node_modules/ordinary/package.json": {} });
  assert.deepEqual(choose(root), { packages: [], without: [] });
});

test("files of the project are one module of its name", () => {
  const root = project({}, { "kernel/a.ts": "", "kernel/b.ts": "" });
  assert.deepEqual(choose(root, { kernel: ["./kernel/a.ts", "./kernel/b.ts"] }).packages, [
    { name: "app", folder: root, entries: ["kernel/a.ts", "kernel/b.ts"], isTrusted: false },
  ]);
});

test("a dependency that brings a module is found without being named", () => {
  const root = project({ dependencies: { "eggos-foo": "1" } }, driver("eggos-foo"));
  assert.deepEqual(choose(root).packages, [
    { name: "eggos-foo", folder: join(root, "node_modules/eggos-foo"), entries: ["driver.ts"], isTrusted: false },
  ]);
});

test("a dependency named by its place need not be installed, neither for the kernel nor for the program", () => {
  const root = project(
    { dependencies: { "eggos-foo": "file:./foo" } },
    {
      "foo/package.json": { name: "eggos-foo", eggos: { kernel: ["./one.ts", "./two.ts"] } },
      "foo/one.ts": "",
      "foo/two.ts": "",
    },
  );
  assert.deepEqual(choose(root).packages[0]?.entries, ["one.ts", "two.ts"]);
  assert.deepEqual(localPackages(root), { "eggos-foo": join(root, "foo") });
});

test("what is named comes in the order of the list, before the project's own", () => {
  const root = project({ dependencies: { late: "1" } }, { ...driver("late"), ...driver("early"), "own.ts": "" });
  const { packages } = choose(root, { kernel: ["./own.ts", "early"] });
  assert.deepEqual(
    packages.map(({ name }) => name),
    ["early", "late", "app"],
  );
});

test("without leaves out dependencies, and the kernel's own modules", () => {
  const root = project({ dependencies: { "eggos-foo": "1" } }, driver("eggos-foo"));
  assert.deepEqual(choose(root, { without: ["eggos-foo", "e1000"] }), { packages: [], without: ["e1000"] });
});

test("the mark makes a package trusted, a dot the project's own files, and the build says so", () => {
  const root = project({ dependencies: { "eggos-foo": "1" } }, { ...driver("eggos-foo"), "own.ts": "" });
  const choice = choose(root, { kernel: ["./own.ts"], trusted: ["eggos-foo", "."] });
  assert.deepEqual(
    choice.packages.map(({ isTrusted }) => isTrusted),
    [true, true],
  );
  assert.deepEqual(trustNotes(choice), [
    "kernel module eggos-foo is trusted: nothing keeps it from the kernel's memory",
    "kernel module app is trusted: nothing keeps it from the kernel's memory",
  ]);
  assert.deepEqual(trustNotes(choose(root, { kernel: ["./own.ts"] })), []);
});

const wrong: [what: string, root: () => string, settings: EggSettings, message: RegExp][] = [
  [
    "a missing package",
    () => project({}),
    { kernel: ["eggos-foo"] },
    /"egg\.kernel" names eggos-foo, which is not installed/,
  ],
  [
    "a package without a module",
    () => project({}, { "node_modules/plain/package.json": {} }),
    { kernel: ["plain"] },
    /names plain, whose package\.json has no "eggos": \{ "kernel": "\.\/FILE\.ts" \}/,
  ],
  ["a missing file", () => project({}), { kernel: ["./no.ts"] }, /names \.\/no\.ts, which does not exist/],
  [
    "a file outside",
    () => project({}),
    { kernel: ["../no.ts"] },
    /names \.\.\/no\.ts, which lies outside of the project/,
  ],
  [
    "a file that is no TypeScript",
    () => project({}, { "a.js": "" }),
    { kernel: ["./a.js"] },
    /a kernel module is a \.ts file/,
  ],
  [
    "an entry that the package lacks",
    () => project({ dependencies: { "eggos-foo": "1" } }, driver("eggos-foo", "./gone.ts")),
    {},
    /eggos-foo\/package\.json: "eggos\.kernel" names \.\/gone\.ts, which is no \.ts file of the package/,
  ],
  [
    "an entry of a wrong type",
    () => project({ dependencies: { "eggos-foo": "1" } }, driver("eggos-foo", 3)),
    {},
    /"eggos\.kernel" must be a file name or a list of them/,
  ],
  [
    "a mark for nobody",
    () => project({ dependencies: { "eggos-foo": "1" } }, driver("eggos-foo")),
    { trusted: ["eggos-fo"] },
    /"egg\.trusted" names eggos-fo, which brings no kernel module \(there are: eggos-foo\)/,
  ],
  [
    "two of one name",
    () => project({ dependencies: { app: "1" } }, { ...driver("app"), "own.ts": "" }),
    { kernel: ["./own.ts"] },
    /two kernel packages are called app/,
  ],
];
for (const [what, root, settings, message] of wrong) {
  test(`${what} is told with package.json's name`, () => {
    assert.throws(
      () => choose(root(), settings),
      (error: Error) => {
        assert.match(error.message, /package\.json: /);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("the keys of package.json are lists of strings", () => {
  for (const key of ["kernel", "trusted", "without", "qemu"]) {
    assert.throws(
      () => parseSettings({ [key]: "one" }, "package.json"),
      new RegExp(`"egg\\.${key}" must be a list of strings`),
    );
    assert.deepEqual(parseSettings({ [key]: ["one"] }, "package.json"), { [key]: ["one"] });
  }
});
