// A wire between simulated machines: frames travel with delay, and on the way may be lost, doubled, reordered or
// corrupted, all by one seeded generator. Time is simulated: an hour passes as fast as its events.
//
//   const network = new Network(seed, { lossPerMille: 10, delayMs: 5 });
//   network.add(a); network.add(b);
//   network.run({ untilMs: 1000, until: () => done });

import { SeededRandom } from "./entropy.ts";

/** What a network needs of a machine on it. */
export interface Station {
  /** Frames that left since the last call. */
  takeSent(): Uint8Array[];
  receive(frame: Uint8Array): void;
  /** Let the machine work at a time; returns when it wants to again. Nanoseconds. */
  poll(nowNs: bigint): bigint;
}

/** What the wire does to frames. Chances per mille. */
export interface Trouble {
  readonly lossPerMille?: number;
  readonly duplicatePerMille?: number;
  readonly corruptPerMille?: number;
  /** Frames that are held back by up to `reorderMs`. */
  readonly reorderPerMille?: number;
  readonly reorderMs?: number;
  /** One way. */
  readonly delayMs?: number;
  /** Bits per second of each direction; 0 for no limit. */
  readonly bitsPerSecond?: number;
  /** Bytes that may wait for the limited line before frames are dropped. */
  readonly queueBytes?: number;
}

interface Delivery {
  readonly atNs: bigint;
  readonly order: number;
  readonly to: number;
  readonly frame: Uint8Array;
}

const MS = 1_000_000n;

export class Network {
  readonly random: SeededRandom;
  nowNs: bigint;
  trouble: Trouble;
  lost = 0;
  delivered = 0;
  /** Sees every frame as it is sent: for traces. */
  onFrame: ((frame: Uint8Array, from: number, isLost: boolean) => void) | null = null;
  readonly #stations: Station[] = [];
  readonly #wakeNs: bigint[] = [];
  readonly #freeNs: bigint[] = [];
  #flights: Delivery[] = [];
  #order = 0;

  constructor(seed: number | bigint, trouble: Trouble = {}, startNs = 1_000_000_000n) {
    this.random = new SeededRandom(seed);
    this.trouble = trouble;
    this.nowNs = startNs;
  }

  add(station: Station): void {
    this.#stations.push(station);
    this.#wakeNs.push(this.nowNs);
    this.#freeNs.push(this.nowNs);
  }

  /** Let a machine work again although it did not ask: something was done to it from outside. */
  wakeAll(): void {
    this.#wakeNs.fill(this.nowNs);
  }

  /** Run until a condition holds or a time has passed; true when the condition came to hold. */
  run(options: { untilMs: number; until?: () => boolean; each?: () => void }): boolean {
    const endNs = this.nowNs + BigInt(Math.round(options.untilMs * 1e6));
    for (;;) {
      this.#pollDue();
      options.each?.();
      this.#collect();
      if (options.until?.()) return true;
      const next = this.#nextNs();
      if (next > endNs) {
        this.nowNs = endNs;
        return false;
      }
      if (next > this.nowNs) this.nowNs = next;
      this.#deliverDue();
    }
  }

  #pollDue(): void {
    for (let i = 0; i < this.#stations.length; i++) {
      if ((this.#wakeNs[i] ?? 0n) > this.nowNs) continue;
      const wake = this.#stations[i]?.poll(this.nowNs) ?? 0n;
      // A machine that has more to do at once does it a moment later: time must pass.
      this.#wakeNs[i] = wake > this.nowNs ? wake : this.nowNs + 1000n;
    }
  }

  #collect(): void {
    for (let i = 0; i < this.#stations.length; i++) {
      for (const frame of this.#stations[i]?.takeSent() ?? []) this.#send(frame, i);
    }
  }

  #send(frame: Uint8Array, from: number): void {
    const trouble = this.trouble;
    const isLost = this.#chance(trouble.lossPerMille) || !this.#queue(frame.length, from);
    this.onFrame?.(frame, from, isLost);
    if (isLost) {
      this.lost++;
      return;
    }
    const copies = this.#chance(trouble.duplicatePerMille) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      let atNs = (this.#freeNs[from] ?? this.nowNs) + BigInt(Math.round((trouble.delayMs ?? 0.05) * 1e6));
      if (this.#chance(trouble.reorderPerMille)) {
        atNs += BigInt(Math.floor(this.random.next() * (trouble.reorderMs ?? 10) * 1e6));
      }
      for (let to = 0; to < this.#stations.length; to++) {
        if (to !== from) this.#flights.push({ atNs, order: this.#order++, to, frame: this.#travel(frame) });
      }
    }
  }

  /** Occupy the line; false when its queue is full. */
  #queue(length: number, from: number): boolean {
    const bits = this.trouble.bitsPerSecond ?? 0;
    const free = this.#freeNs[from] ?? this.nowNs;
    const start = later(free, this.nowNs);
    if (bits === 0) {
      this.#freeNs[from] = this.nowNs;
      return true;
    }
    const waiting = Number(start - this.nowNs) * (bits / 8e9);
    if (waiting > (this.trouble.queueBytes ?? 65536)) return false;
    this.#freeNs[from] = start + BigInt(Math.ceil((length * 8e9) / bits));
    return true;
  }

  #travel(frame: Uint8Array): Uint8Array {
    if (!this.#chance(this.trouble.corruptPerMille)) return frame;
    const changed = frame.slice();
    const at = this.random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << this.random.below(8));
    return changed;
  }

  #chance(perMille = 0): boolean {
    return perMille > 0 && this.random.next() * 1000 < perMille;
  }

  #nextNs(): bigint {
    let next = 1n << 64n;
    for (const flight of this.#flights) if (flight.atNs < next) next = flight.atNs;
    for (const wake of this.#wakeNs) if (wake < next) next = wake;
    return next;
  }

  #deliverDue(): void {
    const due = this.#flights.filter((flight) => flight.atNs <= this.nowNs);
    if (due.length === 0) return;
    this.#flights = this.#flights.filter((flight) => flight.atNs > this.nowNs);
    due.sort((left, right) => (left.atNs === right.atNs ? left.order - right.order : left.atNs < right.atNs ? -1 : 1));
    for (const flight of due) {
      this.delivered++;
      this.#stations[flight.to]?.receive(flight.frame);
      this.#wakeNs[flight.to] = this.nowNs;
    }
  }
}

/** Milliseconds as nanoseconds. */
export function ms(value: number): bigint {
  return BigInt(value) * MS;
}

function later(left: bigint, right: bigint): bigint {
  if (left < right) return right;
  return left;
}
