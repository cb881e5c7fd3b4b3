// The library for programs, tested where it works: its own tests, in a guest, by `egg test`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { runGuest } from "../../cli/run/guest.ts";

const repository = join(import.meta.dirname, "../..");

/** `egg test` in the library, for files that match. */
function testLibrary(pattern: string): { status: number | null; output: string } {
  const result = spawnSync(process.execPath, [join(repository, "cli/main.ts"), "test", pattern], {
    cwd: join(repository, "library"),
    encoding: "utf8",
    timeout: 180_000,
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

test("system calls, made and answered by a program", () => {
  const { status, output } = testLibrary("syscall/*.test.ts");
  assert.equal(status, 0, output);
  assert.match(output, /^ℹ pass 12$/m);
  // What a handler prints comes before what its caller does.
  assert.match(output, /^syscall `uname` called$/m);
});

test("the example answers uname from the application, and the real name comes after", async () => {
  const result = await runGuest({ target: join(repository, "examples/syscall/from-app") });
  assert.equal(result.stdout, "syscall `uname` called\neggos\n", result.stderr);
  assert.equal(result.status, 0);
});
