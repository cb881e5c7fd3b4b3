// The inodes made from the image, by number: one for each, however many names lead to it, for as long as someone uses it or
// it differs from the image.

import { TmpInode } from "../tmpfs/inode";

const INITIAL_BUCKETS: i32 = 1024;

export class InodeTable {
  count: i32 = 0;
  private buckets: StaticArray<TmpInode | null> = new StaticArray<TmpInode | null>(INITIAL_BUCKETS);

  find(number: u64): TmpInode | null {
    let inode = this.buckets[this.bucketOf(number)];
    while (inode !== null && inode.number != number) inode = inode.tableNext;
    return inode;
  }

  /** Precondition: none with its number is there. */
  add(inode: TmpInode): void {
    if (this.count >= this.buckets.length) this.grow();
    let bucket = this.bucketOf(inode.number);
    inode.tableNext = this.buckets[bucket];
    this.buckets[bucket] = inode;
    this.count++;
  }

  remove(inode: TmpInode): void {
    let bucket = this.bucketOf(inode.number);
    let at = this.buckets[bucket];
    if (at === inode) this.buckets[bucket] = inode.tableNext;
    else {
      while (at !== null && at.tableNext !== inode) at = at.tableNext;
      if (at === null) return;
      at.tableNext = inode.tableNext;
    }
    inode.tableNext = null;
    this.count--;
  }

  private bucketOf(number: u64): i32 {
    return <i32>((number * 0x9e3779b97f4a7c15) >> 33) & (this.buckets.length - 1);
  }

  private grow(): void {
    let old = this.buckets;
    this.buckets = new StaticArray<TmpInode | null>(old.length * 2);
    for (let i = 0; i < old.length; i++) {
      let inode = old[i];
      while (inode !== null) {
        let next = inode.tableNext;
        let bucket = this.bucketOf(inode.number);
        inode.tableNext = this.buckets[bucket];
        this.buckets[bucket] = inode;
        inode = next;
      }
    }
  }
}
