// A built image taken apart for boot loaders: the kernel as a small ELF file with the boot configuration in it, and the
// root file system as a module. A loader then places the large part where the firmware left room; in one piece, all of
// it would have to lie at the kernel's address.

import { statSync } from "node:fs";
import { EXIT_BAD_DATA, Failure } from "../failure.ts";
import { type BootConfig, decodeBootConfig, encodeBootConfig } from "./boot-config.ts";
import { bootImage, configLocation, findRootHeader, PT_LOAD, readElf } from "./elf.ts";
import { type Image, imageBytes } from "./pieces.ts";
import { readHead, shown } from "./target.ts";

export interface BootParts {
  kernel: Buffer;
  /** The root file system: this part of the image's file. */
  root: { path: string; offset: number; size: number };
  config: BootConfig;
}

/** The kernel's own part of an image lies within so many bytes of its start. */
const HEADER_LIMIT = 16 << 20;

/** What a loader need not read: section headers, symbols and debug information. */
function withoutSections(kernel: Buffer): Buffer {
  const { segments } = readElf(kernel, kernel.length, "the kernel");
  const table = Number(kernel.readBigUInt64LE(32)) + segments.length * 56;
  const end = Math.max(table, ...segments.map((segment) => segment.offset + segment.fileSize));
  const front = Buffer.from(kernel.subarray(0, end));
  front.writeBigUInt64LE(0n, 40); // e_shoff
  front.writeUInt32LE(0, 60); // e_shnum, e_shstrndx
  return front;
}

/** The kernel as it was before `bootImage`: without the root image's segment. */
function bareKernel(head: Buffer, size: number, name: string): Buffer {
  const elf = readElf(head, size, name);
  const header = findRootHeader(head);
  const index = elf.segments.findIndex(
    (segment) => segment.type === PT_LOAD && segment.physicalAddress === header?.rootAddress,
  );
  const segment = elf.segments[index];
  if (!header || !segment || index !== elf.segments.length - 1 || segment.offset > head.length) {
    throw new Failure(`${name}: not an image made by egg`, { advice: "make one: egg build", status: EXIT_BAD_DATA });
  }
  const kernel = Buffer.from(head.subarray(0, segment.offset));
  kernel.fill(0, header.fileOffset + 8, header.fileOffset + 40);
  kernel.writeUInt16LE(index, 56);
  return withoutSections(kernel);
}

/** Take the built image at `path` apart; `change` may make another boot configuration of its own. */
export function takeApart(path: string, change: (config: BootConfig) => BootConfig): BootParts {
  const name = shown(path);
  const size = statSync(path).size;
  const head = readHead(path, Math.min(size, HEADER_LIMIT));
  const header = findRootHeader(head);
  const location = configLocation(head, size, name);
  if (!header || !location) {
    throw new Failure(`${name}: not an image made by egg`, { advice: "make one: egg build", status: EXIT_BAD_DATA });
  }
  const text = readHead(path, location.size, location.offset).toString("latin1");
  const config = change(decodeBootConfig(text));
  const kernel = bareKernel(head, size, name);
  const rootOffset = location.offset - (header.configAddress - header.rootAddress);
  return {
    kernel: imageBytes(bootImage(kernel, { size: 0, pieces: [] }, encodeBootConfig(config))),
    root: { path, offset: rootOffset, size: header.rootSize },
    config,
  };
}

/** The root file system as a file of its own. */
export function rootImage({ root }: BootParts): Image {
  return { size: root.size, pieces: [{ offset: 0, path: root.path, from: root.offset, length: root.size }] };
}
