// An open regular file: a position over an inode's bytes. Works for every file system whose inodes answer readAt,
// writeAt, truncate and the rest; nothing here allocates.

import { EFBIG, EINVAL, ENXIO, EOVERFLOW } from "../abi/errno";
import { O_APPEND, O_NOATIME, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET } from "../abi/fcntl";
import { IN_ACCESS, IN_MODIFY } from "../abi/inotify";
import { IoVector } from "../memory/io-vector";
import { PageSource } from "../memory/page-source";
import { File } from "./file";
import { isWatching, noticeFile } from "./notify";
import { dropSetId } from "./set-id";

/** The largest offset a file can have: off_t. */
const MAX_OFFSET: u64 = 0x7fffffffffffffff;

export class RegularFile extends File {
  override read(io: IoVector): i64 {
    let count = this.readAt(io, this.position);
    if (count > 0) this.position += <u64>count;
    return count;
  }

  override write(io: IoVector): i64 {
    let inode = this.inode!;
    if ((this.flags & O_APPEND) != 0) this.position = inode.size;
    let count = this.writeBytes(io, this.position);
    if (count > 0) this.position += <u64>count;
    return count;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    if (offset > MAX_OFFSET) return -EINVAL;
    let inode = this.inode!;
    let count = inode.readAt(io, offset);
    if (count > 0 && (this.flags & O_NOATIME) == 0) inode.accessed();
    if (isWatching && count > 0) noticeFile(this, IN_ACCESS);
    return count;
  }

  /** With O_APPEND the bytes go to the end whatever the offset (man 2 pwrite, BUGS). */
  override writeAt(io: IoVector, offset: u64): i64 {
    return this.writeBytes(io, (this.flags & O_APPEND) != 0 ? this.inode!.size : offset);
  }

  private writeBytes(io: IoVector, offset: u64): i64 {
    if (offset > MAX_OFFSET) return -EINVAL;
    if (io.remaining == 0) return 0;
    if (offset == MAX_OFFSET) return -EFBIG;
    io.limit(MAX_OFFSET - offset);
    let inode = this.inode!;
    dropSetId(inode);
    let count = inode.writeAt(io, offset);
    if (isWatching && count > 0) noticeFile(this, IN_MODIFY);
    return count;
  }

  override seek(offset: i64, whence: i32): i64 {
    let inode = this.inode!;
    let target: i64;
    switch (whence) {
      case SEEK_SET:
        target = offset;
        break;
      case SEEK_CUR:
        target = <i64>this.position + offset;
        if (offset > 0 && target < 0) return -EOVERFLOW;
        break;
      case SEEK_END:
        target = <i64>inode.size + offset;
        if (offset > 0 && target < 0) return -EOVERFLOW;
        break;
      case SEEK_DATA:
      case SEEK_HOLE:
        if (offset < 0 || <u64>offset >= inode.size) return -ENXIO;
        target = whence == SEEK_DATA ? inode.nextData(<u64>offset) : inode.nextHole(<u64>offset);
        if (target < 0) return target;
        break;
      default:
        return -EINVAL;
    }
    if (target < 0) return -EINVAL;
    this.position = <u64>target;
    return target;
  }

  override mappable(): PageSource | null {
    return this.inode;
  }

  override truncate(length: u64): i64 {
    dropSetId(this.inode!);
    let error = this.inode!.truncate(length);
    if (isWatching && error >= 0) noticeFile(this, IN_MODIFY);
    return error;
  }

  override sync(): i64 {
    return 0;
  }

  override allocate(mode: u32, offset: u64, length: u64): i64 {
    dropSetId(this.inode!);
    let error = this.inode!.allocate(mode, offset, length);
    if (isWatching && error >= 0) noticeFile(this, IN_MODIFY);
    return error;
  }
}
