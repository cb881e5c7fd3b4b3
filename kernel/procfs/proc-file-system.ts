// The proc and sys file systems' common ground: nodes that make their content when they are read (man 5 proc, man 5 sysfs).
//
//   ProcDirectory   fixed children, by name
//   ProcText        text made at the first read of each opening
//   ProcLink        a symbolic link, its text made when read; `followLink` for magic ones
//
// Anyone adds a file with `registerProcFile("net/tcp", source)`: directories on the way are made.

import { bytesAddress } from "memory/address";
import { DT_DIR, DT_LNK, DT_REG } from "../abi/dirent";
import { EACCES, EINVAL, ENOENT, EPERM } from "../abi/errno";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../abi/fcntl";
import { GrowingText, Text } from "../lib/text";
import { IoVector } from "../memory/io-vector";
import * as clock from "../sched/clock";
import { DirectorySink } from "../vfs/directory-sink";
import { DirectoryFile } from "../vfs/directory-file";
import { File } from "../vfs/file";
import { FileSystem } from "../vfs/file-system";
import { failOpen, Inode, S_IFDIR, S_IFLNK, S_IFREG } from "../vfs/inode";

/** man 2 statfs. */
const PROC_SUPER_MAGIC: u64 = 0x9fa0;
const SYSFS_MAGIC: u64 = 0x62656572;
/** The longest text that a file may make. */
const TEXT_LIMIT: i32 = 4 << 20;
const FIRST_TEXT: i32 = 512;

export class ProcFileSystem extends FileSystem {
  private top: Inode | null = null;
  private lastNumber: u64 = 0;

  constructor(private readonly isSysfs: bool) {
    super();
  }

  override get kind(): string {
    return this.isSysfs ? "sysfs" : "proc";
  }

  override get magic(): u64 {
    return this.isSysfs ? SYSFS_MAGIC : PROC_SUPER_MAGIC;
  }

  override root(): Inode | null {
    return this.top;
  }

  setRoot(root: Inode): void {
    this.top = root;
  }

  /** A number for a new inode. */
  nextNumber(): u64 {
    return ++this.lastNumber;
  }
}

/** What all nodes share: root's, dated now, unchanging. */
export class ProcNode extends Inode {
  constructor(fileSystem: ProcFileSystem, mode: u32) {
    super(fileSystem);
    this.number = fileSystem.nextNumber();
    this.mode = mode;
    let nowNs = <i64>clock.wallNs();
    this.accessNs = nowNs;
    this.modifyNs = nowNs;
    this.changeNs = nowNs;
  }

  override get keepsNames(): bool {
    return false;
  }

  override allowAttributeChange(): i32 {
    return -EPERM;
  }
}

/** Makes a file's text, and takes what is written to it. */
export class TextSource {
  render(_text: Text): void {}

  /** Why it cannot be read any more: a negative errno, or 0. */
  get error(): i32 {
    return 0;
  }

  /**
   * Whether a file of /etc is this: programs then expect its size from stat(2) and lseek(2) as of any other (c-ares reads as
   * much of resolv.conf as fstat says). Linux tells 0 for files of /proc.
   */
  get tellsSize(): bool {
    return false;
  }

  /** A program wrote `length` bytes at the start of `bytes`. 0 or a negative errno. */
  accept(_bytes: StaticArray<u8>, _length: i32): i32 {
    return -EACCES;
  }
}

export class ProcText extends ProcNode {
  constructor(
    fileSystem: ProcFileSystem,
    readonly source: TextSource,
    permissions: u32,
  ) {
    super(fileSystem, S_IFREG | permissions);
  }

  override open(_flags: u32): File | null {
    let file = new TextFile(this.source);
    if (this.source.tellsSize) this.size = file.measure();
    return file;
  }

  /** O_TRUNC on a /proc/sys file does nothing. */
  override truncate(_length: u64): i32 {
    return 0;
  }
}

/** An opening of a ProcText: the text is made at the first read and stays the same until it is read from the start again. */
class TextFile extends File {
  private text: GrowingText | null = null;

  constructor(readonly source: TextSource) {
    super();
  }

  override read(io: IoVector): i64 {
    if (this.position == 0) this.text = null;
    let moved = this.readAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  /** Make the text. */
  private made(): GrowingText {
    let text = new GrowingText(FIRST_TEXT, TEXT_LIMIT);
    this.source.render(text);
    this.text = text;
    return text;
  }

  /** How long the text is now. */
  measure(): u64 {
    return <u64>this.made().length;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    let text = this.text;
    if (text === null) {
      if (this.source.error < 0) return this.source.error;
      text = this.made();
    }
    let size = <u64>text.size;
    if (offset >= size) return 0;
    return io.put(text.address + offset, min(io.remaining, size - offset));
  }

  override write(io: IoVector): i64 {
    let length = <i32>min(io.remaining, 4096);
    let bytes = new StaticArray<u8>(length);
    let taken = io.take(bytesAddress(bytes), <u64>length);
    if (taken < 0) return taken;
    let error = this.source.accept(bytes, <i32>taken);
    return error < 0 ? <i64>error : taken;
  }

  override writeAt(io: IoVector, _offset: u64): i64 {
    return this.write(io);
  }

  override seek(offset: i64, whence: i32): i64 {
    let isFromEnd = whence == SEEK_END && this.source.tellsSize;
    if (!isFromEnd && whence != SEEK_SET && whence != SEEK_CUR) return -EINVAL;
    let target = offset;
    if (whence == SEEK_CUR) target += <i64>this.position;
    if (isFromEnd) target += <i64>this.measure();
    if (target < 0) return -EINVAL;
    this.position = <u64>target;
    return target;
  }
}

/** A symbolic link whose text is made when read. */
export class ProcLink extends ProcNode {
  constructor(fileSystem: ProcFileSystem) {
    super(fileSystem, S_IFLNK | 0o777);
  }

