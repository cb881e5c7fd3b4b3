// Lissajous figures, as in "The Go Programming Language" §1.4: x swings at one rate, y at another, and the phase between them
// grows from picture to picture.

/** Swings of x in one figure, and points on it. */
const CYCLES = 5;
const POINTS = 12_000;
/** How y's rate stands to x's. */
const RATIO = 1.4;

export class Figure {
  readonly #width: number;
  readonly #height: number;
  readonly #rowWords: number;
  readonly #radius: number;
  /** Of each point: x's place in its row, and the sine and cosine of y's angle without the phase. */
  readonly #columns: Int32Array;
  readonly #sines: Float64Array;
  readonly #cosines: Float64Array;

  constructor(width: number, height: number, rowWords: number) {
    this.#width = width;
    this.#height = height;
    this.#rowWords = rowWords;
    this.#radius = Math.floor(Math.min(width, height) * 0.45);
    const angle = (i: number): number => (i / POINTS) * CYCLES * 2 * Math.PI;
    const column = (i: number): number => Math.round(this.#width / 2 + Math.sin(angle(i)) * this.#radius);
    this.#columns = Int32Array.from({ length: POINTS }, (_, i) => column(i));
    this.#sines = Float64Array.from({ length: POINTS }, (_, i) => Math.sin(angle(i) * RATIO));
    this.#cosines = Float64Array.from({ length: POINTS }, (_, i) => Math.cos(angle(i) * RATIO));
  }

  /** Where the figure's points are in a page, as offsets of pixels of four bytes. */
  points(phase: number): Uint32Array {
    const offsets = new Uint32Array(POINTS);
    // sin(angle + phase), taken apart, so that no point needs a sine of its own.
    const across = Math.cos(phase) * this.#radius;
    const along = Math.sin(phase) * this.#radius;
    const middle = this.#height / 2;
    for (let i = 0; i < POINTS; i++) {
      const y = Math.round(middle + (this.#sines[i] as number) * across + (this.#cosines[i] as number) * along);
      offsets[i] = y * this.#rowWords + (this.#columns[i] as number);
    }
    return offsets;
  }
}
