/** The C programs of programs/, each in a guest of its own; every check is a test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runGuest } from "../../cli/run/guest.ts";
import { FIXTURE, testImage, testRoot } from "./image.ts";
import { knownFailure, knownFailuresOf } from "./known-failures.ts";
import { nameOf, parseReport } from "./tap.ts";

/** A program's time limit: a group that hangs takes 20 s by itself. */
const LIMIT_MS = 120_000;
const FUZZ_SEEDS = (process.env.FUZZ_SEEDS ?? "1,2").split(",");
const FUZZ_CALLS = process.env.FUZZ_CALLS ?? "3000";

const root = await testRoot();
const image = await testImage(root);

function inGuest(name: string, args: string[]) {
  return runGuest({
    elf: image,
    boot: {
      program: `/programs/${name}`,
      args: [name, ...args],
      env: { PATH: "/usr/bin:/bin", IMAGE_FIXTURE: FIXTURE },
      cwd: "/tmp",
    },
    timeoutMs: LIMIT_MS,
  });
}

/** Programs that other tests start with arguments of their own. */
const notAlone = new Set(["fuzz", "hello", "framebuffer", "screen"]);

for (const name of root.names.filter((name) => !notAlone.has(name))) {
  test(`${name} passes in the guest`, async (context) => {
    const result = await inGuest(name, []);
    const report = parseReport(result.stdout);
    const seen = new Set<string>();
    for (const check of report.checks) {
      const test = nameOf(name, check);
      seen.add(test);
      const reason = knownFailure(test);
      if (check.ok && reason === undefined) continue;
      await context.test(
        `${check.group}: ${check.sentence}`,
        { todo: !check.ok && reason !== undefined ? reason : false },
        () => {
          assert.ok(check.ok, check.detail || "failed");
          assert.equal(reason, undefined, "passes now: take it out of known-failures.json");
        },
      );
    }
    // A program that dies early is a failure named by where it died, which can be known too.
    const endName = `${name}: runs to its end`;
    const endReason = knownFailure(endName);
    const tail = [...result.stdout.split("\n").slice(-4), ...result.stderr.split("\n").slice(-6)].join("\n");
    await context.test("runs to its end", { todo: report.complete ? false : (endReason ?? false) }, () => {
      assert.ok(report.complete, `${result.timedOut ? "time limit" : JSON.stringify(result.ending)}\n${tail}`);
      assert.equal(endReason, undefined, "passes now: take it out of known-failures.json");
    });
    if (report.complete) {
      const stale = knownFailuresOf(`${name}/`).filter((test) => !seen.has(test));
      assert.deepEqual(stale, [], "known-failures.json names checks that do not exist");
      assert.equal(
        result.status,
        report.checks.every((check) => check.ok) ? 0 : 1,
        "the exit status says whether all passed",
      );
    }
    context.diagnostic(`${report.checks.length} checks in ${(result.elapsedMs / 1000).toFixed(1)} s`);
  });
}

test("a hello program prints its line and exits with 0", async () => {
  const result = await inGuest("hello", []);
  assert.equal(result.stdout, "hello from C\n");
  assert.equal(result.status, 0);
});

for (const seed of FUZZ_SEEDS) {
  test(`the kernel survives the fuzzer with seed ${seed}`, async () => {
    const result = await inGuest("fuzz", [seed, FUZZ_CALLS]);
    assert.match(result.stdout, /fuzz: survived/, [result.stdout, result.stderr].join("\n").slice(-1500));
    assert.equal(result.status, 0);
  });
}
