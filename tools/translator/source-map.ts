// The source map as a question: which TypeScript line does this byte of the wasm come from?

import { decode } from "@jridgewell/sourcemap-codec";

export interface Location {
  /** Path relative to the repository. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

export class SourceMap {
  readonly sources: readonly string[];
  readonly #offsets: Uint32Array;
  readonly #locations: (Location | null)[];

  /** A version 3 map whose one "line" is the binary, as binaryen writes it. */
  constructor(json: string) {
    const map = JSON.parse(json) as { sources: string[]; mappings: string };
    this.sources = map.sources;
    const segments = decode(map.mappings)[0] ?? [];
    this.#offsets = Uint32Array.from(segments, (segment) => segment[0]);
    this.#locations = segments.map((segment) => {
      const file = segment.length > 1 ? map.sources[segment[1] ?? 0] : undefined;
      return file === undefined ? null : { file, line: (segment[2] ?? 0) + 1 };
    });
  }

  /** The location of the code at a byte offset: that of the last mapping at or before it. */
  at(offset: number): Location | null {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : (this.#locations[low - 1] ?? null);
  }
}
