import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setKey(index: number, word: number): void;
  makeBlock(counter: bigint): void;
  blockWord(index: number): number;
  fill(length: bigint): number;
  random64(): bigint;
}

const wasm = await buildWasm(new URL("./random.as.ts", import.meta.url));

test("the cipher is ChaCha20 as others compute it", () => {
  const { exports } = instantiate<Exports>(wasm);
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 11) & 0xff));
  for (let i = 0; i < 8; i++) exports.setKey(i, key.readInt32LE(i * 4));
  for (const counter of [0, 1, 7]) {
    exports.makeBlock(BigInt(counter));
    const block = Buffer.alloc(64);
    for (let i = 0; i < 16; i++) block.writeInt32LE(exports.blockWord(i), i * 4);
    const nonce = Buffer.alloc(16);
    nonce.writeUInt32LE(counter);
    assert.deepEqual(block, createCipheriv("chacha20", key, nonce).update(Buffer.alloc(64)));
  }
});

test("random bytes look it, and no two requests are alike", () => {
  const { exports, linear } = instantiate<Exports>(wasm);
  const draw = () => {
    const at = exports.fill(65536n);
    return Buffer.from(linear().slice(at, at + 65536));
  };
  const first = draw();
  assert.notDeepEqual(first, draw());
  const counts = new Array<number>(256).fill(0);
  for (const byte of first) counts[byte] = (counts[byte] ?? 0) + 1;
  // Chi-squared with 255 degrees of freedom: 1 in 10^7 exceeds 390.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
  assert.ok(chiSquared < 390, `chi-squared ${chiSquared}`);
  assert.notEqual(exports.random64(), exports.random64());
});

test("machines with other entropy give other numbers", () => {
  const draw = (seed: number) => {
    const instance = instantiate<Exports>(wasm, { seed });
    instance.machine.cpu.cpuid = (leaf) => (leaf === 0 ? [7, 0, 0, 0] : [0, 1 << 18, 1 << 30, 0]);
    return instance.exports.random64();
  };
  assert.notEqual(draw(1), draw(2));
});
