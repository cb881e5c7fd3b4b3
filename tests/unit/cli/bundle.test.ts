// What a TypeScript program may use, and what it sees of itself once bundled.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Failure } from "../../../cli/failure.ts";
import { buildAddon, Project } from "./project.ts";

const projects: Project[] = [];
after(() => {
  for (const project of projects) project.remove();
});

function project(files: Record<string, string | Uint8Array>): Project {
  const made = new Project(files);
  projects.push(made);
  return made;
}

const ESM = JSON.stringify({ type: "module" });

test("TypeScript works in full: enums, namespaces, parameter properties, decorators, JSX, paths", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        experimentalDecorators: true,
        jsx: "react",
        jsxFactory: "h",
        paths: { "@lib/*": ["./src/lib/*"] },
      },
    }),
    "src/main.tsx": `
      import { twice } from "@lib/twice";
      enum Color { Red = 1, Green }
      namespace Space { export const inside = "ns"; }
      class Point { constructor(public x: number, private readonly y = 2) {} sum() { return this.x + this.y; } }
      const seen: string[] = [];
      const note = (target: object, key: string) => { seen.push(key); };
      class Noted { @note method() {} }
      const h = (tag: string, _: unknown, ...children: string[]) => \`<\${tag}>\${children.join("")}</\${tag}>\`;
      const value = await Promise.resolve("awaited");
      console.log(Color.Green, Color[1], Space.inside, new Point(1).sum(), seen.join(), <b>x</b>, twice(4), value, typeof Noted);
    `,
    "src/lib/twice.ts": "export const twice = (n: number): number => n * 2;",
  }).run("src/main.tsx");
  assert.equal(stdout, "2 Red ns 3 method <b>x</b> 8 awaited function\n", stderr);
});

test("every file still knows where it stands", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `
      import "./deep/module.ts";
      console.log(import.meta.url, import.meta.dirname, import.meta.filename, import.meta.main);
    `,
    "deep/module.ts": "console.log(import.meta.url, import.meta.dirname, import.meta.main);",
  }).run("main.ts");
  assert.equal(
    stdout,
    "file:///app/deep/module.ts /app/deep false\nfile:///app/main.mjs /app /app/main.mjs true\n",
    stderr,
  );
});

test("the idiom for being the main module holds", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `
      import { pathToFileURL } from "node:url";
      console.log(import.meta.url === pathToFileURL(process.argv[1]).href);
    `,
  }).run("main.ts");
  assert.equal(stdout, "true\n", stderr);
});

test("a CommonJS program has require, module, __dirname and require.main", async () => {
  const { stdout, stderr } = await project({
    "package.json": "{}",
    "main.js": `
      const { join } = require("path");
      const other = require("./lib/other");
      console.log(__dirname, __filename, require.main === module, other.name, other.isMain, join("a", "b"));
      module.exports = {};
    `,
    "lib/other.js": "exports.name = __filename; exports.isMain = require.main === module;",
  }).run("main.js");
  assert.equal(stdout, "/app /app/main.cjs true /app/lib/other.js false a/b\n", stderr);
});

test("an ES module imports CommonJS packages that require built-in modules", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `import hello, { extra } from "old"; console.log(hello(), extra);`,
    "node_modules/old/package.json": JSON.stringify({ name: "old", main: "./index.js" }),
    "node_modules/old/index.js": `const os = require("os"); module.exports = () => typeof os.cpus; module.exports.extra = 5;`,
  }).run("main.ts");
  assert.equal(stdout, "function 5\n", stderr);
});

test("an optional package that is absent is the program's own matter", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `import { found } from "maybe"; console.log(found);`,
    "node_modules/maybe/package.json": JSON.stringify({ name: "maybe", main: "./index.js" }),
    "node_modules/maybe/index.js": `try { require("not-there"); exports.found = true; } catch { exports.found = false; }`,
  }).run("main.ts");
  assert.equal(stdout, "false\n", stderr);
});

test("an uncaught error shows TypeScript file and line", async () => {
  const { stderr, status } = await project({
    "package.json": ESM,
    "main.ts": `import { fail } from "./src/fail.ts";\n\nfail();\n`,
    "src/fail.ts": `interface Unused { x: number }\n\nexport function fail(): never {\n  throw new Error("boom");\n}\n`,
  }).run("main.ts");
  assert.equal(status, 1);
  assert.match(stderr, /boom/);
  assert.match(stderr, /\/app\/src\/fail\.ts:4:9/);
  assert.match(stderr, /\/app\/main\.ts:3:1/);
});

test("an uncaught error in a file that knows its place shows the right line too", async () => {
  const { stderr } = await project({
    "package.json": ESM,
    "main.ts": `enum A { B }\n\nconst here: string = import.meta.url;\n\nthrow new Error(here + A.B);\n`,
  }).run("main.ts");
  assert.match(stderr, /\/app\/main\.ts:5:7/);
});

