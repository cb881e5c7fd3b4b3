// One PCI function: what it is, where its registers are, how it interrupts.

import * as mmio from "machine/mmio";
import * as pageTables from "memory/page-tables";
import * as lines from "../../interrupt/lines";
import { InterruptHandler } from "../../interrupt/vectors";
import * as configuration from "./configuration";

/** Capability numbers (PCI Code and ID Assignment §2). */
export const enum Capability {
  MSI = 0x05,
  VENDOR = 0x09,
  MSIX = 0x11,
}

export const BAR_COUNT: i32 = 6;
/** MSI (PCI Local Bus 3.0 §6.8.1). */
const MSI_CONTROL: u32 = 2;
const MSI_ADDRESS: u32 = 4;
const MSI_ENABLE: u32 = 1;
const MSI_64: u32 = 0x80;
const MSI_COUNT_MASK: u32 = 0x70;
/** MSI-X (§6.8.2): a table of 16-byte entries in device memory: address 8, data 4, control 4. */
const MSIX_CONTROL: u32 = 2;
const MSIX_TABLE: u32 = 4;
const MSIX_ENABLE: u32 = 0x8000;
const MSIX_MASK_ALL: u32 = 0x4000;
const MSIX_SIZE_MASK: u32 = 0x7ff;
const MSIX_ENTRY: u64 = 16;

export class PciDevice {
  readonly vendor: u32;
  readonly device: u32;
  readonly subsystem: u32;
  /** Class and subclass in one number: 0x0200 is an Ethernet controller. */
  readonly classCode: u32;
  private mapped: StaticArray<u64> = new StaticArray<u64>(BAR_COUNT);
  private msixTable: u64 = 0;
  private msixCount: u32 = 0;

  constructor(public readonly place: u32) {
    this.vendor = configuration.read16(place, configuration.VENDOR);
    this.device = configuration.read16(place, configuration.DEVICE);
    this.subsystem = configuration.read16(place, configuration.SUBSYSTEM);
    this.classCode = configuration.read16(place, configuration.CLASS);
  }

  get bus(): u32 {
    return this.place >> 8;
  }

  get slot(): u32 {
    return (this.place >> 3) & 31;
  }

  /** Let it decode its addresses and reach memory. */
  enable(): void {
    let command = configuration.read16(this.place, configuration.COMMAND);
    command |= configuration.COMMAND_IO | configuration.COMMAND_MEMORY | configuration.COMMAND_MASTER;
    configuration.write16(this.place, configuration.COMMAND, command);
  }

  private bar(index: i32): u32 {
    return configuration.read32(this.place, configuration.BAR + 4 * <u32>index);
  }

  isIo(index: i32): bool {
    return index >= 0 && index < BAR_COUNT && (this.bar(index) & 1) != 0;
  }

  /** The first port of an I/O region. */
  ioPort(index: i32): u32 {
    return this.bar(index) & 0xfffc;
  }

  /** Whether a memory region's address has 64 bits, so that the next register is its other half. */
  isWide(index: i32): bool {
    return (this.bar(index) & 7) == 4;
  }

  /** Give a memory region its place, below 4 GB. */
  setMemoryAddress(index: i32, address: u64): void {
    let register = configuration.BAR + 4 * <u32>index;
    configuration.write32(this.place, register, <u32>address);
    if (this.isWide(index)) configuration.write32(this.place, register + 4, <u32>(address >> 32));
  }

  /** Physical address of a memory region; 0 when the firmware gave it none. */
  memoryAddress(index: i32): u64 {
    let low = this.bar(index);
    let address = <u64>(low & 0xffff_fff0);
    // Type 2: 64 bits, the next register has the other half.
    if ((low & 6) == 4 && index + 1 < BAR_COUNT) address |= (<u64>this.bar(index + 1)) << 32;
    return address;
  }

  /** Size of a memory region, found by writing ones (PCI Local Bus 3.0 §6.2.5.1). */
  memorySize(index: i32): u64 {
    let register = configuration.BAR + 4 * <u32>index;
    let command = configuration.read16(this.place, configuration.COMMAND);
    let value = configuration.read32(this.place, register);
    // It must not decode while its address is nonsense.
    configuration.write16(this.place, configuration.COMMAND, command & ~configuration.COMMAND_MEMORY);
    configuration.write32(this.place, register, 0xffff_ffff);
    let mask = configuration.read32(this.place, register) & 0xffff_fff0;
    configuration.write32(this.place, register, value);
    configuration.write16(this.place, configuration.COMMAND, command);
    return mask == 0 ? 0 : <u64>~mask + 1;
  }

  /** How many ports an I/O region has. */
  ioSize(index: i32): u32 {
    let register = configuration.BAR + 4 * <u32>index;
    let value = configuration.read32(this.place, register);
    configuration.write32(this.place, register, 0xffff_ffff);
    let mask = configuration.read32(this.place, register) & 0xfffc;
    configuration.write32(this.place, register, value);
    return mask == 0 ? 0 : (~mask & 0xffff) + 1;
  }

