// Multiboot (Multiboot specification 0.6.96 §3.3): a structure whose flags say which fields count.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import { Framebuffer, Machine, MemoryKind } from "./machine";

const HAS_COMMAND_LINE: u32 = 1 << 2;
const HAS_MODULES: u32 = 1 << 3;
const HAS_MEMORY_MAP: u32 = 1 << 6;
const HAS_FRAMEBUFFER: u32 = 1 << 12;
const HAS_MEMORY_SIZES: u32 = 1 << 0;
const FRAMEBUFFER_RGB: u32 = 1;

/** Read the information structure at a physical address. Returns whether it told about memory. */
export function readMultiboot1(physical: u64, machine: Machine): bool {
  let info = direct(physical);
  let flags = mem.load32(info);
  machine.protocol = "Multiboot";
  if ((flags & HAS_COMMAND_LINE) != 0) machine.setCommandLine(<u64>mem.load32(info + 16));
  if ((flags & HAS_MODULES) != 0) {
    let modules = direct(<u64>mem.load32(info + 24));
    for (let i: u64 = 0; i < <u64>mem.load32(info + 20); i++) {
      let start = <u64>mem.load32(modules + i * 16);
      machine.addModule(start, <u64>mem.load32(modules + i * 16 + 4) - start);
    }
  }
  if ((flags & HAS_FRAMEBUFFER) != 0 && mem.load8(info + 109) == FRAMEBUFFER_RGB) {
    let framebuffer = new Framebuffer();
    framebuffer.physical = mem.load64(info + 88);
    framebuffer.pitch = mem.load32(info + 96);
    framebuffer.width = mem.load32(info + 100);
    framebuffer.height = mem.load32(info + 104);
    framebuffer.bitsPerPixel = mem.load8(info + 108);
    machine.framebuffer = framebuffer;
  }
  if ((flags & HAS_MEMORY_MAP) != 0) {
    let entry = direct(<u64>mem.load32(info + 48));
    let end = entry + <u64>mem.load32(info + 44);
    while (entry + 24 <= end) {
      // The size field does not count itself.
      machine.addMemory(mem.load64(entry + 4), mem.load64(entry + 12), mem.load32(entry + 20));
      entry += <u64>mem.load32(entry) + 4;
    }
    return true;
  }
  if ((flags & HAS_MEMORY_SIZES) == 0) return false;
  machine.addMemory(0, (<u64>mem.load32(info + 4)) << 10, MemoryKind.RAM);
  machine.addMemory(0x100000, (<u64>mem.load32(info + 8)) << 10, MemoryKind.RAM);
  return true;
}
