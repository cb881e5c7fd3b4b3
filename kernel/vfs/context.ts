// Where a process stands in the tree: its root, its current directory, its umask (what CLONE_FS shares).

import { Path } from "./path";

export class FileSystemContext {
  root: Path | null = null;
  directory: Path | null = null;
  /** Permission bits that new files do not get (man 2 umask). */
  umask: u32 = 0o022;
  references: i32 = 1;
}
