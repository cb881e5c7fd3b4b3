// Console backends of modules: what a program writes reaches all of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  heardAddress(): bigint;
  write(length: number): void;
  resize(columns: number, rows: number): void;
  heardSize(): number;
  takeHeard(): number;
  callCount(): number;
}

const { exports, linear } = instantiate<Exports>(await buildWasm(new URL("./backend.as.ts", import.meta.url)));
const place = (address: bigint) => Number(BigInt.asUintN(30, address));

test("a module's console backend hears every byte, in pieces, and the window's size", () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => i & 0xff));
  linear().set(bytes, place(exports.bufferAddress()));
  exports.write(bytes.length);
  assert.equal(exports.takeHeard(), 5000);
  const start = place(exports.heardAddress());
  assert.deepEqual(Buffer.from(linear().slice(start, start + 5000)), bytes);
  assert.equal(exports.callCount(), 5);
  exports.write(0);
  assert.equal(exports.takeHeard(), 0);
  exports.resize(132, 43);
  assert.equal(exports.heardSize(), 132_043);
});
