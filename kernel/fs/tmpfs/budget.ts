// How much memory files may take: every file system in memory draws on one budget, half of the machine's frames, so that
// a full /tmp is -ENOSPC to the writer and not the end of the machine.

import * as frames from "memory/frames";
import { mayTakeFrame } from "../../memory/oom";

/** What an inode and its name take of the kernel's heap, generously, for bounding their number. */
const BYTES_PER_INODE: u64 = 512;

export class Budget {
  pageLimit: u64 = 0;
  pagesUsed: u64 = 0;
  inodeLimit: u64 = 0;
  inodesUsed: u64 = 0;

  /** Room for one more page? Counts it when there is. The machine's last frames are not for files. */
  takePage(): bool {
    if (this.pagesUsed >= this.pageLimit || !mayTakeFrame()) return false;
    this.pagesUsed++;
    return true;
  }

  givePages(count: u64): void {
    this.pagesUsed -= count;
  }

  takeInode(): bool {
    if (this.inodesUsed >= this.inodeLimit) return false;
    this.inodesUsed++;
    return true;
  }

  giveInode(): void {
    this.inodesUsed--;
  }
}

const shared = new Budget();

/** The budget that all share; its limits are set on first use, when memory is known. */
export function sharedBudget(): Budget {
  if (shared.pageLimit == 0) {
    shared.pageLimit = frames.totalCount() / 2;
    shared.inodeLimit = (shared.pageLimit * frames.FRAME_SIZE) / 4 / BYTES_PER_INODE;
  }
  return shared;
}
