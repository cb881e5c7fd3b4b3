// ICU: Node carries its own data.

import assert from "node:assert/strict";
import { test } from "node:test";

test("numbers, dates and lists are written as a language does", () => {
  assert.equal(new Intl.NumberFormat("de-DE").format(1234567.891), "1.234.567,891");
  assert.equal(new Intl.NumberFormat("ja-JP", { style: "currency", currency: "JPY" }).format(5000), "￥5,000");
  const date = new Date(Date.UTC(2026, 10, 22, 12));
  assert.equal(
    new Intl.DateTimeFormat("fr-FR", { dateStyle: "full", timeZone: "UTC" }).format(date),
    "dimanche 22 novembre 2026",
  );
  assert.equal(new Intl.ListFormat("en", { type: "conjunction" }).format(["a", "b", "c"]), "a, b, and c");
  assert.equal(new Intl.PluralRules("pl").select(3), "few");
});

test("time zones are known", () => {
  const date = new Date(Date.UTC(2026, 6, 1, 12));
  const hour = (timeZone: string): string =>
    new Intl.DateTimeFormat("en-GB", { hour: "2-digit", timeZone }).format(date);
  assert.equal(hour("America/New_York"), "08");
  assert.equal(hour("Asia/Kolkata"), "17");
  assert.equal(Intl.DateTimeFormat().resolvedOptions().timeZone.length > 0, true);
});

test("collation, segmentation and case follow the language", () => {
  assert.deepEqual(["ä", "z", "a"].sort(new Intl.Collator("de").compare), ["a", "ä", "z"]);
  assert.deepEqual(["ä", "z", "a"].sort(new Intl.Collator("sv").compare), ["a", "z", "ä"]);
  assert.equal([...new Intl.Segmenter("en", { granularity: "grapheme" }).segment("👩‍👩‍👧x")].length, 2);
  assert.equal("I".toLocaleLowerCase("tr"), "ı");
  assert.equal("é".normalize("NFD").length, 2);
});

test("text decoders know old encodings", () => {
  assert.equal(new TextDecoder("shift_jis").decode(Uint8Array.from([0x83, 0x65])), "テ");
  assert.equal(new TextDecoder("windows-1252").decode(Uint8Array.from([0x80])), "€");
});
