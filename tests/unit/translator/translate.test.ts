import assert from "node:assert/strict";
import { test } from "node:test";
import { type Call, compileSample, type Module, runInNode, runNative } from "./native.ts";

function assertSame(module: Module, calls: readonly Call[], level = "-O2"): string[] {
  const expected = runInNode(module, calls);
  const actual = runNative(module, calls, level);
  for (const [index, call] of calls.entries()) {
    assert.equal(actual[index], expected[index], `${call.join(" ")}: native (left), Node (right)`);
  }
  return expected;
}

const words = [
  0, 1, 2, 3, 7, 31, 32, 33, 100, 255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000, -1, -2, -7, -100,
  0x12345678,
];
const longs = [
  ...words.map(BigInt),
  63n,
  64n,
  65n,
  0x7fffffffffffffffn,
  -0x8000000000000000n,
  0x123456789abcdef0n,
  0x100000000n,
  -0x100000001n,
];
const pairs = <T>(values: readonly T[]) => values.flatMap((a) => values.map((b) => [a, b] as const));

test("integer arithmetic is exact at every corner", async () => {
  const module = await compileSample(new URL("./arithmetic.as.ts", import.meta.url));
  const calls: Call[] = [];
  for (const name of [
    "addSub",
    "mul",
    "divS",
    "divU",
    "remS",
    "remU",
    "shifts",
    "rotates",
    "counts",
    "compare",
    "truthsAsNumbers",
    "narrow",
    "divConstants",
    "selects",
    "widen",
  ]) {
    for (const [a, b] of pairs(words)) calls.push([name, a, b]);
  }
  for (const name of [
    "addSub64",
    "divS64",
    "divU64",
    "remS64",
    "remU64",
    "shifts64",
    "counts64",
    "compare64",
    "wrap",
    "constants",
  ]) {
    for (const [a, b] of pairs(longs)) calls.push([name, a, b]);
  }
  const results = assertSame(module, calls);
  assert.ok(results.includes("trap"), "division by zero is among them");
  assertSame(module, calls, "-O0");
});

test("control flow and evaluation order survive", async () => {
  const module = await compileSample(new URL("./control.as.ts", import.meta.url));
  const calls: Call[] = [];
  for (const n of words) calls.push(["switches", n], ["denseSwitch", n], ["globals", n], ["unreachableTail", n]);
  for (const n of [0, 1, 2, 5, 10, 15]) calls.push(["fibonacci", n], ["loops", n], ["infinite", n]);
  for (const [a, b] of pairs(words)) calls.push(["order", a, b], ["logic", a, b], ["ternaries", a, b]);
  assertSame(module, calls);
  assertSame(module, calls, "-O0");
});

test("objects, virtual and indirect calls, strings, arrays and maps work", async () => {
  const module = await compileSample(new URL("./objects.as.ts", import.meta.url));
  const calls: Call[] = [];
  for (const n of [0, 1, 2]) calls.push(["shapes", n]);
  for (const n of [0, 1, 2, 30])
    calls.push(["indirect", n, 7], ["closures", n * 10], ["text", n * 10], ["maps", n * 30], ["bytes", n]);
  for (const slot of [0, 1, 2, 3, 4, 5, 6, 100, -1]) calls.push(["wrongIndirect", slot]);
  calls.push(["indirectWide", 5n], ["outOfRange", 2], ["outOfRange", 3], ["outOfRange", -1], ["nothing"]);
  const results = assertSame(module, calls);
  assert.ok(results.filter((result) => result === "trap").length >= 8);
});

test("memory is accessed to the byte, block moves overlap, and what is out of bounds traps", async () => {
  const module = await compileSample(new URL("./memory.as.ts", import.meta.url));
  const calls: Call[] = [];
  for (const value of longs) calls.push(["stores", value], ["wideLoads", value], ["overlay", Number(value & 0xffn)]);
  for (const [from, to, length] of [
    [0, 0, 256],
    [0, 1, 255],
    [1, 0, 255],
    [10, 13, 100],
    [13, 10, 100],
    [0, 200, 56],
    [7, 7, 0],
  ]) {
    calls.push(["overlap", from ?? 0, to ?? 0, length ?? 0], ["fill", from ?? 0, 0xabc, length ?? 0]);
  }
  for (const address of [0x1000, 0, 0xfffd, 0xffff, 0x10000, 0x7fffffff, 0x80000001, -4, -1]) {
    calls.push(["at", address], ["atOffset", address], ["addressWraps", address], ["storeAt", address, 0x55aa1234]);
  }
  calls.push(["copyOut", 0xff00, 0x100], ["copyOut", 0xff01, 0x100], ["copyOut", -16, 32]);
  calls.push(["grow", 1], ["at", 0x10000], ["storeAt", 0x1fffc, 77], ["at", 0x1fffd], ["grow", 0], ["grow", 70000]);
  const results = assertSame(module, calls);
  assert.ok(results.includes("trap"));
});

test("floats work for host-side tests", async () => {
  const module = await compileSample(new URL("./floats.as.ts", import.meta.url));
  const view = new DataView(new ArrayBuffer(8));
  const bits = (value: number) => {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  };
  const numbers = [
    0,
    -0,
    1,
    -1,
    0.5,
    2.5,
    -2.5,
    1e10,
    -1e10,
    1e300,
    2147483647,
    -2147483649,
    2 ** 63,
    2 ** 64,
    Number.NaN,
    Infinity,
    -Infinity,
    5e-324,
  ];
  const calls: Call[] = [];
  for (const [a, b] of pairs(numbers.map(bits))) {
    for (const name of ["mixed", "minMax", "compare", "toInt", "toLong", "single", "bits"]) calls.push([name, a, b]);
  }
  for (const word of words) for (const long of longs) calls.push(["fromInts", word, long]);
  assertSame(module, calls);
});
