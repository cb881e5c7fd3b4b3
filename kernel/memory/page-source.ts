// What a mapping shows: something that hands out page frames by index. A file's inode is one; anonymous shared memory
// is one. Private anonymous memory has none.
//
// Rules of use: the frame that a source gives for an index stays the one for that index until the source calls
// `withdraw` (memory/withdraw.ts), which takes the pages out of every mapping: truncation does, replacing a page would.

import { EACCES, EIO } from "../abi/errno";
import { List } from "../lib/list";

export class PageSource {
  /** The mappings that show it (memory/mapping.ts), null before the first. */
  mappings: List | null = null;

  /** Bytes that exist; a page wholly beyond is SIGBUS (man 2 mmap). */
  get sizeBytes(): u64 {
    return 0;
  }

  /**
   * The physical address of page `index` (byte offset / 4096), or a negative errno. `forWrite`: the caller stores into the shared
   * page (a shared mapping or write(2)), so a page that does not exist yet is made, one on a read-only medium is -EROFS.
   * The frame comes with a reference of the caller's own (frames.reference), to be released when its mapping goes.
   */
  pageFrame(_index: u64, _forWrite: bool): i64 {
    return -EIO;
  }

  /** Whether pages come without waiting and are never changed or moved: fault-around may map neighbours at once. */
  get isStable(): bool {
    return false;
  }

  /** Whether its pages exist in memory only (tmpfs, memfd, shared anonymous): /proc counts them as shared memory, not file pages. */
  get isMemoryOnly(): bool {
    return false;
  }

  /** How mappings of it are cached: bits of memory/page-tables for a leaf entry. */
  get caching(): u64 {
    return 0;
  }

  /** Whether its pages are a device's: the kernel does not reach them through the direct map. */
  get isDeviceMemory(): bool {
    return false;
  }

  /** A mapping was made (`delta` 1) or removed (-1); `isShared` and `isWritable` as mapped. Negative errno refuses. */
  mapped(_delta: i32, _isShared: bool, _isWritable: bool): i32 {
    return -EACCES;
  }

  /** A program that runs from it came (`delta` 1) or went (-1): meanwhile it is not open to writers (man 2 execve, ETXTBSY). */
  executed(_delta: i32): void {}

  /** A page was stored into through a shared mapping (dirty tracking, mtime). */
  touched(): void {}
}

/** What /dev/zero maps: not pages of its own, but anonymous memory. */
export const anonymousSource = new PageSource();

/** The name that a mapping was made by, for /proc/self/maps: vfs/path.ts is one, SpecialName another. */
export class MappingName {}

/** A name of the kernel's own: "[stack]", "[vdso]", "/dev/zero (deleted)". */
export class SpecialName extends MappingName {
  constructor(public text: string) {
    super();
  }
}
