// The prime sieve on worker threads: the chain of filters cut into equal shares, each thread joined to the next by a
// ring in shared memory, with a generator thread in front.

import { Worker } from "node:worker_threads";
import { Ring } from "./ring.ts";

const count = Number(process.argv[2] ?? 100);
const threads = Number(process.argv[3] ?? 4);
if (!Number.isInteger(count) || !Number.isInteger(threads) || threads < 1 || count < threads) {
  console.error("usage: workers [COUNT [THREADS]]");
  process.exit(1);
}

const rings = Array.from({ length: threads }, () => new Ring());
const generator = new Worker(new URL("./generator.ts", import.meta.url), { workerData: rings[0]?.memory });
const shares = rings.map((ring, index) => {
  const share = Math.floor(((index + 1) * count) / threads) - Math.floor((index * count) / threads);
  const output = rings[index + 1]?.memory ?? null;
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { input: ring.memory, output, share },
  });
  const primes = new Promise<number[]>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return { worker, primes };
});

for (const { primes } of shares) for (const prime of await primes) console.log(prime);
await Promise.all([generator, ...shares.map(({ worker }) => worker)].map((worker) => worker.terminate()));
