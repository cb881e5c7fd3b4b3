// The PVH boot protocol: hvm_start_info (Xen's public/arch-x86/hvm/start_info.h), what QEMU's -kernel, Firecracker and
// Cloud Hypervisor give.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import { Machine } from "./machine";

const MAGIC: u32 = 0x336ec578;
const VERSION: u64 = 4;
const MODULE_COUNT: u64 = 12;
const MODULES: u64 = 16;
const COMMAND_LINE: u64 = 24;
const RSDP: u64 = 32;
const MEMORY_MAP: u64 = 40; // from version 1 on
const MEMORY_MAP_COUNT: u64 = 48;
const MODULE_SIZE: u64 = 32; // address, size, command line, reserved
const MEMORY_MAP_ENTRY_SIZE: u64 = 24; // address, size, kind u32, reserved

/** Read the start info at a physical address. Returns whether it is one with a memory map. */
export function readPvh(physical: u64, machine: Machine): bool {
  let info = direct(physical);
  if (mem.load32(info) != MAGIC || mem.load32(info + VERSION) < 1) return false;
  machine.protocol = "PVH";
  machine.isDirect = true;
  machine.setCommandLine(mem.load64(info + COMMAND_LINE));
  machine.rsdp = mem.load64(info + RSDP);

  let modules = direct(mem.load64(info + MODULES));
  for (let i: u64 = 0; i < <u64>mem.load32(info + MODULE_COUNT); i++) {
    let entry = modules + i * MODULE_SIZE;
    machine.addModule(mem.load64(entry), mem.load64(entry + 8));
  }
  let map = direct(mem.load64(info + MEMORY_MAP));
  for (let i: u64 = 0; i < <u64>mem.load32(info + MEMORY_MAP_COUNT); i++) {
    let entry = map + i * MEMORY_MAP_ENTRY_SIZE;
    machine.addMemory(mem.load64(entry), mem.load64(entry + 8), mem.load32(entry + 16));
  }
  return true;
}
