// The 16550: FIFOs, interrupts and line errors.

import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../../simulator/instantiate.ts";
import type { PortDevice } from "../../../simulator/port.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  bufferAddress(): bigint;
  initialize(): number;
  send(length: number): bigint;
  write(length: number): void;
  read(): number;
  interrupt(): number;
  setBreak(isOn: number): void;
}

const COM1 = 0x3f8;
const FIFO_DEPTH = 16;

/** A 16550 as far as the driver sees it (PC16550D data sheet, table 2). */
class Uart implements PortDevice {
  readonly sent: number[] = [];
  readonly arriving: { byte: number; errors: number }[] = [];
  readonly registers = new Uint8Array(8);
  /** Bytes in the transmitter's FIFO; what is written to a full one is lost. */
  #filled = 0;
  lost = 0;
  /** Whether the line takes bytes away at once. */
  isFlowing = true;

  drain(): void {
    this.#filled = 0;
  }

  read(offset: number): number {
    if (offset === 0) return this.arriving.shift()?.byte ?? 0;
    if (offset !== 5) return this.registers[offset] ?? 0;
    const next = this.arriving[0];
    if (this.isFlowing) this.drain();
    return (next ? 1 | next.errors : 0) | (this.#filled === 0 ? 0x60 : 0);
  }

  write(offset: number, value: number): void {
    const isDivisor = (this.registers[3] ?? 0) & 0x80;
    if (offset === 0 && !isDivisor) {
      if (this.#filled === FIFO_DEPTH) this.lost++;
      else {
        this.#filled++;
        this.sent.push(value);
      }
    } else this.registers[offset] = value;
  }
}

async function start(): Promise<{ exports: Exports; uart: Uart; fill(bytes: number[]): void }> {
  const { exports, linear, machine } = instantiate<Exports>(await buildWasm(new URL("./uart.as.ts", import.meta.url)));
  const uart = new Uart();
  machine.ports.register(COM1, 8, uart);
  assert.equal(exports.initialize(), 1);
  const place = Number(BigInt.asUintN(30, exports.bufferAddress()));
  return { exports, uart, fill: (bytes) => linear().set(bytes, place) };
}

const pattern = (length: number): number[] => Array.from({ length }, (_, index) => (index * 7) & 0xff);

test("output goes out whole, a FIFO at a time", async () => {
  const { exports, uart, fill } = await start();
  fill(pattern(1000));
  assert.equal(exports.send(1000), 1000n);
  assert.deepEqual(uart.sent, pattern(1000));
  assert.equal(uart.lost, 0);
});

test("a port whose line stands still takes one FIFO and says when there is room", async () => {
  const { exports, uart, fill } = await start();
  uart.isFlowing = false;
  fill(pattern(100));
  assert.equal(exports.send(100), 16n);
  assert.equal((uart.registers[1] ?? 0) & 2, 2, "the interrupt for room is on");
  assert.equal(exports.interrupt(), 0, "no room yet");
  uart.drain();
  assert.equal(exports.interrupt(), 1);
  assert.equal((uart.registers[1] ?? 0) & 2, 0, "and off again");
  assert.equal(uart.lost, 0);
});

test("the port interrupts for half a FIFO, or less after a pause", async () => {
  const { uart } = await start();
  assert.equal(uart.registers[2], 0x87);
});

test("bytes come in order; what the line spoilt is marked", async () => {
  const { exports, uart } = await start();
  uart.arriving.push({ byte: 65, errors: 0 }, { byte: 66, errors: 0x04 }, { byte: 67, errors: 0x08 });
  uart.arriving.push({ byte: 0, errors: 0x18 }, { byte: 68, errors: 0 });
  assert.deepEqual(
    Array.from({ length: 6 }, () => exports.read()),
    [65, 66 | 0x100, 67 | 0x100, 0x200, 68, -1],
  );
});

test("a break is held in the line control register", async () => {
  const { exports, uart } = await start();
  exports.setBreak(1);
  assert.equal(uart.registers[3], 0x43);
  exports.setBreak(0);
  assert.equal(uart.registers[3], 0x03);
});
