// ACPI: what the firmware says is there. `acpi.table("TPM2")` finds a table by its signature, a driver registered with
// `acpi.register` is given the devices of its hardware id. Resources that AML would compute are not seen (acpi/devices.ts).

import * as mem from "machine/mem";
import * as tables from "../acpi/tables";
import * as bus from "../drivers/acpi/bus";
import { AcpiDriver } from "../drivers/acpi/bus";

export { AcpiDevice } from "../acpi/devices";
export { AcpiDriver } from "../drivers/acpi/bus";
export { connectInterrupt } from "../drivers/acpi/interrupt";

/** Have `driver` started on every device of its hardware id, when devices are looked for. */
export function register(driver: AcpiDriver): void {
  bus.addDriver(driver);
}

/** One table, header included; accesses are checked. */
export class Table {
  private readonly address: u64;
  /** Bytes. */
  readonly length: u64;

  constructor(signature: u32) {
    this.address = tables.find(signature);
    this.length = this.address == 0 ? 0 : tables.tableLength(this.address);
  }

  private at(offset: u64, size: u64): u64 {
    assert(offset <= this.length && size <= this.length - offset, "an access outside of the table");
    return this.address + offset;
  }

  get8(offset: u64): u32 {
    return mem.load8(this.at(offset, 1));
  }

  get16(offset: u64): u32 {
    return mem.load16(this.at(offset, 2));
  }

  get32(offset: u64): u32 {
    return mem.load32(this.at(offset, 4));
  }

  get64(offset: u64): u64 {
    return mem.load64(this.at(offset, 8));
  }
}

/** The table with a signature of four letters; null when there is none, or it is damaged. */
export function table(signature: string): Table | null {
  if (signature.length != 4) return null;
  let code: u32 = 0;
  for (let i = 0; i < 4; i++) code |= (<u32>(signature.charCodeAt(i) & 0xff)) << (8 * i);
  let found = new Table(code);
  return found.length == 0 ? null : found;
}
