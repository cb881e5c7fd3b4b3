// An ELF image into an address space: segments mapped from the file without a copy, zeros where memory goes beyond the file.

import { USER_END } from "machine/linear";
import { ENOEXEC, ENOMEM } from "../abi/errno";
import { MAP_FIXED, MAP_PRIVATE, PAGE_SIZE, PROT_WRITE } from "../abi/mman";
import { AddressSpace } from "../memory/address-space";
import { MappingName, PageSource } from "../memory/page-source";
import { findRoom, isRoomAt, LOWEST, randomProgramBase } from "../memory/placement";
import { zeroRemote } from "../memory/remote";
import { ElfImage, Segment } from "./elf";
import { pageUp } from "../memory/pages";

/** The least and the most that ASLR looks for another place when the first is taken. */
const PLACEMENT_TRIES: i32 = 8;

/** What the last `loadElf` added to the image's addresses. */
export let loadBias: u64 = 0;

/**
 * Map `image`. `isProgram`: the program itself, which goes to the program area when it can move; else an interpreter, which goes
 * among the mappings. Returns 0 or a negative errno.
 */
export function loadElf(
  space: AddressSpace,
  image: ElfImage,
  source: PageSource,
  name: MappingName | null,
  isProgram: bool,
): i64 {
  let length = image.end - image.start;
  let start = image.start;
  if (image.isMovable) {
    start = isProgram ? chooseProgramBase(space, length, image.alignment) : findRoom(space, length);
    if (start == 0) return -ENOMEM;
  } else if (start < LOWEST || image.end > USER_END || !space.mappings.isFree(start, image.end)) return -ENOEXEC;
  loadBias = start - image.start;
  for (let i = 0; i < image.segments.length; i++) {
    let error = mapSegment(space, image.segments[i], source, name);
    if (error < 0) return error;
  }
  return 0;
}

function chooseProgramBase(space: AddressSpace, length: u64, alignment: u64): u64 {
  for (let i = 0; i < PLACEMENT_TRIES; i++) {
    let base = randomProgramBase(alignment);
    if (isRoomAt(space, base, length)) return base;
  }
  return findRoom(space, length);
}

function mapSegment(space: AddressSpace, segment: Segment, source: PageSource, name: MappingName | null): i64 {
  let address = segment.address + loadBias;
  let pageStart = address & ~(PAGE_SIZE - 1);
  let within = address - pageStart;
  let end = pageUp(address + segment.memorySize);
  let fileEnd = pageStart;
  if (segment.fileSize > 0) {
    fileEnd = pageUp(address + segment.fileSize);
    let flags = MAP_PRIVATE | MAP_FIXED;
    let result = space.map(
      pageStart,
      fileEnd - pageStart,
      segment.protection,
      flags,
      source,
      segment.offset - within,
      name,
    );
    if (result < 0) return result;
    // The last page shows what follows in the file: memory beyond the file's part must read as zeros.
    let tail = address + segment.fileSize;
    if (segment.memorySize > segment.fileSize && (segment.protection & PROT_WRITE) != 0 && tail < fileEnd) {
      if (zeroRemote(space, tail, fileEnd - tail) != 0) return -ENOMEM;
    }
  }
  if (end > fileEnd) {
    let result = space.map(fileEnd, end - fileEnd, segment.protection, MAP_PRIVATE | MAP_FIXED, null, 0);
    if (result < 0) return result;
  }
  return 0;
}