  /** Map a memory region uncached; kernel-virtual address, 0 when there is none. Mapped once. */
  map(index: i32): u64 {
    if (index < 0 || index >= BAR_COUNT || this.isIo(index)) return 0;
    if (this.mapped[index] != 0) return this.mapped[index];
    let address = this.memoryAddress(index);
    let size = this.memorySize(index);
    if (address == 0 || size == 0) return 0;
    this.mapped[index] = pageTables.mapDevice(address, size, pageTables.UNCACHED);
    return this.mapped[index];
  }

  /** The first capability of a kind after offset `after` (0: from the beginning); 0 when there is none. */
  findCapability(kind: u32, after: u32): u32 {
    if (!(configuration.read16(this.place, configuration.STATUS) & configuration.STATUS_CAPABILITIES)) return 0;
    let at = configuration.read8(this.place, after == 0 ? configuration.CAPABILITIES : after + 1) & 0xfc;
    // A list that goes round in circles is a broken device.
    for (let steps = 0; at != 0 && steps < 64; steps++) {
      if (configuration.read8(this.place, at) == kind) return at;
      at = configuration.read8(this.place, at + 1) & 0xfc;
    }
    return 0;
  }

  read8(register: u32): u32 {
    return configuration.read8(this.place, register);
  }

  read32(register: u32): u32 {
    return configuration.read32(this.place, register);
  }

  /** Prepare MSI-X: every entry masked. Returns how many entries there are, 0 without MSI-X. */
  prepareMessages(): u32 {
    let capability = this.findCapability(Capability.MSIX, 0);
    if (capability == 0) return 0;
    let table = configuration.read32(this.place, capability + MSIX_TABLE);
    let base = this.map(<i32>(table & 7));
    if (base == 0) return 0;
    this.msixTable = base + <u64>(table & ~7);
    let control = configuration.read16(this.place, capability + MSIX_CONTROL);
    this.msixCount = (control & MSIX_SIZE_MASK) + 1;
    for (let i: u32 = 0; i < this.msixCount; i++) mmio.write32(this.msixTable + <u64>i * MSIX_ENTRY + 12, 1);
    control = (control | MSIX_ENABLE) & ~MSIX_MASK_ALL;
    configuration.write16(this.place, capability + MSIX_CONTROL, control);
    this.disableLine();
    return this.msixCount;
  }

  /** Let MSI-X entry `index` call `handler`. Returns whether that worked. */
  connectMessage(index: u32, handler: InterruptHandler): bool {
    if (index >= this.msixCount) return false;
    let vector = lines.connectMessage(handler);
    if (vector == 0) return false;
    let entry = this.msixTable + <u64>index * MSIX_ENTRY;
    let address = lines.messageAddress();
    mmio.write32(entry, <u32>address);
    mmio.write32(entry + 4, <u32>(address >> 32));
    mmio.write32(entry + 8, lines.messageData(vector));
    mmio.write32(entry + 12, 0);
    return true;
  }

  /** One interrupt for the whole device: MSI where it has that, else its line. Returns whether that worked. */
  connectInterrupt(handler: InterruptHandler): bool {
    return this.connectSingleMessage(handler) || this.connectLine(handler);
  }

  private connectSingleMessage(handler: InterruptHandler): bool {
    let capability = this.findCapability(Capability.MSI, 0);
    if (capability == 0) return false;
    let vector = lines.connectMessage(handler);
    if (vector == 0) return false;
    let control = configuration.read16(this.place, capability + MSI_CONTROL);
    let address = lines.messageAddress();
    configuration.write32(this.place, capability + MSI_ADDRESS, <u32>address);
    let data = capability + MSI_ADDRESS + 4;
    if (control & MSI_64) {
      configuration.write32(this.place, data, <u32>(address >> 32));
      data += 4;
    }
    configuration.write16(this.place, data, lines.messageData(vector));
    configuration.write16(this.place, capability + MSI_CONTROL, (control & ~MSI_COUNT_MASK) | MSI_ENABLE);
    this.disableLine();
    return true;
  }

  /** The firmware routed the pin to an ISA line and wrote down which; the I/O APIC sees that line too. */
  private connectLine(handler: InterruptHandler): bool {
    let line = configuration.read8(this.place, configuration.INTERRUPT_LINE);
    if (configuration.read8(this.place, configuration.INTERRUPT_PIN) == 0 || line == 0 || line > 15) return false;
    let command = configuration.read16(this.place, configuration.COMMAND);
    configuration.write16(this.place, configuration.COMMAND, command & ~configuration.COMMAND_NO_INTX);
    return lines.connectIsa(line, handler);
  }

  private disableLine(): void {
    let command = configuration.read16(this.place, configuration.COMMAND);
    configuration.write16(this.place, configuration.COMMAND, command | configuration.COMMAND_NO_INTX);
  }
}
