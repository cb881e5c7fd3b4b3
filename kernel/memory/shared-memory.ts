// Memory that processes share and no file names: MAP_SHARED | MAP_ANONYMOUS. Pages come on first use, by index, from a
// two-level table of frames; the last mapping's going frees them.

import * as frames from "memory/frames";
import { ENOMEM } from "../abi/errno";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/mman";
import { PageSource, SpecialName } from "./page-source";

/** What /proc/self/maps shows for it, as Linux. */
export const sharedMemoryName = new SpecialName("/dev/zero (deleted)");

/** The most that one shared mapping may have: its table of groups stays within 2 MB. */
export const MAXIMUM_SHARED: u64 = (<u64>1) << 40;

const GROUP_SHIFT: u64 = 9;
const GROUP_PAGES: i32 = 512;

export class SharedMemory extends PageSource {
  private readonly bytes: u64;
  private groups: StaticArray<StaticArray<u64> | null>;
  /** Mappings that show it. */
  protected users: i32 = 0;
  /** Pages that there are. */
  residentPages: u64 = 0;

  constructor(bytes: u64) {
    super();
    this.bytes = bytes;
    this.groups = new StaticArray<StaticArray<u64> | null>(
      <i32>((bytes + ((<u64>GROUP_PAGES) << PAGE_SHIFT) - 1) >> (PAGE_SHIFT + GROUP_SHIFT)),
    );
  }

  override get sizeBytes(): u64 {
    return this.bytes;
  }

  override get isMemoryOnly(): bool {
    return true;
  }

  override pageFrame(index: u64, _forWrite: bool): i64 {
    assert(index << PAGE_SHIFT < this.bytes + PAGE_SIZE - 1, "a page beyond the end of shared memory");
    let group = this.groups[<i32>(index >> GROUP_SHIFT)];
    if (group === null) {
      group = new StaticArray<u64>(GROUP_PAGES);
      this.groups[<i32>(index >> GROUP_SHIFT)] = group;
    }
    let slot = <i32>(index & (GROUP_PAGES - 1));
    let frame = group[slot];
    if (frame == 0) {
      frame = frames.allocateZeroed();
      if (frame == 0) return -ENOMEM;
      group[slot] = frame;
      this.residentPages++;
    }
    frames.reference(frame);
    return <i64>frame;
  }

  override mapped(delta: i32, _isShared: bool, _isWritable: bool): i32 {
    this.users += delta;
    if (this.users == 0) this.freePages();
    return 0;
  }

  protected freePages(): void {
    for (let g = 0; g < this.groups.length; g++) {
      let group = this.groups[g];
      if (group === null) continue;
      for (let i = 0; i < GROUP_PAGES; i++) {
        if (group[i] != 0) frames.release(group[i]);
        group[i] = 0;
      }
      this.groups[g] = null;
    }
    this.residentPages = 0;
  }
}
