// The image in memory: every read of it, bounds-checked. What lies outside of the image is an error of the image
// (EUCLEAN), never an access.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import { EINVAL, EOPNOTSUPP, EUCLEAN } from "../../abi/errno";
import * as layout from "./layout";

export class Image {
  /** Where block 0 is. */
  readonly physical: u64;
  /** Bytes. */
  readonly length: u64;
  rootNid: u64 = 0;
  inodeCount: u64 = 0;
  blockCount: u64 = 0;
  buildTimeNs: i64 = 0;
  private metaStart: u64 = 0;

  /** An image of `length` bytes at a page-aligned physical address. */
  constructor(physical: u64, length: u64) {
    this.physical = physical;
    this.length = length;
  }

  /** Whether [offset, offset + length) lies in the image. */
  holds(offset: u64, length: u64): bool {
    return offset <= this.length && length <= this.length - offset;
  }

  /** The kernel-virtual address of a byte. Precondition: `holds`. */
  at(offset: u64): u64 {
    return direct(this.physical) + offset;
  }

  /** Read the superblock. Returns 0, -EINVAL for what is no EROFS, -EOPNOTSUPP for features that are not there, -EUCLEAN. */
  open(): i32 {
    if ((this.physical & 0xfff) != 0) return -EINVAL;
    if (!this.holds(layout.SUPER_OFFSET, layout.SUPER_SIZE)) return -EINVAL;
    let superblock = this.at(layout.SUPER_OFFSET);
    if (mem.load32(superblock + layout.SB_MAGIC) != layout.SUPER_MAGIC) return -EINVAL;
    if (mem.load8(superblock + layout.SB_BLOCK_BITS) != layout.BLOCK_BITS) return -EOPNOTSUPP;
    if ((mem.load32(superblock + layout.SB_FEATURE_INCOMPAT) & ~layout.KNOWN_FEATURES) != 0) return -EOPNOTSUPP;
    this.blockCount = <u64>mem.load32(superblock + layout.SB_BLOCKS);
    this.inodeCount = mem.load64(superblock + layout.SB_INODES);
    this.rootNid = <u64>mem.load16(superblock + layout.SB_ROOT_NID);
    this.metaStart = (<u64>mem.load32(superblock + layout.SB_META_BLOCK)) << layout.BLOCK_BITS;
    let seconds = mem.load64(superblock + layout.SB_BUILD_TIME);
    let rest = <u64>mem.load32(superblock + layout.SB_BUILD_TIME_NS);
    this.buildTimeNs = toNs(seconds, rest);
    if (!this.holds(0, this.blockCount << layout.BLOCK_BITS)) return -EUCLEAN;
    return this.inodeOffset(this.rootNid) == 0 ? -EUCLEAN : 0;
  }

  /** Where inode `nid` begins, 0 when it is not wholly in the image. */
  inodeOffset(nid: u64): u64 {
    if (nid > this.length >> layout.NID_SHIFT) return 0;
    let offset = this.metaStart + (nid << layout.NID_SHIFT);
    return this.holds(offset, layout.COMPACT_SIZE) ? offset : 0;
  }
}

/** A time stamp, kept in range. */
export function toNs(seconds: u64, ns: u64): i64 {
  if (seconds > 9_000_000_000) return 0;
  return <i64>(seconds * 1_000_000_000 + (ns % 1_000_000_000));
}
