// read(2), write(2) and their vector and offset forms, lseek(2), truncate(2), fallocate(2), and the fsync family.

import { EACCES, EBADF, EFBIG, EINVAL, EISDIR, EOPNOTSUPP, EROFS, ESPIPE, ETXTBSY } from "../abi/errno";
import { AT_FDCWD, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_APPEND, SEEK_CUR, SEEK_HOLE } from "../abi/fcntl";
import { IN_MODIFY } from "../abi/inotify";
import { SIGXFSZ } from "../abi/signal";
import {
  SYS_fadvise64,
  SYS_fallocate,
  SYS_fdatasync,
  SYS_fsync,
  SYS_ftruncate,
  SYS_lseek,
  SYS_pread64,
  SYS_preadv,
  SYS_preadv2,
  SYS_pwrite64,
  SYS_pwritev,
  SYS_pwritev2,
  SYS_read,
  SYS_readahead,
  SYS_readv,
  SYS_sync,
  SYS_sync_file_range,
  SYS_syncfs,
  SYS_truncate,
  SYS_write,
  SYS_writev,
} from "../abi/syscall-numbers";
import { IoVector } from "../memory/io-vector";
import { currentProcess, currentThread } from "../process/current";
import { RLIM_INFINITY, RLIMIT_FSIZE } from "../process/resource-limits";
import { signalSelf } from "../process/signal-send";
import { File } from "../vfs/file";
import { S_IFREG } from "../vfs/inode";
import { noticeEntry } from "../vfs/notify";
import { dropSetId } from "../vfs/set-id";
import { Last } from "../vfs/walk";
import { beginWalk, endWalk, usableFile, walkAt } from "./files";
import { define0, define1, define2, define3, define4, define5, define6 } from "./table";

/** man 2 readv2. */
const RWF_HIPRI: u64 = 1;
const RWF_DSYNC: u64 = 2;
const RWF_SYNC: u64 = 4;
const RWF_NOWAIT: u64 = 8;
const RWF_APPEND: u64 = 16;

function read(descriptor: u64, buffer: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null || !file.isReadable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUser(buffer, count);
  return error < 0 ? error : readInto(file, io);
}

function readv(descriptor: u64, vector: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null || !file.isReadable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUserVector(vector, count);
  return error < 0 ? error : readInto(file, io);
}

function readInto(file: File, io: IoVector): i64 {
  file.retain();
  let result = file.read(io);
  file.release();
  return result;
}

function write(descriptor: u64, buffer: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null || !file.isWritable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUser(buffer, count);
  return error < 0 ? error : writeFrom(file, io);
}

function writev(descriptor: u64, vector: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null || !file.isWritable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUserVector(vector, count);
  return error < 0 ? error : writeFrom(file, io);
}

function writeFrom(file: File, io: IoVector): i64 {
  let error = limitSize(file, io, file.position);
  if (error < 0) return error;
  file.retain();
  let result = file.write(io);
  file.release();
  return result;
}

/** RLIMIT_FSIZE (man 2 getrlimit): a write from `offset` on ends at the limit, one beyond it is -EFBIG. */
function limitSize(file: File, io: IoVector, offset: u64): i32 {
  let limit = currentProcess().limits.soft[RLIMIT_FSIZE];
  if (limit == RLIM_INFINITY) return 0;
  let inode = file.inode;
  if (inode === null || inode.type != S_IFREG || io.remaining == 0) return 0;
  let start = (file.flags & O_APPEND) != 0 ? inode.size : offset;
  if (start >= limit) return tooLarge();
  io.limit(limit - start);
  return 0;
}

/** A program that goes beyond its limit is told by a signal too. */
function tooLarge(): i32 {
  signalSelf(SIGXFSZ);
  return -EFBIG;
}

/** Whether a file may get this length: RLIMIT_FSIZE bounds growing. */
function isBeyondLimit(length: u64, size: u64): bool {
  return length > size && length > currentProcess().limits.soft[RLIMIT_FSIZE];
}

function pread64(descriptor: u64, buffer: u64, count: u64, offset: u64): i64 {
  if (<i64>offset < 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null || !file.isReadable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUser(buffer, count);
  return error < 0 ? error : file.readAt(io, offset);
}

function pwrite64(descriptor: u64, buffer: u64, count: u64, offset: u64): i64 {
  if (<i64>offset < 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null || !file.isWritable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUser(buffer, count);
  if (error == 0) error = limitSize(file, io, offset);
  return error < 0 ? error : file.writeAt(io, offset);
}

/** The offset comes in two halves; on a 64-bit machine the low one is all of it. */
function preadv(descriptor: u64, vector: u64, count: u64, offset: u64, _high: u64): i64 {
  if (<i64>offset < 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null || !file.isReadable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUserVector(vector, count);
  return error < 0 ? error : file.readAt(io, offset);
}

function pwritev(descriptor: u64, vector: u64, count: u64, offset: u64, _high: u64): i64 {
  if (<i64>offset < 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null || !file.isWritable) return -EBADF;
  let io = currentThread().io;
  let error = io.setUserVector(vector, count);
  if (error == 0) error = limitSize(file, io, offset);
  return error < 0 ? error : file.writeAt(io, offset);
}

function preadv2(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, flags: u64): i64 {
  if ((flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT)) != 0) return -EOPNOTSUPP;
  if (<i64>offset == -1) return readv(descriptor, vector, count);
  return preadv(descriptor, vector, count, offset, high);
}

function pwritev2(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, flags: u64): i64 {
  if ((flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND)) != 0) return -EOPNOTSUPP;
  if ((flags & RWF_APPEND) != 0) {
    let file = usableFile(descriptor);
    if (file === null || !file.isWritable) return -EBADF;
    let inode = file.inode;
    if (inode !== null && <i64>offset != -1) return pwritev(descriptor, vector, count, inode.size, high);
    if (inode !== null) file.position = inode.size;
  }
  if (<i64>offset == -1) return writev(descriptor, vector, count);
  return pwritev(descriptor, vector, count, offset, high);
}

function lseek(descriptor: u64, offset: u64, whence: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (whence > <u64>SEEK_HOLE) return -EINVAL;
  return file.seek(<i64>offset, <i32>whence);
}

function truncate(path: u64, length: u64): i64 {
  if (<i64>length < 0) return -EINVAL;
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, path, Last.FOLLOW);
  if (error == 0) {
    let inode = walk.inode!;
    if (inode.isDirectory) error = -EISDIR;
    else if (!inode.isRegular) error = -EINVAL;
    else if (walk.mount.isReadOnly) error = -EROFS;
    else if (inode.permits(currentProcess().credentials, 2) < 0) error = -EACCES;
    else if (inode.writerCount < 0) error = -ETXTBSY;
    else if (isBeyondLimit(length, inode.size)) error = tooLarge();
    else {
      dropSetId(inode);
      error = inode.truncate(length);
      if (error >= 0) noticeEntry(walk.entry, IN_MODIFY);
    }
  }
  endWalk(walk);
  return error;
}

