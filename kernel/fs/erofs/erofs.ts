// EROFS, read-only, in place: the image stays where the loader put it, file pages are the image's own page frames
// (Linux Documentation/filesystems/erofs.rst). Uncompressed layouts only. A corrupt image gives EUCLEAN or EIO.
//
// Inodes are made anew by every lookup; who needs them to be unique (the overlay) keeps them by number.

import { EINVAL } from "../../abi/errno";
import { EROFS_SUPER_MAGIC } from "../../abi/statfs";
import { FileSystem } from "../../vfs/file-system";
import { Inode } from "../../vfs/inode";
import { Image } from "./image";
import { ErofsInode, readInode } from "./inode";

export class Erofs extends FileSystem {
  readonly image: Image;
  private rootInode: ErofsInode | null = null;

  private constructor(image: Image) {
    super();
    this.image = image;
  }

  /** Mount the image of `length` bytes at a page-aligned physical address; null with the reason in `mountError`. */
  static mount(physical: u64, length: u64): Erofs | null {
    let image = new Image(physical, length);
    mountError = image.open();
    if (mountError < 0) return null;
    let fileSystem = new Erofs(image);
    let root = readInode(fileSystem, image.rootNid);
    if (root === null || !root.isDirectory) {
      mountError = -EINVAL;
      return null;
    }
    fileSystem.rootInode = root;
    return fileSystem;
  }

  override get kind(): string {
    return "erofs";
  }
  override get magic(): u64 {
    return EROFS_SUPER_MAGIC;
  }
  override get isReadOnly(): bool {
    return true;
  }
  override root(): Inode | null {
    return this.rootInode;
  }
  override get blocksTotal(): u64 {
    return this.image.blockCount;
  }
  override get inodesTotal(): u64 {
    return this.image.inodeCount;
  }
}

/** Why the last `Erofs.mount` returned null. */
export let mountError: i32 = 0;
