// ELF64: reading headers with suspicion, and putting the root image into the kernel's ELF file.
//
// A bootable image is the kernel's file, unchanged but for three things:
//   - the program header table is longer by one PT_LOAD for the root image; where it finds no room (there is some before
//     the first segment, and GRUB reads the table only in a file's first 32 KiB) it moves behind the kernel's bytes
//   - that segment (page aligned in the file and in memory) follows: root file system, then the boot configuration
//   - the header struct `image_root` in the kernel's data says where they lie
//
//   offset 0          ELF header, kernel segments, sections and symbols
//   …                 program headers, if there was no room
//   imageOffset       root file system (EROFS)   → physical address above the kernel, 2 MiB aligned
//                     boot configuration (text)
//
//   image_root: "EGGSROOT", then u64 root address, root size, configuration address, configuration size
//
// Spec: System V ABI, chapters 4 and 5.

import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { type Image, type Piece, shiftPieces } from "./pieces.ts";

const PAGE = 4096;
const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const EM_X86_64 = 62;
const PF_R = 4;
const ROOT_MAGIC = Buffer.from("EGGSROOT", "latin1");
const ROOT_HEADER_SIZE = 40;
/** Where the root image may lie: 2 MiB aligned, so that the kernel may map it with large pages. */
const ROOT_ALIGNMENT = 2 << 20;

export interface Segment {
  type: number;
  flags: number;
  offset: number;
  virtualAddress: bigint;
  physicalAddress: number;
  fileSize: number;
  memorySize: number;
  alignment: number;
}

export interface Elf {
  /** ET_EXEC 2, ET_DYN 3. */
  type: number;
  machine: number;
  entry: bigint;
  segments: Segment[];
}

const MACHINES: Record<number, string> = {
  3: "32-bit x86",
  8: "MIPS",
  20: "PowerPC",
  21: "64-bit PowerPC",
  22: "IBM S/390",
  40: "32-bit ARM",
  62: "x86-64",
  183: "64-bit ARM",
  243: "RISC-V",
  258: "LoongArch",
};

function bad(name: string, what: string, advice: string): Failure {
  return new Failure(`${name}: ${what}`, { advice, status: EXIT_BAD_DATA });
}

export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Whether `count` entries of `size` bytes at `offset` lie within `length`. */
function fits(offset: bigint, size: bigint, length: number): boolean {
  return offset + size <= BigInt(length);
}

/**
 * Read and check an ELF64 x86-64 file's header and program headers. `head` may be the file's beginning only, `length`
 * is the whole file's size. Throws a Failure that names what is wrong.
 */
export function readElf(head: Buffer, length: number, name: string): Elf {
  const truncated = (what: string): Failure =>
    bad(name, `the file is truncated or damaged: ${what}`, "copy or build the program again");
  if (!isElf(head)) throw bad(name, "not an ELF program", "give a Linux program, a script or a project folder");
  if (head.length < EHDR_SIZE) throw truncated("the ELF header is cut off");
  const advice = "build the program for Linux on x86-64 (GOOS=linux GOARCH=amd64, or gcc -m64)";
  const machine = head.readUInt16LE(18);
  if (head[5] !== 1) throw bad(name, "a program for a big-endian machine", advice);
  if (machine !== EM_X86_64 || head[4] !== 2) {
    const known =
      head[4] !== 2 && machine === EM_X86_64 ? "the x32 ABI" : (MACHINES[machine] ?? `machine number ${machine}`);
    throw bad(name, `a program for ${known}, not for x86-64`, advice);
  }
  const tableOffset = head.readBigUInt64LE(32);
  const entrySize = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  if (count > 0 && entrySize !== PHDR_SIZE) throw truncated(`program headers of ${entrySize} bytes`);
  if (!fits(tableOffset, BigInt(count * PHDR_SIZE), length)) throw truncated("the program headers lie beyond its end");
  if (!fits(tableOffset, BigInt(count * PHDR_SIZE), head.length))
    throw truncated("the program headers lie far from the start");
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = Number(tableOffset) + index * PHDR_SIZE;
    const offset = head.readBigUInt64LE(at + 8);
    const fileSize = head.readBigUInt64LE(at + 32);
    const memorySize = head.readBigUInt64LE(at + 40);
    const type = head.readUInt32LE(at);
    if (type === PT_LOAD || type === PT_INTERP || type === PT_DYNAMIC) {
      if (!fits(offset, fileSize, length)) throw truncated(`segment ${index} ends beyond the file`);
      if (type === PT_LOAD && memorySize < fileSize)
        throw truncated(`segment ${index} is larger in the file than in memory`);
    }
    segments.push({
      type,
      flags: head.readUInt32LE(at + 4),
      offset: Number(offset),
      virtualAddress: head.readBigUInt64LE(at + 16),
      physicalAddress: Number(head.readBigUInt64LE(at + 24)),
      fileSize: Number(fileSize),
      memorySize: Number(memorySize),
      alignment: Number(head.readBigUInt64LE(at + 48)),
    });
  }
  return { type: head.readUInt16LE(16), machine, entry: head.readBigUInt64LE(24), segments };
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

export interface RootHeader {
  /** Where the struct lies in the file. */
  fileOffset: number;
  rootAddress: number;
  rootSize: number;
  configAddress: number;
  configSize: number;
}

