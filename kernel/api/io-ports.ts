// x86 I/O ports, by range: a PCI device's, or a legacy device's that nobody else has.

import * as port from "machine/port";
import { PciDevice } from "../drivers/pci/device";
import * as module from "../lib/module";
import * as log from "../log/log";

/** What the kernel itself uses, as first and last: 8259, timer, its gate, clock, serial ports, PCI, `egg`'s own. */
const KERNELS: StaticArray<u32> = [
  0x20, 0x21, 0x40, 0x43, 0x61, 0x61, 0x70, 0x71, 0xa0, 0xa1, 0xe9, 0xe9, 0xf4, 0xf4, 0x2f8, 0x2ff, 0x3f8, 0x3ff, 0xcf8,
  0xcff,
];
const PORTS: u32 = 0x10000;

class Claim {
  constructor(
    readonly first: u32,
    readonly last: u32,
    readonly owner: string,
  ) {}
}

const claims: Array<Claim> = [] as Claim[];

export class IoPorts {
  /** The first port; `offset`s count from here. */
  readonly first: u32;
  /** 0 when they are not to be had. */
  readonly count: u32;

  /**
   * Ports `first` to `first + count - 1`: none of them, with a line in the log, when someone has one already. With a
   * device, the ports of its region `bar` instead.
   */
  constructor(first: u32, count: u32, device: PciDevice | null = null, bar: i32 = 0) {
    this.first = device === null ? first : device.isIo(bar) ? device.ioPort(bar) : 0;
    let wanted = device === null ? count : device.isIo(bar) ? device.ioSize(bar) : 0;
    this.count = isFree(this.first, wanted, device !== null) ? wanted : 0;
  }

  get isThere(): bool {
    return this.count != 0;
  }

  private at(offset: u32, size: u32): u32 {
    assert(offset <= this.count && size <= this.count - offset, "an access outside of the claimed ports");
    return this.first + offset;
  }

  in8(offset: u32): u32 {
    return port.in8(this.at(offset, 1));
  }

  in16(offset: u32): u32 {
    return port.in16(this.at(offset, 2));
  }

  in32(offset: u32): u32 {
    return port.in32(this.at(offset, 4));
  }

  out8(offset: u32, value: u32): void {
    port.out8(this.at(offset, 1), value);
  }

  out16(offset: u32, value: u32): void {
    port.out16(this.at(offset, 2), value);
  }

  out32(offset: u32, value: u32): void {
    port.out32(this.at(offset, 4), value);
  }
}

/** Whether there are such ports and nobody has them; then they are the module's that registers. */
function isFree(first: u32, count: u32, isDevices: bool): bool {
  if (count == 0 || first >= PORTS || count > PORTS - first) return false;
  let last = first + count - 1;
  for (let i = 0; i < KERNELS.length; i += 2) {
    if (first <= KERNELS[i + 1] && last >= KERNELS[i]) return refuse(first, module.KERNEL);
  }
  // Who drives a device has its ports.
  if (isDevices) return true;
  for (let i = 0; i < claims.length; i++) {
    if (first <= claims[i].last && last >= claims[i].first) return refuse(first, claims[i].owner);
  }
  claims.push(new Claim(first, last, module.current));
  return true;
}

function refuse(first: u32, owner: string): bool {
  log
    .begin(log.ERROR)
    .string("module ")
    .string(module.current)
    .string(" claims I/O port ")
    .hex(<u64>first);
  log.line.string(" and what follows, but ").string(owner).string(" has it");
  log.end();
  return false;
}
