// How the machine ends and starts anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineStopped } from "../../../simulator/cpu.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

const wasm = await buildWasm(new URL("./power.as.ts", import.meta.url));

/** What is written to ports when the program ends: [port, value]. */
function ending(isReboot: boolean, hasDebugConsole: boolean): [number, number][] {
  const { exports, machine } = instantiate<{ end(status: number, isReboot: number): void }>(wasm);
  const written: [number, number][] = [];
  for (const port of [0xe9, 0xf4, 0x64, 0xcf9]) {
    const read = () => (port === 0xe9 && hasDebugConsole ? 0xe9 : 0xff);
    machine.ports.register(port, 1, { read, write: (_, value) => void written.push([port, value]) });
  }
  assert.throws(() => exports.end(3, isReboot ? 1 : 0), MachineStopped);
  return written;
}

test("on a real machine the end is no reset, unless one was asked for", () => {
  assert.deepEqual(ending(false, false), []);
  assert.deepEqual(ending(true, false), [
    [0xcf9, 0x02],
    [0xcf9, 0x06],
    [0x64, 0xfe],
  ]);
});

test("an emulator hears the status first, reset or not", () => {
  const text = [...Buffer.from("exit 3\n")].map((byte): [number, number] => [0xe9, byte]);
  assert.deepEqual(ending(true, true).slice(0, text.length + 1), [...text, [0xf4, 3]]);
});
