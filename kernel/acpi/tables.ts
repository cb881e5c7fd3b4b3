// ACPI's static tables (ACPI 6.5 §5.2): found once from the root pointer, read in place. No AML is run.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as pageTables from "memory/page-tables";

const HEADER_SIZE: u64 = 36;
const RSDP_SIGNATURE: u64 = 0x2052545020445352; // "RSD PTR "
const RSDP_SIZE: u64 = 36;
const RSDP_FIRST_SIZE: u64 = 20;
const RSDP_REVISION: u64 = 15;
const RSDP_RSDT: u64 = 16;
const RSDP_XSDT: u64 = 24;
/** Where a BIOS keeps the root pointer (ACPI 6.5 §5.2.5.1), on a 16-byte boundary. */
const BIOS_START: u64 = 0xe0000;
const BIOS_END: u64 = 0x100000;
/** The extended BIOS data area's segment stands here; the root pointer may be in its first kilobyte. */
const EBDA_SEGMENT: u64 = 0x40e;
const EBDA_SEARCHED: u64 = 1024;
const FIRST_MEGABYTE_LOW: u64 = 0x400;
/** A table longer than this is taken for garbage. */
const LONGEST_TABLE: u64 = 0x400000;

export const MADT: u32 = 0x43495041; // "APIC"
export const FADT: u32 = 0x50434146; // "FACP"
export const MCFG: u32 = 0x4746434d; // "MCFG"
export const HPET: u32 = 0x54455048; // "HPET"

let rootTable: u64 = 0;
let entrySize: u64 = 0;

/** Find the root table: `rsdp` is the root pointer's physical address, 0 to search for it. Returns whether there is one. */
export function initialize(rsdp: u64): bool {
  rootTable = 0;
  let pointer = rsdp == 0 ? 0 : view(rsdp, RSDP_SIZE);
  if (pointer == 0 || !isRootPointer(pointer)) pointer = searchRootPointer();
  if (pointer == 0) return false;
  let extended = mem.load8(pointer + RSDP_REVISION) >= 2 ? mem.load64(pointer + RSDP_XSDT) : 0;
  entrySize = 8;
  if (extended != 0) rootTable = viewTable(extended);
  if (rootTable != 0) return true;
  entrySize = 4;
  rootTable = viewTable(<u64>mem.load32(pointer + RSDP_RSDT));
  return rootTable != 0;
}

/** Signature and checksum of the part that every version has (ACPI 6.5 §5.2.5.3). */
function isRootPointer(address: u64): bool {
  return mem.load64(address) == RSDP_SIGNATURE && sumOf(address, RSDP_FIRST_SIZE) == 0;
}

/** The bytes' sum, modulo 256. */
function sumOf(address: u64, length: u64): u32 {
  let sum: u32 = 0;
  for (let i: u64 = 0; i < length; i++) sum += mem.load8(address + i);
  return sum & 0xff;
}

/** The kernel-virtual address of a table by its signature; 0 when there is none, or its checksum is wrong. */
export function find(signature: u32): u64 {
  if (rootTable == 0) return 0;
  let end = rootTable + tableLength(rootTable);
  for (let entry = rootTable + HEADER_SIZE; entry + entrySize <= end; entry += entrySize) {
    let physical = entrySize == 8 ? mem.load64(entry) : <u64>mem.load32(entry);
    let header = view(physical, HEADER_SIZE);
    if (header != 0 && mem.load32(header) == signature) return viewTable(physical);
  }
  return 0;
}

/** A table's length in bytes, header included. */
export function tableLength(table: u64): u64 {
  return <u64>mem.load32(table + 4);
}

/** Physical memory as the kernel sees it, mapped if the direct map does not show it; 0 when it cannot be. */
export function view(physical: u64, length: u64): u64 {
  if (physical == 0) return 0;
  let address = direct(physical);
  if (pageTables.kernel() == 0) return address; // the early tables show the first 4 GB
  if (pageTables.translateKernel(address) != 0 && pageTables.translateKernel(address + length - 1) != 0) return address;
  return pageTables.mapDevice(physical, length, pageTables.WRITE_BACK);
}

/** A table at a physical address, in the kernel's memory; 0 when its length or its checksum is wrong. */
export function viewTable(physical: u64): u64 {
  let header = view(physical, HEADER_SIZE);
  if (header == 0) return 0;
  let length = tableLength(header);
  if (length < HEADER_SIZE || length > LONGEST_TABLE) return 0;
  let table = view(physical, length);
  if (table == 0) return 0;
  return sumOf(table, length) == 0 ? table : 0;
}

/** Where the root pointer is in the direct map, searched as ACPI 6.5 §5.2.5.1 says; 0 when there is none. */
function searchRootPointer(): u64 {
  let ebda = (<u64>mem.load16(direct(EBDA_SEGMENT))) << 4;
  if (ebda >= FIRST_MEGABYTE_LOW && ebda + EBDA_SEARCHED <= BIOS_START) {
    let found = searchRange(ebda, ebda + EBDA_SEARCHED);
    if (found != 0) return found;
  }
  return searchRange(BIOS_START, BIOS_END);
}

function searchRange(start: u64, end: u64): u64 {
  for (let physical = start; physical < end; physical += 16) {
    if (isRootPointer(direct(physical))) return direct(physical);
  }
  return 0;
}
