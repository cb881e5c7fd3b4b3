// machine/port in TypeScript: I/O ports answered by simulated devices; a port without one reads all ones, as on a PC.

import { blockLength } from "./mem.ts";
import type { MemoryMap } from "./memory-map.ts";

export interface PortDevice {
  /** `offset` counts from the device's first port. */
  read(offset: number, bytes: 1 | 2 | 4): number;
  write(offset: number, value: number, bytes: 1 | 2 | 4): void;
}

export class Ports {
  readonly #devices: { readonly first: number; readonly count: number; readonly device: PortDevice }[] = [];

  /** Answer ports [first, first + count). */
  register(first: number, count: number, device: PortDevice): void {
    this.#devices.push({ first, count, device });
  }

  read(port: number, bytes: 1 | 2 | 4): number {
    const found = this.#find(port);
    if (!found) return bytes === 4 ? -1 : 2 ** (8 * bytes) - 1;
    return found.device.read(port - found.first, bytes);
  }

  write(port: number, value: number, bytes: 1 | 2 | 4): void {
    const found = this.#find(port);
    found?.device.write(port - found.first, bytes === 4 ? value >>> 0 : value & (2 ** (8 * bytes) - 1), bytes);
  }

  #find(port: number) {
    return this.#devices.find((entry) => port >= entry.first && port < entry.first + entry.count);
  }
}

export function portImports(ports: Ports, memory: MemoryMap) {
  return {
    in8: (port: number): number => ports.read(port, 1),
    in16: (port: number): number => ports.read(port, 2),
    in32: (port: number): number => ports.read(port, 4),
    out8: (port: number, value: number): void => ports.write(port, value, 1),
    out16: (port: number, value: number): void => ports.write(port, value, 2),
    out32: (port: number, value: number): void => ports.write(port, value, 4),
    outBytes: (port: number, address: bigint, count: bigint): void => {
      for (const byte of memory.read(address, blockLength(count))) ports.write(port, byte, 1);
    },
  };
}
