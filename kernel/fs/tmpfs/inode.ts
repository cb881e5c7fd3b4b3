// What the inodes of a file system in memory have in common: numbers, times, the budget, and whether anything about them
// differs from the image below (fs/overlay).

import { ENODATA, ENOSPC } from "../../abi/errno";
import { wallNs } from "../../sched/clock";
import { failOpen, Inode } from "../../vfs/inode";
import { AttributeList } from "./attributes";
import { Tmpfs } from "./tmpfs";

export class TmpInode extends Inode {
  readonly tmpfs: Tmpfs;
  /** Over a layer below: something changed, so that it must not be made anew from there. */
  isChanged: bool = false;
  /** The chain in the table of inodes made from the layer below (fs/overlay/inode-table.ts). */
  tableNext: TmpInode | null = null;
  private isCounted: bool = false;
  /** Extended attributes; null before the first. */
  private attributes: AttributeList | null = null;

  constructor(tmpfs: Tmpfs, mode: u32) {
    super(tmpfs);
    this.tmpfs = tmpfs;
    this.mode = mode;
  }

  /** Make it a new inode: a number of its own, times of now. False, and -ENOSPC in openError, when there are too many. */
  begin(): bool {
    if (!this.tmpfs.budget.takeInode()) {
      failOpen(-ENOSPC);
      return false;
    }
    this.isCounted = true;
    this.isChanged = true;
    this.number = this.tmpfs.nextNumber();
    let now = <i64>wallNs();
    this.accessNs = now;
    this.modifyNs = now;
    this.changeNs = now;
    this.birthNs = now;
    return true;
  }

  /** The content changed. */
  noteModified(): void {
    let now = <i64>wallNs();
    this.modifyNs = now;
    this.changeNs = now;
    this.isChanged = true;
  }

  /** Links, names or attributes changed. */
  noteChanged(): void {
    this.changeNs = <i64>wallNs();
    this.isChanged = true;
  }

  /** As relatime: once after each change, and not for what is as the image has it. */
  override accessed(): void {
    if (this.isChanged && (this.accessNs <= this.modifyNs || this.accessNs <= this.changeNs)) {
      this.accessNs = <i64>wallNs();
    }
  }

  override allowAttributeChange(): i32 {
    this.isChanged = true;
    return 0;
  }

  /** Only regular files have blocks (fs/tmpfs/regular.ts). */
  override get blocks(): u64 {
    return 0;
  }

  override get keepsAttributes(): bool {
    return true;
  }

  override getAttribute(name: StaticArray<u8>): StaticArray<u8> | null {
    let attributes = this.attributes;
    return attributes === null ? null : attributes.get(name);
  }

  override attributeName(index: i32): StaticArray<u8> | null {
    let attributes = this.attributes;
    return attributes !== null && index < attributes.length ? attributes.nameAt(index) : null;
  }

  override setAttribute(name: StaticArray<u8>, value: StaticArray<u8>, flags: u32): i32 {
    let attributes = this.attributes;
    if (attributes === null) attributes = new AttributeList(this.tmpfs.budget);
    let error = attributes.set(name, value, flags);
    if (error < 0) return error;
    this.attributes = attributes;
    this.noteChanged();
    return 0;
  }

  override removeAttribute(name: StaticArray<u8>): i32 {
    let attributes = this.attributes;
    let error = attributes === null ? -ENODATA : attributes.remove(name);
    if (error == 0) this.noteChanged();
    return error;
  }

  override unreferenced(): void {
    if (this.isUsed) return;
    if (this.linkCount == 0) this.evict();
    else if (!this.isChanged && this.entryCount == 0) this.tmpfs.forgetUnchanged(this);
  }

  override evict(): void {
    let attributes = this.attributes;
    if (attributes !== null) attributes.clear();
    this.attributes = null;
    if (this.isCounted) {
      this.isCounted = false;
      this.tmpfs.budget.giveInode();
    }
  }
}

/** A symbolic link. */
export class TmpSymbolicLink extends TmpInode {
  private target: StaticArray<u8>;

  constructor(tmpfs: Tmpfs, mode: u32, target: StaticArray<u8>) {
    super(tmpfs, mode);
    this.target = target;
    this.size = <u64>target.length;
  }

  override readLink(): StaticArray<u8> | null {
    return this.target;
  }
}
