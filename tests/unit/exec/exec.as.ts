// The ELF reader, the loader and the strings of a new program, for exec.test.ts. The file is given as bytes.

import * as mem from "machine/mem";
import * as user from "machine/user";
import { bytesAddress, direct } from "memory/address";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { AddressSpace } from "../../../kernel/memory/address-space";
import { PageSource } from "../../../kernel/memory/page-source";
import { readRemote } from "../../../kernel/memory/remote";
import { Arguments } from "../../../kernel/process/arguments";
import { ElfImage, elfError, parseElf } from "../../../kernel/process/elf";
import { loadBias, loadElf } from "../../../kernel/process/load-elf";
import * as script from "../../../kernel/process/script";

class Bytes extends PageSource {
  pages: Array<u64> = [] as u64[];
  size: u64 = 0;
  override get sizeBytes(): u64 {
    return this.size;
  }
  override get isStable(): bool {
    return true;
  }
  override pageFrame(index: u64, _forWrite: bool): i64 {
    let frame = this.pages[<i32>index];
    frames.reference(frame);
    return <i64>frame;
  }
  override mapped(_delta: i32, _isShared: bool, _isWritable: bool): i32 {
    return 0;
  }
}

let file = new Bytes();
let image: ElfImage | null = null;
const space = new AddressSpace();

export { freeCount } from "memory/frames";

export function setUp(): void {
  frames.initialize(0x2000000, 0x1000);
  frames.addRange(0x100000, 0x2000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.activate(pageTables.kernel());
  space.initialize();
}

/** A file of `size` zero bytes; returns the physical address of page `index` through `page`. */
export function setFile(size: i32): void {
  for (let i = 0; i < file.pages.length; i++) frames.release(file.pages[i]);
  file = new Bytes();
  file.size = size;
  for (let at = 0; at < size; at += 4096) file.pages.push(frames.allocateZeroed());
}
export function page(index: i32): u64 {
  return file.pages[index];
}

export function parse(): i32 {
  image = parseElf(file);
  return image === null ? elfError : 0;
}
export function entry(): u64 {
  return image!.entry;
}
export function segmentCount(): i32 {
  return image!.segments.length;
}
export function headers(): u64 {
  return image!.headers;
}
export function isMovable(): bool {
  return image!.isMovable;
}
export function hasExecutableStack(): bool {
  return image!.hasExecutableStack;
}
export function interpreterLength(): i32 {
  let path = image!.interpreter;
  return path === null ? -1 : path.length;
}
export function load(): i64 {
  return loadElf(space, image!, file, null, true);
}
export function bias(): u64 {
  return loadBias;
}
export function peek(address: u64): i32 {
  let word = frames.allocate();
  let missing = readRemote(space, direct(word), address, 1);
  let value = missing == 0 ? <i32>mem.load8(direct(word)) : -1;
  frames.release(word);
  return value;
}
export function protectionAt(address: u64): i32 {
  let mapping = space.mappingAt(address);
  return mapping === null ? -1 : <i32>mapping.protection;
}
export function unload(): void {
  space.unmap(0, 0x7ffffffff000);
}

export function readScript(): i32 {
  return script.readScript(file);
}
export function interpreterByte(index: i32): i32 {
  return index < script.interpreter.length ? script.interpreter[index] : -1;
}
export function argumentByte(index: i32): i32 {
  let argument = script.argument;
  return argument !== null && index < argument.length ? argument[index] : -1;
}

let strings = new Arguments(0);

/** The file name is `nameLength` bytes at user address `name`. */
export function gather(limit: u64, name: u64, nameLength: i32, argv: u64, envp: u64): i32 {
  strings.discard();
  strings = new Arguments(limit);
  let text = new StaticArray<u8>(nameLength);
  user.copyIn(bytesAddress(text), name, nameLength);
  return strings.takeUser(text, nameLength, argv, envp);
}
export function usedBytes(): u64 {
  return strings.used;
}
export function argumentPlace(index: i32): u64 {
  return strings.argv[strings.argv.length - 1 - index];
}
export function environmentPlace(index: i32): u64 {
  return strings.envp[strings.envp.length - 1 - index];
}
export function argumentCount(): i32 {
  return strings.argv.length;
}
export function namePlace(): u64 {
  return strings.name;
}
/** The byte that is `below` bytes below the top. */
export function stringByte(below: u64): u32 {
  let index = (below - 1) >> 12;
  return mem.load8(direct(strings.pages[<i32>index]) + ((4096 - (below & 4095)) & 4095));
}
export function discardStrings(): void {
  strings.discard();
}
export function popArgument(): void {
  strings.popArgument();
}
