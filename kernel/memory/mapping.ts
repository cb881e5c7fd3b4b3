// One stretch of a program's address space with the same source and rights (Linux: a VMA; one line of /proc/self/maps).

import { MAP_SHARED, PAGE_SHIFT, PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman";
import { List, ListNode } from "../lib/list";
import * as tables from "memory/user-tables";
import { AddressSpace } from "./address-space";
import { MappingName, PageSource } from "./page-source";

/** Stores go to the source, others see them (MAP_SHARED). */
export const SHARED: u32 = MAP_SHARED;
/** It grows down on faults below it (MAP_GROWSDOWN, the stack). */
export const GROWS_DOWN: u32 = 0x100;
/** Pages stay resident (mlock); on its own, LOCK_ON_FAULT defers that to the first touch. */
export const LOCKED: u32 = 0x2000;
export const LOCK_ON_FAULT: u32 = 0x200;
/** mprotect may not add PROT_WRITE: a shared mapping of a file that is not open for writing. */
export const NEVER_WRITABLE: u32 = 0x400;
/** mprotect may not add PROT_EXEC. */
export const NEVER_EXECUTABLE: u32 = 0x800;
/** The kernel's own pages in the program (vDSO): no merging, no remapping, no fork copy of frames. */
export const SPECIAL: u32 = 0x1000;
/** Not counted as committed memory (MAP_NORESERVE). */
export const NO_RESERVE: u32 = 0x4000;
/** Left out of a fork (MADV_DONTFORK), or empty in it (MADV_WIPEONFORK). */
export const DONT_FORK: u32 = 0x8000;
export const WIPE_ON_FORK: u32 = 0x10000;
export const DONT_DUMP: u32 = 0x20000;
/** No fault-around (MADV_RANDOM). */
export const RANDOM: u32 = 0x40000;

/** Freed mappings, linked by `next`, for use again: mmap and munmap in turn make no garbage. */
let free: ListNode | null = null;
let nextSerial: u64 = 1;

export class Mapping extends ListNode {
  /** First address and one past the last, both page-aligned. */
  start: u64 = 0;
  end: u64 = 0;
  /** PROT_READ | PROT_WRITE | PROT_EXEC. */
  protection: u32 = 0;
  flags: u32 = 0;
  /** What it shows; null for private anonymous memory. */
  source: PageSource | null = null;
  /** Bytes into the source at `start`, page-aligned. */
  offset: u64 = 0;
  name: MappingName | null = null;
  /** Whose it is; null while unused. */
  space: AddressSpace | null = null;
  /** Differs for every use: tells whether a mapping seen before a wait is still the same. */
  serial: u64 = 0;

  get length(): u64 {
    return this.end - this.start;
  }

  get isShared(): bool {
    return (this.flags & SHARED) != 0;
  }

  get isWritable(): bool {
    return (this.protection & PROT_WRITE) != 0;
  }

  get isExecutable(): bool {
    return (this.protection & PROT_EXEC) != 0;
  }

  get growsDown(): bool {
    return (this.flags & GROWS_DOWN) != 0;
  }

  /** Whether it takes part in the commit limit: private and writable, as Linux accounts. */
  get isAccounted(): bool {
    return (this.flags & (SHARED | NO_RESERVE)) == 0 && this.isWritable;
  }

  /** The source's page that shows at `address`. */
  pageIndex(address: u64): u64 {
    return (this.offset + (address - this.start)) >> PAGE_SHIFT;
  }

  /** Leaf entry bits for a page that may not be stored into now. */
  get entryBits(): u64 {
    let bits: u64 = tables.USER | tables.ACCESSED;
    if ((this.protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0) bits |= tables.PRESENT;
    if (!this.isExecutable) bits |= tables.NO_EXECUTE;
    let source = this.source;
    return source === null ? bits : bits | source.caching;
  }

  /** Whether `above`, which starts where this ends, continues it in every respect. */
  continuesIn(above: Mapping): bool {
    return this.protection == above.protection && this.isAlike(above);
  }

  /** As `continuesIn` without regard to protection. */
  isAlike(above: Mapping): bool {
    return (
      this.flags == above.flags &&
      (this.flags & (SPECIAL | GROWS_DOWN)) == 0 &&
      this.source === above.source &&
      (this.source === null || this.offset + this.length == above.offset) &&
      this.name === above.name
    );
  }

  /** Take the mapping off its front or back: the part that stays begins (ends) at `address`. */
  trimFront(address: u64): void {
    if (this.source !== null) this.offset += address - this.start;
    this.start = address;
  }
}

/** A mapping, not in any set yet. The source, when there is one, has agreed (`mapped`). */
export function createMapping(
  space: AddressSpace,
  start: u64,
  end: u64,
  protection: u32,
  flags: u32,
  source: PageSource | null,
  offset: u64,
  name: MappingName | null,
): Mapping {
  let mapping: Mapping;
  let unused = free;
  if (unused !== null) {
    mapping = unused as Mapping;
    free = mapping.next;
    mapping.next = null;
  } else mapping = new Mapping();
  mapping.space = space;
  mapping.start = start;
  mapping.end = end;
  mapping.protection = protection;
  mapping.flags = flags;
  mapping.source = source;
  mapping.offset = offset;
  mapping.name = name;
  mapping.serial = nextSerial++;
  if (source !== null) {
    let list = source.mappings;
    if (list === null) {
      list = new List();
      source.mappings = list;
    }
    list.push(mapping);
  }
  return mapping;
}

/** The part of `mapping` from `address` on as a mapping of its own; `mapping` keeps what is below. */
export function splitMapping(mapping: Mapping, address: u64): Mapping {
  let source = mapping.source;
  if (source !== null) source.mapped(1, mapping.isShared, mapping.isWritable);
  let upper = createMapping(
    mapping.space!,
    address,
    mapping.end,
    mapping.protection,
    mapping.flags,
    source,
    source === null ? 0 : mapping.offset + (address - mapping.start),
    mapping.name,
  );
  mapping.end = address;
  return upper;
}

/** Forget a mapping that is in no set any more; tells its source. */
export function releaseMapping(mapping: Mapping): void {
  let source = mapping.source;
  if (source !== null) {
    source.mappings!.remove(mapping);
    mapping.source = null;
    source.mapped(-1, mapping.isShared, mapping.isWritable);
  }
  mapping.name = null;
  mapping.space = null;
  mapping.serial = 0;
  mapping.next = free;
  free = mapping;
}
