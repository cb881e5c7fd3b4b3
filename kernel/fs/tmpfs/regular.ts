// A regular file in memory: pages in frames, holes where nothing was written. The frame of a page stays the same for as
// long as the page exists, so that mappings and read/write show the same bytes.
//
// The `backing…` methods are what the overlay changes: there a missing page shows the image's.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EBUSY, EFAULT, EFBIG, EINVAL, ENOMEM, ENOSPC, ENXIO, EOPNOTSUPP, EPERM } from "../../abi/errno";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_ZERO_RANGE,
} from "../../abi/fcntl";
import { IoVector } from "../../memory/io-vector";
import { mayTakeFrame } from "../../memory/oom";
import { withdraw } from "../../memory/withdraw";
import { TmpInode } from "./inode";
import { NO_PAGE, PageTree } from "./page-tree";
import { Tmpfs } from "./tmpfs";

const PAGE_SIZE: u64 = 4096;
const PAGE_SHIFT: u64 = 12;
const PAGE_MASK: u64 = 4095;
/** One past the last page a file can have. */
const END_PAGE: u64 = (<u64>1) << 51;
const MAX_SIZE: u64 = 0x7fffffffffffffff;

export class TmpRegular extends TmpInode {
  protected pages: PageTree;
  /** F_SEAL_*: a memfd made with MFD_ALLOW_SEALING clears F_SEAL_SEAL. */
  sealBits: u32 = F_SEAL_SEAL;
  /** Shared writable mappings: they keep F_SEAL_WRITE away. */
  private writableMappings: i32 = 0;

  constructor(tmpfs: Tmpfs, mode: u32) {
    super(tmpfs, mode);
    this.pages = new PageTree(tmpfs.budget);
  }

  override get blocks(): u64 {
    return this.pages.count << 3;
  }

  override get isMemoryOnly(): bool {
    return true;
  }

  /** Read `length` bytes of a page that is not here. */
  protected readBacking(io: IoVector, _offset: u64, length: u64): i64 {
    return io.putZeros(length);
  }

  /** Fill the new frame of a page with what it showed until now. */
  protected fillFromBacking(_index: u64, frame: u64): void {
    mem.zeroPage(direct(frame));
  }

  /** Whether a page that is not here shows something other than zeros. */
  protected hasBacking(_index: u64): bool {
    return false;
  }

  /** What is behind the file beyond `length` is gone. */
  protected cutBacking(_length: u64): void {}

  override readAt(io: IoVector, offset: u64): i64 {
    if (offset >= this.size) return 0;
    let left = min(this.size - offset, io.remaining);
    let done: u64 = 0;
    while (left > 0) {
      let within = (offset + done) & PAGE_MASK;
      let step = min(left, PAGE_SIZE - within);
      let frame = this.pages.get((offset + done) >> PAGE_SHIFT);
      let moved = frame != 0 ? io.put(direct(frame) + within, step) : this.readBacking(io, offset + done, step);
      if (moved < 0) return done > 0 ? <i64>done : moved;
      done += <u64>moved;
      if (<u64>moved < step) break;
      left -= step;
    }
    return <i64>done;
  }

