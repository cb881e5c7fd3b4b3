// Where the names of a directory go while it is read: getdents64 fills a buffer, rmdir looks whether there are any.

export class DirectorySink {
  /**
   * One name: `length` bytes at a kernel-virtual address, the inode's number, a DT_* type, and the position from which
   * reading goes on behind it. False: no room, the name was not taken and reading stops before it.
   */
  entry(_name: u64, _length: i32, _number: u64, _type: u32, _nextPosition: u64): bool {
    return false;
  }
}
