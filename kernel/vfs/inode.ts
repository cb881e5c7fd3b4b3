// A file as the file system knows it: type, permissions, owner, times, size, and what can be done to it. Names are
// directory entries', positions are open files'.
//
// Names come as bytes in linear memory: a StaticArray<u8> that the walk owns and a length; who keeps a name copies it.
// Permissions, name lengths and read-only mounts have been checked by vfs/ before a method here is called; the entry
// cache and change notices follow after it.

import { EACCES, EINVAL, ENODEV, ENOENT, ENOTDIR, ENXIO, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno";
import { List } from "../lib/list";
import { IoVector } from "../memory/io-vector";
import { PageSource } from "../memory/page-source";
import { DirectoryEntry } from "./directory-entry";
import { DirectorySink } from "./directory-sink";
import { File } from "./file";
import { FileSystem } from "./file-system";
import { Identity } from "./identity";
import { LockList } from "./lock-list";
import { openByType } from "./open-by-type";
import { Path } from "./path";

/** File types in st_mode: man 7 inode. */
export const S_IFMT: u32 = 0o170000;
export const S_IFSOCK: u32 = 0o140000;
export const S_IFLNK: u32 = 0o120000;
export const S_IFREG: u32 = 0o100000;
export const S_IFBLK: u32 = 0o060000;
export const S_IFDIR: u32 = 0o040000;
export const S_IFCHR: u32 = 0o020000;
export const S_IFIFO: u32 = 0o010000;

export class Inode extends PageSource {
  fileSystem: FileSystem;
  /** st_ino: unique in its file system. */
  number: u64 = 0;
  /** Type and permission bits, man 7 inode. */
  mode: u32 = 0;
  linkCount: u32 = 1;
  userId: u32 = 0;
  groupId: u32 = 0;
  size: u64 = 0;
  /** Nanoseconds since 1970. */
  accessNs: i64 = 0;
  modifyNs: i64 = 0;
  changeNs: i64 = 0;
  birthNs: i64 = 0;
  /** st_rdev of a device node. */
  device: u64 = 0;
  /** Open files, mappings, watches: while there are any, the inode keeps its content and its identity. */
  private useCount: i32 = 0;
  /** Entries of the cache that lead here. */
  entryCount: i32 = 0;
  /** A directory's one entry, once the cache has made it. */
  directoryEntry: DirectoryEntry | null = null;
  /** Who wants to hear of changes: vfs/notify.ts. */
  watches: List | null = null;
  /** Record locks and flock locks: vfs/locks.ts. */
  locks: LockList | null = null;
  /** Files open for writing; while negative, so many programs run from it and writing is -ETXTBSY (man 2 execve). */
  writerCount: i32 = 0;

  /** Made by O_TMPFILE without O_EXCL: link(2) may give it its first name. */
  isUnnamed: bool = false;

  constructor(fileSystem: FileSystem) {
    super();
    this.fileSystem = fileSystem;
  }

  override get sizeBytes(): u64 {
    return this.size;
  }

  get type(): u32 {
    return this.mode & S_IFMT;
  }

  get isDirectory(): bool {
    return (this.mode & S_IFMT) == S_IFDIR;
  }

  get isRegular(): bool {
    return (this.mode & S_IFMT) == S_IFREG;
  }

  get isSymbolicLink(): bool {
    return (this.mode & S_IFMT) == S_IFLNK;
  }

  /** 512-byte blocks for st_blocks. */
  get blocks(): u64 {
    return (this.size + 511) >> 9;
  }

  /** Whether someone has it open or mapped. */
  get isUsed(): bool {
    return this.useCount > 0;
  }

  /** One more user: an open file, a mapping, a watch. */
  use(): void {
    this.useCount++;
  }

  /** One user less; without a name and without users it is evicted. */
  unuse(): void {
    if (--this.useCount == 0) this.unreferenced();
  }

  /** The last user went, or the last entry of the cache. */
  unreferenced(): void {
    if (this.linkCount == 0 && this.useCount == 0) this.evict();
  }

  /** The last name and the last user went: free the content. */
  evict(): void {}

  /** Whether the entry cache may remember what lookup said of this directory: not where names come and go by themselves (/proc). */
  get keepsNames(): bool {
    return true;
  }

  /** A new open file description, or null with the reason in `openError`. `flags` are open(2)'s; access has been checked. */
  open(flags: u32): File | null {
    return openByType(this, flags);
  }

  /** The inode of a name in this directory; null with -ENOENT in `openError` when there is none, with another errno when the medium fails. */
  lookup(_name: StaticArray<u8>, _length: i32): Inode | null {
    failOpen(-ENOENT);
    return null;
  }

  /** A directory's names but "." and "..": from `position` on (0: all), until the sink is full. 0 or a negative errno. */
  readNames(_sink: DirectorySink, _position: u64): i32 {
    return -ENOTDIR;
  }

  /** Make a regular file, fifo, socket or device node; null with the reason in `openError`. */
  create(_name: StaticArray<u8>, _length: i32, _mode: u32, _device: u64): Inode | null {
    failOpen(-EROFS);
    return null;
  }

  /** A regular file without a name (O_TMPFILE); its link count is 0. */
  createUnnamed(_mode: u32): Inode | null {
    failOpen(-EOPNOTSUPP);
    return null;
  }

  makeDirectory(_name: StaticArray<u8>, _length: i32, _mode: u32): Inode | null {
    failOpen(-EROFS);
    return null;
  }

  makeSymbolicLink(_name: StaticArray<u8>, _length: i32, _target: StaticArray<u8>): Inode | null {
    failOpen(-EROFS);
    return null;
  }

  link(_name: StaticArray<u8>, _length: i32, _target: Inode): i32 {
    return -EROFS;
  }

  unlink(_name: StaticArray<u8>, _length: i32, _target: Inode): i32 {
    return -EROFS;
  }

  /** -ENOTEMPTY when it has names. */
  removeDirectory(_name: StaticArray<u8>, _length: i32, _target: Inode): i32 {
    return -EROFS;
  }

  /**
   * Move `target` from `name` here to `newName` in `newParent`, replacing `replaced` when not null; with RENAME_EXCHANGE
   * in `flags` the two change places.
   */
  rename(
    _name: StaticArray<u8>,
    _length: i32,
    _target: Inode,
    _newParent: Inode,
    _newName: StaticArray<u8>,
    _newLength: i32,
    _replaced: Inode | null,
    _flags: u32,
  ): i32 {
    return -EROFS;
  }

  /** The text of a symbolic link; null when it is none or cannot be read. */
  readLink(): StaticArray<u8> | null {
    return null;
  }

  /** Where a magic link leads (/proc/self/exe, /proc/self/fd/3), whatever its text says; null for ordinary links. */
  followLink(): Path | null {
    return null;
  }

  /** Regular files: bytes from `offset` on; 0 at the end; a negative errno. */
  readAt(_io: IoVector, _offset: u64): i64 {
    return -EINVAL;
  }

  /** The content was read by a program: the access time may follow (mount option relatime). */
  accessed(): void {}

  /** Regular files: bytes written at `offset`, the size grown as needed; a negative errno. */
  writeAt(_io: IoVector, _offset: u64): i64 {
    return -EINVAL;
  }

  /** SEEK_DATA: the first offset >= `offset` with data; -ENXIO when none is left. Precondition: offset < size. */
  nextData(offset: u64): i64 {
    return offset < this.size ? <i64>offset : -ENXIO;
  }

  /** SEEK_HOLE: the first offset >= `offset` in a hole; the end of the file is one. */
  nextHole(_offset: u64): i64 {
    return <i64>this.size;
  }

  /** Set the length of a regular file. */
  truncate(_length: u64): i32 {
    return -EINVAL;
  }

  /** fallocate(2). */
  allocate(_mode: u32, _offset: u64, _length: u64): i32 {
    return -EOPNOTSUPP;
  }

  /** chmod(2), chown(2), utimensat(2) ask before they store into the fields; a read-only medium refuses. */
  allowAttributeChange(): i32 {
    return -EROFS;
  }

  /** Whether it can have extended attributes (man 7 xattr). */
  get keepsAttributes(): bool {
    return false;
  }

  /** An extended attribute's value; null when there is none. */
  getAttribute(_name: StaticArray<u8>): StaticArray<u8> | null {
    return null;
  }

  /** The names of its extended attributes, counted from 0; null behind the last. */
  attributeName(_index: i32): StaticArray<u8> | null {
    return null;
  }

  /** Set an extended attribute; `flags` as for setxattr(2). 0 or a negative errno. */
  setAttribute(_name: StaticArray<u8>, _value: StaticArray<u8>, _flags: u32): i32 {
    return -EOPNOTSUPP;
  }

  removeAttribute(_name: StaticArray<u8>): i32 {
    return -EOPNOTSUPP;
  }

  /** F_GET_SEALS; -EINVAL for what cannot be sealed. */
  get seals(): i32 {
    return -EINVAL;
  }

  /** F_ADD_SEALS. */
  addSeals(_seals: u32): i32 {
    return -EINVAL;
  }

  override mapped(delta: i32, _isShared: bool, _isWritable: bool): i32 {
    if (!this.isRegular) return -ENODEV;
    if (delta > 0) this.use();
    else this.unuse();
    return 0;
  }

  override executed(delta: i32): void {
    this.writerCount -= delta;
  }

  /** Whether `identity` may do what `mask` (4 read, 2 write, 1 execute) asks: man 7 path_resolution. 0 or -EACCES. */
  permits(identity: Identity, mask: u32): i32 {
    if (identity.isPrivileged) return (mask & 1) == 0 || this.isDirectory || (this.mode & 0o111) != 0 ? 0 : -EACCES;
    let granted = this.mode;
    if (identity.fileUser == this.userId) granted >>= 6;
    else if (identity.isMember(this.groupId)) granted >>= 3;
    return (granted & mask) == mask ? 0 : -EACCES;
  }

  /** Whether `identity` owns it or is privileged (chmod, utimensat, sticky directories). */
  isOwnedBy(identity: Identity): bool {
    return identity.isPrivileged || identity.fileUser == this.userId;
  }
}

/** Why the last `open`, `lookup`, `create`, `makeDirectory` or `makeSymbolicLink` returned null. */
export let openError: i32 = -EPERM;

/** Note the reason for a null result. */
export function failOpen(error: i32): void {
  openError = error;
}
