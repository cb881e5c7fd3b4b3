// machine/mmio in TypeScript: device registers answered by simulated devices, anything else plain memory (DMA rings).

import type { MemoryMap } from "./memory-map.ts";

export interface MmioDevice {
  /** `offset` counts from the device's first byte. */
  read(offset: number, bytes: 1 | 2 | 4 | 8): bigint;
  write(offset: number, value: bigint, bytes: 1 | 2 | 4 | 8): void;
}

export class DeviceMap {
  readonly #memory: MemoryMap;
  readonly #devices: { readonly first: bigint; readonly length: number; readonly device: MmioDevice }[] = [];

  constructor(memory: MemoryMap) {
    this.#memory = memory;
  }

  /** Answer kernel-virtual addresses [first, first + length). */
  register(first: bigint, length: number, device: MmioDevice): void {
    this.#devices.push({ first: BigInt.asUintN(64, first), length, device });
  }

  read(address: bigint, bytes: 1 | 2 | 4 | 8): bigint {
    const unsigned = BigInt.asUintN(64, address);
    const found = this.#find(unsigned);
    if (found) return BigInt.asUintN(8 * bytes, found.device.read(Number(unsigned - found.first), bytes));
    const offset = this.#memory.resolve(address, bytes);
    const view = this.#memory.view;
    if (bytes === 8) return view.getBigUint64(offset, true);
    if (bytes === 4) return BigInt(view.getUint32(offset, true));
    return BigInt(bytes === 2 ? view.getUint16(offset, true) : view.getUint8(offset));
  }

  write(address: bigint, value: bigint, bytes: 1 | 2 | 4 | 8): void {
    const unsigned = BigInt.asUintN(64, address);
    const bits = BigInt.asUintN(8 * bytes, value);
    const found = this.#find(unsigned);
    if (found) {
      found.device.write(Number(unsigned - found.first), bits, bytes);
      return;
    }
    const offset = this.#memory.resolve(address, bytes);
    const view = this.#memory.view;
    if (bytes === 8) view.setBigUint64(offset, bits, true);
    else if (bytes === 4) view.setUint32(offset, Number(bits), true);
    else if (bytes === 2) view.setUint16(offset, Number(bits), true);
    else view.setUint8(offset, Number(bits));
  }

  #find(address: bigint) {
    return this.#devices.find((entry) => address >= entry.first && address < entry.first + BigInt(entry.length));
  }
}

export function mmioImports(devices: DeviceMap) {
  return {
    read8: (address: bigint): number => Number(devices.read(address, 1)),
    read16: (address: bigint): number => Number(devices.read(address, 2)),
    read32: (address: bigint): number => Number(devices.read(address, 4)),
    read64: (address: bigint): bigint => devices.read(address, 8),
    write8: (address: bigint, value: number): void => devices.write(address, BigInt(value), 1),
    write16: (address: bigint, value: number): void => devices.write(address, BigInt(value), 2),
    write32: (address: bigint, value: number): void => devices.write(address, BigInt(value), 4),
    write64: (address: bigint, value: bigint): void => devices.write(address, value, 8),
    fence: (): void => {},
  };
}
