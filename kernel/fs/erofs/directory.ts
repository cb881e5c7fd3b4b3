// Reading a directory of the image: blocks of sorted dirents, names sorted across blocks, so that both the block and the
// dirent in it are found by binary search (Linux fs/erofs/namei.c).

import * as mem from "machine/mem";
import { ENOENT, EUCLEAN } from "../../abi/errno";
import { DT_SOCK } from "../../abi/dirent";
import { NAME_MAX } from "../../abi/fcntl";
import { DirectorySink } from "../../vfs/directory-sink";
import { blockLength, ErofsInode, numberOf } from "./inode";
import * as layout from "./layout";

/** EROFS_FT_* (1 regular, 2 directory, 3 character, 4 block, 5 fifo, 6 socket, 7 link) as DT_*. */
const TYPES: StaticArray<u8> = [0, 8, 4, 2, 6, 1, DT_SOCK as u8, 10];

export class Directory {
  private inode: ErofsInode | null = null;
  private blockCount: u64 = 0;
  /** The block being looked at. */
  private base: u64 = 0;
  private bytes: u64 = 0;
  private count: i32 = 0;
  /** The name read last. */
  private nameAddress: u64 = 0;
  private nameLength: u64 = 0;

  open(inode: ErofsInode): i32 {
    this.inode = inode;
    this.blockCount = (inode.size + layout.BLOCK_SIZE - 1) >> layout.BLOCK_BITS;
    return 0;
  }

  /** The inode number behind a name (address and length); -ENOENT or -EUCLEAN. */
  find(name: u64, length: u64): i64 {
    // The last block whose first name is not behind the one looked for.
    let low: u64 = 0;
    let high = this.blockCount;
    while (high - low > 1) {
      let middle = (low + high) >> 1;
      if (!this.load(middle) || !this.readName(0)) return -EUCLEAN;
      if (this.compareName(name, length) < 0) high = middle;
      else low = middle;
    }
    if (!this.load(low)) return -EUCLEAN;
    let from = 0;
    let to = this.count;
    while (from < to) {
      let middle = (from + to) >> 1;
      if (!this.readName(middle)) return -EUCLEAN;
      let order = this.compareName(name, length);
      if (order == 0) return this.numberAt(middle);
      if (order < 0) to = middle;
      else from = middle + 1;
    }
    return -ENOENT;
  }

  /** All names but the dots from `position` on: block number * 4096 + dirent number. */
  readNames(sink: DirectorySink, position: u64): i32 {
    let block = position >> layout.BLOCK_BITS;
    let index = <i32>(position & (layout.BLOCK_SIZE - 1));
    while (block < this.blockCount) {
      if (!this.load(block)) return -EUCLEAN;
      while (index < this.count) {
        if (!this.readName(index)) return -EUCLEAN;
        let number = this.numberAt(index);
        if (number < 0) return -EUCLEAN;
        let type = mem.load8(this.base + <u64>index * layout.DIRENT_SIZE + layout.DIRENT_TYPE);
        index++;
        if (this.isDots()) continue;
        let next = index < this.count ? (block << layout.BLOCK_BITS) + <u64>index : (block + 1) << layout.BLOCK_BITS;
        let shownType = type < 8 ? <u32>TYPES[type] : 0;
        if (!sink.entry(this.nameAddress, <i32>this.nameLength, numberOf(<u64>number), shownType, next)) return 0;
      }
      block++;
      index = 0;
    }
    return 0;
  }

  /** Look at block `index`; false when it cannot be right. */
  private load(index: u64): bool {
    let base = this.inode!.blockAddress(index);
    if (base == 0) return false;
    this.base = base;
    this.bytes = blockLength;
    if (this.bytes < layout.DIRENT_SIZE) return false;
    let namesStart = <u64>mem.load16(base + layout.DIRENT_NAME_OFFSET);
    if (namesStart < layout.DIRENT_SIZE || namesStart >= this.bytes || namesStart % layout.DIRENT_SIZE != 0)
      return false;
    this.count = <i32>(namesStart / layout.DIRENT_SIZE);
    return true;
  }

  /** Read dirent `index`'s name; false when it lies outside of the block. */
  private readName(index: i32): bool {
    let dirent = this.base + <u64>index * layout.DIRENT_SIZE;
    let start = <u64>mem.load16(dirent + layout.DIRENT_NAME_OFFSET);
    let isLast = index + 1 == this.count;
    let end = isLast ? this.bytes : <u64>mem.load16(dirent + layout.DIRENT_SIZE + layout.DIRENT_NAME_OFFSET);
    if (start < <u64>this.count * layout.DIRENT_SIZE || end > this.bytes || start >= end) return false;
    let address = this.base + start;
    let length = end - start;
    // The last name ends at a NUL or at the block's end.
    if (isLast) {
      let used: u64 = 0;
      while (used < length && mem.load8(address + used) != 0) used++;
      length = used;
    }
    if (length == 0 || length > <u64>NAME_MAX) return false;
    this.nameAddress = address;
    this.nameLength = length;
    return true;
  }

  /** Order of the name looked for and the one read last, bytes as unsigned, a prefix first. */
  private compareName(name: u64, length: u64): i32 {
    let order = mem.compare(name, this.nameAddress, min(length, this.nameLength));
    if (order != 0) return order;
    return length == this.nameLength ? 0 : length < this.nameLength ? -1 : 1;
  }

  private numberAt(index: i32): i64 {
    let number = mem.load64(this.base + <u64>index * layout.DIRENT_SIZE);
    return <i64>number < 0 ? -EUCLEAN : <i64>number;
  }

  private isDots(): bool {
    if (this.nameLength > 2 || mem.load8(this.nameAddress) != 0x2e) return false;
    return this.nameLength == 1 || mem.load8(this.nameAddress + 1) == 0x2e;
  }
}
