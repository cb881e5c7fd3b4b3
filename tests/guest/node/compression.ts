// zlib, brotli and zstd, at once and as streams.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import zlib from "node:zlib";

const text = Buffer.from(
  Array.from({ length: 20_000 }, (_, index) => `line ${index % 977} of a text that compresses\n`).join(""),
);

for (const [name, compress, expand] of [
  ["gzip", zlib.gzipSync, zlib.gunzipSync],
  ["deflate", zlib.deflateSync, zlib.inflateSync],
  [
    "brotli",
    (data: Buffer) => zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
    zlib.brotliDecompressSync,
  ],
  ["zstd", zlib.zstdCompressSync, zlib.zstdDecompressSync],
] as const) {
  test(`${name} shrinks a text and gives it back`, () => {
    const small = compress(text);
    assert.ok(small.length < text.length / 5, `${small.length} of ${text.length}`);
    assert.ok(expand(small).equals(text));
  });
}

test("compression in the thread pool and as a stream agree", async () => {
  const [one, two] = await Promise.all([
    promisify(zlib.gzip)(text),
    buffer(Readable.from([text.subarray(0, 1000), text.subarray(1000)]).pipe(zlib.createGzip())),
  ]);
  assert.ok((await promisify(zlib.gunzip)(one)).equals(text));
  assert.ok(zlib.gunzipSync(two).equals(text));
});

test("checksums are right, damage is noticed", () => {
  assert.equal(zlib.crc32("123456789"), 0xcbf43926);
  const broken = zlib.gzipSync(text);
  broken[broken.length >> 1] = (broken[broken.length >> 1] ?? 0) ^ 255;
  assert.throws(() => zlib.gunzipSync(broken));
});
