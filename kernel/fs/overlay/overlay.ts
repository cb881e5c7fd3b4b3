// The root: the read-only image with a writable layer in memory on top. It looks like Linux's overlay file system from
// outside (man 5 overlayfs), and is simpler inside: an inode made from the image is an inode in memory that still has
// the image's behind it.
//
//   directory   its own names first (a whiteout hides one of the image's), then the image's
//   file        its own pages first, then the image's frames; a store copies the one page it touches
//   the rest    as in the image
//
// So opening a large file for append copies nothing, renaming a directory of the image moves one object, inode numbers are
// the image's and never change, and hard links stay links.

import { OVERLAYFS_SUPER_MAGIC } from "../../abi/statfs";
import { failOpen, Inode, S_IFDIR, S_IFLNK, S_IFREG } from "../../vfs/inode";
import { Erofs } from "../erofs/erofs";
import { ErofsInode, numberOf, readInode } from "../erofs/inode";
import { TmpInode, TmpSymbolicLink } from "../tmpfs/inode";
import { Tmpfs } from "../tmpfs/tmpfs";
import { OverlayDirectory } from "./directory";
import { InodeTable } from "./inode-table";
import { OverlayRegular } from "./regular";

export class Overlay extends Tmpfs {
  readonly lower: Erofs;
  private inodes: InodeTable = new InodeTable();
  private overlayRoot: TmpInode | null = null;

  constructor(lower: Erofs) {
    super(0);
    this.lower = lower;
    // Numbers of new inodes begin behind the largest that the image can have.
    this.lastNumber = numberOf(lower.image.length >> 5);
    this.overlayRoot = this.inodeOf(lower.image.rootNid);
  }

  override get kind(): string {
    return "overlay";
  }
  override get magic(): u64 {
    return OVERLAYFS_SUPER_MAGIC;
  }
  override root(): Inode | null {
    return this.overlayRoot;
  }
  override get blocksTotal(): u64 {
    return this.lower.blocksTotal + this.budget.pageLimit;
  }
  override get inodesTotal(): u64 {
    return this.lower.inodesTotal + this.budget.inodeLimit;
  }

  /** The inode in memory for one of the image's; null with the reason in openError when the image is corrupt. */
  inodeOf(nid: u64): TmpInode | null {
    let known = this.inodes.find(numberOf(nid));
    if (known !== null) return known;
    let below = readInode(this.lower, nid);
    if (below === null) return null;
    let made = this.makeFrom(below);
    if (made === null) return null;
    made.number = below.number;
    made.linkCount = below.linkCount;
    made.userId = below.userId;
    made.groupId = below.groupId;
    made.size = below.size;
    made.accessNs = below.accessNs;
    made.modifyNs = below.modifyNs;
    made.changeNs = below.changeNs;
    made.birthNs = below.birthNs;
    made.device = below.device;
    this.inodes.add(made);
    return made;
  }

  private makeFrom(below: ErofsInode): TmpInode | null {
    switch (below.type) {
      case S_IFDIR:
        return new OverlayDirectory(this, below);
      case S_IFREG:
        return new OverlayRegular(this, below);
      case S_IFLNK: {
        failOpen(0);
        let target = below.readLink();
        return target === null ? null : new TmpSymbolicLink(this, below.mode, target);
      }
      default:
        return new TmpInode(this, below.mode);
    }
  }

  override forgetUnchanged(inode: TmpInode): void {
    this.inodes.remove(inode);
  }
}
