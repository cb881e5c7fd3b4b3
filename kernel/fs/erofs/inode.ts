// One inode of the image: where its bytes are, what they are. `locate` turns a file offset into a run of image bytes;
// everything else is built on it.

import * as mem from "machine/mem";
import { bytesAddress, direct } from "memory/address";
import * as frames from "memory/frames";
import { EFAULT, EIO, ENOENT, ENOMEM, EOPNOTSUPP, EROFS, EUCLEAN } from "../../abi/errno";
import { IoVector } from "../../memory/io-vector";
import { DirectorySink } from "../../vfs/directory-sink";
import { failOpen, Inode, S_IFBLK, S_IFCHR } from "../../vfs/inode";
import { Directory } from "./directory";
import { Erofs } from "./erofs";
import { toNs } from "./image";
import * as layout from "./layout";

/** Linux PATH_MAX: a longer target could never be walked. */
const MAX_LINK_TARGET: u64 = 4095;
const PAGE_SIZE: u64 = 4096;

/** What the last `locate` found: `runOffset` in the image (0: a hole) and how many bytes of the file lie there in a row. */
let runOffset: u64 = 0;
let runLength: u64 = 0;

export class ErofsInode extends Inode {
  private erofs: Erofs;
  private layout: u32 = 0;
  /** Flat: the first block's offset in the image. Chunks: the chunk table's. */
  private dataOffset: u64 = 0;
  /** Flat with inline tail: where the tail is in the image, and the file offset where it begins. */
  private tailOffset: u64 = 0;
  private tailStart: u64 = 0;
  /** The frame of page 0 and how many pages follow it in a row in the image; 0 pages where they do not. */
  flatFrame: u64 = 0;
  flatPages: u64 = 0;
  private chunkShift: u64 = 0;
  private chunkEntrySize: u64 = 0;
  /** A copy of the last page for mapping, where the image does not have it page-aligned. */
  private tailFrame: u64 = 0;
  private target: StaticArray<u8> | null = null;

  constructor(erofs: Erofs) {
    super(erofs);
    this.erofs = erofs;
  }

  /** Fill the fields from the image. Returns 0, -EUCLEAN or -EOPNOTSUPP. */
  read(nid: u64): i32 {
    let image = this.erofs.image;
    let offset = image.inodeOffset(nid);
    if (offset == 0) return -EUCLEAN;
    let base = image.at(offset);
    let format = mem.load16(base + layout.I_FORMAT);
    let isExtended = (format & 1) != 0;
    let inodeSize = isExtended ? layout.EXTENDED_SIZE : layout.COMPACT_SIZE;
    if (!image.holds(offset, inodeSize)) return -EUCLEAN;
    this.number = numberOf(nid);
    this.layout = (format >> 1) & 7;
    this.mode = mem.load16(base + layout.I_MODE);
    if (isExtended) {
      this.size = mem.load64(base + layout.IX_SIZE);
      this.userId = mem.load32(base + layout.IX_USER);
      this.groupId = mem.load32(base + layout.IX_GROUP);
      this.linkCount = mem.load32(base + layout.IX_LINKS);
      this.modifyNs = toNs(mem.load64(base + layout.IX_MTIME), <u64>mem.load32(base + layout.IX_MTIME_NS));
    } else {
      this.size = <u64>mem.load32(base + layout.IC_SIZE);
      this.userId = mem.load16(base + layout.IC_USER);
      this.groupId = mem.load16(base + layout.IC_GROUP);
      this.linkCount = mem.load16(base + layout.IC_LINKS);
      this.modifyNs = image.buildTimeNs;
    }
    this.accessNs = this.modifyNs;
    this.changeNs = this.modifyNs;
    this.birthNs = this.modifyNs;
    if (<i64>this.size < 0 || this.linkCount == 0) return -EUCLEAN;
    let union = mem.load32(base + layout.I_UNION);
    if (this.type == S_IFCHR || this.type == S_IFBLK) {
      this.device = <u64>union;
      this.size = 0;
      return 0;
    }
    let attributeCount = <u64>mem.load16(base + layout.I_XATTR_COUNT);
    let dataStart = offset + inodeSize + (attributeCount == 0 ? 0 : 12 + (attributeCount - 1) * 4);
    switch (this.layout) {
      case layout.LAYOUT_FLAT_PLAIN:
        this.dataOffset = (<u64>union) << layout.BLOCK_BITS;
        this.tailStart = this.size;
        this.findFlatPages();
        return this.size == 0 || image.holds(this.dataOffset, this.size) ? 0 : -EUCLEAN;
      case layout.LAYOUT_FLAT_INLINE:
        return this.placeTail((<u64>union) << layout.BLOCK_BITS, dataStart);
      case layout.LAYOUT_CHUNK_BASED:
        return this.placeChunks(union, dataStart);
      default:
        return -EOPNOTSUPP;
    }
  }

