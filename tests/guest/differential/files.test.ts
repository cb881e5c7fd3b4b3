// Random file operations, the same on Linux's tmpfs and in the guest: what differs is a difference in behaviour.
//
//   SEED=n COUNT=n node --test tests/guest/differential/files.test.ts

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runGuest } from "../../../cli/run/guest.ts";

/** A tmpfs of the host, so that both sides are of one kind. */
const SCRATCH = "/dev/shm";
const SEEDS = (process.env.SEED ?? "5,6,14,8").split(",");
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

/** Where in the guest: a tmpfs, and the writable layer over the image; as root and as nobody. */
const SETTINGS = [
  { place: "/tmp/work", user: [] },
  { place: "/work", user: ["65534"] },
  { place: "/work", user: [] },
  { place: "/tmp/work", user: ["65534"] },
];

for (const [index, seed] of SEEDS.entries()) {
  const { place, user } = SETTINGS[index % SETTINGS.length] as (typeof SETTINGS)[0];
  const title = `${COUNT} random file operations in ${place}${user.length > 0 ? " as nobody" : ""}`;
  test(`${title} with seed ${seed} give what Linux gives`, {
    skip: reason,
  }, async () => {
    const program = build();
    const folder = mkdtempSync(join(SCRATCH, "differential-"));
    chmodSync(folder, 0o755);
    try {
      const options = { encoding: "utf8", maxBuffer: 1 << 26 } as const;
      const expected = execFileSync(program, [join(folder, "work"), seed, COUNT, ...user], options).split("\n");
      const result = await runGuest({ target: program, args: [place, seed, COUNT, ...user], timeoutMs: 120_000 });
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
