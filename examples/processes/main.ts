// Processes: a shell script that is fed a text, a pipeline of commands, and Node.js children that share out the work.

import { execFileSync, execSync, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const CHILDREN = 3;
const LIMIT = 30_000;

/** Primes from `from` to `to`. */
function countPrimes(from: number, to: number): number {
  let count = 0;
  for (let number = Math.max(from, 2); number < to; number++) {
    let divisor = 2;
    while (divisor * divisor <= number && number % divisor !== 0) divisor++;
    if (divisor * divisor > number) count++;
  }
  return count;
}

/** A child counts the primes of every range it is sent. */
function serve(): void {
  process.on("message", ([from, to]: [number, number]) => process.send?.(countPrimes(from, to)));
}

async function lead(): Promise<void> {
  const text = "to be or not\nto be\nthat is the\nquestion\n";
  const script = join(import.meta.dirname, "count.sh");
  process.stdout.write(execFileSync(script, { input: text, encoding: "utf8" }));

  process.stdout.write(`a pipeline: ${execSync("seq 1 1000 | grep 7 | wc -l", { encoding: "utf8" })}`);

  const counts = Array.from({ length: CHILDREN }, async (_, index) => {
    const child = fork(import.meta.filename);
    child.send([(index * LIMIT) / CHILDREN, ((index + 1) * LIMIT) / CHILDREN]);
    const [count] = (await once(child, "message")) as [number];
    child.disconnect();
    return count;
  });
  const total = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  console.log(`${CHILDREN} children found ${total} primes below ${LIMIT}`);
}

if (process.send) serve();
else await lead();
