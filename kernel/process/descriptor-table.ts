// A process's file descriptors: small numbers to open file descriptions, with the close-on-exec flag (man 2 open, dup, fcntl).

import { EBADF, EMFILE } from "../abi/errno";
import { File } from "../vfs/file";

/** Linux's NR_OPEN default: the ceiling of RLIMIT_NOFILE. */
export const MAX_DESCRIPTORS: i32 = 1048576;

let lastId: u32 = 0;

export class DescriptorTable {
  /** Who owns POSIX record locks (man 2 fcntl): never 0. */
  readonly id: u32 = ++lastId;
  private files: Array<File | null> = [] as (File | null)[];
  private closeOnExec: Array<bool> = [] as bool[];
  /** No number below this is free. */
  private firstMaybeFree: i32 = 0;
  /** Processes that share it (CLONE_FILES). */
  references: i32 = 1;

  /** One past the highest number ever used: for walking. */
  get size(): i32 {
    return this.files.length;
  }

  /** The open file behind a number, null when there is none (-EBADF). Takes no reference: kernel code that blocks retains it first. */
  get(descriptor: i32): File | null {
    return <u32>descriptor < <u32>this.files.length ? this.files[descriptor] : null;
  }

  isCloseOnExec(descriptor: i32): bool {
    return <u32>descriptor < <u32>this.files.length && this.closeOnExec[descriptor];
  }

  setCloseOnExec(descriptor: i32, value: bool): void {
    if (<u32>descriptor < <u32>this.files.length) this.closeOnExec[descriptor] = value;
  }

  /** Put `file` (whose reference this takes over) at the lowest free number >= `minimum` and below `limit`; the number or -EMFILE (the reference then stays the caller's). */
  add(file: File, isCloseOnExec: bool, limit: i32, minimum: i32 = 0): i32 {
    let number = max(minimum, this.firstMaybeFree);
    while (number < this.files.length && this.files[number] !== null) number++;
    if (minimum <= this.firstMaybeFree) this.firstMaybeFree = number;
    if (number >= limit) return -EMFILE;
    this.put(number, file, isCloseOnExec);
    if (number == this.firstMaybeFree) this.firstMaybeFree = number + 1;
    return number;
  }

  /** dup2: put `file` (reference taken over) at exactly `number`, closing what was there. Precondition: 0 <= number < the limit. */
  replace(number: i32, file: File, isCloseOnExec: bool): void {
    let old = this.get(number);
    this.put(number, file, isCloseOnExec);
    if (old !== null) {
      old.descriptorClosed(this.id);
      old.release();
    }
  }

  /** close(2): 0 or -EBADF. */
  close(number: i32): i32 {
    let file = this.get(number);
    if (file === null) return -EBADF;
    this.files[number] = null;
    this.closeOnExec[number] = false;
    if (number < this.firstMaybeFree) this.firstMaybeFree = number;
    file.descriptorClosed(this.id);
    file.release();
    return 0;
  }

  /** Close every number in [first, last]; with `onlyMark` set close-on-exec instead (man 2 close_range). */
  closeRange(first: i32, last: i32, onlyMark: bool): void {
    let end = min(last, this.files.length - 1);
    for (let number = first; number <= end; number++) {
      if (this.files[number] === null) continue;
      if (onlyMark) this.closeOnExec[number] = true;
      else this.close(number);
    }
  }

  /** execve: close all that are marked. */
  closeMarked(): void {
    for (let number = 0; number < this.files.length; number++) {
      if (this.closeOnExec[number] && this.files[number] !== null) this.close(number);
    }
  }

  /** The last process that has the table ends. */
  closeAll(): void {
    this.closeRange(0, this.files.length - 1, false);
  }

  /** fork: a table with the same open files. */
  copy(): DescriptorTable {
    let table = new DescriptorTable();
    for (let number = 0; number < this.files.length; number++) {
      let file = this.files[number];
      if (file !== null) {
        file.retain();
        table.put(number, file, this.closeOnExec[number]);
      }
    }
    table.firstMaybeFree = this.firstMaybeFree;
    return table;
  }

  private put(number: i32, file: File, isCloseOnExec: bool): void {
    while (this.files.length <= number) {
      this.files.push(null);
      this.closeOnExec.push(false);
    }
    this.files[number] = file;
    this.closeOnExec[number] = isCloseOnExec;
  }
}
