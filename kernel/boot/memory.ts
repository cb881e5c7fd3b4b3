// Memory from the loader's map to the kernel's own tables: page frames, the direct map, the image write-protected, the
// identity map and the early tables gone.
//
//   text R-X   constants R--   C data, linear memory, stacks RW-   everything else NX; guard pages stay unmapped

import * as image from "machine/image";
import { BOOT_STACKS, DIRECT_BASE, IMAGE_BASE, LINEAR_BASE, STACK_SIZE, STACKS_START } from "machine/linear";
import { DEVICE_BASE, DEVICE_END } from "machine/linear";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { Machine } from "./machine";

const PAGE: u64 = 0x1000;
const MEGABYTES_2: u64 = 0x200000;
/** What boot.S maps. */
const EARLY_MAP_END: u64 = 0x100000000;
/** The kernel and its tables alone need this much. */
const LEAST_MEMORY: u64 = 0x800000;

/** Take over memory. Returns null, or why it cannot be. */
export function takeOverMemory(machine: Machine, hasGigabytePages: bool): string | null {
  let memory = machine.memory;
  memory.remove(frames.HIGHEST_PHYSICAL, u64.MAX_VALUE);
  machine.mapped.remove(frames.HIGHEST_PHYSICAL, u64.MAX_VALUE);
  if (memory.size < LEAST_MEMORY) return "too little memory: give the machine 64 MB or more";

  let highest = memory.highest;
  let table = memory.find(frames.tableSize(highest), 0, EARLY_MAP_END);
  while (table == 0 && highest > EARLY_MAP_END) {
    highest /= 2; // no room for so many records below 4 GB: leave the top unused
    table = memory.find(frames.tableSize(highest), 0, EARLY_MAP_END);
  }
  if (table == 0) return "the memory map has no room for the page-frame table";
  memory.remove(highest, u64.MAX_VALUE);
  memory.remove(table, table + frames.tableSize(highest));
  frames.initialize(highest, table);
  addFrames(machine, 0, EARLY_MAP_END);

  if (!pageTables.initialize(hasGigabytePages) || !mapKernel(machine))
    return "out of memory for the kernel's page tables";
  pageTables.activate(pageTables.kernel());
  addFrames(machine, EARLY_MAP_END, u64.MAX_VALUE);
  frames.addRange(image.physicalStart(), image.textStart() - IMAGE_BASE); // boot code and early tables have served
  return null;
}

/** Hand the usable memory within [floor, ceiling) to the frame allocator. */
function addFrames(machine: Machine, floor: u64, ceiling: u64): void {
  let memory = machine.memory;
  for (let i = 0; i < memory.count; i++) {
    frames.addRange(max(memory.start(i), floor), min(memory.end(i), ceiling));
  }
}

function mapKernel(machine: Machine): bool {
  let mapped = machine.mapped;
  let directEnd = DIRECT_BASE + max(mapped.highest, EARLY_MAP_END);
  return (
    pageTables.reserveKernel(DIRECT_BASE, directEnd) &&
    pageTables.reserveKernel(DEVICE_BASE, DEVICE_END) &&
    pageTables.reserveKernel(IMAGE_BASE, 0xfffffffffffff000) &&
    mapDirect(machine) &&
    mapImage() &&
    mapLinear()
  );
}

/** All memory at DIRECT_BASE, in large pages but around the image's text and constants, which are read-only here too. */
function mapDirect(machine: Machine): bool {
  let mapped = machine.mapped;
  let textStart = image.textStart() - IMAGE_BASE;
  let textEnd = image.readOnlyEnd() - IMAGE_BASE;
  let fineStart = textStart & ~(MEGABYTES_2 - 1);
  let fineEnd = (textEnd + MEGABYTES_2 - 1) & ~(MEGABYTES_2 - 1);
  mapped.add(0, 0x100000); // the firmware's tables below 1 MB
  mapped.add(fineStart, fineEnd);
  let covered: u64 = 0;
  for (let i = 0; i < mapped.count; i++) {
    // Whole large pages, so that none is split; the CPU's memory-type registers keep devices among them uncached.
    let start = max(mapped.start(i) & ~(MEGABYTES_2 - 1), covered);
    let end = (mapped.end(i) + MEGABYTES_2 - 1) & ~(MEGABYTES_2 - 1);
    if (start >= end) continue;
    covered = end;
    if (!mapDirectRange(start, min(end, fineStart), pageTables.KERNEL_DATA)) return false;
    if (!mapDirectRange(max(start, fineEnd), end, pageTables.KERNEL_DATA)) return false;
  }
  return (
    mapDirectPages(fineStart, textStart, pageTables.KERNEL_DATA) &&
    mapDirectPages(textStart, textEnd, pageTables.KERNEL_READ_ONLY) &&
    mapDirectPages(textEnd, fineEnd, pageTables.KERNEL_DATA)
  );
}

function mapDirectRange(start: u64, end: u64, flags: u64): bool {
  return start >= end || pageTables.mapKernelRange(DIRECT_BASE + start, start, end - start, flags);
}

function mapDirectPages(start: u64, end: u64, flags: u64): bool {
  for (let page = start; page < end; page += PAGE) {
    if (!pageTables.mapKernel(DIRECT_BASE + page, page, flags)) return false;
  }
  return true;
}

function mapImage(): bool {
  return (
    mapSection(image.textStart(), image.textEnd(), pageTables.KERNEL_TEXT) &&
    mapSection(image.textEnd(), image.readOnlyEnd(), pageTables.KERNEL_READ_ONLY) &&
    mapSection(image.readOnlyEnd(), image.dataEnd(), pageTables.KERNEL_DATA)
  );
}

function mapSection(start: u64, end: u64, flags: u64): bool {
  for (let page = start; page < end; page += PAGE) {
    if (!pageTables.mapKernel(page, page - IMAGE_BASE, flags)) return false;
  }
  return true;
}

/** Static data and first heap, and the stacks that the image brings; linear page 0 and the guard pages stay unmapped. */
function mapLinear(): bool {
  let base = image.linearPhysicalBase();
  let end = image.physicalEnd() - base;
  for (let page = end - <u64>image.linearBytes(); page < end; page += PAGE) {
    if (!pageTables.mapKernel(LINEAR_BASE + page, base + page, pageTables.KERNEL_DATA)) return false;
  }
  for (let stack: u64 = 0; stack < <u64>BOOT_STACKS; stack++) {
    let slot = LINEAR_BASE + <u64>STACKS_START + stack * (<u64>STACK_SIZE + PAGE) + PAGE;
    let physical = image.bootStacks() + stack * <u64>STACK_SIZE;
    for (let page: u64 = 0; page < <u64>STACK_SIZE; page += PAGE) {
      if (!pageTables.mapKernel(slot + page, physical + page, pageTables.KERNEL_DATA)) return false;
    }
  }
  return true;
}
