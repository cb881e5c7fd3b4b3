// A file system at a place in the tree.

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
}
