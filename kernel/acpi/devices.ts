// Devices that the DSDT declares: found by their hardware id, with resources as far as they are written down as such. No AML
// is run (ACPI 6.5 §20.2), so what a method computes, _CRS of many PCI host bridges for one, is not seen.
//
//   Device (PEVT)                 5b 82 length name …
//     Name (_HID, "QEMU0001")     08 "_HID" 0d "QEMU0001" 00     or, EISA ids,  08 "_HID" 0c u32
//     Name (_CRS, Buffer …)       08 "_CRS" 11 length size bytes: resource descriptors (§6.4)

import * as mem from "machine/mem";
import { definitions } from "./fadt";
import { tableLength } from "./tables";

const HEADER_SIZE: u64 = 36;

// AML's bytes (§20.2.2, §20.2.3, §20.2.5).
const NAME_OP: u32 = 0x08;
const BYTE_PREFIX: u32 = 0x0a;
const WORD_PREFIX: u32 = 0x0b;
const DWORD_PREFIX: u32 = 0x0c;
const STRING_PREFIX: u32 = 0x0d;
const BUFFER_OP: u32 = 0x11;
const DEVICE_OP: u32 = 0x825b;
/** "_HID", "_CRS" as they stand in memory. */
const HID: u32 = 0x4449485f;
const CRS: u32 = 0x5352435f;

// Resource descriptors: small ones have type and length in one byte (§6.4.2), large ones bit 7 set (§6.4.3).
const IRQ: u32 = 0x4;
const IO: u32 = 0x8;
const FIXED_IO: u32 = 0x9;
const END: u32 = 0xf;
const LARGE: u32 = 0x80;
const MEMORY_32: u32 = 0x85;
const FIXED_MEMORY_32: u32 = 0x86;
const EXTENDED_IRQ: u32 = 0x89;

/** A device with its first memory, ports and interrupt. */
export class AcpiDevice {
  /** Device memory; 0 when it names none. */
  memory: u64 = 0;
  memorySize: u64 = 0;
  /** I/O ports; count 0 when it names none. */
  port: u32 = 0;
  portCount: u32 = 0;
  /** An interrupt line (ISA number, or global interrupt number), -1 when it names none, and how it is triggered. */
  interrupt: i32 = -1;
  isIsa: bool = false;
  isLevel: bool = false;
  isActiveLow: bool = false;

  constructor(readonly id: string) {}
}

/** The `nth` device (from 0) with a hardware id: "QEMU0001", "PNP0501"; null when there are fewer. */
export function findDevice(id: string, nth: i32): AcpiDevice | null {
  let table = definitions();
  if (table == 0) return null;
  let start = table + HEADER_SIZE;
  let end = table + tableLength(table);
  let eisa = compressedId(id);
  for (let at = start; at + 10 < end; at++) {
    if (mem.load32(at) != HID || mem.load8(at - 1) != NAME_OP || !isId(at + 4, end, id, eisa)) continue;
    if (nth-- == 0) return describe(id, enclosingDevice(start, at, end), end);
  }
  return null;
}

/** The 32 bits of an EISA id, three letters and four hexadecimal digits (§19.3.4, EISAID); 0 for other ids. */
export function compressedId(id: string): u32 {
  if (id.length != 7) return 0;
  let value: u32 = 0;
  for (let i = 0; i < 3; i++) {
    let letter = id.charCodeAt(i) - 0x40;
    if (letter < 1 || letter > 26) return 0;
    value = (value << 5) | <u32>letter;
  }
  for (let i = 3; i < 7; i++) {
    let code = id.charCodeAt(i);
    let digit = code >= 0x41 && code <= 0x46 ? code - 0x37 : code - 0x30;
    if (code < 0x30 || digit > 15) return 0;
    value = (value << 4) | <u32>digit;
  }
  return bswap<u32>(value);
}

function isId(at: u64, end: u64, id: string, eisa: u32): bool {
  let prefix: u32 = mem.load8(at);
  if (prefix == DWORD_PREFIX) return eisa != 0 && mem.load32(at + 1) == eisa;
  if (prefix != STRING_PREFIX || at + 2 + <u64>id.length > end) return false;
  for (let i = 0; i < id.length; i++) if (mem.load8(at + 1 + <u64>i) != <u32>id.charCodeAt(i)) return false;
  return mem.load8(at + 1 + <u64>id.length) == 0;
}

