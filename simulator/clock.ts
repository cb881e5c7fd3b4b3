// machine/clock in TypeScript: time stands still until a test moves it.

export class SimulatedClock {
  /** The time-stamp counter. */
  ticks = 0n;
  /** Ticks a second that the simulated CPU reports; 1 GHz makes a tick a nanosecond. */
  readonly frequencyHz: bigint;

  constructor(frequencyHz = 1_000_000_000n) {
    this.frequencyHz = frequencyHz;
  }

  advanceTicks(ticks: bigint | number): void {
    this.ticks += BigInt(ticks);
  }

  advanceNs(nanoseconds: bigint | number): void {
    this.ticks += (BigInt(nanoseconds) * this.frequencyHz) / 1_000_000_000n;
  }

  advanceMs(milliseconds: number): void {
    this.advanceNs(BigInt(Math.round(milliseconds * 1e6)));
  }
}

export function clockImports(clock: SimulatedClock) {
  return { ticks: (): bigint => clock.ticks };
}
