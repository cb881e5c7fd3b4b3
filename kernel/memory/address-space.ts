// A program's address space: its page tables and its mappings (man 2 mmap). Threads share one; fork copies one.
//
// The contract that process, exec and the system calls rely on. All addresses are user addresses, byte lengths rounded
// up to pages; all results are >= 0 or a negative errno. In files beside this one: fault.ts (page faults), protect.ts
// (mprotect), remap.ts (mremap), advice.ts (madvise, mincore, mlock), copy-space.ts (fork), remote.ts (access from outside), withdraw.ts
// (a source takes pages back).
//
// Invariants: mappings do not overlap; every page-table leaf that is not 0 lies in a mapping; every page table covers
// part of some mapping.

import * as cpu from "machine/cpu";
import { USER_END } from "machine/linear";
import * as mem from "machine/mem";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import * as tables from "memory/user-tables";
import { EEXIST, EINVAL, ENOMEM, EPERM } from "../abi/errno";
import {
  MAP_32BIT,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_SHARED,
  PAGE_SHIFT,
  PAGE_SIZE,
  PROT_WRITE,
} from "../abi/mman";
import { copySpace } from "./copy-space";
import * as fault from "./fault";
import { defaultLimits, LIMIT_ADDRESS_SPACE, LIMIT_DATA } from "./limits";
import {
  createMapping,
  GROWS_DOWN,
  LOCK_ON_FAULT,
  LOCKED,
  Mapping,
  NEVER_EXECUTABLE,
  NEVER_WRITABLE,
  NO_RESERVE,
  releaseMapping,
  SHARED,
  SPECIAL,
  splitMapping,
} from "./mapping";
import { MappingSet, MAX_MAPPINGS } from "./mapping-set";
import { MappingName, PageSource } from "./page-source";
import { isPageAligned, pageUp } from "./pages";
import { findLowRoom, findRoom, isRoomAt, LOWEST } from "./placement";
import { protectRange } from "./protect";
import { mayCommit, Usage } from "./usage";

/** Flags of `map` beyond mmap's: those of mapping.ts that have no MAP_ name. Shifted out of the way of MAP_*. */
export const MAP_NEVER_WRITABLE: u32 = 1 << 27;
export const MAP_NEVER_EXECUTABLE: u32 = 1 << 28;
export const MAP_SPECIAL: u32 = 1 << 29;

/** More pages than this and the whole translation cache goes instead of single pages. */
const INVALIDATE_ALL_ABOVE: i32 = 24;

/** All address spaces there are, for the choice of who must go when memory is out. */
export const spaces: Array<AddressSpace> = [] as AddressSpace[];

export class AddressSpace {
  /** Physical address of the top-level page table; what goes into CR3. 0 before `initialize`. */
  root: u64 = 0;
  mappings: MappingSet = new MappingSet();
  usage: Usage = new Usage();
  /** The process's soft limits (man 2 getrlimit), shared with it so that a change is seen here. */
  limits: StaticArray<u64> = defaultLimits();
  /** Processes that share it (CLONE_VM, vfork). */
  references: i32 = 1;
  /** The heap of brk(2). */
  breakStart: u64 = 0;
  breakEnd: u64 = 0;
  /** Where the search for room starts, where the last one ended, and the largest gap it passed by (placement.ts). */
  mapBase: u64 = USER_END - (128 << 20);
  searchTop: u64 = USER_END;
  skippedGap: u64 = 0;
  /** Flags that mlockall(MCL_FUTURE) gives to every new mapping. */
  futureLock: u32 = 0;
  /** What exec notes for /proc and prctl(PR_SET_MM): the program's text and data, the stack, arguments, environment. */
  codeStart: u64 = 0;
  codeEnd: u64 = 0;
  dataStart: u64 = 0;
  dataEnd: u64 = 0;
  stackStart: u64 = 0;
  argumentsStart: u64 = 0;
  argumentsEnd: u64 = 0;
  environmentStart: u64 = 0;
  environmentEnd: u64 = 0;
  /** The program that runs in it. */
  private executable: PageSource | null = null;
  /** Where the vDSO stands, 0 without one. */
  vdso: u64 = 0;
  /** The auxiliary vector as exec wrote it: key, value pairs (/proc/self/auxv). */
  auxiliary: StaticArray<u64> = new StaticArray<u64>(0);
  /** membarrier(2): the commands registered for. */
  barrierRegistrations: u32 = 0;
  /** A fork may have left leaf tables that are another space's too (memory/user-tables). */
  sharesTables: bool = false;
  /** Out of memory chose this one: it is ending. */
  isCondemned: bool = false;