/** Where the innermost device around `inside` begins: the address of its DeviceOp, 0 when there is none. */
function enclosingDevice(start: u64, inside: u64, end: u64): u64 {
  for (let at = inside - 1; at > start; at--) {
    if (mem.load16(at) == DEVICE_OP && inside < endOfPackage(at + 2, end)) return at;
  }
  return 0;
}

/** PkgLength (§20.2.4): where the package that it begins ends; no further than `end`. */
function endOfPackage(at: u64, end: u64): u64 {
  if (at + 4 > end) return end;
  let lead: u32 = mem.load8(at);
  let more = lead >> 6;
  let length: u64 = more == 0 ? <u64>(lead & 0x3f) : <u64>(lead & 0xf);
  for (let i: u32 = 0; i < more; i++) {
    let bits: u64 = 4 + 8 * i;
    length |= (<u64>mem.load8(at + 1 + <u64>i)) << bits;
  }
  return min(at + length, end);
}

function describe(id: string, device: u64, end: u64): AcpiDevice {
  let found = new AcpiDevice(id);
  if (device == 0) return found;
  let last = endOfPackage(device + 2, end);
  for (let at = device + 2; at + 8 < last; at++) {
    if (mem.load32(at) != CRS || mem.load8(at - 1) != NAME_OP || mem.load8(at + 4) != BUFFER_OP) continue;
    // A device within this one has resources of its own.
    if (enclosingDevice(device - 1, at, end) == device) readBuffer(found, at + 5, last);
  }
  return found;
}

/** A buffer's bytes, behind BufferOp: PkgLength, size, bytes. */
function readBuffer(into: AcpiDevice, at: u64, end: u64): void {
  let last = endOfPackage(at, end);
  let size = at + 1 + <u64>(mem.load8(at) >> 6);
  let prefix: u32 = mem.load8(size);
  let first = size + 1;
  if (prefix == BYTE_PREFIX) first = size + 2;
  else if (prefix == WORD_PREFIX) first = size + 3;
  else if (prefix == DWORD_PREFIX) first = size + 5;
  for (let from = first; from + 1 < last; ) {
    let tag: u32 = mem.load8(from);
    let isLarge: bool = (tag & LARGE) != 0;
    let length: u64 = isLarge ? 3 + <u64>mem.load16(from + 1) : 1 + <u64>(tag & 7);
    if (from + length > last) return;
    if (isLarge) readLarge(into, tag, from + 3, length - 3);
    else if (tag >> 3 == END) return;
    else readSmall(into, tag >> 3, from + 1, length - 1);
    from += length;
  }
}

function readSmall(into: AcpiDevice, type: u32, at: u64, length: u64): void {
  if (type == IRQ && length >= 2 && into.interrupt < 0) {
    let mask: u32 = mem.load16(at);
    if (mask == 0) return;
    into.interrupt = <i32>ctz(mask);
    into.isIsa = true;
    let flags: u32 = length >= 3 ? mem.load8(at + 2) : 1;
    into.isLevel = (flags & 1) == 0;
    into.isActiveLow = (flags & 8) != 0;
  } else if (type == IO && length >= 7 && into.portCount == 0) {
    into.port = mem.load16(at + 1);
    into.portCount = mem.load8(at + 6);
  } else if (type == FIXED_IO && length >= 3 && into.portCount == 0) {
    into.port = mem.load16(at) & 0x3ff;
    into.portCount = mem.load8(at + 2);
  }
}

function readLarge(into: AcpiDevice, tag: u32, at: u64, length: u64): void {
  if (tag == FIXED_MEMORY_32 && length >= 9 && into.memorySize == 0) {
    into.memory = <u64>mem.load32(at + 1);
    into.memorySize = <u64>mem.load32(at + 5);
  } else if (tag == MEMORY_32 && length >= 17 && into.memorySize == 0) {
    into.memory = <u64>mem.load32(at + 1);
    into.memorySize = <u64>mem.load32(at + 13);
  } else if (tag == EXTENDED_IRQ && length >= 6 && into.interrupt < 0 && mem.load8(at + 1) != 0) {
    let flags: u32 = mem.load8(at);
    into.interrupt = <i32>mem.load32(at + 2);
    into.isLevel = (flags & 2) == 0;
    into.isActiveLow = (flags & 4) != 0;
  }
}