  private placeTail(blocksStart: u64, tailOffset: u64): i32 {
    let image = this.erofs.image;
    if (this.size == 0) return 0;
    this.dataOffset = blocksStart;
    this.tailStart = (this.size - 1) & ~(layout.BLOCK_SIZE - 1);
    this.tailOffset = tailOffset;
    let tailLength = this.size - this.tailStart;
    // The tail lies within one block (Linux erofs_map_blocks_flatmode).
    if ((tailOffset & (layout.BLOCK_SIZE - 1)) + tailLength > layout.BLOCK_SIZE) return -EUCLEAN;
    if (!image.holds(tailOffset, tailLength)) return -EUCLEAN;
    this.findFlatPages();
    return this.tailStart == 0 || image.holds(blocksStart, this.tailStart) ? 0 : -EUCLEAN;
  }

  /** Pages that begin before the tail are the image's own, when the image has them whole. */
  private findFlatPages(): void {
    let image = this.erofs.image;
    let bytes = (this.tailStart + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (!image.holds(this.dataOffset, bytes)) return;
    this.flatFrame = image.physical + this.dataOffset;
    this.flatPages = bytes / PAGE_SIZE;
  }

  private placeChunks(format: u32, tableOffset: u64): i32 {
    if ((format & ~layout.CHUNK_KNOWN_BITS) != 0) return -EOPNOTSUPP;
    this.chunkEntrySize = (format & layout.CHUNK_HAS_INDEXES) != 0 ? 8 : 4;
    this.chunkShift = <u64>(layout.BLOCK_BITS + (format & layout.CHUNK_BITS_MASK));
    this.dataOffset = (tableOffset + this.chunkEntrySize - 1) & ~(this.chunkEntrySize - 1);
    this.tailStart = this.size;
    if (this.size == 0) return 0;
    let chunks = ((this.size - 1) >> this.chunkShift) + 1;
    if (chunks > this.erofs.image.length) return -EUCLEAN;
    return this.erofs.image.holds(this.dataOffset, chunks * this.chunkEntrySize) ? 0 : -EUCLEAN;
  }

  /** Find where byte `offset` is: fills runOffset and runLength. Precondition: offset < size. Returns 0 or -EUCLEAN. */
  private locate(offset: u64): i32 {
    if (this.layout != layout.LAYOUT_CHUNK_BASED) {
      if (offset < this.tailStart) {
        runOffset = this.dataOffset + offset;
        runLength = this.tailStart - offset;
      } else {
        runOffset = this.tailOffset + (offset - this.tailStart);
        runLength = this.size - offset;
      }
      return 0;
    }
    let image = this.erofs.image;
    let entry = image.at(this.dataOffset + (offset >> this.chunkShift) * this.chunkEntrySize);
    let block = mem.load32(this.chunkEntrySize == 8 ? entry + 4 : entry);
    if (this.chunkEntrySize == 8 && mem.load16(entry + 2) != 0) return -EUCLEAN;
    let within = offset & (((<u64>1) << this.chunkShift) - 1);
    runLength = min(((<u64>1) << this.chunkShift) - within, this.size - offset);
    if (block == layout.NULL_BLOCK) {
      runOffset = 0;
      return 0;
    }
    runOffset = ((<u64>block) << layout.BLOCK_BITS) + within;
    return image.holds(runOffset, runLength) ? 0 : -EUCLEAN;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    if (offset >= this.size) return 0;
    let left = min(this.size - offset, io.remaining);
    let done: i64 = 0;
    while (left > 0) {
      let error = this.locate(offset + <u64>done);
      if (error < 0) return done > 0 ? done : error;
      let step = min(left, runLength);
      let moved = runOffset == 0 ? io.putZeros(step) : io.put(this.erofs.image.at(runOffset), step);
      if (moved < 0) return done > 0 ? done : moved;
      done += moved;
      if (<u64>moved < step) break;
      left -= step;
    }
    return done;
  }

  /** Copy bytes to a kernel-virtual address. Returns 0 or a negative errno. Precondition: offset + length <= size. */
  copyOut(offset: u64, destination: u64, length: u64): i32 {
    let done: u64 = 0;
    while (done < length) {
      let error = this.locate(offset + done);
      if (error < 0) return error;
      let step = min(length - done, runLength);
      if (runOffset == 0) mem.fill(destination + done, 0, step);
      else mem.copy(destination + done, this.erofs.image.at(runOffset), step);
      done += step;
    }
    return 0;
  }

  /**
   * The image's own frame of a page, 0 when there is none of its own (a hole, an inline tail) or the page is beyond the end,
   * a negative errno.
   */
  imageFrame(index: u64): i64 {
    let offset = index << 12;
    if (index > this.size >> 12 || offset >= this.size) return 0;
    let error = this.locate(offset);
    if (error < 0) return error;
    if (runOffset == 0 || (runOffset & 0xfff) != 0) return 0;
    if (!this.erofs.image.holds(runOffset, PAGE_SIZE)) return 0;
    return <i64>(this.erofs.image.physical + runOffset);
  }

  override pageFrame(index: u64, forWrite: bool): i64 {
    if (forWrite) return -EROFS;
    if (index < this.flatPages) {
      let frame = this.flatFrame + (index << 12);
      frames.reference(frame);
      return <i64>frame;
    }
    if (index > this.size >> 12 || index << 12 >= this.size) return -EFAULT;
    let own = this.imageFrame(index);
    if (own < 0) return own;
    if (own != 0) {
      frames.reference(<u64>own);
      return own;
    }
    let offset = index << 12;
    let isTail = this.size - offset <= PAGE_SIZE;
    if (isTail && this.tailFrame != 0) {
      frames.reference(this.tailFrame);
      return <i64>this.tailFrame;
    }
    let frame = frames.allocateZeroed();
    if (frame == 0) return -ENOMEM;
    let error = this.copyOut(offset, direct(frame), min(PAGE_SIZE, this.size - offset));
    if (error < 0) {
      frames.release(frame);
      return -EIO;
    }
    if (isTail) {
      this.tailFrame = frame;
      frames.reference(frame);
    }
    return <i64>frame;
  }

  override get isStable(): bool {
    return true;
  }

  /** Give back what was made for mappings. */
  override unreferenced(): void {
    if (this.tailFrame == 0 || this.isUsed) return;
    frames.release(this.tailFrame);
    this.tailFrame = 0;
  }

  override nextData(offset: u64): i64 {
    return <i64>offset;
  }

  override readLink(): StaticArray<u8> | null {
    if (!this.isSymbolicLink) return null;
    let known = this.target;
    if (known !== null) return known;
    if (this.size > MAX_LINK_TARGET) {
      failOpen(-EUCLEAN);
      return null;
    }
    let text = new StaticArray<u8>(<i32>this.size);
    let error = this.copyOut(0, bytesAddress(text), this.size);
    if (error < 0) {
      failOpen(error);
      return null;
    }
    this.target = text;
    return text;
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    return this.lookupInode(name, length);
  }

  /** As lookup, as what it is. */
  lookupInode(name: StaticArray<u8>, length: i32): ErofsInode | null {
    let nid = this.findName(name, length);
    if (nid < 0) {
      failOpen(<i32>nid);
      return null;
    }
    return readInode(this.erofs, <u64>nid);
  }

  /** The number behind a name, -ENOENT or -EUCLEAN. */
  findName(name: StaticArray<u8>, length: i32): i64 {
    if (this.size == 0) return -ENOENT;
    return directory.open(this) < 0 ? -EUCLEAN : directory.find(bytesAddress(name), <u64>length);
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    if (this.size == 0) return 0;
    return directory.open(this) < 0 ? -EUCLEAN : directory.readNames(sink, position);
  }

  /** The kernel-virtual address of directory block `index`, 0 when it is not whole in the image; its bytes in `blockLength`. */
  blockAddress(index: u64): u64 {
    let offset = index << layout.BLOCK_BITS;
    if (offset >= this.size || this.locate(offset) < 0 || runOffset == 0) return 0;
    blockLength = min(layout.BLOCK_SIZE, this.size - offset);
    return runLength < blockLength ? 0 : this.erofs.image.at(runOffset);
  }
}

/** Bytes in the block that blockAddress found last. */
export let blockLength: u64 = 0;

/** The one reader of directories: an operation opens it and is done before the next. */
const directory = new Directory();

/** The inode number that programs see: the C library takes 0 for no entry, and the image may have an inode 0. */
export function numberOf(nid: u64): u64 {
  return nid + 1;
}

/** Read inode `nid`; null with the reason in `openError`. */
export function readInode(erofs: Erofs, nid: u64): ErofsInode | null {
  let inode = new ErofsInode(erofs);
  let error = inode.read(nid);
  if (error < 0) {
    failOpen(error);
    return null;
  }
  return inode;
}
