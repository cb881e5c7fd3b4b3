// One thread of the sieve: the filters of `share` primes in a row. The first numbers that pass them all are the
// thread's own primes, reported to the main thread; later ones go on to the next thread.

import { parentPort, workerData } from "node:worker_threads";
import { Ring } from "./ring.ts";

interface Share {
  input: SharedArrayBuffer;
  output: SharedArrayBuffer | null;
  share: number;
}

const { input, output, share } = workerData as Share;
const source = new Ring(input);
const sink = output ? new Ring(output) : null;
const primes: number[] = [];
while (primes.length < share || sink) {
  const number = source.receive();
  if (primes.some((prime) => number % prime === 0)) continue;
  if (primes.length < share) {
    primes.push(number);
    if (primes.length === share) parentPort?.postMessage(primes);
  } else {
    sink?.send(number);
  }
}
