// Shared memory segments: man 2 shmget, shmop, shmctl. A segment is shared memory that has a name and outlives its mappings;
// after IPC_RMID it goes with the last of them.

import { EINVAL } from "../abi/errno";
import { IPC_PRIVATE, SHM_DEST } from "../abi/ipc";
import { PAGE_SIZE } from "../abi/mman";
import { AddressSpace } from "../memory/address-space";
import { SpecialName } from "../memory/page-source";
import { SharedMemory } from "../memory/shared-memory";
import { IpcObject, IpcTable, nowSeconds } from "./objects";

/** Linux's limits (man 2 shmget): segments, and bytes of one. */
export const SHMMNI: i32 = 4096;
export const SHMMAX: u64 = (<u64>1) << 40;

/** The memory of a segment, as mappings see it. */
export class SegmentMemory extends SharedMemory {
  segment: Segment | null = null;

  override mapped(delta: i32, _isShared: bool, _isWritable: bool): i32 {
    this.users += delta;
    let segment = this.segment;
    if (this.users == 0 && segment !== null) segment.detached();
    return 0;
  }

  get attachCount(): i32 {
    return this.users;
  }

  drop(): void {
    this.freePages();
  }
}

/** What /proc/PID/maps shows, as Linux. */
function nameOf(key: u32): string {
  let text = "/SYSV";
  for (let shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef".charAt(<i32>((key >> shift) & 15));
  return text + " (deleted)";
}

export class Segment extends IpcObject {
  readonly memory: SegmentMemory;
  readonly name: SpecialName;
  attachTime: i64 = 0;
  detachTime: i64 = 0;
  lastProcess: i32 = 0;

  constructor(
    key: i32,
    /** As asked for; mappings are whole pages. */
    readonly sizeBytes: u64,
    readonly creatorProcess: i32,
  ) {
    super();
    this.name = new SpecialName(nameOf(<u32>key));
    this.memory = new SegmentMemory((sizeBytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    this.memory.segment = this;
  }

  /** Nothing shows it any more. */
  detached(): void {
    if (this.isRemoved) this.free();
  }

  /** IPC_RMID: gone at once, or with the last mapping; its key is free. */
  destroy(): void {
    this.isRemoved = true;
    this.key = IPC_PRIVATE;
    this.mode |= SHM_DEST;
    if (this.memory.attachCount == 0) this.free();
  }

  private free(): void {
    segments.remove(this);
    this.memory.drop();
  }
}

export const segments = new IpcTable<Segment>(SHMMNI);

/** shmdt(2): unmap what of the segment attached at `address` is still there. 0 or -EINVAL. */
export function detach(space: AddressSpace, address: u64, process: i32): i64 {
  let set = space.mappings;
  let memory: SegmentMemory | null = null;
  let end: u64 = 0;
  let index = set.indexAbove(address);
  while (index < set.length && (memory === null || set.at(index).start < end)) {
    let mapping = set.at(index);
    let source = mapping.source;
    if (!(source instanceof SegmentMemory) || mapping.start - address != mapping.offset) {
      index++;
      continue;
    }
    let its = source as SegmentMemory;
    if (memory === null) {
      memory = its;
      end = address + its.sizeBytes;
    } else if (its !== memory) {
      index++;
      continue;
    }
    let segment = its.segment!;
    segment.detachTime = nowSeconds();
    segment.lastProcess = process;
    space.unmap(mapping.start, mapping.length);
    index = set.indexAbove(address);
  }
  return memory === null ? -EINVAL : 0;
}
