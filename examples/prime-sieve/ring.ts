// A channel between two threads: a ring of numbers in shared memory, one sender, one receiver.
//
//   words: [0] numbers sent   [1] numbers received   [2…] the ring
//
// Both counters only grow; a side that finds the ring full or empty sleeps on the other's counter.

const SENT = 0;
const RECEIVED = 1;
const HEADER_WORDS = 2;
const CAPACITY = 256;

export class Ring {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(memory = new SharedArrayBuffer((HEADER_WORDS + CAPACITY) * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  send(value: number): void {
    const { words } = this;
    const sent = Atomics.load(words, SENT);
    for (;;) {
      const received = Atomics.load(words, RECEIVED);
      if (sent - received < CAPACITY) break;
      Atomics.wait(words, RECEIVED, received);
    }
    words[HEADER_WORDS + (sent % CAPACITY)] = value;
    Atomics.store(words, SENT, sent + 1);
    Atomics.notify(words, SENT);
  }

  receive(): number {
    const { words } = this;
    const received = Atomics.load(words, RECEIVED);
    for (;;) {
      const sent = Atomics.load(words, SENT);
      if (sent > received) break;
      Atomics.wait(words, SENT, sent);
    }
    const value = words[HEADER_WORDS + (received % CAPACITY)] as number;
    Atomics.store(words, RECEIVED, received + 1);
    Atomics.notify(words, RECEIVED);
    return value;
  }
}
