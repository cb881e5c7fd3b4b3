// A directory of the root: names in memory over the image's.

import { bytesAddress } from "memory/address";
import { DirectorySink } from "../../vfs/directory-sink";
import { failOpen, Inode } from "../../vfs/inode";
import { ErofsInode } from "../erofs/inode";
import { TmpDirectory } from "../tmpfs/directory";
import { NameTable } from "../tmpfs/name-table";
import { Overlay } from "./overlay";

/** Positions of names in memory come behind all of the image's. */
const UPPER_POSITIONS: u64 = (<u64>1) << 40;

/** Passes on the image's names that nothing in memory hides. */
class VisibleNames extends DirectorySink {
  sink: DirectorySink = new DirectorySink();
  hiding: NameTable = new NameTable();
  isFull: bool = false;
  count: i32 = 0;

  override entry(name: u64, length: i32, number: u64, type: u32, nextPosition: u64): bool {
    if (this.hiding.find(name, length) !== null) return true;
    this.count++;
    if (this.sink.entry(name, length, number, type, nextPosition)) return true;
    this.isFull = true;
    return false;
  }
}

const visible = new VisibleNames();
/** Takes nothing: for looking whether there is any name. */
const nowhere = new DirectorySink();

export class OverlayDirectory extends TmpDirectory {
  private overlay: Overlay;
  private below: ErofsInode;

  constructor(overlay: Overlay, below: ErofsInode) {
    super(overlay, below.mode);
    this.overlay = overlay;
    this.below = below;
  }

  override lookup(name: StaticArray<u8>, length: i32): Inode | null {
    let entry = this.names.find(bytesAddress(name), length);
    if (entry !== null) return entry.inode;
    let nid = this.below.findName(name, length);
    if (nid < 0) {
      failOpen(<i32>nid);
      return null;
    }
    return this.overlay.inodeOf(<u64>nid);
  }

  protected override removeName(name: StaticArray<u8>, length: i32): void {
    if (this.below.findName(name, length) >= 0) this.names.set(name, length, null);
    else this.names.remove(name, length);
  }

  override get isEmpty(): bool {
    if (this.names.count > 0) return false;
    return this.readBelow(nowhere, 0) >= 0 && visible.count == 0;
  }

  override readNames(sink: DirectorySink, position: u64): i32 {
    if (position < UPPER_POSITIONS) {
      let error = this.readBelow(sink, position);
      if (error < 0 || visible.isFull) return error;
      position = UPPER_POSITIONS;
    }
    return super.readNames(sink, position - UPPER_POSITIONS);
  }

  protected override after(cookie: u64): u64 {
    return UPPER_POSITIONS + cookie + 1;
  }

  private readBelow(sink: DirectorySink, position: u64): i32 {
    visible.sink = sink;
    visible.hiding = this.names;
    visible.isFull = false;
    visible.count = 0;
    return this.below.readNames(visible, position);
  }
}
