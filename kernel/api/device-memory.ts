// A PCI device's registers in memory: one region, every access inside it.

import * as mmio from "machine/mmio";
import { PciDevice } from "../drivers/pci/device";

export class DeviceMemory {
  /** Bytes; 0 when there is no such region. */
  readonly length: u64;
  private readonly base: u64;

  /** Region `bar` (0–5) of a device. */
  constructor(device: PciDevice, bar: i32) {
    this.base = device.map(bar);
    this.length = this.base == 0 ? 0 : device.memorySize(bar);
  }

  get isThere(): bool {
    return this.length != 0;
  }

  private at(offset: u64, size: u64): u64 {
    assert(offset <= this.length && size <= this.length - offset, "an access outside of the device's region");
    return this.base + offset;
  }

  read8(offset: u64): u32 {
    return mmio.read8(this.at(offset, 1));
  }

  read16(offset: u64): u32 {
    return mmio.read16(this.at(offset, 2));
  }

  read32(offset: u64): u32 {
    return mmio.read32(this.at(offset, 4));
  }

  read64(offset: u64): u64 {
    return mmio.read64(this.at(offset, 8));
  }

  write8(offset: u64, value: u32): void {
    mmio.write8(this.at(offset, 1), value);
  }

  write16(offset: u64, value: u32): void {
    mmio.write16(this.at(offset, 2), value);
  }

  write32(offset: u64, value: u32): void {
    mmio.write32(this.at(offset, 4), value);
  }

  write64(offset: u64, value: u64): void {
    mmio.write64(this.at(offset, 8), value);
  }
}
