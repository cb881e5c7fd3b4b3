// What this machine is, as its loader described it: filled by pvh.ts, multiboot2.ts or multiboot1.ts, read by the rest
// of the boot. All addresses are physical.

import * as mem from "machine/mem";
import { direct, linearAddress, pointerOf } from "memory/address";
import { RangeSet } from "./range-set";

const PAGE: u64 = 0x1000;
const FOUR_GIGABYTES: u64 = 0x1_0000_0000;
const LEAST_LOW_END: u64 = 0xc000_0000;
/** Longest command line kept: what PVH loaders in firmware can pass. */
const COMMAND_LINE_SIZE: u64 = 4096;
/** Longest configuration in an image. */
const CONFIGURATION_SIZE: u64 = 1 << 20;

/** Kinds of memory in a map (ACPI 6.5 table 15.4; PVH and Multiboot use the same numbers). */
export const enum MemoryKind {
  RAM = 1,
  RESERVED = 2,
  ACPI_RECLAIMABLE = 3,
  ACPI_NVS = 4,
}

/** A linear frame buffer that the loader or the firmware set up. */
export class Framebuffer {
  physical: u64 = 0;
  width: u32 = 0;
  height: u32 = 0;
  /** Bytes from one row to the next. */
  pitch: u32 = 0;
  bitsPerPixel: u32 = 0;
  redShift: u32 = 16;
  redBits: u32 = 8;
  greenShift: u32 = 8;
  greenBits: u32 = 8;
  blueShift: u32 = 0;
  blueBits: u32 = 8;
}

/** The root file-system image, wherever it lies in memory. */
export class RootImage {
  constructor(
    readonly physical: u64,
    readonly sizeBytes: u64,
  ) {}
}

export class Machine {
  /** The loader's protocol, for the boot log. */
  protocol: string = "";
  /** Started without a boot loader: whoever started the machine wrote the command line. */
  isDirect: bool = false;
  /** Time-stamp counter at the first instruction. */
  ticksAtEntry: u64 = 0;
  /** Memory to use; what the firmware, the image and the modules occupy is taken out. */
  readonly memory: RangeSet = new RangeSet();
  /** Memory that the direct map shows: RAM and ACPI's tables. */
  readonly mapped: RangeSet = new RangeSet();
  /** The configuration that the image carries (boot/config.ts). */
  imageConfiguration: StaticArray<u8> = new StaticArray<u8>(0);
  /** The loader's command line, without a final NUL. */
  commandLine: StaticArray<u8> = new StaticArray<u8>(0);
  root: RootImage | null = null;
  framebuffer: Framebuffer | null = null;
  /** The ACPI root pointer; 0 when the loader gave none (then it is searched for below 1 MB). */
  rsdp: u64 = 0;

  private readonly claimed: RangeSet = new RangeSet();

  /** A memory-map entry. Where entries disagree, memory is used only if all call it RAM. */
  addMemory(start: u64, length: u64, kind: u32): void {
    let end = start + length;
    if (end < start) end = ~(PAGE - 1); // an entry that runs past the end of addresses
    if (kind == MemoryKind.RAM) {
      this.memory.add((start + PAGE - 1) & ~(PAGE - 1), end & ~(PAGE - 1));
    } else {
      this.claimed.add(start & ~(PAGE - 1), (end + PAGE - 1) & ~(PAGE - 1));
    }
    if (kind == MemoryKind.RAM || kind == MemoryKind.ACPI_RECLAIMABLE || kind == MemoryKind.ACPI_NVS) {
      this.mapped.add(start & ~(PAGE - 1), (end + PAGE - 1) & ~(PAGE - 1));
    }
  }

  /** Memory that holds something: never handed out. */
  claim(start: u64, length: u64): void {
    if (length > 0) this.claimed.add(start & ~(PAGE - 1), (start + length + PAGE - 1) & ~(PAGE - 1));
  }

  /** A boot module: the first one is the root image, unless the ELF carried one. */
  addModule(start: u64, length: u64): void {
    this.claim(start, length);
    if (this.root === null && length > 0) this.root = new RootImage(start, length);
  }

  /** Take the image's configuration from physical memory. */
  setImageConfiguration(physical: u64, length: u64): void {
    let bytes = new StaticArray<u8>(<i32>min(length, CONFIGURATION_SIZE));
    mem.copy(linearAddress(pointerOf(bytes)), direct(physical), <u64>bytes.length);
    this.imageConfiguration = bytes;
  }

  /** Take the command line from physical memory, up to a NUL. */
  setCommandLine(physical: u64): void {
    if (physical == 0) return;
    let length: u64 = 0;
    while (length < COMMAND_LINE_SIZE && mem.load8(direct(physical + length)) != 0) length++;
    let bytes = new StaticArray<u8>(<i32>length);
    mem.copy(linearAddress(pointerOf(bytes)), direct(physical), length);
    this.commandLine = bytes;
  }

  /** Where RAM and tables below 4 GB end; at least 3 GB, where every PC keeps room for devices. */
  endOfLowMemory(): u64 {
    let end: u64 = LEAST_LOW_END;
    for (let i = 0; i < this.mapped.count; i++) {
      if (this.mapped.start(i) < FOUR_GIGABYTES) end = max(end, min(this.mapped.end(i), FOUR_GIGABYTES));
    }
    return end;
  }

  /** All entries are in: what is left of `memory` is ours. */
  settle(): void {
    for (let i = 0; i < this.claimed.count; i++) this.memory.remove(this.claimed.start(i), this.claimed.end(i));
  }
}
