// Tables that the kernel is compiled with and that come from packages: the console's font and what it knows of
// characters. They are written as TypeScript to build/generated, where the kernel imports them from.
//
//   node tools/tables/tables.ts      writes them when they are not there or not current

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { hash, hashFile, readIfThere, repositoryRoot, writeIfChanged, writeWhole } from "../kernel/cache.ts";
import { compositions, type Range, rangesWhere, takesNoCell, takesTwoCells } from "./characters.ts";
import { type BitmapFont, readPcf } from "./pcf.ts";

const folder = join(repositoryRoot, "build/generated");
/** Terminus, SIL Open Font License: Debian's package xfonts-terminus. */
const fontFolder = "/usr/share/fonts/X11/misc";
const SMALL = "ter-u16n_unicode.pcf.gz";
const LARGE = "ter-u32n_unicode.pcf.gz";

/** Everything that decides what the tables are. */
function inputsKey(): string {
  const own = ["tables.ts", "characters.ts", "pcf.ts"].map((name) => join(import.meta.dirname, name));
  const packages = [".", "node_modules/get-east-asian-width"].map((name) => join(repositoryRoot, name, "package.json"));
  const fonts = [SMALL, LARGE].map((name) => join(fontFolder, name));
  return hash(
    process.versions.unicode ?? "",
    ...[...own, ...packages, ...fonts].map((path) => hashFile(path) ?? "none"),
  );
}

/** Write the tables unless they are current. */
export function writeTables(): void {
  const stamp = join(folder, "stamp");
  const key = inputsKey();
  if (readIfThere(stamp)?.toString() === key && existsSync(join(folder, "font.ts"))) return;
  const small = readFont(SMALL);
  const large = readFont(LARGE);
  writeIfChanged(join(folder, "font.ts"), fontSource(small, large));
  writeIfChanged(join(folder, "characters.ts"), charactersSource(small));
  writeIfChanged(join(folder, "version.ts"), versionSource());
  writeWhole(stamp, key);
}

function readFont(name: string): BitmapFont {
  const path = join(fontFolder, name);
  if (!existsSync(path)) {
    throw new Error(
      `${path} is missing: the console's font; apt-get install xfonts-terminus, or npm start, which does it`,
    );
  }
  return readPcf(gunzipSync(readFileSync(path)));
}

function array(name: string, type: string, values: readonly (number | bigint)[]): string {
  const lines: string[] = [];
  for (let i = 0; i < values.length; i += 8) {
    lines.push(
      `  ${values
        .slice(i, i + 8)
        .map((value) => `0x${value.toString(16)},`)
        .join(" ")}`,
    );
  }
  return `export const ${name}: StaticArray<${type}> = [\n${lines.join("\n")}\n];\n`;
}

function ranges(name: string, list: readonly Range[]): string {
  return (
    array(
      `${name}_FIRST`,
      "u32",
      list.map((range) => range.first),
    ) +
    array(
      `${name}_LAST`,
      "u32",
      list.map((range) => range.last),
    )
  );
}

/** Rows of a glyph as 64-bit words, the first row in the lowest bits. */
function packRows(font: BitmapFont, rows: readonly number[]): bigint[] {
  const rowsAWord = 64 / font.width;
  const words: bigint[] = [];
  for (let first = 0; first < font.height; first += rowsAWord) {
    let word = 0n;
    for (let i = 0; i < rowsAWord; i++) word |= BigInt(rows[first + i] ?? 0) << BigInt(i * font.width);
    words.push(word);
  }
  return words;
}

function fontSource(small: BitmapFont, large: BitmapFont): string {
  if (small.width !== 8 || small.height !== 16 || large.width !== 16 || large.height !== 32) {
    throw new Error(
      `the fonts are ${small.width}x${small.height} and ${large.width}x${large.height} pixels, not 8x16 and 16x32`,
    );
  }
  const codes = [...small.glyphs.keys()].toSorted((left, right) => left - right);
  const covered = rangesWhere((code) => small.glyphs.has(code) && large.glyphs.has(code));
  let next = 0;
  const firstGlyph = covered.map(({ first, last }) => {
    const at = next;
    next += last - first + 1;
    return at;
  });
  const both = codes.filter((code) => large.glyphs.has(code));
  const words = (font: BitmapFont) => both.flatMap((code) => packRows(font, font.glyphs.get(code) ?? []));
  return [
    "// Terminus Font, SIL Open Font License 1.1. Written by tools/tables/tables.ts.\n",
    "/** Runs of characters that have glyphs, and the number of each run's first glyph. */",
    `${ranges("RUN", covered)}${array("RUN_GLYPH", "u32", firstGlyph)}`,
    "/** Two words a glyph: 16 rows of 8 pixels, the first row lowest, the leftmost pixel highest. */",
    array("SMALL_GLYPHS", "u64", words(small)),
    "/** Eight words a glyph: 32 rows of 16 pixels. */",
    array("LARGE_GLYPHS", "u64", words(large)),
  ].join("\n");
}

function charactersSource(font: BitmapFont): string {
  const pairs = compositions([...font.glyphs.keys()].toSorted((left, right) => left - right)).filter(
    ({ base, mark }) => base <= 0xffff && mark <= 0xffff,
  );
  const simpler = pairs.toSorted((left, right) => left.composed - right.composed);
  return [
    `// Unicode ${process.versions.unicode}. Written by tools/tables/tables.ts.\n`,
    "/** Characters that take no cell of their own. */",
    ranges("NO_CELL", rangesWhere(takesNoCell)),
    "/** Characters that take two cells. */",
    ranges("TWO_CELLS", rangesWhere(takesTwoCells)),
    "/** A character (high half) and a mark (low half), in order, and the character of the font that both make. */",
    array(
      "PAIR",
      "u32",
      pairs.map(({ base, mark }) => base * 0x10000 + mark),
    ),
    array(
      "PAIR_COMPOSED",
      "u32",
      pairs.map(({ composed }) => composed),
    ),
    "/** The same, by what is composed: the character without its mark. */",
    array(
      "COMPOSED",
      "u32",
      simpler.map(({ composed }) => composed),
    ),
    array(
      "COMPOSED_BASE",
      "u32",
      simpler.map(({ base }) => base),
    ),
  ].join("\n");
}

function versionSource(): string {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as { version: string };
  return `// Written by tools/tables/tables.ts.\n\nexport const VERSION: string = ${JSON.stringify(version)};\n`;
}

if (import.meta.main) writeTables();
