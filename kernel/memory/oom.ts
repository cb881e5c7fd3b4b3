// Out of memory: what can be had again is taken back, and when that is not enough a program ends, with a message that
// names it. Nothing waits for memory that may not come: the pages of the one that ends are free at once, for it never runs
// its program again.
//
// Rules of use: kernel allocations that fail return an error of their own; only page faults come here, for they have
// nobody to return an error to. A few frames are kept from programs, so that the kernel itself goes on. Who kills a
// program is above this layer: it registers a Keeper.

import * as frames from "memory/frames";
import { List, ListNode } from "../lib/list";
import { AddressSpace, spaces } from "./address-space";

/** Frames that page faults leave to the kernel: 2 MB, less on a small machine. */
const RESERVED_FRAMES: u64 = 512;
const RESERVED_SHARE: u64 = 64;

/** A cache that can give frames back. */
export class Reclaimer extends ListNode {
  /** Free what can be freed without waiting; returns the number of frames. */
  reclaim(): u64 {
    return 0;
  }
}

/** Ends programs. */
export class Keeper {
  /** Say that the programs in `victim` end for want of memory, and have them killed before they run again. Returns whether there are any. */
  end(_victim: AddressSpace): bool {
    return false;
  }
}

const reclaimers = new List();
let keeper: Keeper = new Keeper();

export function addReclaimer(reclaimer: Reclaimer): void {
  reclaimers.push(reclaimer);
}

export function setKeeper(value: Keeper): void {
  keeper = value;
}

/** Whether a program may have another frame. */
export function mayTakeFrame(): bool {
  let free = frames.freeCount();
  return free > RESERVED_FRAMES || free > frames.totalCount() / RESERVED_SHARE;
}

/** Ask all caches; returns the frames that came free. */
export function reclaimCaches(): u64 {
  let freed: u64 = 0;
  let node = reclaimers.first;
  while (node !== null) {
    freed += (node as Reclaimer).reclaim();
    node = node.next;
  }
  return freed;
}

/** Memory is out for `space`. Returns whether to try again; false: `space` itself ends. */
export function relieve(space: AddressSpace): bool {
  if (space.isCondemned) return false;
  if (reclaimCaches() > 0) return true;
  while (true) {
    let victim = fattest();
    if (victim === null) return false;
    victim.isCondemned = true;
    let isProgram = keeper.end(victim);
    if (victim === space) return false;
    if (isProgram && victim.dropOwnPages() > 0) return true;
  }
}

/** The address space that holds the most memory, but for those that are ending already. */
export function fattest(): AddressSpace | null {
  let found: AddressSpace | null = null;
  let most: i64 = -1;
  for (let i = 0; i < spaces.length; i++) {
    let candidate = spaces[i];
    if (candidate.isCondemned) continue;
    let held = candidate.heldPages;
    if (held <= most) continue;
    found = candidate;
    most = held;
  }
  return found;
}