  override writeAt(io: IoVector, offset: u64): i64 {
    if ((this.sealBits & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
    let left = io.remaining;
    if ((this.sealBits & F_SEAL_GROW) != 0 && offset + left > this.size) {
      if (offset >= this.size) return -EPERM;
      left = this.size - offset;
    }
    let done: u64 = 0;
    let error: i64 = 0;
    while (left > 0) {
      let at = offset + done;
      let within = at & PAGE_MASK;
      let step = min(left, PAGE_SIZE - within);
      let frame = this.own(at >> PAGE_SHIFT, step == PAGE_SIZE);
      if (frame < 0) {
        error = frame;
        break;
      }
      let moved = io.take(direct(<u64>frame) + within, step);
      if (moved < 0) {
        error = moved;
        break;
      }
      done += <u64>moved;
      if (offset + done > this.size) this.size = offset + done;
      if (<u64>moved < step) break;
      left -= step;
    }
    if (done == 0) return error;
    this.noteModified();
    return <i64>done;
  }

  /** The file's own frame of a page, made when it is missing; `isOverwritten`: all of it will be stored. -ENOSPC. */
  private own(index: u64, isOverwritten: bool): i64 {
    let frame = this.pages.get(index);
    if (frame != 0) return <i64>frame;
    let budget = this.tmpfs.budget;
    if (!budget.takePage()) return -ENOSPC;
    frame = frames.allocate();
    if (frame == 0 || !this.pages.add(index, frame)) {
      if (frame != 0) frames.release(frame);
      budget.givePages(1);
      return -ENOSPC;
    }
    // An overwritten page is filled too when the copy could fault in the middle and leave foreign bytes: cheap against that.
    if (isOverwritten && !this.hasBacking(index)) mem.zeroPage(direct(frame));
    else this.fillFromBacking(index, frame);
    this.isChanged = true;
    if (this.mappings !== null) withdraw(this, index, index + 1, false);
    return <i64>frame;
  }

  override pageFrame(index: u64, _forWrite: bool): i64 {
    if (index > this.size >> PAGE_SHIFT || index << PAGE_SHIFT >= this.size) return -EFAULT;
    let frame = this.own(index, false);
    if (frame > 0) frames.reference(<u64>frame);
    // A mapping that meets the end of memory, not of the budget, is a case for who relieves memory.
    else if (!mayTakeFrame()) return -ENOMEM;
    return frame;
  }

  override touched(): void {
    this.noteModified();
  }

  override mapped(delta: i32, isShared: bool, isWritable: bool): i32 {
    if (isShared && isWritable) {
      if (delta > 0 && (this.sealBits & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
      this.writableMappings += delta;
    }
    return super.mapped(delta, isShared, isWritable);
  }

  override nextData(offset: u64): i64 {
    let index = offset >> PAGE_SHIFT;
    let end = (this.size + PAGE_MASK) >> PAGE_SHIFT;
    let own = this.pages.next(index);
    while (index < end && index < own && !this.hasBacking(index)) index = this.afterHole(index, min(own, end));
    if (index >= end) return -ENXIO;
    return <i64>max(offset, index << PAGE_SHIFT);
  }

  /** The first page in (index, limit] that may show something: a file without backing has none before its next own page. */
  protected afterHole(_index: u64, limit: u64): u64 {
    return limit;
  }

  override nextHole(offset: u64): i64 {
    let index = offset >> PAGE_SHIFT;
    let end = (this.size + PAGE_MASK) >> PAGE_SHIFT;
    while (index < end && (this.pages.get(index) != 0 || this.hasBacking(index))) index++;
    if (index >= end) return <i64>this.size;
    return <i64>max(offset, index << PAGE_SHIFT);
  }

  override truncate(length: u64): i32 {
    if (length > MAX_SIZE) return -EFBIG;
    if (length < this.size && (this.sealBits & F_SEAL_SHRINK) != 0) return -EPERM;
    if (length > this.size && (this.sealBits & F_SEAL_GROW) != 0) return -EPERM;
    if (length < this.size) this.cut(length);
    this.size = length;
    this.noteModified();
    return 0;
  }

  private cut(length: u64): void {
    let firstGone = (length + PAGE_MASK) >> PAGE_SHIFT;
    this.size = length;
    this.cutBacking(length);
    withdraw(this, firstGone, END_PAGE, true);
    this.tmpfs.budget.givePages(this.pages.remove(firstGone, END_PAGE));
    let within = length & PAGE_MASK;
    if (within == 0) return;
    let last = this.pages.get(length >> PAGE_SHIFT);
    if (last != 0) mem.fill(direct(last) + within, 0, PAGE_SIZE - within);
    // What shows in mappings may be the layer's below, with bytes behind the new end.
    else if (this.hasBacking(length >> PAGE_SHIFT)) withdraw(this, length >> PAGE_SHIFT, firstGone, false);
  }

  override allocate(mode: u32, offset: u64, length: u64): i32 {
    let known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_UNSHARE_RANGE;
    if ((mode & ~known) != 0) return -EOPNOTSUPP;
    if ((this.sealBits & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0 && (mode & FALLOC_FL_PUNCH_HOLE) != 0)
      return -EPERM;
    let end = offset + length;
    if (end > MAX_SIZE) return -EFBIG;
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
      if ((mode & FALLOC_FL_KEEP_SIZE) == 0) return -EOPNOTSUPP;
      return this.zero(offset, min(end, this.size));
    }
    let grows = (mode & FALLOC_FL_KEEP_SIZE) == 0 && end > this.size;
    if (grows && (this.sealBits & F_SEAL_GROW) != 0) return -EPERM;
    if ((mode & FALLOC_FL_ZERO_RANGE) != 0) {
      let error = this.zero(offset, min(end, this.size));
      if (error < 0) return error;
    }
    let firstNew = offset >> PAGE_SHIFT;
    let endPage = (end + PAGE_MASK) >> PAGE_SHIFT;
    if (endPage - firstNew > this.tmpfs.budget.pageLimit) return -ENOSPC;
    for (let index = firstNew; index < endPage; index++) {
      let frame = this.own(index, false);
      if (frame < 0) return <i32>frame;
    }
    if (grows) this.size = end;
    this.noteModified();
    return 0;
  }

  /** Make [start, end) read as zeros, giving whole pages back. Precondition: end <= size. */
  private zero(start: u64, end: u64): i32 {
    if (start >= end) return 0;
    let firstWhole = (start + PAGE_MASK) >> PAGE_SHIFT;
    let endWhole = end == this.size ? (end + PAGE_MASK) >> PAGE_SHIFT : end >> PAGE_SHIFT;
    if (firstWhole > endWhole) return this.zeroWithin(start, end);
    let error = this.zeroWithin(start, min(firstWhole << PAGE_SHIFT, end));
    if (error >= 0 && endWhole << PAGE_SHIFT < end) error = this.zeroWithin(endWhole << PAGE_SHIFT, end);
    if (error < 0) return error;
    for (let index = firstWhole; index < endWhole; index++) {
      if (this.pages.get(index) == 0) {
        if (this.hasBacking(index)) {
          let frame = this.own(index, true);
          if (frame < 0) return <i32>frame;
          mem.zeroPage(direct(<u64>frame));
          continue;
        }
        // Skip the hole.
        let next = this.pages.next(index);
        index = this.afterHole(index, next == NO_PAGE ? endWhole : min(next, endWhole)) - 1;
        continue;
      }
      if (this.hasBacking(index)) {
        mem.zeroPage(direct(this.pages.get(index)));
        continue;
      }
      withdraw(this, index, index + 1, false);
      this.tmpfs.budget.givePages(this.pages.remove(index, index + 1));
    }
    this.noteModified();
    return 0;
  }

  /** Zero bytes of one page. */
  private zeroWithin(start: u64, end: u64): i32 {
    if (start >= end) return 0;
    let index = start >> PAGE_SHIFT;
    if (this.pages.get(index) == 0 && !this.hasBacking(index)) return 0;
    let frame = this.own(index, false);
    if (frame < 0) return <i32>frame;
    mem.fill(direct(<u64>frame) + (start & PAGE_MASK), 0, end - start);
    return 0;
  }

  override get seals(): i32 {
    return <i32>this.sealBits;
  }

  override addSeals(seals: u32): i32 {
    if ((this.sealBits & F_SEAL_SEAL) != 0) return -EPERM;
    if (seals > 0x3f) return -EINVAL;
    if ((seals & F_SEAL_WRITE) != 0 && this.writableMappings > 0) return -EBUSY;
    this.sealBits |= seals;
    return 0;
  }

  override evict(): void {
    this.tmpfs.budget.givePages(this.pages.remove(0, END_PAGE));
    this.size = 0;
    super.evict();
  }
}
