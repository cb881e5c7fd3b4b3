// Extended attributes of a file in memory: names and values, in the order in which they were set (man 7 xattr).

import { EEXIST, ENODATA, ENOSPC } from "../../abi/errno";
import { XATTR_CREATE, XATTR_REPLACE } from "../../abi/xattr";
import { Budget } from "./budget";

/** Bytes of names and values of one file, at most. */
const MOST_BYTES: i32 = 65536 + 4096;
const PAGE_SIZE: i32 = 4096;

export class AttributeList {
  private names: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  private values: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  private bytes: i32 = 0;

  /** Their memory is the heap's; it counts in pages as files' does. */
  constructor(private readonly budget: Budget) {}

  private indexOf(name: StaticArray<u8>): i32 {
    for (let index = 0; index < this.names.length; index++) if (equal(this.names[index], name)) return index;
    return -1;
  }

  get(name: StaticArray<u8>): StaticArray<u8> | null {
    let index = this.indexOf(name);
    return index < 0 ? null : this.values[index];
  }

  get length(): i32 {
    return this.names.length;
  }

  nameAt(index: i32): StaticArray<u8> {
    return this.names[index];
  }

  /** Set or replace one, as the flags of setxattr(2) allow. 0 or a negative errno. */
  set(name: StaticArray<u8>, value: StaticArray<u8>, flags: u32): i32 {
    let index = this.indexOf(name);
    if (index >= 0 && (flags & XATTR_CREATE) != 0) return -EEXIST;
    if (index < 0 && (flags & XATTR_REPLACE) != 0) return -ENODATA;
    let bytes = this.bytes + value.length + (index < 0 ? name.length : -this.values[index].length);
    if (bytes > MOST_BYTES || !this.account(bytes)) return -ENOSPC;
    if (index >= 0) this.values[index] = value;
    else {
      this.names.push(name);
      this.values.push(value);
    }
    return 0;
  }

  remove(name: StaticArray<u8>): i32 {
    let index = this.indexOf(name);
    if (index < 0) return -ENODATA;
    this.account(this.bytes - name.length - this.values[index].length);
    this.names.splice(index, 1);
    this.values.splice(index, 1);
    return 0;
  }

  /** The file goes. */
  clear(): void {
    this.account(0);
    this.names = [] as StaticArray<u8>[];
    this.values = [] as StaticArray<u8>[];
  }

  /** They take `bytes` from now on; false when there is no room. */
  private account(bytes: i32): bool {
    let pages = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    let had = (this.bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    for (let more = had; more < pages; more++) {
      if (this.budget.takePage()) continue;
      this.budget.givePages(<u64>(more - had));
      return false;
    }
    if (pages < had) this.budget.givePages(<u64>(had - pages));
    this.bytes = bytes;
    return true;
  }
}

function equal(a: StaticArray<u8>, b: StaticArray<u8>): bool {
  if (a.length != b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] != b[i]) return false;
  return true;
}
