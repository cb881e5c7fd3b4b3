// The concurrent prime sieve: a daisy chain of filters, one for each prime, joined by channels.

import { Channel } from "./channel.ts";

/** Send 2, 3, 4, … */
async function generate(output: Channel<number>): Promise<never> {
  for (let number = 2; ; number++) await output.send(number);
}

/** Pass on what `prime` does not divide. */
async function filter(input: Channel<number>, output: Channel<number>, prime: number): Promise<never> {
  for (;;) {
    const number = await input.receive();
    if (number % prime !== 0) await output.send(number);
  }
}

const count = Number(process.argv[2] ?? 100);
if (!Number.isInteger(count) || count < 1) {
  console.error("usage: prime-sieve [COUNT]");
  process.exit(1);
}

let channel = new Channel<number>();
void generate(channel);
for (let found = 0; found < count; found++) {
  const prime = await channel.receive();
  console.log(prime);
  const next = new Channel<number>();
  void filter(channel, next, prime);
  channel = next;
}
