// A name in a directory and the inode behind it (Linux's dentry). Entries are kept in vfs/entry-cache.ts for as long as
// they are in use or the cache has room; a cached entry without an inode says that the name does not exist.

import { ListNode } from "../lib/list";
import { Inode } from "./inode";
import { Mount } from "./mount";
import { Path } from "./path";

let lastId: u32 = 0;

export class DirectoryEntry extends ListNode {
  /** Not followed by ".." at a mount's root; null for the root of a file system. */
  parent: DirectoryEntry | null;
  /** The name's bytes, no slash, no NUL; empty for a root. */
  name: StaticArray<u8>;
  inode: Inode | null;
  /** Unlinked or renamed over: /proc shows " (deleted)". */
  isDeleted: bool = false;
  /** The Path made last for it: most entries are reached by one mount only. */
  path: Path | null = null;
  /** How many mounts stand on it, and the newest. */
  mountCount: i32 = 0;
  mounted: Mount | null = null;
  /** Distinguishes parents in the cache's keys. */
  readonly id: u32;
  /** The cache's chain and key; 0 while it is not in the cache. */
  hash: u32 = 0;
  hashNext: DirectoryEntry | null = null;
  /** Entries in the cache whose parent this is. */
  childCount: i32 = 0;
  /** Found since the cache last looked for something to drop. */
  wasUsed: bool = false;
  /** Someone's root or current directory: never dropped from the cache. */
  isPinned: bool = false;

  constructor(parent: DirectoryEntry | null, name: StaticArray<u8>, inode: Inode | null) {
    super();
    this.parent = parent;
    this.name = name;
    this.inode = inode;
    this.id = ++lastId;
  }
}
