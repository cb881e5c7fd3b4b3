// A mounted instance of some kind of file system: what statfs(2) tells about.

import { Inode } from "./inode";

export class FileSystem {
  /** The number in st_dev: major 0, a minor of its own. */
  device: u64 = 0;
  /** As /proc/mounts names it: "erofs", "tmpfs", "proc". */
  get kind(): string {
    return "";
  }
  /** f_type (man 2 statfs). */
  get magic(): u64 {
    return 0;
  }
  get isReadOnly(): bool {
    return false;
  }
  /** The root directory. */
  root(): Inode | null {
    return null;
  }
  /** Sizes for statfs, in 4096-byte blocks. */
  get blocksTotal(): u64 {
    return 0;
  }
  get blocksFree(): u64 {
    return 0;
  }
  get inodesTotal(): u64 {
    return 0;
  }
  get inodesFree(): u64 {
    return 0;
  }
}
