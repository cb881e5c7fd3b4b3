// Out of memory: what can be had again is taken back, and when that is not enough a program ends, with a message that
// names it. Nothing waits for memory that will not come.
//
// Rules of use: kernel allocations that fail return an error of their own; only page faults come here, for they have
// nobody to return an error to. Who ends a program is above this layer: it registers a Keeper.

import { ListNode, List } from "../lib/list";
import { AddressSpace, spaces } from "./address-space";

/** A cache that can give frames back. */
export class Reclaimer extends ListNode {
  /** Free what can be freed without waiting; returns the number of frames. */
  reclaim(): u64 {
    return 0;
  }
}

/** Ends programs. */
export class Keeper {
  /**
   * Say that `victim` ends for want of memory, and have it killed. Returns true when frames came free: at once, or, when
   * `mayWait`, after letting the victim run to its end. `asking` is the space that needs memory.
   */
  end(_victim: AddressSpace, _asking: AddressSpace, _mayWait: bool): bool {
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

/** Memory is out for `space`. Returns whether to try again; false: `space` itself must end. */
export function relieve(space: AddressSpace, mayWait: bool): bool {
  if (reclaimCaches() > 0) return true;
  let victim = fattest();
  if (victim === null) return false;
  let freed = keeper.end(victim, space, mayWait);
  return freed && victim !== space;
}

/** The address space that holds the most memory, those first that are ending already. */
export function fattest(): AddressSpace | null {
  let found: AddressSpace | null = null;
  for (let i = 0; i < spaces.length; i++) {
    let candidate = spaces[i];
    if (candidate.isCondemned) return candidate;
    if (found === null || candidate.usage.residentPages > found.usage.residentPages) found = candidate;
  }
  return found;
}
