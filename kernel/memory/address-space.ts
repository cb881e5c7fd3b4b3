// A program's address space: its page tables and its mappings (man 2 mmap). Threads share one; fork copies one.
//
// The contract that process, exec and the system calls rely on. All addresses are user addresses, byte lengths rounded
// up to pages; all results are >= 0 or a negative errno.

import { ENOMEM } from "../abi/errno";
import { PageSource } from "./page-source";

export class AddressSpace {
  /** Physical address of the top-level page table; what goes into CR3. */
  root: u64 = 0;

  /** Make this the one that the CPU translates with. */
  activate(): void {}

  /**
   * mmap(2) with checked arguments. `source` null: anonymous. `offset` in bytes. Returns the address.
   */
  map(_hint: u64, _length: u64, _protection: u32, _flags: u32, _source: PageSource | null, _offset: u64): i64 {
    return -ENOMEM;
  }
}