test("a worker in TypeScript becomes a file of its own, and its worker too", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `
      import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL("./work/first.ts", import.meta.url));
      worker.on("message", (text) => console.log(text));
    `,
    "work/first.ts": `
      import { parentPort, Worker } from "node:worker_threads";
      enum Kind { One = "one" }
      const inner = new Worker(new URL("./second.js", import.meta.url));
      inner.on("message", (text) => parentPort?.postMessage(Kind.One + text));
    `,
    "work/second.ts": `import { parentPort } from "node:worker_threads"; parentPort?.postMessage("two");`,
  }).run("main.ts");
  assert.equal(stdout, "onetwo\n", stderr);
});

test("files that the code reads beside itself come along", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `
      import { readFileSync } from "node:fs";
      import { dirname, join } from "node:path";
      import { fileURLToPath } from "node:url";
      const __dirname = dirname(fileURLToPath(import.meta.url));
      console.log(readFileSync(new URL("./data/a.txt", import.meta.url), "utf8"));
      console.log(readFileSync(join(__dirname, "data/b.txt"), "utf8"));
      console.log(readFileSync(join(import.meta.dirname, "data", "c.txt"), "utf8"));
    `,
    "data/a.txt": "A",
    "data/b.txt": "B",
    "data/c.txt": "C",
    "data/unrelated.txt": "no",
  }).run("main.ts");
  assert.equal(stdout, "A\nB\nC\n", stderr);
});

test("egg.files adds files and folders, and says so when nothing matches", async () => {
  const made = project({ "package.json": ESM, "main.ts": "", "public/x/y.html": "<p>", "a.csv": "", "b.csv": "" });
  const { copied } = await made.bundle("main.ts", { files: ["public", "*.csv"] });
  assert.deepEqual(
    copied.map((file) => file.path),
    ["/app/a.csv", "/app/b.csv", "/app/public/x/y.html"],
  );
  await assert.rejects(made.bundle("main.ts", { files: ["nothing/*"] }), /nothing matches nothing\/\*/);
});

test("a package with a native addon is copied with its dependencies and loads", async () => {
  const made = project({
    "package.json": ESM,
    "main.ts": `import addon from "native"; import { answer } from "wraps"; console.log(addon.value, addon.plain, answer);`,
    "node_modules/native/package.json": JSON.stringify({
      name: "native",
      main: "./lib/index.js",
      dependencies: { plain: "1" },
    }),
    "node_modules/native/lib/index.js": `exports.value = require("../build/addon.node"); exports.plain = require("plain");`,
    "node_modules/plain/package.json": JSON.stringify({ name: "plain", main: "index.js" }),
    "node_modules/plain/index.js": `module.exports = "plain";`,
    "node_modules/wraps/package.json": JSON.stringify({ name: "wraps", type: "module", exports: "./index.js" }),
    "node_modules/wraps/index.js": `import inner from "inner"; export const answer = inner;`,
    "node_modules/wraps/node_modules/inner/package.json": JSON.stringify({ name: "inner", main: "index.js" }),
    "node_modules/wraps/node_modules/inner/index.js": `module.exports = require("./inner.node") + 1;`,
  });
  mkdirSync(join(made.folder, "node_modules/native/build"));
  buildAddon(join(made.folder, "node_modules/native/build/addon.node"));
  buildAddon(join(made.folder, "node_modules/wraps/node_modules/inner/inner.node"));
  const { stdout, stderr } = await made.run("main.ts");
  assert.equal(stdout, "42 plain 43\n", stderr);
});

test("packages named in egg.external, or all with bundle false, are copied", async () => {
  const made = project({
    "package.json": ESM,
    "main.ts": `import { a } from "a"; import { b } from "b"; console.log(a, b);`,
    "node_modules/a/package.json": JSON.stringify({ name: "a", type: "module", main: "index.js" }),
    "node_modules/a/index.js": `export const a = 1;`,
    "node_modules/b/package.json": JSON.stringify({ name: "b", type: "module", main: "index.js" }),
    "node_modules/b/index.js": `export const b = 2;`,
  });
  const one = await made.bundle("main.ts", { external: ["a"] });
  assert.deepEqual(
    one.copied.map((file) => file.path).filter((path) => path.endsWith(".js")),
    ["/app/node_modules/a/index.js"],
  );
  const all = await made.bundle("main.ts", { bundle: false });
  assert.equal(all.copied.filter((file) => file.path.endsWith("index.js")).length, 2);
  assert.equal((await made.run("main.ts", { bundle: false })).stdout, "1 2\n");
});

