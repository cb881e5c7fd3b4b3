// A register that a table names: a generic address structure (ACPI 6.5 §5.2.3.2), or the port of older fields.
//
//   | space 1 | bits 1 | offset 1 | access size 1 | address 8 |

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as pageTables from "memory/page-tables";

const SPACE_MEMORY: u32 = 0;
const SPACE_PORT: u32 = 1;
const GAS_ADDRESS: u64 = 4;
/** Length of the structure. */
export const GAS_SIZE: u64 = 12;

export class Register {
  private constructor(
    private readonly isPort: bool,
    /** A port, or where the register is in the kernel's memory. */
    private readonly address: u64,
  ) {}

  /** The register at a port; null for port 0, which means none. */
  static atPort(number: u32): Register | null {
    return number == 0 ? null : new Register(true, <u64>number);
  }

  /** The register that the structure at `gas` names; null when it names none, or one of a kind that is not served here. */
  static named(gas: u64): Register | null {
    let physical = mem.load64(gas + GAS_ADDRESS);
    if (physical == 0) return null;
    let space = mem.load8(gas);
    if (space == SPACE_PORT) return new Register(true, physical & 0xffff);
    if (space != SPACE_MEMORY) return null;
    let address = pageTables.mapDevice(physical, 8, pageTables.UNCACHED);
    return address == 0 ? null : new Register(false, address);
  }

  /** The port; 0 for a register in memory. */
  get portNumber(): u32 {
    return this.isPort ? <u32>this.address : 0;
  }

  write8(value: u32): void {
    if (this.isPort) port.out8(<u32>this.address, value);
    else mmio.write8(this.address, value);
  }

  read16(): u32 {
    return this.isPort ? port.in16(<u32>this.address) : mmio.read16(this.address);
  }

  write16(value: u32): void {
    if (this.isPort) port.out16(<u32>this.address, value);
    else mmio.write16(this.address, value);
  }

  read32(): u32 {
    return this.isPort ? port.in32(<u32>this.address) : mmio.read32(this.address);
  }
}