  /** Make the page tables. Returns false when memory is out. */
  initialize(): bool {
    this.root = pageTables.createRoot();
    if (this.root == 0) return false;
    spaces.push(this);
    return true;
  }

  /** Make this the one that the CPU translates with. */
  activate(): void {
    pageTables.activate(this.root);
  }

  /** The program that runs here is `source`'s; call once. */
  setExecutable(source: PageSource): void {
    this.executable = source;
    source.executed(1);
  }

  /** Whether more than one process uses it. */
  get isShared(): bool {
    return this.references > 1;
  }

  /** The most pages that were resident at once (ru_maxrss). */
  get peakResidentPages(): u64 {
    return <u64>this.usage.peakResidentPages;
  }

  /** Pages of the machine's memory that are here on its account: its own, shared memory, tables; not the image's file pages. */
  get heldPages(): i64 {
    return this.usage.anonymousPages + this.usage.sharedPages + <i64>this.tablePages;
  }

  /** Page tables in use, without the root. */
  get tablePages(): i32 {
    return this.root == 0 ? 0 : tables.countTables(this.root);
  }

  /** The mapping that holds `address`, or null. */
  mappingAt(address: u64): Mapping | null {
    return this.mappings.find(address);
  }

  /** fork: a copy whose pages are shared until one side stores; null when memory is out. The caller sets its `limits`. */
  copy(): AddressSpace | null {
    let copy = copySpace(this);
    let executable = this.executable;
    if (copy !== null && executable !== null) copy.setExecutable(executable);
    return copy;
  }

  get isActive(): bool {
    return pageTables.active() == this.root;
  }

  retain(): void {
    this.references++;
  }

  /** One user fewer; the last one's going frees everything. */
  release(): void {
    if (--this.references == 0) this.destroy();
  }

