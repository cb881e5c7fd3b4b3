// Every example, booted. The expected output is what the same program prints on Linux.

import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";
import { installPackages, missingPackages } from "../../tools/setup/debian.mjs";

const examples = join(import.meta.dirname, "../../examples");

/** What a person needs to see when the assertion fails. */
function shown(result: GuestResult): string {
  return `status ${result.status}${result.timedOut ? " (time limit)" : ""}\n${result.stdout}\n${result.stderr}\n${result.qemuErrors}`;
}

async function assertPrints(target: string, args: string[], expected: string): Promise<void> {
  const result = await runGuest({ target: join(examples, target), args, timeoutMs: 60_000 });
  assert.equal(result.stdout, expected, shown(result));
  assert.equal(result.status, 0, shown(result));
}

/** The first primes, one a line. */
function primes(count: number): string {
  const found: number[] = [];
  for (let number = 2; found.length < count; number++) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return `${found.join("\n")}\n`;
}

test("helloworld prints its line", () => assertPrints("helloworld", [], "hello eggos\n"));

describe("prime-sieve", () => {
  test("prints the first hundred primes over a chain of channels", () => assertPrints("prime-sieve", [], primes(100)));
  test("takes its count from the command line", () => assertPrints("prime-sieve", ["300"], primes(300)));
  test("runs on worker threads", () => assertPrints("prime-sieve/workers.ts", ["60", "3"], primes(60)));
  test("refuses a count that is none", async () => {
    const result = await runGuest({ target: join(examples, "prime-sieve"), args: ["none"] });
    assert.equal(result.status, 1, shown(result));
    assert.equal(result.stderr, "usage: prime-sieve [COUNT]\n");
  });
});

test("processes runs a script, a pipeline and children", () =>
  assertPrints(
    "processes",
    [],
    "1 lines of 1 words\n1 lines of 2 words\n1 lines of 3 words\n1 lines of 4 words\na pipeline: 271\n3 children found 3245 primes below 30000\n",
  ));

describe("Go", () => {
  before(async () => {
    await installPackages(missingPackages(new URL("../../tools/setup/golang.json", import.meta.url)));
  });
  test("hello prints its line", () => assertPrints("go/hello", [], "hello eggos\n"));
  test("prime-sieve prints a thousand primes", () => assertPrints("go/prime-sieve", ["1000"], primes(1000)));
});
