// /proc/PID/maps, smaps, statm: a program's memory (man 5 proc_pid_maps, proc_pid_statm).

import { PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman";
import { deviceMajor, deviceMinor } from "../abi/stat";
import { Text } from "../lib/text";
import { AddressSpace } from "../memory/address-space";
import { Mapping } from "../memory/mapping";
import { SpecialName } from "../memory/page-source";
import { Inode } from "../vfs/inode";
import { Path } from "../vfs/path";
import { pathText } from "../vfs/path-text";

/** Column at which the name begins, as Linux pads it. */
const NAME_COLUMN: i32 = 73;

/** /proc/PID/maps. */
export function renderMaps(space: AddressSpace, text: Text): void {
  let mappings = space.mappings;
  for (let i = 0; i < mappings.length; i++) renderMapping(space, mappings.at(i), text);
}

/** One line, as in maps. */
export function renderMapping(space: AddressSpace, mapping: Mapping, text: Text): void {
  let lineStart = text.length;
  text.hexPadded(mapping.start, 8).byte(0x2d).hexPadded(mapping.end, 8).byte(0x20);
  text.byte((mapping.protection & PROT_READ) != 0 ? 0x72 : 0x2d);
  text.byte((mapping.protection & PROT_WRITE) != 0 ? 0x77 : 0x2d);
  text.byte((mapping.protection & PROT_EXEC) != 0 ? 0x78 : 0x2d);
  text.byte(mapping.isShared ? 0x73 : 0x70);
  let source = mapping.source;
  text
    .byte(0x20)
    .hexPadded(source === null ? 0 : mapping.offset, 8)
    .byte(0x20);
  let device: u64 = 0;
  let number: u64 = 0;
  if (source instanceof Inode) {
    let inode = source as Inode;
    device = inode.fileSystem.device;
    number = inode.number;
  }
  text
    .hexPadded(<u64>deviceMajor(device), 2)
    .byte(0x3a)
    .hexPadded(<u64>deviceMinor(device), 2);
  text.byte(0x20).decimal(number);
  let name = mapping.name;
  if (name instanceof Path) {
    text.padTo(lineStart + NAME_COLUMN).array(pathText(name as Path, null, true));
  } else if (name instanceof SpecialName) {
    text.padTo(lineStart + NAME_COLUMN).string((name as SpecialName).text);
  } else if (space.breakStart < space.breakEnd && mapping.start < space.breakEnd && mapping.end > space.breakStart) {
    text.padTo(lineStart + NAME_COLUMN).string("[heap]");
  }
  text.byte(0x0a);
}

/** /proc/PID/statm: sizes in pages. */
export function renderStatm(space: AddressSpace, text: Text): void {
  let usage = space.usage;
  text.decimal(usage.mappedPages).byte(0x20).signed(usage.residentPages).byte(0x20);
  text.signed(usage.filePages + usage.sharedPages).byte(0x20);
  text.decimal((space.codeEnd - space.codeStart + 4095) >> 12).string(" 0 ");
  text.decimal(writablePages(space)).string(" 0\n");
}

/** Pages of private writable mappings: VmData. */
export function writablePages(space: AddressSpace): u64 {
  let pages: u64 = 0;
  for (let i = 0; i < space.mappings.length; i++) {
    let mapping = space.mappings.at(i);
    if (mapping.isWritable && !mapping.isShared && !mapping.growsDown) pages += mapping.length >> 12;
  }
  return pages;
}

/** Pages of mappings of one kind: stack or code. */
export function stackPages(space: AddressSpace): u64 {
  let pages: u64 = 0;
  for (let i = 0; i < space.mappings.length; i++) {
    let mapping = space.mappings.at(i);
    if (mapping.growsDown) pages += mapping.length >> 12;
  }
  return pages;
}

/** Pages of executable file mappings beyond the program itself: VmLib. */
export function libraryPages(space: AddressSpace): u64 {
  let pages: u64 = 0;
  for (let i = 0; i < space.mappings.length; i++) {
    let mapping = space.mappings.at(i);
    if (mapping.isExecutable && mapping.source !== null) pages += mapping.length >> 12;
  }
  let own = (space.codeEnd - space.codeStart + 4095) >> 12;
  return pages > own ? pages - own : 0;
}
