// Address spaces on a simulated machine, by handle, for space.test.ts.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import * as tables from "memory/user-tables";
import { advise, lock, residentPages } from "../../../kernel/memory/advice";
import { AddressSpace } from "../../../kernel/memory/address-space";
import { handle } from "../../../kernel/memory/fault";
import { Keeper, setKeeper } from "../../../kernel/memory/oom";
import { PageSource } from "../../../kernel/memory/page-source";
import { readRemote, writeRemote } from "../../../kernel/memory/remote";
import { remap } from "../../../kernel/memory/remap";
import { SharedMemory } from "../../../kernel/memory/shared-memory";
import { withdraw } from "../../../kernel/memory/withdraw";

export { freeCount } from "memory/frames";

const spaces: Array<AddressSpace> = [] as AddressSpace[];

/** A file in memory: page i is filled with byte i + 1. */
class TestFile extends PageSource {
  pages: Array<u64> = [] as u64[];
  size: u64 = 0;
  users: i32 = 0;
  writers: i32 = 0;
  touches: i32 = 0;
  programs: i32 = 0;

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
  override mapped(delta: i32, isShared: bool, isWritable: bool): i32 {
    this.users += delta;
    if (isShared && isWritable) this.writers += delta;
    return 0;
  }
  override executed(delta: i32): void {
    this.programs += delta;
  }
  override touched(): void {
    this.touches++;
  }
}

const file = new TestFile();

/** 16 MB of memory, a kernel root, and a file of `pages` pages whose last one is half used. */
export function setUp(pages: i32): void {
  frames.initialize(0x1000000, 0x1000);
  frames.addRange(0x100000, 0x1000000);
  pageTables.initialize(true);
  pageTables.reserveKernel(0xffff800000000000, 0xffff808000000000);
  pageTables.activate(pageTables.kernel());
  for (let i = 0; i < pages; i++) {
    let frame = frames.allocate();
    mem.fill(direct(frame), i + 1, 4096);
    file.pages.push(frame);
  }
  file.size = <u64>pages * 4096 - 2048;
}

export function create(): i32 {
  let space = new AddressSpace();
  if (!space.initialize()) return -1;
  space.activate();
  spaces.push(space);
  return spaces.length - 1;
}

export function root(space: i32): u64 {
  return spaces[space].root;
}
export function destroy(space: i32): void {
  spaces[space].release();
}
export function fork(space: i32): i32 {
  let copy = spaces[space].copy();
  if (copy === null) return -1;
  spaces.push(copy);
  return spaces.length - 1;
}
export function map(space: i32, hint: u64, length: u64, protection: u32, flags: u32): i64 {
  let source: PageSource | null = null;
  if ((flags & 1) != 0) source = new SharedMemory((length + 4095) & ~4095);
  return spaces[space].map(hint, length, protection, flags, source, 0);
}
export function mapFile(space: i32, hint: u64, length: u64, protection: u32, flags: u32, offset: u64): i64 {
  return spaces[space].map(hint, length, protection, flags, file, offset);
}
export function unmap(space: i32, start: u64, length: u64): i64 {
  return spaces[space].unmap(start, length);
}
export function protect(space: i32, start: u64, length: u64, protection: u32): i64 {
  return spaces[space].protect(start, length, protection);
}
export function move(space: i32, start: u64, oldLength: u64, newLength: u64, flags: u32, target: u64): i64 {
  return remap(spaces[space], start, oldLength, newLength, flags, target);
}
export function moveBreak(space: i32, address: u64): u64 {
  return spaces[space].moveBreak(address);
}
export function setBreak(space: i32, address: u64): void {
  spaces[space].breakStart = address;
  spaces[space].breakEnd = address;
}
export function madvise(space: i32, start: u64, length: u64, advice: i32): i64 {
  return advise(spaces[space], start, length, advice);
}
export function mlock(space: i32, start: u64, length: u64, flags: u32): i64 {
  return lock(spaces[space], start, length, flags, true);
}
export function mincore(space: i32, start: u64, length: u64, vector: u64): i64 {
  return residentPages(spaces[space], start, length, vector);
}
export function fault(space: i32, address: u64, code: u64): i32 {
  return handle(spaces[space], address, code);
}
export function peek(space: i32, address: u64): i32 {
  let word = frames.allocate();
  let missing = readRemote(spaces[space], direct(word), address, 1);
  let value = missing == 0 ? <i32>mem.load8(direct(word)) : -1;
  frames.release(word);
  return value;
}
export function poke(space: i32, address: u64, value: u32): i32 {
  let word = frames.allocate();
  mem.store8(direct(word), value);
  let missing = writeRemote(spaces[space], address, direct(word), 1);
  frames.release(word);
  return missing == 0 ? 0 : -1;
}
export function translate(space: i32, address: u64): u64 {
  return spaces[space].translate(address);
}
export function cutFile(pages: i32): void {
  file.size = <u64>pages * 4096;
  withdraw(file, pages, u64.MAX_VALUE >> 12, true);
}
export function fileUsers(): i32 {
  return file.users;
}
export function fileWriters(): i32 {
  return file.writers;
}
export function runFile(space: i32): void {
  spaces[space].setExecutable(file);
}
export function filePrograms(): i32 {
  return file.programs;
}
export function fileTouches(): i32 {
  return file.touches;
}
export function fileByte(page: i32): u32 {
  return mem.load8(direct(file.pages[page]));
}
export function anonymousPages(space: i32): i64 {
  return spaces[space].usage.anonymousPages;
}
export function filePages(space: i32): i64 {
  return spaces[space].usage.filePages;
}
export function sharedPages(space: i32): i64 {
  return spaces[space].usage.sharedPages;
}
export function mappedPages(space: i32): u64 {
  return spaces[space].usage.mappedPages;
}
export function lockedPages(space: i32): u64 {
  return spaces[space].usage.lockedPages;
}
export function committed(space: i32): u64 {
  return spaces[space].usage.committedHere;
}
export function mappingCount(space: i32): i32 {
  return spaces[space].mappings.length;
}
export function mappingStart(space: i32, index: i32): u64 {
  return spaces[space].mappings.at(index).start;
}
export function mappingEnd(space: i32, index: i32): u64 {
  return spaces[space].mappings.at(index).end;
}
export function mappingProtection(space: i32, index: i32): u32 {
  return spaces[space].mappings.at(index).protection;
}
export function setLimit(space: i32, index: i32, value: u64): void {
  spaces[space].limits[index] = value;
}
export function tableCount(): i32 {
  return tables.tableCount;
}

/** Notes who had to go. */
class TestKeeper extends Keeper {
  ended: Array<AddressSpace> = [] as AddressSpace[];
  override end(victim: AddressSpace): bool {
    this.ended.push(victim);
    return true;
  }
}
const keeper = new TestKeeper();

export function keep(): void {
  setKeeper(keeper);
}
export function endedCount(): i32 {
  return keeper.ended.length;
}
export function endedSpace(index: i32): i32 {
  return spaces.indexOf(keeper.ended[index]);
}