/** Find `image_root` in a kernel or in a built image; null when there is none. */
export function findRootHeader(head: Buffer): RootHeader | null {
  for (let at = head.indexOf(ROOT_MAGIC); at >= 0; at = head.indexOf(ROOT_MAGIC, at + 1)) {
    if (at % 8 !== 0 || at + ROOT_HEADER_SIZE > head.length) continue;
    const field = (index: number): number => Number(head.readBigUInt64LE(at + 8 + index * 8));
    const [rootAddress, rootSize, configAddress, configSize] = [field(0), field(1), field(2), field(3)];
    const isEmpty = rootAddress === 0 && rootSize === 0 && configAddress === 0 && configSize === 0;
    const isFilled = rootAddress % PAGE === 0 && configAddress >= rootAddress + rootSize && configSize < 1 << 24;
    if (isEmpty || isFilled) return { fileOffset: at, rootAddress, rootSize, configAddress, configSize };
  }
  return null;
}

/** File offset of the root image behind a kernel of this size, with a page for the program headers. */
export function rootOffset(kernelSize: number): number {
  return alignUp(kernelSize, PAGE) + PAGE;
}

/** The same with room to grow, so that a new kernel seldom moves the root image. */
export function roomyRootOffset(kernelSize: number): number {
  return alignUp(rootOffset(kernelSize) + 64 * PAGE, 4 << 20);
}

/** Put the root image, at `offset`, and the boot configuration into the kernel's file. */
export function bootImage(kernel: Buffer, root: Image, config: string, offset = rootOffset(kernel.length)): Image {
  const elf = readElf(kernel, kernel.length, "the kernel");
  const header = findRootHeader(kernel);
  if (!header) {
    throw bad("the kernel", "it has no image_root header", "build the kernel again (npm start)");
  }
  const loads = elf.segments.filter((segment) => segment.type === PT_LOAD);
  const kernelEnd = Math.max(...loads.map((segment) => segment.physicalAddress + segment.memorySize));
  const rootAddress = alignUp(kernelEnd, ROOT_ALIGNMENT);
  const configBytes = Buffer.from(`${config}\0`, "utf8");
  const configAddress = rootAddress + alignUp(root.size, PAGE);
  const segmentSize = configAddress + configBytes.length - rootAddress;
  const oldTable = Number(kernel.readBigUInt64LE(32));
  const count = elf.segments.length;
  const firstByte = Math.min(...loads.filter((segment) => segment.fileSize > 0).map((segment) => segment.offset));
  const isRoomInFront = oldTable + (count + 1) * PHDR_SIZE <= firstByte;
  const tableOffset = isRoomInFront ? oldTable : alignUp(kernel.length, PAGE);
  const table = Buffer.alloc((count + 1) * PHDR_SIZE);
  kernel.copy(table, 0, oldTable, oldTable + count * PHDR_SIZE);
  const at = count * PHDR_SIZE;
  table.writeUInt32LE(PT_LOAD, at);
  table.writeUInt32LE(PF_R, at + 4);
  table.writeBigUInt64LE(BigInt(offset), at + 8);
  table.writeBigUInt64LE(BigInt(rootAddress), at + 16);
  table.writeBigUInt64LE(BigInt(rootAddress), at + 24);
  table.writeBigUInt64LE(BigInt(segmentSize), at + 32);
  table.writeBigUInt64LE(BigInt(segmentSize), at + 40);
  table.writeBigUInt64LE(BigInt(PAGE), at + 48);

  const front = Buffer.from(kernel);
  front.writeBigUInt64LE(BigInt(tableOffset), 32);
  front.writeUInt16LE(count + 1, 56);
  [rootAddress, root.size, configAddress, configBytes.length - 1].forEach((value, index) => {
    front.writeBigUInt64LE(BigInt(value), header.fileOffset + 8 + index * 8);
  });
  const pieces: Piece[] = [
    { offset: 0, bytes: front },
    { offset: tableOffset, bytes: table },
    ...shiftPieces(root.pieces, offset),
    { offset: offset + configAddress - rootAddress, bytes: configBytes },
  ];
  return { size: offset + segmentSize, pieces };
}

/** Where the boot configuration lies in a built image's file; null when the file is no such image. */
export function configLocation(head: Buffer, length: number, name: string): { offset: number; size: number } | null {
  if (!isElf(head)) return null;
  const header = findRootHeader(head);
  if (!header || header.rootAddress === 0) return null;
  const elf = readElf(head, length, name);
  const segment = elf.segments.find((one) => one.type === PT_LOAD && one.physicalAddress === header.rootAddress);
  if (!segment) return null;
  return { offset: segment.offset + header.configAddress - header.rootAddress, size: header.configSize };
}

/**
 * Another boot configuration for a built image: the pieces to write over a copy of its file. The configuration is the
 * file's last part, so only the sizes in front of it change.
 */
export function replaceConfig(head: Buffer, length: number, name: string, config: string): Image | null {
  const location = configLocation(head, length, name);
  const header = findRootHeader(head);
  if (!location || !header) return null;
  const elf = readElf(head, length, name);
  const index = elf.segments.findIndex((one) => one.type === PT_LOAD && one.physicalAddress === header.rootAddress);
  const segment = elf.segments[index];
  if (!segment) return null;
  const bytes = Buffer.from(`${config}\0`, "latin1");
  const segmentSize = location.offset + bytes.length - segment.offset;
  const sizes = Buffer.alloc(16);
  sizes.writeBigUInt64LE(BigInt(segmentSize), 0);
  sizes.writeBigUInt64LE(BigInt(segmentSize), 8);
  const configSize = Buffer.alloc(8);
  configSize.writeBigUInt64LE(BigInt(bytes.length - 1), 0);
  const table = Number(head.readBigUInt64LE(32));
  return {
    size: location.offset + bytes.length,
    pieces: [
      { offset: location.offset, bytes },
      { offset: table + index * PHDR_SIZE + 32, bytes: sizes },
      { offset: header.fileOffset + 32, bytes: configSize },
    ],
  };
}
