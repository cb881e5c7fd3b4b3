// An open file description: what a file descriptor refers to, shared by dup and fork (man 2 open, "Open file
// descriptions"). Everything a program can read, write, poll or map is a subclass of this.

import { EINVAL, ENODEV, ENOTDIR, ENOTTY, ENXIO, ESPIPE } from "../abi/errno";
import { O_PATH } from "../abi/fcntl";
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE } from "../abi/inotify";
import { IoVector } from "../memory/io-vector";
import { PageSource } from "../memory/page-source";
import { List, ListNode } from "../lib/list";
import { WaitQueue } from "../sched/wait";
import { failOpen, Inode } from "./inode";
import { releaseFileLocks, releaseTableLocks } from "./locks";
import { isWatching, noticeFile } from "./notify";
import { Path } from "./path";

/** Something that keeps an eye on an open file without keeping it open: an epoll item. */
export class FileWatch extends ListNode {
  /** The last reference to the file went. */
  fileClosed(): void {}
}

export class File {
  /** O_ACCMODE and status flags as F_GETFL shows them (O_APPEND, O_NONBLOCK, …). */
  flags: u32 = 0;
  /** Where the next read or write goes, for those that have a position. */
  position: u64 = 0;
  /** How many descriptors and kernel users refer to it. */
  private references: i32 = 1;
  /** The inode it was opened on, null for what has none. Set by `attach`. */
  inode: Inode | null = null;
  /** The name it was opened by, for /proc/self/fd, fchdir and *at calls; null for what has none. */
  path: Path | null = null;
  private readinessQueue: WaitQueue | null = null;
  /** F_SETOWN and F_SETSIG: who gets which signal when O_ASYNC is set; the kind is F_OWNER_*. */
  owner: i32 = 0;
  ownerKind: i32 = 1;
  signal: i32 = 0;
  /** Epoll items on this file; null until there is one. */
  watches: List | null = null;

  /** Who waits for readiness: woken with the EPOLL* bits that may have come. Shared by the ends of a FIFO. Made on first use. */
  get readiness(): WaitQueue {
    let queue = this.readinessQueue;
    if (queue === null) {
      queue = new WaitQueue();
      this.readinessQueue = queue;
    }
    return queue;
  }

  set readiness(queue: WaitQueue) {
    this.readinessQueue = queue;
  }

  get isReadable(): bool {
    let mode = this.flags & 3;
    return mode == 0 || mode == 2;
  }

  get isWritable(): bool {
    let mode = this.flags & 3;
    return mode == 1 || mode == 2;
  }

  /** O_NONBLOCK (man 2 open). */
  get isNonBlocking(): bool {
    return (this.flags & 0o4000) != 0;
  }

  /** Take another reference. */
  retain(): void {
    this.references++;
  }

  /** Drop a reference; the last one closes. */
  release(): void {
    if (--this.references > 0) return;
    let watches = this.watches;
    if (watches !== null) {
      let watch = watches.shift();
      while (watch !== null) {
        (watch as FileWatch).fileClosed();
        watch = watches.shift();
      }
    }
    this.closeLast();
  }

  /** Refer to `inode`, opened by `path` (null: it has no name); to be called once, before anyone sees the file. */
  attach(inode: Inode, path: Path | null): void {
    inode.use();
    this.inode = inode;
    this.path = path;
  }

  /** Whether it was opened with O_PATH: good for fstat, fchdir and *at calls only; everything else is -EBADF. */
  get isPathOnly(): bool {
    return (this.flags & O_PATH) != 0;
  }

  get referenceCount(): i32 {
    return this.references;
  }

  /** Bytes read (0 = end of file) or a negative errno. Advances `position` where there is one. May block unless isNonBlocking. */
  read(_io: IoVector): i64 {
    return -EINVAL;
  }

  /** Bytes written or a negative errno. */
  write(_io: IoVector): i64 {
    return -EINVAL;
  }

  /** pread(2): at an offset, leaving `position` alone. -ESPIPE for what has no position. */
  readAt(_io: IoVector, _offset: u64): i64 {
    return -ESPIPE;
  }

  writeAt(_io: IoVector, _offset: u64): i64 {
    return -ESPIPE;
  }

  /** lseek(2): the new position or a negative errno. */
  seek(_offset: i64, _whence: i32): i64 {
    return -ESPIPE;
  }

  /** Whether epoll(7) takes it: not regular files and directories (man 2 epoll_ctl, EPERM). */
  get canPoll(): bool {
    let inode = this.inode;
    return inode === null || !(inode.isRegular || inode.isDirectory);
  }

  /** The EPOLL* bits that hold now. Files that never block are always readable and writable. */
  poll(): u32 {
    return 0x145; // EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM, man 2 poll for regular files
  }

  /** ioctl(2): `argument` is a user address or a value. */
  ioctl(_request: u32, _argument: u64): i64 {
    return -ENOTTY;
  }

  /** What mmap(2) maps, null for what cannot be mapped (-ENODEV). */
  mappable(): PageSource | null {
    return null;
  }

  /** getdents64(2): fill `io` with linux_dirent64 records; bytes, 0 at the end, or a negative errno. */
  readDirectory(_io: IoVector): i64 {
    return -ENOTDIR;
  }

  truncate(_length: u64): i64 {
    return -EINVAL;
  }

  /** fsync(2), fdatasync(2). */
  sync(): i64 {
    return -EINVAL;
  }

  /** fallocate(2). */
  allocate(_mode: u32, _offset: u64, _length: u64): i64 {
    return -ENODEV;
  }

  /** F_SETFL changed `flags` (O_NONBLOCK, O_ASYNC …). */
  flagsChanged(): void {}

  /** A descriptor in the table numbered `table` that refers to this was closed (close(2) on one of several): POSIX locks go. */
  descriptorClosed(table: u32): void {
    let inode = this.inode;
    if (inode !== null && inode.locks !== null) releaseTableLocks(inode, table);
  }

  /** The last reference went: free what it holds. */
  close(): void {}

  /** st_mode of a file without an inode: "anon_inode" files are regular by permissions alone, as in Linux; pipes and sockets say more. */
  get statMode(): u32 {
    return 0o600;
  }

  /** st_ino of a file without an inode. */
  get statNumber(): u64 {
    return 1;
  }

  /** Open the same thing again, by /proc/self/fd: for files without a name. Null with the reason in failOpen: -ENXIO for what cannot be. */
  reopen(_flags: u32): File | null {
    failOpen(-ENXIO);
    return null;
  }

  /** What /proc/self/fd shows for a file without a path: "pipe:[12]", "anon_inode:[eventpoll]". Bytes, no NUL. */
  describe(): StaticArray<u8> {
    return new StaticArray<u8>(0);
  }

  private closeLast(): void {
    this.close();
    let inode = this.inode;
    if (inode === null) return;
    if (inode.locks !== null) releaseFileLocks(inode, this);
    if (!this.isPathOnly) {
      if (this.isWritable && inode.isRegular && inode.writerCount > 0) inode.writerCount--;
      if (isWatching) noticeFile(this, this.isWritable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    }
    inode.unuse();
  }
}
