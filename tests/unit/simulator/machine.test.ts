import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelAbort, instantiate } from "../../../simulator/instantiate.ts";
import { SimulatedFault } from "../../../simulator/memory-map.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  throughTheHeap(physical: bigint, value: bigint): bigint;
  loadPhysical(physical: bigint): number;
  wild(): number;
  overlappingCopy(): void;
  now(): bigint;
  draw(): bigint;
  outIn(at: number, value: number): number;
  device(address: bigint): number;
  copyFromUser(address: bigint, length: bigint): bigint;
  userStringLength(address: bigint, limit: bigint): bigint;
  fails(value: number): void;
  pingPong(rounds: number): number;
}

const wasm = await buildWasm(new URL("./machine.as.ts", import.meta.url));

test("physical memory and the heap are both reached through machine/mem", () => {
  const { exports, machine } = instantiate<Exports>(wasm);
  assert.equal(exports.throughTheHeap(0x1000n, 0x1122334455667788n), 0x1122334455667788n);
  assert.deepEqual([...machine.memory.ram.subarray(0x1000, 0x1004)], [0x88, 0x77, 0x66, 0x55]);
  machine.memory.ram.set([1, 2, 3, 4], 0x3000);
  assert.equal(exports.loadPhysical(0x3000n), 0x04030201);
});

test("a wild address and an overlapping copy are faults", () => {
  const { exports } = instantiate<Exports>(wasm);
  assert.throws(() => exports.wild(), SimulatedFault);
  assert.throws(() => exports.overlappingCopy(), SimulatedFault);
});

test("time moves only when the test moves it", () => {
  const { exports, machine } = instantiate<Exports>(wasm);
  assert.equal(exports.now(), 0n);
  machine.clock.advanceMs(3);
  assert.equal(exports.now(), 3_000_000n);
});

test("randomness follows the seed", () => {
  const draw = (seed: number) => instantiate<Exports>(wasm, { seed }).exports.draw();
  assert.equal(draw(5), draw(5));
  assert.notEqual(draw(5), draw(6));
});

test("ports and device registers reach simulated devices", () => {
  const { exports, machine } = instantiate<Exports>(wasm);
  assert.equal(exports.outIn(0x3f8, 0x41), 0xff, "a port without a device reads all ones");
  const written: number[] = [];
  machine.ports.register(0x3f8, 8, { read: () => 0x60, write: (offset, value) => void written.push(offset, value) });
  assert.equal(exports.outIn(0x3f9, 0x41), 0x60);
  assert.deepEqual(written, [1, 0x41]);
  machine.devices.register(0xffff8000fee00000n, 0x1000, { read: (offset) => BigInt(offset), write: () => {} });
  assert.equal(exports.device(0xffff8000fee00030n), 0x30);
});

test("a user copy that meets a missing page ends short, unless the fault fills it", () => {
  const { exports, machine } = instantiate<Exports>(wasm);
  machine.user.map(0x400000n, 4096);
  machine.user.write(0x400ff0n, Buffer.from("0123456789abcdef"));
  assert.equal(exports.copyFromUser(0x400ff0n, 16n), 0n);
  assert.equal(Buffer.from(machine.memory.ram.subarray(0x2000, 0x2010)).toString(), "0123456789abcdef");
  assert.equal(exports.copyFromUser(0x400ff0n, 24n), 8n);
  assert.equal(exports.userStringLength(0x400ff0n, 64n), -1n);
  machine.user.onFault = (address) => {
    machine.user.map(address, 1);
    return true;
  };
  assert.equal(exports.copyFromUser(0x400ff0n, 24n), 0n);
  assert.equal(exports.userStringLength(0x400ff0n, 64n), 16n);
});

test("a failed assertion names its TypeScript line", () => {
  const { exports } = instantiate<Exports>(wasm);
  assert.throws(
    () => exports.fails(1),
    (error: Error) => {
      assert.ok(error instanceof KernelAbort);
      assert.match(error.message, /^value is zero \(tests\/unit\/simulator\/machine\.as\.ts:\d+:\d+\)$/);
      return true;
    },
  );
});

test("kernel threads switch stacks", async () => {
  const { call } = instantiate<Exports>(wasm);
  assert.equal(await call("pingPong", 5), 5);
});
