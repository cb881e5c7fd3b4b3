// What a screen draws cells on: video memory of some kind.

/** Bits of a glyph word that say how the cursor stands on the cell (they are free in terminal/cell.ts). */
export const CURSOR_BLOCK: u64 = 1 << 23;
export const CURSOR_UNDERLINE: u64 = 1 << 24;
export const CURSOR_BAR: u64 = 1 << 25;

export abstract class Surface {
  columns: i32 = 0;
  rows: i32 = 0;

  /** Draw one cell: words as in terminal/cell.ts, with a cursor bit. */
  abstract draw(row: i32, column: i32, glyph: u64, style: u64): void;

  /** Make all of it black. */
  abstract clear(): void;

  /** There is no cursor to be seen: for adapters that show one by themselves. */
  hideCursor(): void {}

  /** Everything drawn since the last call is to be seen. */
  finish(): void {}

  /** Pixels of the whole, 0 where there are none. */
  get widthPixels(): u32 {
    return 0;
  }
  get heightPixels(): u32 {
    return 0;
  }
}
