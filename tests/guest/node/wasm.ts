// WebAssembly: compiled, with memory that grows, traps that are caught; WASI.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { WASI } from "node:wasi";

/** Assembles a module from sections; just enough for these tests. */
function section(id: number, ...content: number[]): number[] {
  return [id, content.length, ...content];
}
/** A function: local variables, then instructions. */
const body = (...code: number[]): number[] => [code.length, ...code];
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

// (func (export "sum") (param i32) (result i32)) adding 1..n in a loop; (func (export "load") (param i32) (result i32)); memory 1..
const bytes = Uint8Array.from([
  ...header,
  ...section(1, 1, 0x60, 1, 0x7f, 1, 0x7f),
  ...section(3, 2, 0, 0),
  ...section(5, 1, 0, 1),
  ...section(7, 3, ...name("sum"), 0, 0, ...name("load"), 0, 1, ...name("memory"), 2, 0),
  ...section(
    10,
    2,
    // s = 0; do { s += n; n -= 1 } while (n > 0); return s
    ...body(
      1,
      1,
      0x7f,
      0x03,
      0x40,
      0x20,
      1,
      0x20,
      0,
      0x6a,
      0x21,
      1,
      0x20,
      0,
      0x41,
      1,
      0x6b,
      0x22,
      0,
      0x41,
      0,
      0x4a,
      0x0d,
      0,
      0x0b,
      0x20,
      1,
      0x0b,
    ),
    ...body(0, 0x20, 0, 0x28, 2, 0, 0x0b),
  ),
]);

interface Exports {
  sum(n: number): number;
  load(address: number): number;
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
}

/** What is used of the global WebAssembly; its types belong to browsers' libraries. */
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(bytes: Uint8Array): Promise<{ instance: { exports: Exports } }>;
  instantiate(module: object, imports: object): Promise<object>;
  validate(bytes: Uint8Array): boolean;
  RuntimeError: ErrorConstructor;
  CompileError: ErrorConstructor;
}
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

test("a module compiles and computes", async () => {
  const { instance } = await wasm.instantiate(bytes);
  const exports = instance.exports;
  assert.equal(exports.sum(10), 55);
  assert.equal(exports.sum(100_000), ((100_000 * 100_001) / 2) | 0);
});

test("its memory grows and is shared with JavaScript", async () => {
  const { instance } = await wasm.instantiate(bytes);
  const { memory, load } = instance.exports;
  new DataView(memory.buffer).setInt32(1000, 77, true);
  assert.equal(load(1000), 77);
  memory.grow(100);
  assert.equal(memory.buffer.byteLength, 101 * 65536);
  new DataView(memory.buffer).setInt32(100 * 65536, 78, true);
  assert.equal(load(100 * 65536), 78);
});

test("an access out of bounds is an error, caught by the guard pages", async () => {
  const { instance } = await wasm.instantiate(bytes);
  const { load } = instance.exports;
  for (let i = 0; i < 10; i++) assert.throws(() => load(65536), wasm.RuntimeError);
  assert.throws(() => load(-4), wasm.RuntimeError);
  assert.equal(load(0), 0);
});

test("a broken module is refused", async () => {
  assert.equal(wasm.validate(Uint8Array.from([0, 1, 2, 3])), false);
  await assert.rejects(wasm.compile(Uint8Array.from([...header, 99])), wasm.CompileError);
});

test("WASI runs a program that writes to a file and exits", async () => {
  // (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (func (export "_start") i32.const 7 call 0)
  const program = Uint8Array.from([
    ...header,
    ...section(1, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 0),
    ...section(2, 1, ...name("wasi_snapshot_preview1"), ...name("proc_exit"), 0, 0),
    ...section(3, 1, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name("_start"), 0, 1, ...name("memory"), 2, 0),
    ...section(10, 1, ...body(0, 0x41, 7, 0x10, 0, 0x0b)),
  ]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "wasi-"));
  const wasi = new WASI({ version: "preview1", args: ["program"], preopens: { "/": folder }, returnOnExit: true });
  const module = await wasm.compile(program);
  const instance = await wasm.instantiate(module, wasi.getImportObject());
  assert.equal(wasi.start(instance), 7);
  fs.rmdirSync(folder);
});
