// Multiboot2 (Multiboot2 specification 2.0 §3.6): a list of tags, each 8-byte aligned. What GRUB gives, on BIOS and UEFI.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import { Framebuffer, Machine } from "./machine";

const TAG_END: u32 = 0;
const TAG_COMMAND_LINE: u32 = 1;
const TAG_MODULE: u32 = 3;
const TAG_MEMORY_MAP: u32 = 6;
const TAG_FRAMEBUFFER: u32 = 8;
const TAG_ACPI_OLD: u32 = 14;
const TAG_ACPI_NEW: u32 = 15;
const FRAMEBUFFER_RGB: u32 = 1;

/** Read the boot information at a physical address. Returns whether it had a memory map. */
export function readMultiboot2(physical: u64, machine: Machine): bool {
  let info = direct(physical);
  let end = info + <u64>mem.load32(info);
  let hasMap = false;
  machine.protocol = "Multiboot2";
  machine.claim(physical, end - info);
  let tag = info + 8;
  while (tag + 8 <= end) {
    let type = mem.load32(tag);
    let size = <u64>mem.load32(tag + 4);
    if (type == TAG_END || size < 8) break;
    switch (type) {
      case TAG_COMMAND_LINE:
        machine.setCommandLine(physical + (tag + 8 - info));
        break;
      case TAG_MODULE: {
        let start = <u64>mem.load32(tag + 8);
        machine.addModule(start, <u64>mem.load32(tag + 12) - start);
        break;
      }
      case TAG_MEMORY_MAP:
        readMemoryMap(tag, size, machine);
        hasMap = true;
        break;
      case TAG_FRAMEBUFFER:
        readFramebuffer(tag, machine);
        break;
      case TAG_ACPI_OLD:
        if (machine.rsdp == 0) machine.rsdp = physical + (tag + 8 - info);
        break;
      case TAG_ACPI_NEW:
        machine.rsdp = physical + (tag + 8 - info);
        break;
      default:
        break;
    }
    tag += (size + 7) & ~7;
  }
  return hasMap;
}

function readMemoryMap(tag: u64, size: u64, machine: Machine): void {
  let entrySize = <u64>mem.load32(tag + 8);
  if (entrySize < 20) return;
  for (let entry = tag + 16; entry + entrySize <= tag + size; entry += entrySize) {
    machine.addMemory(mem.load64(entry), mem.load64(entry + 8), mem.load32(entry + 16));
  }
}

function readFramebuffer(tag: u64, machine: Machine): void {
  if (mem.load8(tag + 29) != FRAMEBUFFER_RGB) return;
  let framebuffer = new Framebuffer();
  framebuffer.physical = mem.load64(tag + 8);
  framebuffer.pitch = mem.load32(tag + 16);
  framebuffer.width = mem.load32(tag + 20);
  framebuffer.height = mem.load32(tag + 24);
  framebuffer.bitsPerPixel = mem.load8(tag + 28);
  framebuffer.redShift = mem.load8(tag + 32);
  framebuffer.redBits = mem.load8(tag + 33);
  framebuffer.greenShift = mem.load8(tag + 34);
  framebuffer.greenBits = mem.load8(tag + 35);
  framebuffer.blueShift = mem.load8(tag + 36);
  framebuffer.blueBits = mem.load8(tag + 37);
  machine.framebuffer = framebuffer;
}
