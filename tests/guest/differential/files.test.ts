// Random file operations, the same on Linux's tmpfs and in the guest: what differs is a difference in behaviour.
//
//   SEED=n COUNT=n node --test tests/guest/differential/files.test.ts

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runGuest } from "../../../cli/run/guest.ts";

/** A tmpfs of the host, so that both sides are of one kind. */
const SCRATCH = "/dev/shm";
const SEEDS = (process.env.SEED ?? "5,14").split(",");
const COUNT = process.env.COUNT ?? "5000";

function build(): string {
  const folder = join(import.meta.dirname, "../../../build/differential");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "files");
  execFileSync("gcc", ["-O1", "-static", "-o", program, join(import.meta.dirname, "files.c")]);
  return program;
}

const reason = !existsSync(SCRATCH)
  ? "the host has no tmpfs to compare with"
  : process.getuid?.() !== 0 && "needs root, as the program in the guest has it";

/** In the guest: a tmpfs, and the writable layer over the image. */
const PLACES = ["/tmp/work", "/work"];

for (const [index, seed] of SEEDS.entries()) {
  const place = PLACES[index % PLACES.length] as string;
  test(`${COUNT} random file operations in ${place} with seed ${seed} give what Linux gives`, {
    skip: reason,
  }, async () => {
    const program = build();
    const folder = mkdtempSync(join(SCRATCH, "differential-"));
    try {
      const options = { encoding: "utf8", maxBuffer: 1 << 26 } as const;
      const expected = execFileSync(program, [join(folder, "work"), seed, COUNT], options).split("\n");
      const result = await runGuest({ target: program, args: [place, seed, COUNT], timeoutMs: 120_000 });
      const actual = result.stdout.replaceAll("\r", "").split("\n");
      const first = expected.findIndex((line, index) => line !== actual[index]);
      if (first >= 0) {
        const context = expected.slice(Math.max(0, first - 12), first).join("\n");
        assert.fail(`${context}\nLinux: ${expected[first]}\nguest: ${actual[first]}\n${result.stderr.slice(-500)}`);
      }
      assert.equal(actual.length, expected.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
