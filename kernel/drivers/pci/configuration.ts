// PCI configuration space by the two ports that every PC has (PCI Local Bus 3.0 §3.2.2.3.2, "configuration mechanism #1"),
// or in memory (PCI Express 5.0 §7.2.2, acpi/pci-host.ts tells where) where there are no such ports,
// and beyond the first 256 bytes of a function.
//
//   0xcf8    | enable 1 | reserved 7 | bus 8 | slot 5 | function 3 | register 6 | 00 |
//   0xcfc    the register's four bytes
//   memory   base + | bus 8 | slot 5 | function 3 | register 12 |

import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as pageTables from "memory/page-tables";
import { configurationWindow } from "../../acpi/pci-host";

const ADDRESS: u32 = 0xcf8;
const DATA: u32 = 0xcfc;
const ENABLE: u32 = 0x8000_0000;
/** What the ports reach of a function. */
const PORT_REACH: u32 = 0x100;

const BUSES: i32 = 256;
const BUS_SIZE: u64 = 1 << 20;
const ABSENT: u32 = 0xffff_ffff;

let hasPorts: bool = true;
/** Physical address of bus 0's registers; 0: none in memory. */
let memoryBase: u64 = 0;
let firstBus: u32 = 0;
let lastBus: u32 = 0;
/** Where each bus is in the kernel's memory, once it was asked for. */
const busAddress: StaticArray<u64> = new StaticArray<u64>(BUSES);

/** Find out which way leads to the registers. Before any other call. */
export function initialize(): void {
  let before = port.in32(ADDRESS);
  port.out32(ADDRESS, ENABLE);
  hasPorts = port.in32(ADDRESS) == ENABLE;
  if (hasPorts) port.out32(ADDRESS, before);
  let window = configurationWindow();
  if (window === null) return;
  memoryBase = window.base;
  firstBus = window.firstBus;
  lastBus = window.lastBus;
}

/** Physical address of the registers in memory; 0 when there are none. */
export function memoryWindow(): u64 {
  return memoryBase == 0 ? 0 : memoryBase + <u64>firstBus * BUS_SIZE;
}

/** A function's place: bus 8, slot 5, function 3 bits. */
export function place(bus: u32, slot: u32, part: u32): u32 {
  return (bus << 8) | (slot << 3) | part;
}

/** Whether the ports lead there. */
function isByPort(register: u32): bool {
  return hasPorts && register < PORT_REACH;
}

/** A register's address in the kernel's memory; 0 when it is not to be reached. */
function inMemory(at: u32, register: u32): u64 {
  let bus = at >> 8;
  if (memoryBase == 0 || bus < firstBus || bus > lastBus) return 0;
  let start = busAddress[bus];
  if (start == 0) {
    start = pageTables.mapDevice(memoryBase + <u64>bus * BUS_SIZE, BUS_SIZE, pageTables.UNCACHED);
    busAddress[bus] = start;
  }
  return start == 0 ? 0 : start + ((<u64>at & 0xff) << 12) + <u64>register;
}

function select(at: u32, register: u32): void {
  port.out32(ADDRESS, ENABLE | (at << 8) | (register & 0xfc));
}

export function read32(at: u32, register: u32): u32 {
  if (isByPort(register)) {
    select(at, register);
    return port.in32(DATA);
  }
  let address = inMemory(at, register & ~3);
  return address == 0 ? ABSENT : mmio.read32(address);
}

export function read16(at: u32, register: u32): u32 {
  return (read32(at, register) >> ((register & 2) * 8)) & 0xffff;
}

export function read8(at: u32, register: u32): u32 {
  return (read32(at, register) >> ((register & 3) * 8)) & 0xff;
}

export function write32(at: u32, register: u32, value: u32): void {
  if (isByPort(register)) {
    select(at, register);
    port.out32(DATA, value);
    return;
  }
  let address = inMemory(at, register);
  if (address != 0) mmio.write32(address, value);
}

export function write16(at: u32, register: u32, value: u32): void {
  if (isByPort(register)) {
    select(at, register);
    port.out16(DATA + (register & 2), value);
    return;
  }
  let address = inMemory(at, register);
  if (address != 0) mmio.write16(address, value);
}

export function write8(at: u32, register: u32, value: u32): void {
  if (isByPort(register)) {
    select(at, register);
    port.out8(DATA + (register & 3), value);
    return;
  }
  let address = inMemory(at, register);
  if (address != 0) mmio.write8(address, value);
}

/** Registers of the header (PCI Local Bus 3.0 §6.1). */
export const VENDOR: u32 = 0x00;
export const DEVICE: u32 = 0x02;
export const COMMAND: u32 = 0x04;
export const STATUS: u32 = 0x06;
export const REVISION: u32 = 0x08;
export const CLASS: u32 = 0x0a;
export const HEADER_TYPE: u32 = 0x0e;
export const BAR: u32 = 0x10;
export const SECONDARY_BUS: u32 = 0x19;
export const SUBSYSTEM: u32 = 0x2e;
export const CAPABILITIES: u32 = 0x34;
export const INTERRUPT_LINE: u32 = 0x3c;
export const INTERRUPT_PIN: u32 = 0x3d;

export const COMMAND_IO: u32 = 1;
export const COMMAND_MEMORY: u32 = 2;
export const COMMAND_MASTER: u32 = 4;
export const COMMAND_NO_INTX: u32 = 0x400;
export const STATUS_CAPABILITIES: u32 = 0x10;

export const NO_VENDOR: u32 = 0xffff;
