// A file opened with O_PATH: a hold on a place in the tree, good for fstat, fchdir, *at calls and /proc/self/fd only
// (man 2 open). The system calls refuse everything else by File.isPathOnly.

import { EBADF } from "../abi/errno";
import { IoVector } from "../memory/io-vector";
import { File } from "./file";

export class PathFile extends File {
  override read(_io: IoVector): i64 {
    return -EBADF;
  }

  override write(_io: IoVector): i64 {
    return -EBADF;
  }
}
