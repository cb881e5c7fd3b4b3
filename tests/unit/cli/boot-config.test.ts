import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BootConfig,
  decodeBootConfig,
  encodeBootConfig,
  mergeBootConfig,
  withArguments,
} from "../../../cli/image/boot-config.ts";
import { Random } from "./random.ts";

test("a configuration reads back as it was", () => {
  const config: BootConfig = {
    program: "/usr/bin/node",
    args: ["node", "", "two words", "100%", "quote\"'\\", "naïve ✓", "new\nline"],
    fixedArgs: 1,
    env: { HOME: "/root", EMPTY: "", EQUALS: "a=b" },
    cwd: "/app",
    hostname: "box",
    stdin: "pipe",
    stdout: "tty",
    stderr: "com2",
    keyboard: "de",
    columns: 120,
    rows: 40,
    strace: ["read", "write"],
    trace: true,
    addresses: ["10.0.2.15/24", "fec0::15/64"],
    gateways: ["10.0.2.2"],
    nameServers: ["10.0.2.3"],
  };
  assert.deepEqual(decodeBootConfig(encodeBootConfig(config)), config);
});

test("the text is printable ASCII without quotes, whatever the values are", () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const args = Array.from({ length: random.below(4) + 1 }, () => random.bytes(random.below(20)).toString("utf8"));
    const text = encodeBootConfig({ args });
    assert.match(text, /^[ !#-&(-[\]-~]*$/);
    assert.deepEqual(decodeBootConfig(text).args, args);
  }
});

test("equal configurations give equal text", () => {
  assert.equal(encodeBootConfig({ cwd: "/", program: "/a" }), encodeBootConfig({ program: "/a", cwd: "/" }));
  assert.equal(encodeBootConfig({ program: "/a b", strace: true }), "program=/a%20b strace");
});

test("words without meaning are passed over", () => {
  assert.deepEqual(decodeBootConfig("quiet root=/dev/vda  program=/a stdin=maybe columns=x =y %"), { program: "/a" });
});

test("a broken escape stands for itself", () => {
  assert.deepEqual(decodeBootConfig("arg=%zz arg=50% arg=%4"), { args: ["%zz", "50%", "%4"] });
});

test("the later configuration wins, the environment is merged by name", () => {
  const merged = mergeBootConfig(
    { program: "/a", args: ["a", "1"], env: { X: "1", Y: "1" } },
    { args: ["b"], env: { Y: "2" }, cwd: undefined },
  );
  assert.deepEqual(merged, { program: "/a", args: ["b"], env: { X: "1", Y: "2" } });
});

test("given arguments replace the project's own and keep interpreter and script", () => {
  assert.deepEqual(withArguments({ args: ["node", "/m.mjs", "default"], fixedArgs: 2 }, ["x"]), [
    "node",
    "/m.mjs",
    "x",
  ]);
  assert.deepEqual(withArguments({ program: "/a" }, ["x"]), ["/a", "x"]);
});
