// What open(2) gives for each type of file, unless the inode's own `open` says otherwise.

import { ELOOP, ENXIO } from "../abi/errno";
import { openDevice } from "./devices";
import { DirectoryFile } from "./directory-file";
import { File } from "./file";
import { failOpen, Inode, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "./inode";
import { RegularFile } from "./regular-file";

/** Opens named pipes: the pipes' code registers itself. May block (man 7 fifo). */
export class FifoOpener {
  /** As Inode.open. */
  open(_inode: Inode, _flags: u32): File | null {
    failOpen(-ENXIO);
    return null;
  }
}

let fifos: FifoOpener = new FifoOpener();

export function registerFifoOpener(opener: FifoOpener): void {
  fifos = opener;
}

export function openByType(inode: Inode, flags: u32): File | null {
  switch (inode.type) {
    case S_IFREG:
      return new RegularFile();
    case S_IFDIR:
      return new DirectoryFile();
    case S_IFCHR:
    case S_IFBLK:
      return openDevice(inode, flags);
    case S_IFIFO:
      return fifos.open(inode, flags);
    case S_IFLNK:
      failOpen(-ELOOP);
      return null;
    default:
      failOpen(-ENXIO);
      return null;
  }
}
