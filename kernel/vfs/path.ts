// A place in the tree: which mount, which directory entry. Walking is in vfs/walk.ts.

import { DirectoryEntry } from "./directory-entry";
import { Mount } from "./mount";

export class Path {
  constructor(
    public mount: Mount,
    public entry: DirectoryEntry,
  ) {}

  /** The same place. */
  equals(other: Path): bool {
    return this.mount === other.mount && this.entry === other.entry;
  }
}
