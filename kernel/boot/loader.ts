// From BootInfo to a Machine: which loader it was, the root image that `egg build` put into the ELF, what is ours.

import { BootInfo, BootProtocol } from "machine/boot-info";
import * as image from "machine/image";
import * as mem from "machine/mem";
import { at, direct } from "memory/address";
import { Machine, RootImage } from "./machine";
import { readMultiboot1 } from "./multiboot1";
import { readMultiboot2 } from "./multiboot2";
import { readPvh } from "./pvh";

/** "EGGSROOT", as a little-endian word. */
const ROOT_MAGIC: u64 = 0x544f4f5253474745;
/** Left to the firmware, and for starting other CPUs. */
const FIRST_MEGABYTE: u64 = 0x100000;

/** The machine's description; null when the loader told nothing about memory. */
export function readLoader(info: usize): Machine | null {
  let bootInfo = at<BootInfo>(info);
  let machine = new Machine();
  machine.ticksAtEntry = bootInfo.ticksAtEntry;
  readRootRecord(machine);
  let isKnown: bool = false;
  switch (bootInfo.protocol) {
    case BootProtocol.PVH:
      isKnown = readPvh(bootInfo.address, machine);
      break;
    case BootProtocol.MULTIBOOT2:
      isKnown = readMultiboot2(bootInfo.address, machine);
      break;
    case BootProtocol.MULTIBOOT1:
      isKnown = readMultiboot1(bootInfo.address, machine);
      break;
    default:
      break;
  }
  if (!isKnown) return null;
  machine.claim(0, FIRST_MEGABYTE);
  let screen = machine.framebuffer;
  if (screen !== null) machine.claim(screen.physical, <u64>screen.pitch * <u64>screen.height);
  machine.claim(image.physicalStart(), image.physicalEnd() - image.physicalStart());
  machine.settle();
  return machine;
}

/** A root image and a configuration inside the ELF (machine/x86_64/boot.S, `image_root`). */
function readRootRecord(machine: Machine): void {
  let record = direct(image.rootRecord());
  if (image.rootRecord() == 0 || mem.load64(record) != ROOT_MAGIC) return;
  let physical = mem.load64(record + 8);
  let size = mem.load64(record + 16);
  if (size > 0) {
    machine.root = new RootImage(physical, size);
    machine.claim(physical, size);
  }
  let textSize = mem.load64(record + 32);
  if (textSize > 0) {
    machine.setImageConfiguration(mem.load64(record + 24), textSize);
    machine.claim(mem.load64(record + 24), textSize);
  }
}
