// machine/mem in TypeScript: loads, stores and block operations on the simulated address space.

import { type MemoryMap, PAGE_SIZE, SimulatedFault } from "./memory-map.ts";

/** A block length as a number; one that no memory holds is a fault. */
export function blockLength(length: bigint): number {
  const unsigned = BigInt.asUintN(64, length);
  if (unsigned > 0xffffffffn) throw new SimulatedFault(`a block of 0x${unsigned.toString(16)} bytes`);
  return Number(unsigned);
}

function copyBlock(memory: MemoryMap, destination: bigint, source: bigint, length: number): void {
  const from = memory.resolve(source, length);
  const sourceBytes = memory.bytes;
  const to = memory.resolve(destination, length);
  if (memory.bytes === sourceBytes) sourceBytes.copyWithin(to, from, from + length);
  else memory.bytes.set(sourceBytes.subarray(from, from + length), to);
}

export function memImports(memory: MemoryMap) {
  return {
    load8: (address: bigint): number => {
      const offset = memory.resolve(address, 1);
      return memory.view.getUint8(offset);
    },
    load16: (address: bigint): number => {
      const offset = memory.resolve(address, 2);
      return memory.view.getUint16(offset, true);
    },
    load32: (address: bigint): number => {
      const offset = memory.resolve(address, 4);
      return memory.view.getUint32(offset, true);
    },
    load64: (address: bigint): bigint => {
      const offset = memory.resolve(address, 8);
      return memory.view.getBigUint64(offset, true);
    },
    store8: (address: bigint, value: number): void => {
      const offset = memory.resolve(address, 1);
      memory.view.setUint8(offset, value);
    },
    store16: (address: bigint, value: number): void => {
      const offset = memory.resolve(address, 2);
      memory.view.setUint16(offset, value, true);
    },
    store32: (address: bigint, value: number): void => {
      const offset = memory.resolve(address, 4);
      memory.view.setUint32(offset, value, true);
    },
    store64: (address: bigint, value: bigint): void => {
      const offset = memory.resolve(address, 8);
      memory.view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    },
    copy: (destination: bigint, source: bigint, length: bigint): void => {
      const count = blockLength(length);
      const distance = BigInt.asUintN(64, destination) - BigInt.asUintN(64, source);
      const overlaps = distance > BigInt(-count) && distance < BigInt(count);
      if (count > 0 && overlaps) throw new SimulatedFault("mem.copy: the ranges overlap (use mem.move)");
      copyBlock(memory, destination, source, count);
    },
    move: (destination: bigint, source: bigint, length: bigint): void => {
      copyBlock(memory, destination, source, blockLength(length));
    },
    fill: (destination: bigint, byte: number, length: bigint): void => {
      const count = blockLength(length);
      const offset = memory.resolve(destination, count);
      memory.bytes.fill(byte & 0xff, offset, offset + count);
    },
    compare: (left: bigint, right: bigint, length: bigint): number => {
      const count = blockLength(length);
      const leftOffset = memory.resolve(left, count);
      const leftBytes = memory.bytes.subarray(leftOffset, leftOffset + count);
      const rightOffset = memory.resolve(right, count);
      return Buffer.compare(leftBytes, memory.bytes.subarray(rightOffset, rightOffset + count));
    },
    zeroPage: (page: bigint): void => {
      const offset = memory.resolve(page, PAGE_SIZE);
      memory.bytes.fill(0, offset, offset + PAGE_SIZE);
    },
    copyPage: (destination: bigint, source: bigint): void => {
      copyBlock(memory, destination, source, PAGE_SIZE);
    },
  };
}
