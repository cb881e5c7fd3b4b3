// A regular file of the root: its own pages over the image's. Until something is stored, reads and mappings use the image's
// frames; a store copies the page it touches, no more.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import { EFAULT } from "../../abi/errno";
import { IoVector } from "../../memory/io-vector";
import { ErofsInode } from "../erofs/inode";
import { TmpRegular } from "../tmpfs/regular";
import { Overlay } from "./overlay";

const PAGE_SIZE: u64 = 4096;
const PAGE_SHIFT: u64 = 12;

export class OverlayRegular extends TmpRegular {
  private below: ErofsInode;
  /** Bytes of the image's file that still show where no page of our own does. */
  private belowLength: u64;

  constructor(overlay: Overlay, below: ErofsInode) {
    super(overlay, below.mode);
    this.below = below;
    this.belowLength = below.size;
  }

  override get blocks(): u64 {
    return max(super.blocks, ((this.belowLength + 4095) >> 12) << 3);
  }

  override get isMemoryOnly(): bool {
    return false;
  }

  /** Until the first store the pages are the image's, which never move. */
  override get isStable(): bool {
    return this.pages.count == 0 && this.belowLength == this.below.size;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    if (this.isStable && this.belowLength == this.size) return this.below.readAt(io, offset);
    return super.readAt(io, offset);
  }

  protected override readBacking(io: IoVector, offset: u64, length: u64): i64 {
    if (offset >= this.belowLength) return io.putZeros(length);
    let step = min(length, this.belowLength - offset);
    // readAt stops at the vector's end or the file's, so bound it by a vector that ends here.
    let after = io.remaining - step;
    io.limit(step);
    let moved = this.below.readAt(io, offset);
    io.remaining += after;
    if (moved < <i64>step || step == length) return moved;
    let zeros = io.putZeros(length - step);
    return zeros < 0 ? moved : moved + zeros;
  }

  protected override fillFromBacking(index: u64, frame: u64): void {
    let offset = index << PAGE_SHIFT;
    let length: u64 = offset < this.belowLength ? min(PAGE_SIZE, this.belowLength - offset) : 0;
    let page = direct(frame);
    if (length > 0 && this.below.copyOut(offset, page, length) < 0) length = 0;
    if (length < PAGE_SIZE) mem.fill(page + length, 0, PAGE_SIZE - length);
  }

  protected override hasBacking(index: u64): bool {
    return index << PAGE_SHIFT < this.belowLength;
  }

  protected override afterHole(index: u64, limit: u64): u64 {
    return this.hasBacking(index + 1) ? index + 1 : limit;
  }

  protected override cutBacking(length: u64): void {
    if (length < this.belowLength) this.belowLength = length;
  }

  override pageFrame(index: u64, forWrite: bool): i64 {
    if (!forWrite && this.isStable && index < this.below.flatPages) return this.below.pageFrame(index, false);
    if (index > this.size >> PAGE_SHIFT || index << PAGE_SHIFT >= this.size) return -EFAULT;
    if (!forWrite && this.pages.get(index) == 0) {
      let isWholePage = (index + 1) << PAGE_SHIFT <= this.belowLength;
      if (isWholePage || (this.belowLength == this.below.size && this.hasBacking(index))) {
        return this.below.pageFrame(index, false);
      }
    }
    return super.pageFrame(index, true);
  }

  /** The image's file has copies of pages for mappings to give back. */
  override unreferenced(): void {
    if (!this.isUsed) this.below.unreferenced();
    super.unreferenced();
  }
}
