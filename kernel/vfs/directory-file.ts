// An open directory: getdents64(2) and seeking in it. Positions are the file system's (Inode.readNames), behind those of
// "." and "..", and stay good while names come and go.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EINVAL, EISDIR, ENOENT } from "../abi/errno";
import {
  DIRENT64_NAME,
  DIRENT64_OFFSET,
  DIRENT64_RECORD_LENGTH,
  DIRENT64_TYPE,
  DIRENT_NAME,
  DT_DIR,
} from "../abi/dirent";
import { SEEK_CUR, SEEK_SET } from "../abi/fcntl";
import { IoVector } from "../memory/io-vector";
import { DirectorySink } from "./directory-sink";
import { File } from "./file";

/** Positions of a directory's own names begin here: 0 is ".", 1 is "..". */
const FIRST_POSITION: u64 = 2;
/** The longest record: 19 bytes, a name, its NUL, padding. */
const MAX_RECORD: i32 = 280;

/** Writes records as they come, one at a time, to an IoVector. */
class RecordSink extends DirectorySink {
  io: IoVector = new IoVector();
  isOldFormat: bool = false;
  /** Where reading goes on behind what has been written. */
  position: u64 = 0;
  written: i64 = 0;
  error: i64 = 0;
  private record: StaticArray<u8> = new StaticArray<u8>(MAX_RECORD);

  override entry(name: u64, length: i32, number: u64, type: u32, nextPosition: u64): bool {
    return this.put(name, length, number, type, nextPosition + FIRST_POSITION);
  }

  /** As `entry`, with positions as the program sees them. */
  put(name: u64, length: i32, number: u64, type: u32, nextPosition: u64): bool {
    let nameAt = this.isOldFormat ? DIRENT_NAME : DIRENT64_NAME;
    // The old format keeps the type in the record's last byte.
    let size = (nameAt + length + 1 + (this.isOldFormat ? 1 : 0) + 7) & ~7;
    if (<u64>size > this.io.remaining) {
      this.error = -EINVAL;
      return false;
    }
    let base = bytesAddress(this.record);
    mem.fill(base, 0, <u64>size);
    mem.store64(base, number);
    mem.store64(base + DIRENT64_OFFSET, nextPosition);
    mem.store16(base + DIRENT64_RECORD_LENGTH, <u32>size);
    mem.store8(base + <u64>(this.isOldFormat ? size - 1 : DIRENT64_TYPE), type);
    mem.copy(base + <u64>nameAt, name, <u64>length);
    let moved = this.io.put(base, <u64>size);
    if (moved < size) {
      this.error = moved < 0 ? moved : -EINVAL;
      return false;
    }
    this.written += moved;
    this.position = nextPosition;
    return true;
  }
}

const sink = new RecordSink();
const dots: StaticArray<u8> = [0x2e, 0x2e];

export class DirectoryFile extends File {
  override read(_io: IoVector): i64 {
    return -EISDIR;
  }

  override readAt(_io: IoVector, _offset: u64): i64 {
    return -EISDIR;
  }

  override readDirectory(io: IoVector): i64 {
    return this.readRecords(io, false);
  }

  /** getdents(2) and getdents64(2): bytes, 0 at the end, a negative errno. */
  readRecords(io: IoVector, isOldFormat: bool): i64 {
    let inode = this.inode!;
    if (inode.linkCount == 0) return -ENOENT;
    sink.io = io;
    sink.isOldFormat = isOldFormat;
    sink.position = this.position;
    sink.written = 0;
    sink.error = 0;
    let isRoomLeft: bool = true;
    if (this.position == 0) isRoomLeft = sink.put(bytesAddress(dots), 1, inode.number, DT_DIR, 1);
    if (isRoomLeft && sink.position == 1) isRoomLeft = sink.put(bytesAddress(dots), 2, this.parentNumber, DT_DIR, 2);
    let error: i64 = 0;
    if (isRoomLeft) error = <i64>inode.readNames(sink, sink.position - FIRST_POSITION);
    this.position = sink.position;
    inode.accessed();
    if (sink.written > 0) return sink.written;
    return error < 0 ? error : sink.error;
  }

  private get parentNumber(): u64 {
    let inode = this.inode!;
    let path = this.path;
    if (path === null) return inode.number;
    let parent = path.entry.parent;
    if (parent === null) return inode.number;
    let directory = parent.inode;
    return directory === null ? inode.number : directory.number;
  }

  /** Any position that getdents64 gave is good; SEEK_END has no meaning that programs rely on. */
  override seek(offset: i64, whence: i32): i64 {
    let target = offset;
    if (whence == SEEK_CUR) target += <i64>this.position;
    else if (whence != SEEK_SET) return -EINVAL;
    if (target < 0) return -EINVAL;
    this.position = <u64>target;
    return target;
  }

  override sync(): i64 {
    return 0;
  }
}