  /**
   * mmap(2) with checked arguments. `source` null: anonymous. `offset` in bytes. `flags` are MAP_*, and those above. Returns the address.
   */
  map(
    hint: u64,
    length: u64,
    protection: u32,
    flags: u32,
    source: PageSource | null,
    offset: u64,
    name: MappingName | null = null,
  ): i64 {
    if (length == 0) return -EINVAL;
    let size = pageUp(length);
    if (size < length || size > USER_END) return -ENOMEM;
    let start = this.choose(hint, size, flags);
    if (<i64>start < 0) return start;
    let address = <u64>start;
    let mappingFlags = mappingFlagsOf(flags) | this.futureLock;
    let refused = this.admit(size >> PAGE_SHIFT, protection, mappingFlags);
    if (refused < 0) return refused;
    if (this.mappings.length >= MAX_MAPPINGS) return -ENOMEM;
    if (source !== null) {
      refused = source.mapped(1, (mappingFlags & SHARED) != 0, (protection & PROT_WRITE) != 0);
      if (refused < 0) return refused;
    }
    if ((flags & MAP_FIXED) != 0) {
      let error = this.clear(address, address + size);
      if (error < 0) {
        if (source !== null) source.mapped(-1, (mappingFlags & SHARED) != 0, (protection & PROT_WRITE) != 0);
        return error;
      }
    }
    this.place(address, address + size, protection, mappingFlags, source, offset, name);
    if ((mappingFlags & LOCKED) != 0 && (mappingFlags & LOCK_ON_FAULT) == 0)
      fault.populate(this, address, address + size);
    else if ((flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE) fault.populate(this, address, address + size);
    return <i64>address;
  }

  /** munmap(2): 0, also where nothing was mapped. */
  unmap(start: u64, length: u64): i64 {
    if (!isPageAligned(start) || length == 0 || length > USER_END || start > USER_END - length) return -EINVAL;
    return this.clear(start, start + pageUp(length));
  }

  /** mprotect(2) with PROT_READ, PROT_WRITE and PROT_EXEC only. */
  protect(start: u64, length: u64, protection: u32): i64 {
    return protectRange(this, start, length, protection);
  }

  /** brk(2): the new break, or the old one when it cannot be moved there. */
  moveBreak(address: u64): u64 {
    if (address < this.breakStart) return this.breakEnd;
    let oldEnd = pageUp(this.breakEnd);
    let newEnd = pageUp(address);
    if (newEnd < address || newEnd > USER_END) return this.breakEnd;
    if (newEnd > oldEnd) {
      if (newEnd - this.breakStart > this.limits[LIMIT_DATA] || !isRoomAt(this, oldEnd, newEnd - oldEnd))
        return this.breakEnd;
      let result = this.map(oldEnd, newEnd - oldEnd, 3, MAP_FIXED, null, 0);
      if (result < 0) return this.breakEnd;
    } else if (newEnd < oldEnd && this.clear(newEnd, oldEnd) < 0) return this.breakEnd;
    this.breakEnd = address;
    return address;
  }

  /** Put a frame, whose reference this takes over, at `address`, where no page is yet, as the program's own. False: no memory for a table. */
  adoptPage(mapping: Mapping, address: u64, frame: u64): bool {
    let slot = tables.make(this.root, address);
    if (slot == 0) return false;
    mem.store64(slot, fault.ownedEntry(mapping, frame));
    this.usage.anonymousPages++;
    return true;
  }

  /** The physical address behind a resident page's `address`, or 0. */
  translate(address: u64): u64 {
    if (address >= USER_END || this.root == 0) return 0;
    let slot = tables.find(this.root, address);
    if (slot == 0) return 0;
    let entry = mem.load64(slot);
    return entry == 0 ? 0 : (entry & tables.FRAME_MASK) | (address & (PAGE_SIZE - 1));
  }

  /** Whether `pages` more of such a mapping are within the limits: 0 or -ENOMEM. */
  admit(pages: u64, protection: u32, flags: u32): i64 {
    let limit = this.limits[LIMIT_ADDRESS_SPACE];
    if (limit != u64.MAX_VALUE && this.usage.mappedPages + pages > limit >> PAGE_SHIFT) return -ENOMEM;
    if ((flags & (SHARED | NO_RESERVE)) == 0 && (protection & PROT_WRITE) != 0 && !mayCommit(pages)) return -ENOMEM;
    return 0;
  }

  /** Put a mapping where nothing is, joined with its neighbours when it continues them. The source has agreed. */
  place(
    start: u64,
    end: u64,
    protection: u32,
    flags: u32,
    source: PageSource | null,
    offset: u64,
    name: MappingName | null,
  ): void {
    let set = this.mappings;
    let index = set.indexAbove(start);
    let pages = (end - start) >> PAGE_SHIFT;
    this.usage.addMapped(pages);
    if ((flags & (SHARED | NO_RESERVE)) == 0 && (protection & PROT_WRITE) != 0) this.usage.commit(pages);
    if ((flags & LOCKED) != 0) this.usage.lockedPages += pages;
    // The common case by itself: private anonymous memory that a neighbour can take in makes no new mapping.
    if (source === null && (flags & (SPECIAL | GROWS_DOWN)) == 0) {
      let below = index > 0 ? set.at(index - 1) : null;
      if (below !== null && below.end == start && isPlain(below, protection, flags, name)) {
        below.end = end;
        this.joinAt(index);
        return;
      }
      let above = index < set.length ? set.at(index) : null;
      if (above !== null && above.start == end && isPlain(above, protection, flags, name)) {
        above.start = start;
        return;
      }
    }
    set.insert(index, createMapping(this, start, end, protection, flags, source, offset, name));
    if (source !== null) {
      this.joinAt(index + 1);
      this.joinAt(index);
    }
  }

  /** Unmap [start, end), page-aligned and in range. 0 or -ENOMEM when a split would make too many mappings. */
  clear(start: u64, end: u64): i64 {
    let set = this.mappings;
    let index = set.indexAbove(start);
    if (index == set.length || set.at(index).start >= end) return 0;
    let first = set.at(index);
    if (first.start < start && first.end > end && set.length >= MAX_MAPPINGS) return -ENOMEM;
    this.usage.notePeak();
    let floor = index > 0 ? set.at(index - 1).end : 0;
    let pagesGone = this.leaveTables(start, end);
    if (pagesGone < 0) return -ENOMEM;
    let dropFrom = index;
    let dropTo = index;
    for (; index < set.length; index++) {
      let mapping = set.at(index);
      if (mapping.start >= end) break;
      let from = max(start, mapping.start);
      let to = min(end, mapping.end);
      this.uncount(mapping, (to - from) >> PAGE_SHIFT);
      pagesGone += this.dropPages(mapping, from, to);
      if (from == mapping.start && to == mapping.end) {
        if (dropTo == dropFrom) dropFrom = index;
        dropTo = index + 1;
        releaseMapping(mapping);
      } else if (from == mapping.start) {
        mapping.trimFront(to);
        break;
      } else if (to == mapping.end) {
        mapping.end = from;
        floor = from;
      } else {
        let upper = splitMapping(mapping, to);
        mapping.end = from;
        set.insert(index + 1, upper);
        floor = from;
        index++;
        break;
      }
    }
    set.remove(dropFrom, dropTo);
    let next = set.indexAbove(end - 1);
    let ceiling = next < set.length ? set.at(next).start : tables.END;
    if (ceiling > this.searchTop) this.searchTop = min(ceiling, this.mapBase);
    tables.freeTables(this.root, start, end, floor, ceiling);
    this.invalidate(start, end, pagesGone);
    return 0;
  }

  /** Forget that `pages` of `mapping` count. */
  private uncount(mapping: Mapping, pages: u64): void {
    this.usage.mappedPages -= pages;
    if (mapping.isAccounted) this.usage.uncommit(pages);
    if ((mapping.flags & LOCKED) != 0) this.usage.lockedPages -= pages;
  }

  /**
   * Before the pages in [from, to) go: let go of leaf tables that are others' too. Returns how many pages that took, or -ENOMEM,
   * which cannot be for a range that cuts no table.
   */
  leaveTables(from: u64, to: u64): i32 {
    if (!this.sharesTables) return 0;
    let pages = tables.detach(this.root, from, to);
    if (pages < 0) return -ENOMEM;
    this.usage.anonymousPages -= pages;
    return <i32>min(pages, <i64>i32.MAX_VALUE);
  }

  /** Before entries of pages in [from, to) change: true when the tables there are this space's alone. False: memory is out. */
  ownTables(from: u64, to: u64): bool {
    return !this.sharesTables || tables.own(this.root, from, to);
  }

  /**
   * Take the pages of `mapping` in [from, to) out of the tables (after `leaveTables`, where they may be shared), with `keepsOwn` only those of its source. The caller
   * invalidates. Returns how many went.
   */
  dropPages(mapping: Mapping, from: u64, to: u64, keepsOwn: bool = false): i32 {
    let dropped = 0;
    let owned = 0;
    let fromSource = 0;
    for (let slot = tables.firstLeaf(this.root, from, to); slot != 0; slot = tables.nextLeaf()) {
      let entry = mem.load64(slot);
      if (keepsOwn && (entry & tables.OWNED) != 0) continue;
      mem.store64(slot, 0);
      dropped++;
      if ((entry & tables.UNCOUNTED) != 0) continue;
      if ((entry & tables.OWNED) != 0) owned++;
      else fromSource++;
      frames.release(entry & tables.FRAME_MASK);
    }
    this.usage.anonymousPages -= owned;
    if (fromSource > 0) this.countSource(mapping, -fromSource);
    return dropped;
  }

  /** The program never runs again: free the pages that are its own ahead of everything else. Returns how many there were. */
  dropOwnPages(): i64 {
    let before = this.usage.anonymousPages;
    this.usage.notePeak();
    this.leaveTables(0, tables.END);
    for (let index = 0; index < this.mappings.length; index++) {
      let mapping = this.mappings.at(index);
      if (!mapping.isShared) this.dropPages(mapping, mapping.start, mapping.end);
    }
    this.invalidate(0, tables.END, 1);
    return before - this.usage.anonymousPages;
  }

  /** Pages of the mapping's source became resident, or went (a negative `delta`). */
  countSource(mapping: Mapping, delta: i64): void {
    let source = mapping.source;
    if (source !== null && source.isMemoryOnly) this.usage.sharedPages += delta;
    else this.usage.filePages += delta;
  }

  /** Forget translations: `pages` of them in [start, end). */
  invalidate(start: u64, end: u64, pages: i32): void {
    if (pages == 0 || !this.isActive) return;
    let count = (end - start) >> PAGE_SHIFT;
    if (count <= <u64>INVALIDATE_ALL_ABOVE) {
      for (let address = start; address < end; address += PAGE_SIZE) cpu.invalidatePage(address);
    } else cpu.writeCr3(this.root);
  }

  /** Join the mapping at `index` to the one below it when it continues that. */
  joinAt(index: i32): void {
    let set = this.mappings;
    if (index <= 0 || index >= set.length) return;
    let below = set.at(index - 1);
    let above = set.at(index);
    if (below.end != above.start || !below.continuesIn(above)) return;
    below.end = above.end;
    set.remove(index, index + 1);
    releaseMapping(above);
  }

  /** Where `map` shall put `size` bytes: the address or a negative errno. */
  private choose(hint: u64, size: u64, flags: u32): i64 {
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
      if (!isPageAligned(hint)) return -EINVAL;
      if (hint > USER_END - size) return -ENOMEM;
      if (hint < LOWEST) return -EPERM;
      if ((flags & MAP_FIXED_NOREPLACE) != 0 && !this.mappings.isFree(hint, hint + size)) return -EEXIST;
      return <i64>hint;
    }
    let wanted = hint & ~(PAGE_SIZE - 1);
    if (hint != 0 && wanted < LOWEST) wanted = LOWEST;
    if (wanted != 0 && isRoomAt(this, wanted, size)) return <i64>wanted;
    let address = (flags & MAP_32BIT) != 0 ? findLowRoom(this, size) : findRoom(this, size);
    return address == 0 ? -ENOMEM : <i64>address;
  }

