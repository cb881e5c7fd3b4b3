/** Ordinary Node.js programs in the guest: the suites of node/ (every test in them is a test here) and whole programs. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type GuestResult, type RunOptions, runGuest } from "../../cli/run/guest.ts";
import { knownFailure, knownFailuresOf } from "./known-failures.ts";
import { parseOutcomes } from "./node-tap.ts";

const SUITES: { names: string[]; memoryMiB?: number }[] = [
  { names: ["language", "timers", "intl", "compression"] },
  { names: ["fs", "sqlite"], memoryMiB: 384 },
  { names: ["crypto", "wasm", "ffi", "addon"] },
  { names: ["workers"] },
  { names: ["system"], memoryMiB: 512 },
  { names: ["processes", "shell"], memoryMiB: 512 },
  { names: ["forks", "cluster"], memoryMiB: 768 },
];
const LIMIT_MS = 180_000;

function tail(result: GuestResult): string {
  return [
    result.timedOut ? "time limit" : JSON.stringify(result.ending),
    result.stdout.slice(-600),
    result.stderr.slice(-1500),
  ].join("\n");
}

for (const { names, memoryMiB } of SUITES) {
  const title = `node/${names.join("+")}`;
  test(`${title} passes in the guest`, async (context) => {
    const result = await runGuest({
      target: join(import.meta.dirname, "node"),
      args: names,
      timeoutMs: LIMIT_MS,
      ...(memoryMiB ? { memoryMiB } : {}),
    });
    for (const outcome of parseOutcomes(result.stdout)) {
      const reason = knownFailure(`${title}: ${outcome.name}`);
      if (outcome.ok && reason === undefined) continue;
      await context.test(outcome.name, { todo: !outcome.ok && reason !== undefined ? reason : false }, () => {
        assert.ok(outcome.ok, outcome.detail);
        assert.equal(reason, undefined, "passes now: take it out of known-failures.json");
      });
    }
    const complete = /^# fail \d+/m.test(result.stdout);
    const endReason = knownFailure(`${title}: runs to its end`);
    await context.test("runs to its end", { todo: complete ? false : (endReason ?? false) }, () => {
      assert.ok(complete, tail(result));
      assert.equal(endReason, undefined, "passes now: take it out of known-failures.json");
      const failed = Number(/^# fail (\d+)/m.exec(result.stdout)?.[1]);
      assert.equal(result.status, failed > 0 ? 1 : 0);
    });
    if (complete) {
      const seen = new Set(parseOutcomes(result.stdout).map((outcome) => `${title}: ${outcome.name}`));
      assert.deepEqual(
        knownFailuresOf(`${title}: `).filter((name) => !seen.has(name)),
        [],
        "known-failures.json names tests that do not exist",
      );
    }
    context.diagnostic(`${(result.elapsedMs / 1000).toFixed(1)} s`);
  });
}

/** A program of a few files in a folder of its own, run; the folder is removed. */
async function runProgram(files: Record<string, string>, options: RunOptions = {}): Promise<GuestResult> {
  const folder = mkdtempSync(join(tmpdir(), "program-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await runGuest({ target: folder, timeoutMs: 120_000, ...options });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A test of one whole program; its failure may be known. */
function programTest(name: string, body: () => Promise<void>): void {
  const reason = knownFailure(`node: ${name}`);
  test(name, { todo: reason ?? false }, async () => {
    await body();
    assert.equal(reason, undefined, "passes now: take it out of known-failures.json");
  });
}

programTest("an unhandled rejection exits with 1 and names the TypeScript line", async () => {
  const result = await runProgram({
    "main.ts":
      "const wait: number = 1;\n\nsetTimeout(() => { void Promise.reject(new Error('nobody cares')); }, wait);\n",
  });
  assert.equal(result.status, 1, tail(result));
  assert.match(result.stderr, /nobody cares/);
  assert.match(result.stderr, /main\.ts:3/);
});

programTest("process.exit's status is the guest's", async () => {
  const result = await runProgram({
    "main.ts": "process.on('exit', (code) => console.log('leaving with', code));\nprocess.exit(42);\n",
  });
  assert.equal(result.stdout, "leaving with 42\n", tail(result));
  assert.equal(result.status, 42);
});

programTest("an abort is reported as a signal", async () => {
  const result = await runProgram({ "main.ts": "process.abort();\n" });
  assert.equal(result.status, 134, tail(result));
});

programTest("standard input is piped in, to its end", async () => {
  const text = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join("");
  const result = await runProgram(
    {
      "main.ts":
        "let text = ''; for await (const chunk of process.stdin) text += chunk;\nconsole.log(text.length, text.split('\\n').length, text.slice(-10).trim());\n",
    },
    { stdin: text },
  );
  assert.equal(result.stdout, `${text.length} 3001 line 2999\n`, tail(result));
  assert.equal(result.status, 0);
});

programTest("output of a megabyte arrives whole and in order", async () => {
  const result = await runProgram({
    "main.ts": "for (let i = 0; i < 20000; i++) process.stdout.write(String(i).padStart(50, '.') + '\\n');\n",
  });
  const lines = result.stdout.split("\n");
  assert.equal(lines.length, 20_001, tail(result));
  assert.ok(lines.slice(0, -1).every((line, index) => line === String(index).padStart(50, ".")));
});

programTest("standard output and standard error are kept apart", async () => {
  const result = await runProgram({ "main.ts": "console.log('out');\nconsole.error('err');\n" });
  assert.equal(result.stdout, "out\n", tail(result));
  assert.match(result.stderr, /^err$/m);
});

programTest("300 MB are allocated, used and collected in 512 MiB", async () => {
  const result = await runProgram(
    {
      "main.ts": [
        "const kept: unknown[] = [];",
        "for (let i = 0; i < 300; i++) kept.push(Array.from({ length: 1 << 16 }, (_, k) => k + i + 0.5));",
        "const most = process.memoryUsage().heapUsed;",
        "for (let round = 0; round < 20; round++) kept[round] = Array.from({ length: 1 << 16 }, (_, k) => ({ k })).length;",
        "kept.length = 20; (globalThis as { gc?: () => void }).gc?.();",
        "console.log(most > 140e6, process.memoryUsage().heapUsed < most / 2);",
      ].join("\n"),
      "package.json": JSON.stringify({
        type: "module",
        egg: { main: "main.ts", nodeOptions: ["--expose-gc", "--max-old-space-size=400"] },
      }),
    },
    { memoryMiB: 512 },
  );
  assert.equal(result.stdout, "true true\n", tail(result));
});

programTest("too much memory ends the program with a message, not the machine with a hang", async () => {
  const result = await runProgram({
    "main.ts": "const kept: Buffer[] = [];\nfor (;;) { const b = Buffer.alloc(8 << 20, 1); kept.push(b); }\n",
  });
  assert.equal(result.timedOut, false, tail(result));
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /memory/i);
});

programTest("a package of 500 modules is loaded file by file", async () => {
  const files: Record<string, string> = {
    "package.json": JSON.stringify({ type: "module", dependencies: { many: "1.0.0" }, egg: { external: ["many"] } }),
    "main.ts": "import { sum } from 'many';\nconsole.log(sum);\n",
    "node_modules/many/package.json": JSON.stringify({ name: "many", version: "1.0.0", type: "module", main: "m0.js" }),
  };
  for (let i = 0; i < 500; i++) {
    files[`node_modules/many/m${i}.js`] =
      i === 499
        ? "export const sum = 499;\n"
        : `import { sum as next } from "./m${i + 1}.js";\nexport const sum = next + ${i};\n`;
  }
  const result = await runProgram(files);
  assert.equal(result.stdout, `${(499 * 500) / 2}\n`, tail(result));
});

programTest("--heap-prof and --cpu-prof do not disturb the program", async () => {
  const result = await runProgram({
    "package.json": JSON.stringify({
      type: "module",
      egg: { main: "main.ts", nodeOptions: ["--heap-prof", "--cpu-prof"] },
    }),
    "main.ts": "console.log(Array.from({ length: 1e5 }, (_, i) => ({ i })).length);\n",
  });
  assert.equal(result.stdout, "100000\n", tail(result));
  assert.equal(result.status, 0);
});

programTest("an uncaught error of an async function names its TypeScript line", async () => {
  const result = await runProgram({
    "main.ts":
      "interface A { b?: { c: number } }\nasync function f(a: A): Promise<number> {\n  await null;\n  return a.b!.c;\n}\nawait f({});\n",
  });
  assert.equal(result.status, 1, tail(result));
  assert.match(result.stderr, /TypeError/);
  assert.match(result.stderr, /main\.ts:4/);
});
