// A file system at a place in the tree, and the table of them.

import { MS_RDONLY } from "../abi/statfs";
import { DirectoryEntry } from "./directory-entry";
import { FileSystem } from "./file-system";
import { Path } from "./path";

export class Mount {
  /** The root of what is mounted. */
  root: DirectoryEntry;
  fileSystem: FileSystem;
  /** Where it stands; null for the root mount. */
  mountPoint: Path | null = null;
  /** MS_RDONLY and friends (man 2 mount). */
  flags: u64 = 0;
  id: i32 = 0;

  constructor(fileSystem: FileSystem, root: DirectoryEntry) {
    this.fileSystem = fileSystem;
    this.root = root;
  }

  get isReadOnly(): bool {
    return (this.flags & MS_RDONLY) != 0 || this.fileSystem.isReadOnly;
  }
}

/** All mounts, the root mount first, in the order of mounting: what /proc/mounts shows. */
export const mounts: Array<Mount> = [] as Mount[];
let lastId: i32 = 20;

/** Mount `fileSystem` on `place` (null: as the root of everything); null when it has no root directory. */
export function mount(fileSystem: FileSystem, place: Path | null, flags: u64 = 0): Mount | null {
  let inode = fileSystem.root();
  if (inode === null) return null;
  let root = inode.directoryEntry;
  if (root === null) {
    root = new DirectoryEntry(null, new StaticArray<u8>(0), inode);
    inode.directoryEntry = root;
    inode.use();
  }
  root.isPinned = true;
  let mounted = new Mount(fileSystem, root);
  mounted.flags = flags;
  mounted.id = ++lastId;
  mounted.mountPoint = place;
  if (place !== null) {
    place.entry.mountCount++;
    place.entry.mounted = mounted;
    place.entry.isPinned = true;
  }
  mounts.push(mounted);
  return mounted;
}

/** What stands on `entry` of `below`, the newest first; null for nothing. */
export function mountedOn(below: Mount, entry: DirectoryEntry): Mount | null {
  let newest = entry.mounted;
  if (newest !== null && newest.mountPoint!.mount === below) return newest;
  for (let i = mounts.length - 1; i >= 0; i--) {
    let place = mounts[i].mountPoint;
    if (place !== null && place.entry === entry && place.mount === below) return mounts[i];
  }
  return null;
}

/** Take a mount off the tree. Precondition: it is not the root mount and none stands on it. */
export function unmount(mounted: Mount): void {
  let place = mounted.mountPoint;
  if (place !== null) {
    place.entry.mountCount--;
    place.entry.mounted = null;
  }
  let at = mounts.indexOf(mounted);
  if (at >= 0) mounts.splice(at, 1);
}

/** Whether some mount stands inside this one. */
export function hasMountsInside(mounted: Mount): bool {
  for (let i = 0; i < mounts.length; i++) {
    let place = mounts[i].mountPoint;
    if (place !== null && place.mount === mounted) return true;
  }
  return false;
}
