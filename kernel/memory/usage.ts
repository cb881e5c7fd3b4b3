// What an address space uses, in pages, and what all of them have been promised.
//
// Resident pages are counted as Linux counts them (man 5 proc_pid_status): anonymous (the program's own), file, and shared
// memory. Committed pages are those that private writable mappings may come to need (man 5 proc_sys_vm, overcommit_memory).

import * as frames from "memory/frames";

/** Pages promised to all programs together: Committed_AS in /proc/meminfo. */
export let committedPages: u64 = 0;

export class Usage {
  anonymousPages: i64 = 0;
  filePages: i64 = 0;
  sharedPages: i64 = 0;
  /** The most pages that were resident at once: read it through `peakResidentPages`. */
  private peakResident: i64 = 0;
  /** Pages of all mappings, and the most there were. */
  mappedPages: u64 = 0;
  peakMappedPages: u64 = 0;
  lockedPages: u64 = 0;
  /** Its part of `committedPages`. */
  private committed: u64 = 0;
  /** Page faults that needed no device (ru_minflt), and those that did. */
  minorFaults: u64 = 0;
  majorFaults: u64 = 0;

  get residentPages(): i64 {
    return this.anonymousPages + this.filePages + this.sharedPages;
  }

  get peakResidentPages(): i64 {
    this.notePeak();
    return this.peakResident;
  }

  get committedHere(): u64 {
    return this.committed;
  }

  /** Call before resident pages go. */
  notePeak(): void {
    let now = this.residentPages;
    if (now > this.peakResident) this.peakResident = now;
  }

  /** Mappings grew by `pages`. */
  addMapped(pages: u64): void {
    this.mappedPages += pages;
    if (this.mappedPages > this.peakMappedPages) this.peakMappedPages = this.mappedPages;
  }

  commit(pages: u64): void {
    this.committed += pages;
    committedPages += pages;
  }

  uncommit(pages: u64): void {
    this.committed -= pages;
    committedPages -= pages;
  }
}

/** Whether a promise of `pages` at once is one that this machine could ever keep: Linux's heuristic overcommit (mode 0). */
export function mayCommit(pages: u64): bool {
  return pages <= frames.totalCount();
}
