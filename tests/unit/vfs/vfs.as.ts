// The file layer below the system calls, driven by the tests: paths and data go through two buffers in linear memory.

import { linearAddress, pointerOf } from "memory/address";
import * as frames from "memory/frames";
import { DevFs } from "../../../kernel/fs/devfs/devfs";
import { Erofs, mountError } from "../../../kernel/fs/erofs/erofs";
import { Overlay } from "../../../kernel/fs/overlay/overlay";
import { sharedBudget } from "../../../kernel/fs/tmpfs/budget";
import { Tmpfs } from "../../../kernel/fs/tmpfs/tmpfs";
import { IoVector } from "../../../kernel/memory/io-vector";
import * as change from "../../../kernel/vfs/change";
import * as cache from "../../../kernel/vfs/entry-cache";
import { File } from "../../../kernel/vfs/file";
import { FileSystem } from "../../../kernel/vfs/file-system";
import { Identity } from "../../../kernel/vfs/identity";
import { Inode, openError } from "../../../kernel/vfs/inode";
import { addWatch, Watch } from "../../../kernel/vfs/notify";
import { openPath } from "../../../kernel/vfs/open";
import { makeText, textAddress } from "../../../kernel/vfs/path-text";
import { mountAt, mountRoot, rootContext, rootIdentity } from "../../../kernel/vfs/root";
import { begin, end, Last, Walk } from "../../../kernel/vfs/walk";
import * as mem from "machine/mem";

const paths = new StaticArray<u8>(16384);
const data = new StaticArray<u8>(1 << 20);
const files: Array<File | null> = [] as (File | null)[];
const io = new IoVector();
let identity = rootIdentity;
let inode: Inode | null = null;

export function pathBuffer(): usize {
  return pointerOf(paths);
}
export function dataBuffer(): usize {
  return pointerOf(data);
}

/** Memory of `ramBytes`, its frames from `firstFree` on free. */
export function setUp(ramBytes: u64, firstFree: u64): void {
  let table = firstFree;
  frames.initialize(ramBytes, table);
  frames.addRange((table + frames.tableSize(ramBytes) + 4095) & ~(<u64>4095), ramBytes);
}

export function freeFrames(): u64 {
  return frames.freeCount();
}
export function pagesUsed(): u64 {
  return sharedBudget().pagesUsed;
}
export function setPageLimit(pages: u64): void {
  sharedBudget().pageLimit = pages;
}
export function setCacheCapacity(entries: i32): void {
  cache.setCapacity(entries);
}
export function cacheCount(): i32 {
  return cache.count();
}

/** Mount the root: 0 a tmpfs, 1 the image alone, 2 the image under a writable layer. */
export function mountTree(kind: i32, physical: u64, length: u64): i32 {
  let root: FileSystem | null = null;
  if (kind == 0) root = new Tmpfs(0o755);
  else {
    let image = Erofs.mount(physical, length);
    if (image === null) return mountError;
    root = kind == 1 ? image : new Overlay(image);
  }
  return mountRoot(root as FileSystem) ? 0 : -1;
}

function copyPath(start: i32, length: i32): StaticArray<u8> {
  let text = new StaticArray<u8>(length);
  for (let i = 0; i < length; i++) text[i] = paths[start + i];
  return text;
}

export function mountDevices(length: i32): bool {
  return mountAt(new DevFs(), copyPath(0, length)) !== null;
}
export function mountMemory(length: i32): bool {
  return mountAt(new Tmpfs(0o1777), copyPath(0, length)) !== null;
}

export function becomeUser(user: u32, group: u32): void {
  identity = new Identity();
  identity.fileUser = user;
  identity.fileGroup = group;
}

function walkPath(start: i32, length: i32, last: i32): Walk {
  let walk = begin(rootContext, identity);
  walkError = walk.setText(copyPath(start, length));
  if (walkError == 0) walkError = walk.run(rootContext, identity, rootContext.directory!, last);
  return walk;
}
let walkError: i32 = 0;

export function open(length: i32, flags: u32, mode: u32): i32 {
  let walk = begin(rootContext, identity);
  walk.setText(copyPath(0, length));
  let file = openPath(walk, rootContext, identity, rootContext.directory!, flags, mode);
  end(walk);
  if (file === null) return openError;
  for (let i = 0; i < files.length; i++) {
    if (files[i] === null) {
      files[i] = file;
      return i;
    }
  }
  files.push(file);
  return files.length - 1;
}

export function close(file: i32): void {
  files[file]!.release();
  files[file] = null;
}

export function read(file: i32, length: i32): i64 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return files[file]!.read(io);
}
export function readAt(file: i32, length: i32, offset: u64): i64 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return files[file]!.readAt(io, offset);
}
export function write(file: i32, length: i32): i64 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return files[file]!.write(io);
}
export function writeAt(file: i32, length: i32, offset: u64): i64 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return files[file]!.writeAt(io, offset);
}
export function seek(file: i32, offset: i64, whence: i32): i64 {
  return files[file]!.seek(offset, whence);
}
export function truncate(file: i32, length: u64): i64 {
  return files[file]!.truncate(length);
}
export function allocate(file: i32, mode: u32, offset: u64, length: u64): i64 {
  return files[file]!.allocate(mode, offset, length);
}
export function readDirectory(file: i32, length: i32): i64 {
  io.setKernel(linearAddress(pointerOf(data)), <u64>length);
  return files[file]!.readDirectory(io);
}
/** The frame behind a page as a mapping gets it, with the reference dropped at once. */
export function pageFrame(file: i32, index: u64, forWrite: bool): i64 {
  let frame = files[file]!.inode!.pageFrame(index, forWrite);
  if (frame > 0) frames.release(<u64>frame);
  return frame;
}

