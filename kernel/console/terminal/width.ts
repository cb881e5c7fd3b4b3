// How many cells a character takes: 0 for marks, 2 for East Asian wide and full-width ones and emoji, else 1.
// The tables come from Unicode's data (tools/tables).

import { NO_CELL_FIRST, NO_CELL_LAST, TWO_CELLS_FIRST, TWO_CELLS_LAST } from "../../../build/generated/characters";

/** Below the first mark everything takes one cell. */
const FIRST_MARK: u32 = 0x300;

export function cellsOf(code: u32): i32 {
  if (code < FIRST_MARK) return 1;
  if (isIn(NO_CELL_FIRST, NO_CELL_LAST, code)) return 0;
  return isIn(TWO_CELLS_FIRST, TWO_CELLS_LAST, code) ? 2 : 1;
}

/** Whether ordered ranges hold a code point. */
function isIn(first: StaticArray<u32>, last: StaticArray<u32>, code: u32): bool {
  let low = 0;
  let high = first.length;
  while (low < high) {
    let middle = (low + high) >> 1;
    if (last[middle] < code) low = middle + 1;
    else high = middle;
  }
  return low < first.length && first[low] <= code;
}
