// A name in a directory and the inode behind it (Linux's dentry). Entries that exist are cached for as long as they are
// reached or the cache has room; a cached entry without an inode says that the name does not exist.

import { Inode } from "./inode";

export class DirectoryEntry {
  /** Not followed by ".." at a mount's root; null for the root of a file system. */
  parent: DirectoryEntry | null;
  /** The name's bytes, no slash, no NUL; empty for a root. */
  name: StaticArray<u8>;
  inode: Inode | null;
  /** Unlinked or renamed over: /proc shows " (deleted)". */
  isDeleted: bool = false;
  /** How many mounts stand on it. */
  mountCount: i32 = 0;

  constructor(parent: DirectoryEntry | null, name: StaticArray<u8>, inode: Inode | null) {
    this.parent = parent;
    this.name = name;
    this.inode = inode;
  }
}
