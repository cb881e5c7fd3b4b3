// examples/shell: its grammar, completion and columns.

import assert from "node:assert/strict";
import { test } from "node:test";
import { complete } from "../../../examples/shell/completion.ts";
import { LineError, parseLine } from "../../../examples/shell/line.ts";
import { bytes, columns, duration, table, widthOf } from "../../../examples/shell/text.ts";

const variables: Record<string, string> = { HOME: "/root", NAME: "a b" };
const parse = (text: string) => parseLine(text, (name) => variables[name] ?? "");
const words = (text: string) => parse(text).map(({ commands }) => commands.map((command) => command.words));

test("words are split at spaces, quotes keep them, variables stay one word", () => {
  assert.deepEqual(words(`echo  one 'two  $NAME' "three $NAME" fo\\ ur $NAME ~/x`), [
    [["echo", "one", "two  $NAME", "three a b", "fo ur", "a b", "/root/x"]],
  ]);
});

test("a line is pipelines with conditions, jobs and files", () => {
  const [first, second, third] = parse("a x | b > out && c >> log < in; d &");
  assert.deepEqual(first?.commands, [
    { words: ["a", "x"] },
    { words: ["b"], output: { path: "out", isAppending: false } },
  ]);
  assert.equal(second?.condition, "success");
  assert.deepEqual(second?.commands, [{ words: ["c"], output: { path: "log", isAppending: true }, input: "in" }]);
  assert.equal(third?.isBackground, true);
  assert.equal(third?.text, "d");
});

test("an empty line and a comment are nothing", () => {
  assert.deepEqual(parse("  "), []);
  assert.deepEqual(parse("# nothing"), []);
});

test("what cannot be understood is said", () => {
  for (const line of ["echo 'x", 'echo "x', "| a", "a |", "a > ", "a && ", "; a"]) {
    assert.throws(() => parse(line), LineError, line);
  }
});

test("completion knows commands at a line's start, variables, and paths elsewhere", () => {
  assert.deepEqual(complete("fre", ["free", "ls"])[0].includes("free "), true);
  assert.deepEqual(complete("ls | fre", ["free"])[0].includes("free "), true);
  assert.ok(complete("cat /pro", [])[0].includes("/proc/"));
  assert.ok(!complete("cd /etc/pass", [])[0].includes("/etc/passwd"));
  assert.ok(complete("echo $PAT", [])[0].includes("$PATH"));
});

test("columns are as wide as what stands in them, in cells", () => {
  assert.equal(widthOf("日本e\u0301"), 5);
  assert.equal(
    table(
      ["n", "name"],
      [
        ["1", "日本"],
        ["10", "x"],
      ],
      ["n"],
    ),
    " n  name\n 1  日本\n10  x",
  );
  assert.equal(columns(["a", "bb", "c", "d"], 8), "a   c\nbb  d");
});

test("amounts and times are short", () => {
  assert.equal(bytes(512), "512B");
  assert.equal(bytes(1536), "1.5K");
  assert.equal(bytes(150 << 20), "150M");
  assert.equal(duration(61.5), "1:01.50");
  assert.equal(duration(90061), "1d 01:01:01");
});
