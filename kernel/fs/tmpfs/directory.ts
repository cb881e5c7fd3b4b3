// A directory in memory.

import { bytesAddress } from "memory/address";
import { ENOENT, ENOTEMPTY } from "../../abi/errno";
import { RENAME_EXCHANGE } from "../../abi/fcntl";
import { DirectorySink } from "../../vfs/directory-sink";
import { failOpen, Inode, S_IFDIR, S_IFLNK, S_IFREG } from "../../vfs/inode";
import { TmpInode, TmpSymbolicLink } from "./inode";
import { NameTable } from "./name-table";
import { TmpRegular } from "./regular";
import { Tmpfs } from "./tmpfs";

/** What Linux's tmpfs says of a directory's size: 20 bytes a name, the two dots included. */
const BYTES_PER_NAME: u64 = 20;

export class TmpDirectory extends TmpInode {
  protected names: NameTable = new NameTable();

  constructor(tmpfs: Tmpfs, mode: u32) {
    super(tmpfs, mode);
    this.linkCount = 2;
    this.size = 2 * BYTES_PER_NAME;
  }

  /** Let a name lead to an inode. */
  protected addName(name: StaticArray<u8>, length: i32, inode: Inode): void {
    this.names.set(name, length, inode);
  }

  /** Take a name away. */
  protected removeName(name: StaticArray<u8>, length: i32): void {
    this.names.remove(name, length);
  }

  /** Whether no name is in it. */
  get isEmpty(): bool {
    return this.names.count == 0;
  }

  /** Put a name into a tree under construction (/dev, a root of mount points). */
  plant(name: StaticArray<u8>, inode: Inode): void {
    this.names.set(name, name.length, inode);
    this.noteNames(1, inode.isDirectory ? 1 : 0);
  }

  /** A name came or went, `directories` of them subdirectories. */
  private noteNames(names: i32, directories: i32): void {
    this.size += <u64>(<i64>names * <i64>BYTES_PER_NAME);
    this.linkCount += <u32>directories;
    this.noteModified();
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let entry = this.names.find(bytesAddress(name), length);
    if (entry !== null) return entry.inode;
    failOpen(-ENOENT);
    return null;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    let names = this.names;
    for (let slot = names.slotOf(position); slot < names.slotCount; slot++) {
      let entry = names.at(slot);
      if (entry === null) continue;
      let inode = entry.inode;
      if (inode === null) continue;
      if (
        !sink.entry(
          bytesAddress(entry.name),
          entry.name.length,
          inode.number,
          inode.mode >> 12,
          this.after(entry.cookie),
        )
      ) {
        break;
      }
    }
    return 0;
  }

  /** The position behind a cookie. */
  protected after(cookie: u64): u64 {
    return cookie + 1;
  }

  override create(name: StaticArray<u8>, length: i32, mode: u32, device: u64): Inode | null {
    let isRegular = (mode & 0o170000) == S_IFREG;
    let inode: TmpInode = isRegular ? new TmpRegular(this.tmpfs, mode) : new TmpInode(this.tmpfs, mode);
    inode.device = device;
    return this.adopt(name, length, inode);
  }

  override createUnnamed(mode: u32): Inode | null {
    let inode = new TmpRegular(this.tmpfs, mode);
    inode.linkCount = 0;
    return inode.begin() ? inode : null;
  }

  override makeDirectory(name: StaticArray<u8>, length: i32, mode: u32): Inode | null {
    return this.adopt(name, length, this.tmpfs.newDirectory(S_IFDIR | mode));
  }

  override makeSymbolicLink(name: StaticArray<u8>, length: i32, target: StaticArray<u8>): Inode | null {
    return this.adopt(name, length, new TmpSymbolicLink(this.tmpfs, S_IFLNK | 0o777, target));
  }

  private adopt(name: StaticArray<u8>, length: i32, inode: TmpInode): Inode | null {
    if (!inode.begin()) return null;
    this.addName(name, length, inode);
    this.noteNames(1, inode.isDirectory ? 1 : 0);
    return inode;
  }

  override link(name: StaticArray<u8>, length: i32, target: Inode): i32 {
    this.addName(name, length, target);
    target.linkCount++;
    (target as TmpInode).noteChanged();
    this.noteNames(1, 0);
    return 0;
  }

  override unlink(name: StaticArray<u8>, length: i32, target: Inode): i32 {
    this.removeName(name, length);
    this.noteNames(-1, 0);
    dropLink(target);
    return 0;
  }

  override removeDirectory(name: StaticArray<u8>, length: i32, target: Inode): i32 {
    if (!(target as TmpDirectory).isEmpty) return -ENOTEMPTY;
    this.removeName(name, length);
    this.noteNames(-1, -1);
    dropLink(target);
    return 0;
  }

  override rename(
    name: StaticArray<u8>,
    length: i32,
    target: Inode,
    newParent: Inode,
    newName: StaticArray<u8>,
    newLength: i32,
    replaced: Inode | null,
    flags: u32,
  ): i32 {
    let destination = newParent as TmpDirectory;
    let moved = target as TmpInode;
    let movedDirectories = moved.isDirectory ? 1 : 0;
    if ((flags & RENAME_EXCHANGE) != 0) {
      let other = replaced as TmpInode;
      let otherDirectories = other.isDirectory ? 1 : 0;
      this.addName(name, length, other);
      destination.addName(newName, newLength, moved);
      this.noteNames(0, otherDirectories - movedDirectories);
      destination.noteNames(0, movedDirectories - otherDirectories);
      other.noteChanged();
      moved.noteChanged();
      return 0;
    }
    if (replaced !== null) {
      if (replaced.isDirectory && !(replaced as TmpDirectory).isEmpty) return -ENOTEMPTY;
      destination.noteNames(-1, replaced.isDirectory ? -1 : 0);
      dropLink(replaced);
    }
    this.removeName(name, length);
    destination.addName(newName, newLength, moved);
    this.noteNames(-1, -movedDirectories);
    destination.noteNames(1, movedDirectories);
    moved.noteChanged();
    return 0;
  }
}

/** One name less leads to `inode`; a directory has none left. */
function dropLink(inode: Inode): void {
  if (inode.isDirectory) inode.linkCount = 0;
  else inode.linkCount--;
  (inode as TmpInode).noteChanged();
}
