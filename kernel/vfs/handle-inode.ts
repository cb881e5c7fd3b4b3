// Files that have no name in any file system, reached by name all the same: /proc/self/fd/1 when 1 is a pipe. Opening the
// place gives what the file says to being opened again (man 5 proc_pid_fd).

import { DirectoryEntry } from "./directory-entry";
import { File } from "./file";
import { FileSystem } from "./file-system";
import { Inode } from "./inode";
import { Mount } from "./mount";
import { Path } from "./path";

/** The file system that such files are in: it is mounted nowhere. */
class HandleFileSystem extends FileSystem {
  override get kind(): string {
    return "anon_inodefs";
  }
}

class HandleInode extends Inode {
  constructor(readonly file: File) {
    super(fileSystem);
    this.mode = file.statMode;
    this.number = file.statNumber;
  }

  override open(flags: u32): File | null {
    return this.file.reopen(flags);
  }
}

const fileSystem = new HandleFileSystem();
const mount = new Mount(fileSystem, new DirectoryEntry(null, new StaticArray<u8>(0), null));

/** Where a file is: the name it was opened by, or a place made for it. */
export function placeOf(file: File): Path {
  let path = file.path;
  if (path !== null) return path;
  let inode = file.inode;
  return new Path(mount, new DirectoryEntry(null, file.describe(), inode !== null ? inode : new HandleInode(file)));
}
