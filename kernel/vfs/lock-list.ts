// The locks on one inode (vfs/locks.ts says what they mean).

import { List, ListNode } from "../lib/list";
import { WaitQueue } from "../sched/wait";
import { File } from "./file";

/** A lock on [start, end]: a POSIX lock belongs to a descriptor table, an open-file-description lock and a flock to a file. */
export class FileLock extends ListNode {
  /** The descriptor table's number for a POSIX lock, else 0. */
  table: u32 = 0;
  /** The open file for the other kinds, else null. */
  file: File | null = null;
  isExclusive: bool = false;
  start: u64 = 0;
  /** The last byte, inclusive. */
  end: u64 = 0;
  processId: i32 = 0;
}

export class LockList {
  /** fcntl locks, of both owners, sorted by nothing. */
  records: List = new List();
  /** flock(2) locks. */
  whole: List = new List();
  /** Woken when a lock goes. */
  released: WaitQueue = new WaitQueue();
}
