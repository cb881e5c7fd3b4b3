// `egg test` and `egg dev` with real guests.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Project } from "../unit/cli/project.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");
const TIME_LIMIT_MS = 120_000;

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function start(words: string[], cwd: string): { child: ChildProcess; seen: Outcome; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [main, ...words], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const seen: Outcome = { status: null, stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8");
  child.stderr?.setEncoding("utf8");
  child.stdout?.on("data", (chunk: string) => (seen.stdout += chunk));
  child.stderr?.on("data", (chunk: string) => (seen.stderr += chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
  const ended = new Promise<Outcome>((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      seen.status = code;
      resolve(seen);
    });
  });
  return { child, seen, ended };
}

const egg = (words: string[], cwd: string): Promise<Outcome> => start(words, cwd).ended;

/** Until `condition` holds, or the time limit. */
async function until(condition: () => boolean, what: () => string): Promise<void> {
  const limit = Date.now() + TIME_LIMIT_MS;
  while (!condition()) {
    assert.ok(Date.now() < limit, what());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("egg test", () => {
  const project = new Project({
    "package.json": '{"name":"sample","type":"module"}',
    "src/kind.ts": `export enum Kind { A, B }
export function name(kind: Kind): string {
  if (kind === Kind.A) return "a";
  return "b";
}
export function never(): number {
  return 1;
}
`,
    "kind.test.ts": `import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Kind, name } from "./src/kind.ts";
test("names a", () => assert.equal(name(Kind.A), "a"));
test("runs in the guest", () => assert.ok(existsSync("/proc/eggos/collector")));
test("has the environment given", () => assert.equal(process.env.GIVEN, process.env.EXPECTED));
`,
    "bad/wrong.test.ts": `import assert from "node:assert/strict";
import { test } from "node:test";
const limit: number = 2;

test("is wrong", () => assert.equal(1, limit));
`,
  });
  after(() => project.remove());

  test("reports as node --test does, with status 0, and takes -e", async () => {
    const result = await egg(["test", "kind.test.ts", "-e", "GIVEN=1", "-e", "EXPECTED=1"], project.folder);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.match(result.stdout, /^✔ names a \(/m);
    assert.match(result.stdout, /^✔ runs in the guest/m);
    assert.match(result.stdout, /^ℹ pass 3$/m);
  });

  test("ends with status 1 when a test fails, names the TypeScript line, and speaks TAP", async () => {
    const result = await egg(["test", "--reporter", "tap"], project.folder);
    assert.equal(result.status, 1, result.stdout + result.stderr);
    assert.match(result.stdout, /^TAP version 13$/m);
    assert.match(result.stdout, /^not ok \d+ - is wrong$/m);
    assert.match(result.stdout, /bad\/wrong\.test\.ts:5:/);
    assert.match(result.stdout, /^# pass 3$/m);
    assert.match(result.stdout, /^# fail 1$/m);
  });

  test("runs only tests of a name, and writes JUnit", async () => {
    const result = await egg(["test", "--test-name-pattern", "names", "--reporter=junit"], project.folder);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.match(result.stdout, /<testcase name="names a"/);
    assert.doesNotMatch(result.stdout, /is wrong/);
  });

  test("measures coverage of the sources, and brings the files out", async () => {
    const result = await egg(["test", "kind.test.ts", "--coverage"], project.folder);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.match(result.stdout, /^ *kind\.ts +\|.*\| 4.*7-8 *$/m);
    const lcov = readFileSync(join(project.folder, "coverage/lcov.info"), "utf8");
    assert.match(lcov, /^SF:src\/kind\.ts$/m);
    assert.match(lcov, /^DA:4,0$/m);
    assert.match(lcov, /^DA:3,1$/m);
  });

  test("--watch runs again the tests that a change concerns", async () => {
    const { child, seen, ended } = start(["test", "--watch", "kind.test.ts", "bad/wrong.test.ts"], project.folder);
    const waits = (): number => seen.stderr.split("waiting for changes").length - 1;
    await until(
      () => waits() === 1,
      () => seen.stdout + seen.stderr,
    );
    seen.stdout = "";
    writeFileSync(
      join(project.folder, "bad/wrong.test.ts"),
      'import { test } from "node:test";\ntest("is right", () => {});\n',
    );
    await until(
      () => waits() === 2,
      () => seen.stdout + seen.stderr,
    );
    child.kill("SIGINT");
    await ended;
    assert.match(seen.stdout, /^✔ is right/m);
    assert.doesNotMatch(seen.stdout, /names a/);
  });
});

test("egg dev starts the program again when a file changes, and says what is wrong with one", async () => {
  const project = new Project({
    "package.json": '{"name":"sample","type":"module"}',
    "main.ts": 'import { word } from "./word.ts";\nconsole.log(word);\nsetInterval(() => {}, 1000);\n',
    "word.ts": 'export const word: string = "first";\n',
    "notes.txt": "",
  });
  const { child, seen, ended } = start(["dev"], project.folder);
  const all = (): string => seen.stdout + seen.stderr;
  try {
    await until(() => /^first$/m.test(seen.stdout), all);
    writeFileSync(join(project.folder, "word.ts"), 'export const word: string = "second";\n');
    await until(() => /^second$/m.test(seen.stdout), all);
    writeFileSync(join(project.folder, "word.ts"), "export const word = ;\n");
    await until(() => /word\.ts:1:21: /.test(seen.stderr), all);
    writeFileSync(join(project.folder, "notes.txt"), "unused");
    await until(() => /notes\.txt changed/.test(seen.stderr), all);
    writeFileSync(join(project.folder, "word.ts"), 'export const word: string = "third";\n');
    await until(() => /^third$/m.test(seen.stdout), all);
    child.kill("SIGTERM");
    assert.equal((await ended).status, 143);
    assert.doesNotMatch(seen.stderr, /ended with/);
  } finally {
    child.kill("SIGKILL");
    project.remove();
  }
});