  /** Free every mapping and table. Precondition: nobody runs in it any more. */
  private destroy(): void {
    if (this.root == 0) return;
    if (this.isActive) pageTables.activate(pageTables.kernel());
    this.usage.notePeak();
    this.leaveTables(0, tables.END);
    // From the top down: each takes its tables along, and nothing in the set has to move.
    while (this.mappings.length > 0) {
      let mapping = this.mappings.at(this.mappings.length - 1);
      this.clear(mapping.start, mapping.end);
    }
    frames.release(this.root);
    this.root = 0;
    let executable = this.executable;
    if (executable !== null) executable.executed(-1);
    this.executable = null;
    let index = spaces.indexOf(this);
    if (index >= 0) {
      spaces[index] = spaces[spaces.length - 1];
      spaces.pop();
    }
  }
}

function isPlain(mapping: Mapping, protection: u32, flags: u32, name: MappingName | null): bool {
  return mapping.source === null && mapping.protection == protection && mapping.flags == flags && mapping.name === name;
}

function mappingFlagsOf(flags: u32): u32 {
  let result = flags & (MAP_SHARED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE);
  if ((flags & MAP_NEVER_WRITABLE) != 0) result |= NEVER_WRITABLE;
  if ((flags & MAP_NEVER_EXECUTABLE) != 0) result |= NEVER_EXECUTABLE;
  if ((flags & MAP_SPECIAL) != 0) result |= SPECIAL;
  return result;
}