export function makeDirectory(length: i32, mode: u32): i32 {
  let walk = walkPath(0, length, Last.NAME);
  let error = walkError < 0 ? walkError : change.makeDirectory(walk, identity, mode);
  end(walk);
  return error;
}
export function makeNode(length: i32, mode: u32, device: u64): i32 {
  let walk = walkPath(0, length, Last.NAME);
  let error = walkError < 0 ? walkError : change.makeNode(walk, identity, mode, device);
  end(walk);
  return error;
}
/** The target's text comes first in the path buffer. */
export function makeSymbolicLink(targetLength: i32, length: i32): i32 {
  let walk = walkPath(targetLength, length, Last.NAME);
  let error = walkError < 0 ? walkError : change.makeSymbolicLink(walk, identity, copyPath(0, targetLength));
  end(walk);
  return error;
}
export function makeLink(oldLength: i32, newLength: i32): i32 {
  let from = walkPath(0, oldLength, Last.ITSELF);
  let error = walkError;
  if (error == 0) {
    let to = walkPath(oldLength, newLength, Last.NAME);
    error = walkError < 0 ? walkError : change.makeLink(from, to, identity);
    end(to);
  }
  end(from);
  return error;
}
export function unlink(length: i32): i32 {
  let walk = walkPath(0, length, Last.NAME);
  let error = walkError < 0 ? walkError : change.unlink(walk, identity);
  end(walk);
  return error;
}
export function removeDirectory(length: i32): i32 {
  let walk = walkPath(0, length, Last.NAME);
  let error = walkError < 0 ? walkError : change.removeDirectory(walk, identity);
  end(walk);
  return error;
}
export function rename(oldLength: i32, newLength: i32, flags: u32): i32 {
  let from = walkPath(0, oldLength, Last.NAME);
  let error = walkError;
  if (error == 0) {
    let to = walkPath(oldLength, newLength, Last.NAME);
    error = walkError < 0 ? walkError : change.rename(from, to, identity, flags);
    end(to);
  }
  end(from);
  return error;
}

/** Find an inode for the `stat…` questions below; with `start` as the current directory when it is open. */
export function find(length: i32, follow: bool): i32 {
  let walk = walkPath(0, length, follow ? Last.FOLLOW : Last.ITSELF);
  if (walkError == 0) inode = walk.inode;
  end(walk);
  return walkError;
}
export function findOpen(file: i32): void {
  inode = files[file]!.inode;
}
export function statMode(): u32 {
  return inode!.mode;
}
export function statSize(): u64 {
  return inode!.size;
}
export function statNumber(): u64 {
  return inode!.number;
}
export function statLinks(): u32 {
  return inode!.linkCount;
}
export function statBlocks(): u64 {
  return inode!.blocks;
}
export function chmod(mode: u32): i32 {
  let error = inode!.allowAttributeChange();
  if (error < 0) return error;
  inode!.mode = (inode!.mode & ~(<u32>0o7777)) | mode;
  return 0;
}
/** The text of the link found, in the data buffer; its length, -1 when it is none. */
export function readLink(): i32 {
  let text = inode!.readLink();
  if (text === null) return -1;
  mem.copy(linearAddress(pointerOf(data)), linearAddress(pointerOf(text)), <u64>text.length);
  return text.length;
}

/** The path by which a file was opened, in the data buffer. */
export function pathOf(file: i32): i32 {
  let path = files[file]!.path;
  if (path === null) return -1;
  let length = makeText(path, null, true);
  mem.copy(linearAddress(pointerOf(data)), textAddress(), <u64>length);
  return length;
}

export function changeDirectory(length: i32): i32 {
  let walk = walkPath(0, length, Last.FOLLOW);
  if (walkError == 0) rootContext.setDirectory(walk.toPath());
  end(walk);
  return walkError;
}

class Recorder extends Watch {
  override happened(event: u32, _cookie: u32, name: StaticArray<u8> | null): void {
    events.push(event);
    eventNames.push(name);
  }
}
const events: Array<u32> = [] as u32[];
const eventNames: Array<StaticArray<u8> | null> = [] as (StaticArray<u8> | null)[];

export function watchFound(): void {
  addWatch(inode!, new Recorder());
}
/** The oldest event noted, 0 for none; its name in the data buffer. */
export function nextEvent(): u32 {
  if (events.length == 0) return 0;
  let name = eventNames.shift();
  eventNameLength = 0;
  if (name !== null) {
    eventNameLength = name.length;
    mem.copy(linearAddress(pointerOf(data)), linearAddress(pointerOf(name)), <u64>name.length);
  }
  return events.shift();
}
let eventNameLength: i32 = 0;
export function eventName(): i32 {
  return eventNameLength;
}
