// The end of memory: the program that holds most ends, by name, and nothing hangs.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";
import { buildPrograms } from "./build-programs.ts";

const folder = join(import.meta.dirname, "out-of-memory");
const [program] = await buildPrograms(["eat"], folder, join(import.meta.dirname, "../../build/guest-out-of-memory"));
const KILLED = 137;
const message = /out of memory: eat \(process \d+\) holds \d+ of \d+ MB and is ended; give the machine more with -m/g;

async function eat(how: string): Promise<GuestResult & { messages: number }> {
  assert.ok(program);
  const result = await runGuest({ target: program, args: [how], memoryMiB: 64, timeoutMs: 60_000 });
  return { ...result, messages: [...result.stderr.matchAll(message)].length };
}

const shown = (result: GuestResult) => `${result.stdout}\n${result.stderr}`;

for (const [how, what] of [
  ["alone", "by touching it"],
  ["tables", "in page tables"],
  ["read", "by reads into untouched memory"],
] as const) {
  test(`a program that takes all memory ${what} ends with a message that names it`, async () => {
    const result = await eat(how);
    assert.deepEqual([result.status, result.messages, result.timedOut], [KILLED, 1, false], shown(result));
  });
}

test("when a child takes all memory the child ends, not its parent", async () => {
  const result = await eat("child");
  assert.equal(result.stdout, "the child ended by signal 9\n", shown(result));
  assert.deepEqual([result.status, result.messages], [0, 1]);
});

test("children that take memory together end one after the other", async () => {
  const result = await eat("children");
  assert.equal(result.stdout, "5 children ended\n", shown(result));
  assert.deepEqual([result.status, result.messages], [0, 5]);
});
