// An ELF file's headers, checked once and then believed: everything the loader relies on holds after `parseElf` returned
// an image. What does not hold is -ENOEXEC. Sections are not looked at; the loader needs segments only.

import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import { at, bytesAddress, direct, pointerOf } from "memory/address";
import * as frames from "memory/frames";
import * as elf from "../abi/elf";
import { ElfHeader, ProgramHeader } from "../abi/elf";
import { ENOEXEC } from "../abi/errno";
import { PAGE_SHIFT, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman";
import { PageSource } from "../memory/page-source";

/** Linux reads at most 64 KB of program headers. */
const MAXIMUM_HEADER_BYTES: i32 = 65536;
const PATH_MAX: u64 = 4096;

/** A PT_LOAD segment, at addresses that the load bias is still to be added to. */
export class Segment {
  constructor(
    readonly address: u64,
    readonly memorySize: u64,
    readonly offset: u64,
    readonly fileSize: u64,
    /** PROT_READ | PROT_WRITE | PROT_EXEC. */
    readonly protection: u32,
  ) {}
}

export class ElfImage {
  entry: u64 = 0;
  /** It may stand anywhere (ET_DYN). */
  isMovable: bool = false;
  /** PT_LOAD segments, in the file's order; at least one. */
  segments: Array<Segment> = [] as Segment[];
  /** Page-aligned bounds of all segments. */
  start: u64 = u64.MAX_VALUE;
  end: u64 = 0;
  /** The largest alignment that a segment asks for: a power of two, at least a page. */
  alignment: u64 = PAGE_SIZE;
  /** Where the program headers stand in memory, 0 when in no segment; and how many there are. */
  headers: u64 = 0;
  headerCount: u64 = 0;
  /** The path in PT_INTERP, without its NUL; null for a static program. */
  interpreter: StaticArray<u8> | null = null;
  hasExecutableStack: bool = false;
}

/** Why the last `parseElf` returned null: a negative errno. */
export let elfError: i32 = 0;

function fail(error: i32): ElfImage | null {
  elfError = error;
  return null;
}

/** Copy [offset, offset + length) of a file to kernel memory. 0 or a negative errno; -ENOEXEC when it does not reach that far. */
export function readSource(source: PageSource, offset: u64, destination: u64, length: u64): i32 {
  let size = source.sizeBytes;
  if (offset > size || length > size - offset) return -ENOEXEC;
  let done: u64 = 0;
  while (done < length) {
    let frame = source.pageFrame((offset + done) >> PAGE_SHIFT, false);
    if (frame < 0) return <i32>frame;
    let within = (offset + done) & (PAGE_SIZE - 1);
    let step = min(length - done, PAGE_SIZE - within);
    mem.copy(destination + done, direct(<u64>frame) + within, step);
    frames.release(<u64>frame);
    done += step;
  }
  return 0;
}

/** The checked headers of an ELF program, or null with the reason in `elfError`. */
export function parseElf(source: PageSource): ElfImage | null {
  let bytes = new StaticArray<u8>(elf.ELF_HEADER_SIZE);
  let error = readSource(source, 0, bytesAddress(bytes), <u64>elf.ELF_HEADER_SIZE);
  if (error < 0) return fail(error);
  let header = at<ElfHeader>(pointerOf(bytes));
  if (header.magic != elf.ELF_MAGIC || header.fileClass != elf.ELFCLASS64) return fail(-ENOEXEC);
  if (header.dataEncoding != elf.ELFDATA2LSB || header.identVersion != elf.EV_CURRENT) return fail(-ENOEXEC);
  if (header.machine != elf.EM_X86_64) return fail(-ENOEXEC);
  if (header.type != elf.ET_EXEC && header.type != elf.ET_DYN) return fail(-ENOEXEC);
  if (<i32>header.programHeaderSize != elf.PROGRAM_HEADER_SIZE) return fail(-ENOEXEC);
  let count = <i32>header.programHeaderCount;
  let tableBytes = count * elf.PROGRAM_HEADER_SIZE;
  if (count == 0 || tableBytes > MAXIMUM_HEADER_BYTES) return fail(-ENOEXEC);

  let image = new ElfImage();
  image.entry = header.entry;
  image.isMovable = header.type == elf.ET_DYN;
  image.headerCount = <u64>count;
  let tableOffset = header.programHeaderOffset;
  let table = new StaticArray<u8>(tableBytes);
  error = readSource(source, tableOffset, bytesAddress(table), <u64>tableBytes);
  if (error < 0) return fail(error);
  for (let i = 0; i < count; i++) {
    error = takeHeader(image, at<ProgramHeader>(pointerOf(table) + <usize>(i * elf.PROGRAM_HEADER_SIZE)), source);
    if (error < 0) return fail(error);
  }
  if (image.segments.length == 0) return fail(-ENOEXEC);
  if (image.end - image.start > USER_END) return fail(-ENOEXEC);
  locateHeaders(image, tableOffset);
  return image;
}

function takeHeader(image: ElfImage, header: ProgramHeader, source: PageSource): i32 {
  switch (header.type) {
    case elf.PT_LOAD:
      return takeSegment(image, header, source.sizeBytes);
    case elf.PT_INTERP:
      return image.interpreter === null ? takeInterpreter(image, header, source) : 0;
    case elf.PT_GNU_STACK:
      image.hasExecutableStack = (header.flags & elf.PF_X) != 0;
      return 0;
    default:
      return 0;
  }
}

function takeSegment(image: ElfImage, header: ProgramHeader, sizeBytes: u64): i32 {
  if (header.memorySize == 0) return 0;
  let address = header.virtualAddress;
  if (header.fileSize > header.memorySize) return -ENOEXEC;
  if (address >= USER_END || header.memorySize > USER_END - address) return -ENOEXEC;
  if (header.offset > sizeBytes || header.fileSize > sizeBytes - header.offset) return -ENOEXEC;
  if (header.fileSize > 0 && ((address ^ header.offset) & (PAGE_SIZE - 1)) != 0) return -ENOEXEC;
  let alignment = header.alignment;
  if (alignment > PAGE_SIZE && (alignment & (alignment - 1)) == 0 && alignment <= (<u64>1) << 40) {
    image.alignment = max(image.alignment, alignment);
  }
  let protection: u32 = 0;
  if ((header.flags & elf.PF_R) != 0) protection |= PROT_READ;
  if ((header.flags & elf.PF_W) != 0) protection |= PROT_WRITE;
  if ((header.flags & elf.PF_X) != 0) protection |= PROT_EXEC;
  image.segments.push(new Segment(address, header.memorySize, header.offset, header.fileSize, protection));
  image.start = min(image.start, address & ~(PAGE_SIZE - 1));
  image.end = max(image.end, (address + header.memorySize + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
  return 0;
}

function takeInterpreter(image: ElfImage, header: ProgramHeader, source: PageSource): i32 {
  if (header.fileSize < 2 || header.fileSize > PATH_MAX) return -ENOEXEC;
  let length = <i32>header.fileSize;
  let path = new StaticArray<u8>(length);
  let error = readSource(source, header.offset, bytesAddress(path), <u64>length);
  if (error < 0) return error;
  let end = 0;
  while (end < length && path[end] != 0) end++;
  if (end == length || end == 0) return -ENOEXEC;
  let text = new StaticArray<u8>(end);
  for (let i = 0; i < end; i++) text[i] = path[i];
  image.interpreter = text;
  return 0;
}

/** The segment that the header table lies in says where it is in memory. */
function locateHeaders(image: ElfImage, tableOffset: u64): void {
  for (let i = 0; i < image.segments.length; i++) {
    let segment = image.segments[i];
    if (tableOffset >= segment.offset && tableOffset - segment.offset < segment.fileSize) {
      image.headers = segment.address + (tableOffset - segment.offset);
      return;
    }
  }
}
