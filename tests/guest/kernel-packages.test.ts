// Kernel modules of projects: what the examples bring does in a kernel what it says.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";

const TIME_LIMIT_MS = 60_000;
const examples = join(import.meta.dirname, "../../examples");

function runProject(folder: string): Promise<GuestResult> {
  return runGuest({ target: folder, timeoutMs: TIME_LIMIT_MS });
}

test("examples/syscall: a module's handler runs before the kernel's own, which gives the host's name", async () => {
  const result = await runProject(join(examples, "syscall"));
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stdout, "eggos\n");
  assert.match(result.stderr, /^syscall `uname` called$/m);
});
