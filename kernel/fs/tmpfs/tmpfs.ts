// A file system in memory: /tmp, /run, /dev/shm, /dev, and the writable half of the root (fs/overlay). Pages are frames
// of the machine, bounded by a budget that all such file systems share (man 5 tmpfs).

import { TMPFS_MAGIC } from "../../abi/statfs";
import { makeDevice } from "../../abi/stat";
import { FileSystem } from "../../vfs/file-system";
import { Inode, S_IFDIR, S_IFREG } from "../../vfs/inode";
import { Budget, sharedBudget } from "./budget";
import { TmpDirectory } from "./directory";
import { TmpInode } from "./inode";
import { TmpRegular } from "./regular";

/** Minors of device major 0, handed out in order of mounting as Linux does. */
let lastMinor: u32 = 0;

/** A device number for a file system without a device. */
export function anonymousDevice(): u64 {
  return makeDevice(0, ++lastMinor);
}

export class Tmpfs extends FileSystem {
  readonly budget: Budget;
  protected lastNumber: u64 = 0;
  private rootDirectory: TmpDirectory | null = null;

  /** `rootMode`: permissions of the root directory, 0o1777 for /tmp. */
  constructor(rootMode: u32) {
    super();
    this.device = anonymousDevice();
    this.budget = sharedBudget();
    if (rootMode != 0) this.makeRoot(rootMode);
  }

  private makeRoot(mode: u32): void {
    let root = this.newDirectory(S_IFDIR | mode);
    root.begin();
    this.rootDirectory = root;
  }

  override get kind(): string {
    return "tmpfs";
  }
  override get magic(): u64 {
    return TMPFS_MAGIC;
  }
  override root(): Inode | null {
    return this.rootDirectory;
  }
  override get blocksTotal(): u64 {
    return this.budget.pageLimit;
  }
  override get blocksFree(): u64 {
    return this.budget.pageLimit - min(this.budget.pagesUsed, this.budget.pageLimit);
  }
  override get inodesTotal(): u64 {
    return this.budget.inodeLimit;
  }
  override get inodesFree(): u64 {
    return this.budget.inodeLimit - this.budget.inodesUsed;
  }

  /** The next inode number. */
  nextNumber(): u64 {
    return ++this.lastNumber;
  }

  /** A directory of this file system, not yet begun. */
  newDirectory(mode: u32): TmpDirectory {
    return new TmpDirectory(this, mode);
  }

  /** The last user and the last cached name of an inode that is as the layer below has it are gone. */
  forgetUnchanged(_inode: TmpInode): void {}

  /**
   * A regular file that no directory holds: memfd_create, shared memory. Null, and the reason in openError, when there is
   * no room. Its link count is 0: it goes with its last user.
   */
  createAnonymous(permissions: u32): TmpRegular | null {
    let inode = new TmpRegular(this, S_IFREG | permissions);
    inode.linkCount = 0;
    return inode.begin() ? inode : null;
  }
}