test("a script that is started by its path comes along with what it imports", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `
      import { fork } from "node:child_process";
      import { join } from "node:path";
      import { start } from "starter";
      const child = fork(join(import.meta.dirname, "jobs/child.ts"));
      child.on("message", (text) => { console.log(text); start((other: string) => console.log(other)); });
    `,
    "jobs/child.ts": `import { word } from "./word.ts"; const text: string = word; process.send?.(text);`,
    "jobs/word.ts": `export const word = "child";`,
    "node_modules/starter/package.json": JSON.stringify({ name: "starter", main: "index.js" }),
    "node_modules/starter/index.js": `
      const { join } = require("path");
      const { Worker } = require("worker_threads");
      exports.start = (call) => new Worker(join(__dirname, "lib", "worker.js")).on("message", call);
    `,
    "node_modules/starter/lib/worker.js": `require("worker_threads").parentPort.postMessage(require("helper"));`,
    "node_modules/helper/package.json": JSON.stringify({ name: "helper", main: "index.js" }),
    "node_modules/helper/index.js": `module.exports = "worker";`,
  }).run("main.ts");
  assert.equal(stdout, "child\nworker\n", stderr);
});

test("an external package is copied whole, whatever names it computes", async () => {
  const { stdout, stderr } = await project({
    "package.json": ESM,
    "main.ts": `import load from "computed"; console.log(load("b"));`,
    "node_modules/computed/package.json": JSON.stringify({ name: "computed", main: "index.js" }),
    "node_modules/computed/index.js": `module.exports = (name) => require(["./parts", name].join("/"));`,
    "node_modules/computed/parts/b.js": `module.exports = "part b " + require("helper");`,
    "node_modules/helper/package.json": JSON.stringify({ name: "helper", main: "index.js" }),
    "node_modules/helper/index.js": `module.exports = "helped";`,
  }).run("main.ts", { external: ["computed"] });
  assert.equal(stdout, "part b helped\n", stderr);
});

test("the source map holds the project's own text, not that of packages", async () => {
  const made = project({
    "package.json": ESM,
    "main.ts": `import { secret } from "large"; console.log(secret);`,
    "node_modules/large/package.json": JSON.stringify({ name: "large", main: "index.js" }),
    "node_modules/large/index.js": `exports.secret = "text of a package";`,
  });
  const { bundled } = await made.bundle("main.ts");
  const map = bundled.find((file) => file.path.endsWith(".map"))?.text ?? "";
  assert.match(map, /console\.log/);
  assert.doesNotMatch(map, /text of a package/);
});

test("five hundred modules become one file", async () => {
  const files: Record<string, string> = { "package.json": ESM };
  for (let index = 0; index < 500; index++) {
    const next =
      index < 499
        ? `import { n as m } from "./m${index + 1}.ts"; export const n: number = m + 1;`
        : "export const n = 1;";
    files[`m${index}.ts`] = next;
  }
  files["main.ts"] = `import { n } from "./m0.ts"; console.log(n);`;
  const made = project(files);
  assert.equal((await made.bundle("main.ts")).bundled.filter((file) => file.path.endsWith(".mjs")).length, 1);
  assert.equal((await made.run("main.ts")).stdout, "500\n");
});

test("a syntax error names file, line and column, in one line", async () => {
  const made = project({ "package.json": ESM, "main.ts": "const ok = 1;\nconst = 2;\n" });
  await assert.rejects(made.bundle("main.ts"), (error: Error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /main\.ts:2:7: /);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
});

test("a syntax error in a file that knows its place is found as well", async () => {
  const made = project({ "package.json": ESM, "main.ts": "console.log(import.meta.url);\nconst = 2;\n" });
  await assert.rejects(made.bundle("main.ts"), /main\.ts:2:7: /);
});

test("a column on the first line is the source's own", async () => {
  const made = project({ "package.json": ESM, "main.ts": "console.log(import.meta.url); const = 2;\n" });
  await assert.rejects(made.bundle("main.ts"), /main\.ts:1:37: /);
});

test("a script for the shell that knows its place keeps its lines", async () => {
  const { stderr, stdout } = await project({
    "package.json": ESM,
    "main.ts": `#!/usr/bin/env node\nconst __dirname = import.meta.dirname;\nconsole.log(__dirname);\nthrow new Error("here");\n`,
  }).run("main.ts");
  assert.equal(stdout, "/app\n");
  assert.match(stderr, /\/app\/main\.ts:4:7/);
});

test("a missing package is named with the command that installs it", async () => {
  const made = project({ "package.json": ESM, "main.ts": `import x from "left-pad-not-there"; console.log(x);` });
  await assert.rejects(made.bundle("main.ts"), (error: Error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /main\.ts:1:15: Could not resolve "left-pad-not-there"/);
    assert.equal(error.advice, "install it in the project: npm install left-pad-not-there");
    return true;
  });
});

test("a tsconfig with comments is read, a broken one is named", async () => {
  const made = project({
    "package.json": ESM,
    "tsconfig.json": `{\n // comment\n "compilerOptions": { "experimentalDecorators": true, },\n}`,
    "main.ts": "console.log(import.meta.main);",
  });
  assert.equal((await made.run("main.ts")).stdout, "true\n");
  writeFileSync(join(made.folder, "tsconfig.json"), "{ nonsense");
  await assert.rejects(made.bundle("main.ts"), /tsconfig\.json:1:3: /);
});