function ftruncate(descriptor: u64, length: u64): i64 {
  if (<i64>length < 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  let inode = file.inode;
  if (inode === null || !inode.isRegular || !file.isWritable) return -EINVAL;
  if (isBeyondLimit(length, inode.size)) return tooLarge();
  return file.truncate(length);
}

function fallocate(descriptor: u64, mode: u64, offset: u64, length: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (<i64>offset < 0 || <i64>length <= 0) return -EINVAL;
  let isPunching = (<u32>mode & FALLOC_FL_PUNCH_HOLE) != 0;
  if (mode > 0x7f || (isPunching && (<u32>mode & FALLOC_FL_KEEP_SIZE) == 0)) return -EOPNOTSUPP;
  if (!file.isWritable) return -EBADF;
  let inode = file.inode;
  if (inode === null) return -ESPIPE;
  if (inode.isDirectory) return -EISDIR;
  if (<i64>(offset + length) < 0) return -EFBIG;
  if ((mode & <u64>FALLOC_FL_KEEP_SIZE) == 0 && isBeyondLimit(offset + length, inode.size)) return tooLarge();
  return file.allocate(<u32>mode, offset, length);
}

function fsync(descriptor: u64): i64 {
  let file = usableFile(descriptor);
  return file === null ? -EBADF : file.sync();
}

function sync(): i64 {
  return 0;
}

function syncfs(descriptor: u64): i64 {
  return usableFile(descriptor) === null ? -EBADF : 0;
}

function syncFileRange(descriptor: u64, offset: u64, length: u64, flags: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (flags > 7 || <i64>offset < 0 || <i64>length < 0) return -EINVAL;
  let inode = file.inode;
  return inode === null || !(inode.isRegular || inode.isDirectory) ? -ESPIPE : 0;
}

/** Everything is in memory: the advice is taken note of by doing nothing. */
function fadvise64(descriptor: u64, _offset: u64, length: u64, advice: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (file.inode === null || file.seek(0, SEEK_CUR) == -ESPIPE) return -ESPIPE;
  return advice > 5 || <i64>length < 0 ? -EINVAL : 0;
}

function readahead(descriptor: u64, _offset: u64, _count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null || !file.isReadable) return -EBADF;
  let inode = file.inode;
  return inode === null || !inode.isRegular ? -EINVAL : 0;
}

/** Add the rows. */
export function defineReadWriteCalls(): void {
  define3(SYS_read, "read", "fd out size", read, "complete");
  define3(SYS_write, "write", "fd in size", write, "complete");
  define3(SYS_readv, "readv", "fd ptr int", readv, "complete");
  define3(SYS_writev, "writev", "fd ptr int", writev, "complete");
  define4(SYS_pread64, "pread64", "fd out size long", pread64, "complete");
  define4(SYS_pwrite64, "pwrite64", "fd in size long", pwrite64, "complete");
  define5(SYS_preadv, "preadv", "fd ptr int long none", preadv, "complete");
  define5(SYS_pwritev, "pwritev", "fd ptr int long none", pwritev, "complete");
  define6(SYS_preadv2, "preadv2", "fd ptr int long none flags", preadv2, "complete; nothing waits for a disk");
  define6(SYS_pwritev2, "pwritev2", "fd ptr int long none flags", pwritev2, "complete; nothing waits for a disk");
  define3(SYS_lseek, "lseek", "fd long int", lseek, "complete");
  define2(SYS_truncate, "truncate", "path long", truncate, "complete");
  define2(SYS_ftruncate, "ftruncate", "fd long", ftruncate, "complete");
  define4(SYS_fallocate, "fallocate", "fd flags long long", fallocate, "without collapse and insert, as tmpfs");
  define1(SYS_fsync, "fsync", "fd", fsync, "files are in memory");
  define1(SYS_fdatasync, "fdatasync", "fd", fsync, "files are in memory");
  define0(SYS_sync, "sync", "", sync, "files are in memory");
  define1(SYS_syncfs, "syncfs", "fd", syncfs, "files are in memory");
  define4(SYS_sync_file_range, "sync_file_range", "fd long long flags", syncFileRange, "files are in memory");
  define4(SYS_fadvise64, "fadvise64", "fd long long int", fadvise64, "accepted; files are in memory");
  define3(SYS_readahead, "readahead", "fd long size", readahead, "accepted; files are in memory");
}