  /** The link's text. */
  render(_text: Text): void {}

  override readLink(): StaticArray<u8> | null {
    let text = new GrowingText(64, 4096);
    this.render(text);
    if (text.length > 0) return StaticArray.slice<u8>(text.bytes, 0, text.length);
    failOpen(-ENOENT);
    return null;
  }
}

/** A link whose text is constant: "self/mounts". */
export class FixedLink extends ProcLink {
  constructor(
    fileSystem: ProcFileSystem,
    readonly target: string,
  ) {
    super(fileSystem);
  }

  override render(text: Text): void {
    text.string(this.target);
  }
}

export class ProcDirectory extends ProcNode {
  private names: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  private children: Array<Inode> = [] as Inode[];

  constructor(readonly procFileSystem: ProcFileSystem) {
    super(procFileSystem, S_IFDIR | 0o555);
    this.linkCount = 2;
  }

  /** Add a child. Precondition: no child has that name. */
  add(name: string, child: Inode): void {
    this.names.push(bytesOf(name));
    this.children.push(child);
  }

  /** Add a text file. */
  addText(name: string, source: TextSource, permissions: u32 = 0o444): void {
    this.add(name, new ProcText(this.procFileSystem, source, permissions));
  }

  /** The fixed child of a name. */
  child(name: StaticArray<u8>, length: i32): Inode | null {
    for (let i = 0; i < this.names.length; i++) {
      if (isName(this.names[i], name, length)) return this.children[i];
    }
    return null;
  }

  override open(_flags: u32): File | null {
    return new DirectoryFile();
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let found = this.child(name, length);
    if (found === null) failOpen(-ENOENT);
    return found;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    this.listChildren(sink, position);
    return 0;
  }

  /** How many fixed children there are. */
  get childCount(): i32 {
    return this.names.length;
  }

  /** Put the fixed children from `position` on; false when the sink is full. */
  listChildren(sink: DirectorySink, position: u64): bool {
    for (let i = <i32>min(position, <u64>this.names.length); i < this.names.length; i++) {
      let name = this.names[i];
      let child = this.children[i];
      if (!sink.entry(bytesAddress(name), name.length, child.number, typeOf(child), <u64>i + 1)) return false;
    }
    return true;
  }
}

/** DT_* of an inode. */
export function typeOf(inode: Inode): u32 {
  if (inode.isDirectory) return DT_DIR;
  return inode.isSymbolicLink ? DT_LNK : DT_REG;
}

/** A constant name as bytes. */
export function bytesOf(name: string): StaticArray<u8> {
  let text = new Text(name.length * 3).string(name);
  return StaticArray.slice<u8>(text.bytes, 0, text.length);
}

function isName(own: StaticArray<u8>, name: StaticArray<u8>, length: i32): bool {
  if (own.length != length) return false;
  for (let i = 0; i < length; i++) if (own[i] != name[i]) return false;
  return true;
}

/** A name of digits as a number, -1 for any other name. */
export function numberOf(name: StaticArray<u8>, length: i32): i32 {
  if (length == 0 || length > 9 || (length > 1 && name[0] == 0x30)) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    let digit = <i32>name[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Put a text file at a path below `top`, making the directories on the way. */
export function addAt(top: ProcDirectory, path: string, source: TextSource, permissions: u32 = 0o444): void {
  let slash = path.lastIndexOf("/");
  let directory = slash < 0 ? top : directoryAt(top, path.substring(0, slash));
  directory.addText(path.substring(slash + 1), source, permissions);
}

/** The directory at a path below `top`, made where it is missing. */
export function directoryAt(top: ProcDirectory, path: string): ProcDirectory {
  let directory = top;
  let start = 0;
  while (start <= path.length) {
    let slash = path.indexOf("/", start);
    let end = slash < 0 ? path.length : slash;
    let part = path.substring(start, end);
    let bytes = bytesOf(part);
    let next = directory.child(bytes, bytes.length);
    if (next === null) {
      next = new ProcDirectory(top.procFileSystem);
      directory.add(part, next);
    }
    directory = next as ProcDirectory;
    start = end + 1;
  }
  return directory;
}
