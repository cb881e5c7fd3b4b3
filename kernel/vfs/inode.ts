// A file as the file system knows it: type, permissions, owner, times, size, and what can be done to it. Names are
// directory entries', positions are open files'.
//
// Names come as bytes in linear memory: a StaticArray<u8> that the walk owns and a length.

import { EACCES, EINVAL, ENODEV, ENOTDIR, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno";
import { PageSource } from "../memory/page-source";
import { File } from "./file";
import { FileSystem } from "./file-system";

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

  constructor(fileSystem: FileSystem) {
    super();
    this.fileSystem = fileSystem;
  }

  override get sizeBytes(): u64 {
    return this.size;
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

  /** A new open file description, or null with the reason in `openError`. `flags` are open(2)'s. */
  open(_flags: u32): File | null {
    failOpen(-ENODEV);
    return null;
  }

  /** The inode of a name in this directory, null when there is none. May build the inode from the medium. */
  lookup(_name: StaticArray<u8>, _length: i32): Inode | null {
    return null;
  }

  /** Make a regular file, fifo, socket or device node; null with the reason in `openError`. */
  create(_name: StaticArray<u8>, _length: i32, _mode: u32, _device: u64): Inode | null {
    failOpen(this.isDirectory ? -EROFS : -ENOTDIR);
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

  removeDirectory(_name: StaticArray<u8>, _length: i32, _target: Inode): i32 {
    return -EROFS;
  }

  /** Move `target` from `name` here to `newName` in `newParent`, replacing `replaced` when not null. */
  rename(
    _name: StaticArray<u8>,
    _length: i32,
    _target: Inode,
    _newParent: Inode,
    _newName: StaticArray<u8>,
    _newLength: i32,
    _replaced: Inode | null,
  ): i32 {
    return -EROFS;
  }

  /** The text of a symbolic link; null when it is none. */
  readLink(): StaticArray<u8> | null {
    return null;
  }

  /** Set the length of a regular file. */
  truncate(_length: u64): i32 {
    return -EINVAL;
  }

  /** chmod(2), chown(2), utimensat(2) store their result here first and then call this; a read-only medium refuses. */
  attributesChanged(): i32 {
    return -EROFS;
  }

  /** getxattr(2) and its kin: this system keeps none, and says so as Linux does for a file system without them. */
  get extendedAttributeError(): i32 {
    return -EOPNOTSUPP;
  }

  /** The last name and the last open file went. */
  evict(): void {}

  override mapped(_delta: i32, _isShared: bool, _isWritable: bool): i32 {
    return this.isRegular ? 0 : -ENODEV;
  }

  /** Whether someone with these ids may do what `mask` (4 read, 2 write, 1 execute) asks: man 7 path_resolution. */
  permits(userId: u32, groupId: u32, mask: u32): i32 {
    if (userId == 0) return (mask & 1) == 0 || this.isDirectory || (this.mode & 0o111) != 0 ? 0 : -EACCES;
    let granted = this.mode;
    if (userId == this.userId) granted >>= 6;
    else if (groupId == this.groupId) granted >>= 3;
    return (granted & mask) == mask ? 0 : -EACCES;
  }
}

/** Why the last `open`, `create`, `makeDirectory` or `makeSymbolicLink` returned null. */
export let openError: i32 = -EPERM;

/** Note the reason for a null result. */
export function failOpen(error: i32): void {
  openError = error;
}
