// The kernel's terminal emulator and xterm.js get the same bytes; every cell, style and the cursor must be the same.
// SEED=n repeats one stream, COUNT=n makes more of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ScreenModel } from "./screen-model.ts";
import { type Profile, profiles, randomStream } from "./stream-maker.ts";
import { difference, feed, makeXterm } from "./xterm.ts";

const COUNT = Number(process.env.COUNT ?? 400);

const model = new ScreenModel();

/** The difference after a stream, with what both answered. */
async function compare(pieces: readonly string[], columns: number, rows: number): Promise<string | null> {
  const xterm = makeXterm(model, columns, rows);
  let answers = "";
  xterm.onData((data) => {
    answers += data;
  });
  model.restart(columns, rows);
  await feed(xterm, pieces.join(""));
  model.write(pieces.join(""));
  const ours = model.answers();
  const found = difference(model, xterm) ?? (ours === answers ? null : `answers: ${JSON.stringify([ours, answers])}`);
  xterm.dispose();
  return found;
}

/** The shortest part of a stream that still shows a difference: pieces are taken out as long as one remains. */
async function shrink(pieces: readonly string[], columns: number, rows: number): Promise<string[]> {
  let kept = [...pieces];
  for (let size = kept.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if ((await compare(fewer, columns, rows)) !== null) kept = fewer;
      else at += size;
    }
  }
  return kept;
}

for (const profile of Object.keys(profiles) as Profile[]) {
  test(`random streams look as in xterm.js: ${profile}`, async () => {
    const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: COUNT }, (_, i) => i + 1);
    for (const seed of seeds) {
      const { pieces, columns, rows } = randomStream(profile, seed);
      if ((await compare(pieces, columns, rows)) === null) continue;
      const kept = await shrink(pieces, columns, rows);
      const found = await compare(kept, columns, rows);
      assert.fail(`SEED=${seed}, ${columns}x${rows}: ${found} after ${JSON.stringify(kept)}`);
    }
  });
}
