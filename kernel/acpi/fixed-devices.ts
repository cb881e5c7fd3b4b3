// Devices that the DSDT declares with a hardware id and fixed resources: memory at one place, one interrupt. They are found by
// their bytes, no AML is run (ACPI 6.5 §6.4.3.4 32-bit fixed memory range, §6.4.3.6 extended interrupt):
//
//   "LNRO0005" 0 … 86 0009 | write 1 | base 4 | length 4 | 89 length 2 | flags 1 | count 1 | interrupt 4

import * as mem from "machine/mem";
import { definitions } from "./fadt";
import { tableLength } from "./tables";

const FIXED_MEMORY: u32 = 0x86;
const FIXED_MEMORY_LENGTH: u32 = 9;
const EXTENDED_INTERRUPT: u32 = 0x89;
/** A device's resources stand so close to its id. */
const REACH: u64 = 96;
const HEADER_SIZE: u64 = 36;

export class FixedDevice {
  base: u64 = 0;
  /** Global interrupt number, and how it is triggered. */
  interrupt: u32 = 0;
  isLevel: bool = false;
  isActiveLow: bool = false;
  /** Whether `interrupt` is an ISA line, about which the MADT may know more. */
  isIsa: bool = false;
}

/** The `nth` device with a hardware id of at least four letters (from 0); null when there are fewer. */
export function findFixedDevice(id: string, nth: i32): FixedDevice | null {
  let table = definitions();
  if (table == 0) return null;
  let end = table + tableLength(table);
  // The DSDT is long and the id seldom there: four bytes tell.
  let start = fourBytes(id);
  for (let at = table + HEADER_SIZE; at + <u64>id.length < end; at++) {
    if (mem.load32(at) != start || !isText(at, id)) continue;
    if (nth-- == 0) return readResources(at + <u64>id.length + 1, min(at + REACH, end));
  }
  return null;
}

function fourBytes(text: string): u32 {
  let value: u32 = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | <u32>text.charCodeAt(i);
  return value;
}

function isText(at: u64, text: string): bool {
  for (let i = 0; i < text.length; i++) if (mem.load8(at + <u64>i) != <u32>text.charCodeAt(i)) return false;
  return mem.load8(at + <u64>text.length) == 0;
}

function readResources(from: u64, end: u64): FixedDevice | null {
  let device = new FixedDevice();
  for (let at = from; at + 12 <= end; at++) {
    let isMemory = mem.load8(at) == FIXED_MEMORY && mem.load16(at + 1) == FIXED_MEMORY_LENGTH;
    if (isMemory && device.base == 0) {
      device.base = <u64>mem.load32(at + 4);
      at += 2 + <u64>FIXED_MEMORY_LENGTH;
    } else if (device.base != 0 && mem.load8(at) == EXTENDED_INTERRUPT && mem.load8(at + 4) == 1) {
      let flags = mem.load8(at + 3);
      device.isLevel = (flags & 2) == 0;
      device.isActiveLow = (flags & 4) != 0;
      device.interrupt = mem.load32(at + 5);
      return device;
    }
  }
  return null;
}
