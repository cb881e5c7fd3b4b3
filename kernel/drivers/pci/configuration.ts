// PCI configuration space by the two ports that every PC has (PCI Local Bus 3.0 §3.2.2.3.2, "configuration mechanism #1").
//
//   0xcf8   | enable 1 | reserved 7 | bus 8 | slot 5 | function 3 | register 6 | 00 |
//   0xcfc   the register's four bytes
//
// It reaches the first 256 bytes of each function: all that the drivers here need.

import * as port from "machine/port";

const ADDRESS: u32 = 0xcf8;
const DATA: u32 = 0xcfc;
const ENABLE: u32 = 0x8000_0000;

/** A function's place: bus 8, slot 5, function 3 bits. */
export function place(bus: u32, slot: u32, part: u32): u32 {
  return (bus << 8) | (slot << 3) | part;
}

function select(at: u32, register: u32): void {
  port.out32(ADDRESS, ENABLE | (at << 8) | (register & 0xfc));
}

export function read32(at: u32, register: u32): u32 {
  select(at, register);
  return port.in32(DATA);
}

export function read16(at: u32, register: u32): u32 {
  return (read32(at, register) >> ((register & 2) * 8)) & 0xffff;
}

export function read8(at: u32, register: u32): u32 {
  return (read32(at, register) >> ((register & 3) * 8)) & 0xff;
}

export function write32(at: u32, register: u32, value: u32): void {
  select(at, register);
  port.out32(DATA, value);
}

export function write16(at: u32, register: u32, value: u32): void {
  select(at, register);
  port.out16(DATA + (register & 2), value);
}

export function write8(at: u32, register: u32, value: u32): void {
  select(at, register);
  port.out8(DATA + (register & 3), value);
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
