// A place in the tree: which mount, which directory entry. Never changes, so it can be shared. Walking is in vfs/walk.ts.

import { MappingName } from "../memory/page-source";
import { DirectoryEntry } from "./directory-entry";
import { Mount } from "./mount";

export class Path extends MappingName {
  constructor(
    public mount: Mount,
    public entry: DirectoryEntry,
  ) {
    super();
  }

  /** The same place. */
  equals(other: Path): bool {
    return this.mount === other.mount && this.entry === other.entry;
  }
}
