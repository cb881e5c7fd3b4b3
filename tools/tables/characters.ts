// What the terminal must know of characters, from Node's own Unicode tables and the East Asian widths of
// get-east-asian-width: who takes no cell or two, and how letters and marks make one character.

import { eastAsianWidth } from "get-east-asian-width";

const LAST_CODE_POINT = 0x10ffff;

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Runs of code points for which `holds`. */
export function rangesWhere(holds: (code: number) => boolean): Range[] {
  const ranges: Range[] = [];
  let first = -1;
  for (let code = 0; code <= LAST_CODE_POINT + 1; code++) {
    const isIn = code <= LAST_CODE_POINT && holds(code);
    if (isIn && first < 0) first = code;
    if (!isIn && first >= 0) {
      ranges.push({ first, last: code - 1 });
      first = -1;
    }
  }
  return ranges;
}

const noCell = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const SOFT_HYPHEN = 0xad;

/** Marks and format characters, and the Hangul vowels and finals that join what stands before them. */
export function takesNoCell(code: number): boolean {
  if (code >= 0x1160 && code <= 0x11ff) return true;
  return code !== SOFT_HYPHEN && noCell.test(String.fromCodePoint(code));
}

export function takesTwoCells(code: number): boolean {
  return !takesNoCell(code) && eastAsianWidth(code) === 2;
}

export interface Composition {
  readonly base: number;
  readonly mark: number;
  readonly composed: number;
}

/** Pairs of a character and a mark that make one of `wanted` (Unicode Normalization Form C), in the order of base, then mark. */
export function compositions(wanted: Iterable<number>): Composition[] {
  const found: Composition[] = [];
  for (const composed of wanted) {
    const parts = [...String.fromCodePoint(composed).normalize("NFD")].map((part) => part.codePointAt(0) ?? 0);
    const mark = parts.at(-1);
    if (parts.length < 2 || mark === undefined || !noCell.test(String.fromCodePoint(mark))) continue;
    const base = String.fromCodePoint(...parts.slice(0, -1)).normalize("NFC");
    if ([...base].length !== 1) continue;
    found.push({ base: base.codePointAt(0) ?? 0, mark, composed });
  }
  return found.sort((left, right) => left.base - right.base || left.mark - right.mark);
}
