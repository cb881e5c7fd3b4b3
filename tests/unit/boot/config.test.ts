import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBootConfig } from "../../../cli/image/boot-config.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  restart(): void;
  read(length: number): void;
  addDefault(length: number): void;
  text(which: number): number;
  value(which: number): number;
}

const PROGRAM = 0;
const ARGV = 1;
const ENVIRONMENT = 2;
const { exports, linear } = instantiate<Exports>(await buildWasm(new URL("./config.as.ts", import.meta.url)));
const buffer = () => Number(BigInt.asUintN(30, exports.bufferAddress()));

function read(...texts: string[]): void {
  exports.restart();
  for (const text of texts) {
    const bytes = Buffer.from(text, "latin1");
    linear().set(bytes, buffer());
    exports.read(bytes.length);
  }
}

function text(which: number): string {
  const length = exports.text(which);
  return Buffer.from(linear().slice(buffer(), buffer() + length)).toString("utf8");
}

test("what egg writes is what the kernel reads", () => {
  const args = ["node", "--title=a b", "100% \"quoted\" 'x' \\", "größer", "", "tab\there"];
  read(
    encodeBootConfig({
      program: "/usr/bin/node",
      args,
      env: { HOME: "/root", EMPTY: "", ODD: "a=b c" },
      cwd: "/app dir",
      hostname: "box",
      stdin: "pipe",
      stdout: "pipe",
      stderr: "com2",
      columns: 132,
      rows: 43,
      strace: ["openat", "read"],
      trace: true,
      addresses: ["10.0.0.2/24", "fd00::2/64"],
      gateways: ["10.0.0.1"],
      nameServers: ["10.0.0.3"],
    }),
  );
  assert.equal(text(PROGRAM), "/usr/bin/node");
  assert.equal(text(ARGV), args.join("\n"));
  assert.equal(text(ENVIRONMENT), "HOME=/root\nEMPTY=\nODD=a=b c");
  assert.equal(text(3), "/app dir");
  assert.equal(text(4), "box");
  assert.equal(text(5), "openat,read");
  assert.equal(text(6), "10.0.0.2/24\nfd00::2/64");
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((which) => exports.value(which)),
    [2, 1, 2, 132, 43, 1, 1],
  );
});

test("without arguments argv is the program", () => {
  read("program=/bin/hello");
  assert.equal(text(ARGV), "/bin/hello");
});

test("the loader's text replaces single values and whole lists, and adds variables by name", () => {
  read("program=/a arg=a arg=b env=X=1 env=Y=2 cwd=/one", "arg=c env=X=3 cwd=/two unknown=1 flag");
  assert.equal(text(PROGRAM), "/a");
  assert.equal(text(ARGV), "c");
  assert.equal(text(ENVIRONMENT), "X=3\nY=2");
  assert.equal(text(3), "/two");
});

test("a default is added to the environment unless its name is there", () => {
  for (const [given, wanted] of [
    ["env=X=1", "X=1\nTERM=ours"],
    ["env=TERM=theirs", "TERM=theirs"],
    ["env=TERMINAL=x", "TERMINAL=x\nTERM=ours"],
  ] as const) {
    read(given);
    linear().set(Buffer.from("TERM=ours"), buffer());
    exports.addDefault(9);
    assert.equal(text(ENVIRONMENT), wanted);
  }
});

test("malformed texts are read as far as they make sense", () => {
  read("   program=/x%2 arg=%zz arg=100% columns=0 rows=99999999999 =value arg");
  assert.equal(text(PROGRAM), "/x%2");
  assert.equal(text(ARGV), "%zz\n100%\n");
  assert.equal(exports.value(3), 80);
  assert.equal(exports.value(4), 24);
});

test("arguments from outside come behind the image's own fixed ones", () => {
  read("program=/n arg=node arg=/main.js arg=old fixed=2", "after-fixed arg=new arg=er");
  assert.equal(text(ARGV), "node\n/main.js\nnew\ner");
  read("program=/n arg=node arg=/main.js arg=old fixed=2", "after-fixed");
  assert.equal(text(ARGV), "node\n/main.js");
  read("program=/n arg=n arg=old", "after-fixed arg=x");
  assert.equal(text(ARGV), "n\nold\nx");
});
