// Where a process stands in the tree: its root, its current directory, its umask (what CLONE_FS shares).

import { Path } from "./path";

export class FileSystemContext {
  root: Path | null = null;
  directory: Path | null = null;
  /** Permission bits that new files do not get (man 2 umask). */
  umask: u32 = 0o022;
  references: i32 = 1;

  /** chroot(2): `path` is a directory. */
  setRoot(path: Path): void {
    path.entry.isPinned = true;
    this.root = path;
  }

  /** chdir(2): `path` is a directory. */
  setDirectory(path: Path): void {
    path.entry.isPinned = true;
    this.directory = path;
  }

  /** fork: the same places, apart from now on. */
  copy(): FileSystemContext {
    let context = new FileSystemContext();
    context.root = this.root;
    context.directory = this.directory;
    context.umask = this.umask;
    return context;
  }
}
