// machine/entropy in TypeScript: a seeded generator, so that a failing test prints its seed and fails again.

/** splitmix64 (Steele, Lea, Flood 2014): small, seeded, good enough to stand in for RDRAND. */
export class SeededRandom {
  #state: bigint;

  constructor(seed: bigint | number) {
    this.#state = BigInt.asUintN(64, BigInt(seed));
  }

  next64(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  /** A number in [0, 1). */
  next(): number {
    return Number(this.next64() >> 11n) / 2 ** 53;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}

export function entropyImports(random: SeededRandom) {
  /** 0 means failure to the caller, so it never comes up. */
  const draw = (): bigint => random.next64() || 1n;
  return { rdrand: draw, rdseed: draw };
}
