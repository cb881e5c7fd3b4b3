// Bitmap fonts in X11's Portable Compiled Format (the tables that are needed of it: metrics, bitmaps, encodings),
// as fontconfig's and the X server's fonts have them. Format: fontforge.org/docs/techref/pcf-format.html.

const METRICS = 1 << 2;
const BITMAPS = 1 << 3;
const BDF_ENCODINGS = 1 << 5;
const COMPRESSED_METRICS = 0x100;
const NO_GLYPH = 0xffff;

export interface BitmapFont {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** By code point: rows from the top, the leftmost pixel in the highest of `width` bits. */
  readonly glyphs: ReadonlyMap<number, readonly number[]>;
}

interface Table {
  readonly data: DataView;
  readonly format: number;
  readonly isLittle: boolean;
}

function findTable(file: DataView, wanted: number): Table {
  const count = file.getUint32(4, true);
  for (let i = 0; i < count; i++) {
    const at = 8 + i * 16;
    if (file.getUint32(at, true) !== wanted) continue;
    const [size, offset] = [file.getUint32(at + 8, true), file.getUint32(at + 12, true)];
    const data = new DataView(file.buffer, file.byteOffset + offset, size);
    const format = data.getUint32(0, true);
    return { data, format, isLittle: (format & 4) === 0 };
  }
  throw new Error(`the font has no table ${wanted}`);
}

interface Metrics {
  readonly left: number;
  readonly right: number;
  readonly advance: number;
  readonly ascent: number;
  readonly descent: number;
}

function readMetrics({ data, format, isLittle }: Table): Metrics[] {
  if ((format & COMPRESSED_METRICS) !== 0) {
    return Array.from({ length: data.getUint16(4, isLittle) }, (_, i) => {
      const field = (which: number) => data.getUint8(6 + i * 5 + which) - 0x80;
      return { left: field(0), right: field(1), advance: field(2), ascent: field(3), descent: field(4) };
    });
  }
  return Array.from({ length: data.getUint32(4, isLittle) }, (_, i) => {
    const field = (which: number) => data.getInt16(8 + i * 12 + which * 2, isLittle);
    return { left: field(0), right: field(1), advance: field(2), ascent: field(3), descent: field(4) };
  });
}

/** Rows of one glyph as they are stored. */
function readRows(table: Table, glyph: number, metrics: Metrics): number[] {
  const { data, format, isLittle } = table;
  const count = data.getUint32(4, isLittle);
  const start = 8 + count * 4 + 16 + data.getUint32(8 + glyph * 4, isLittle);
  const isMostSignificantFirst = (format & 8) !== 0;
  const width = metrics.right - metrics.left;
  const padding = 1 << (format & 3);
  const bytesARow = Math.ceil(width / 8 / padding) * padding;
  if (1 << ((format >> 4) & 3) !== 1 && (format & 4) >> 2 !== (format & 8) >> 3) {
    throw new Error("the font's bit and byte order differ");
  }
  return Array.from({ length: metrics.ascent + metrics.descent }, (_, row) => {
    let bits = 0;
    for (let x = 0; x < width; x++) {
      const byte = data.getUint8(start + row * bytesARow + (x >> 3));
      const bit = isMostSignificantFirst ? (byte >> (7 - (x & 7))) & 1 : (byte >> (x & 7)) & 1;
      bits = (bits << 1) | bit;
    }
    return bits;
  });
}

/** Read a font in which all characters take the same room. */
export function readPcf(bytes: Uint8Array): BitmapFont {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.getUint32(0, true) !== 0x70636601) throw new Error("not a PCF font");
  const metrics = readMetrics(findTable(file, METRICS));
  const bitmaps = findTable(file, BITMAPS);
  const { data, isLittle } = findTable(file, BDF_ENCODINGS);
  const [firstLow, lastLow, firstHigh, lastHigh] = [4, 6, 8, 10].map((at) => data.getUint16(at, isLittle)) as [
    number,
    number,
    number,
    number,
  ];
  const width = Math.max(...metrics.map((one) => one.advance));
  const ascent = Math.max(...metrics.map((one) => one.ascent));
  const descent = Math.max(...metrics.map((one) => one.descent));
  const glyphs = new Map<number, readonly number[]>();
  for (let high = firstHigh; high <= lastHigh; high++) {
    for (let low = firstLow; low <= lastLow; low++) {
      const index = (high - firstHigh) * (lastLow - firstLow + 1) + (low - firstLow);
      const glyph = data.getUint16(14 + index * 2, isLittle);
      const one = metrics[glyph];
      if (glyph === NO_GLYPH || one === undefined) continue;
      const blank = (rows: number): number[] => Array.from({ length: rows }, () => 0);
      const shift = width - one.left - (one.right - one.left);
      const rows = readRows(bitmaps, glyph, one).map((bits) => (shift >= 0 ? bits << shift : bits >> -shift));
      glyphs.set((high << 8) | low, [...blank(ascent - one.ascent), ...rows, ...blank(descent - one.descent)]);
    }
  }
  return { width, height: ascent + descent, glyphs };
}
