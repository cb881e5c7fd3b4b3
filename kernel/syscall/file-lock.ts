// File locks: fcntl(2)'s record locks and flock(2). What they mean is in vfs/locks.ts.

import { at, bytesAddress, pointerOf } from "memory/address";
import { EBADF, EINVAL, EOVERFLOW } from "../abi/errno";
import {
  F_GETLK,
  F_RDLCK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  FLOCK_SIZE,
  Flock,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../abi/fcntl";
import { copyIn, copyOut } from "../memory/user";
import { currentProcess } from "../process/current";
import { File } from "../vfs/file";
import { Inode } from "../vfs/inode";
import * as locks from "../vfs/locks";
import { usableFile } from "./files";

const flockBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>FLOCK_SIZE);

/** fcntl's record locks (man 2 fcntl): POSIX locks belong to the descriptor table, OFD locks to the open file. */
export function lockRecord(file: File, command: i32, argument: u64, isForFile: bool): i64 {
  let error = copyIn(bytesAddress(flockBuffer), argument, FLOCK_SIZE);
  if (error < 0) return error;
  let wanted = at<Flock>(pointerOf(flockBuffer));
  let type = <u32>wanted.type;
  let inode = file.inode;
  if (inode === null) return -EINVAL;
  if (isForFile && wanted.pid != 0) return -EINVAL;
  error = findRange(wanted, file, inode);
  if (error < 0) return error;
  let table: u32 = isForFile ? 0 : currentProcess().descriptors.id;
  let owner: File | null = isForFile ? file : null;
  if (command == F_GETLK) {
    if (type != F_RDLCK && type != F_WRLCK) return -EINVAL;
    return showConflict(wanted, inode, table, owner, type == F_WRLCK, argument);
  }
  switch (type) {
    case F_UNLCK:
      locks.unlockRange(inode, table, owner, rangeStart, rangeEnd);
      return 0;
    case F_RDLCK:
      if (!file.isReadable) return -EBADF;
      break;
    case F_WRLCK:
      if (!file.isWritable) return -EBADF;
      break;
    default:
      return -EINVAL;
  }
  let processId = isForFile ? -1 : currentProcess().id;
  file.retain();
  let isExclusive = type == F_WRLCK;
  let isBlocking = command == F_SETLKW;
  let result = locks.lockRange(inode, table, owner, processId, isExclusive, rangeStart, rangeEnd, isBlocking);
  file.release();
  return result;
}

/** The bytes that the last findRange found, the end inclusive. */
let rangeStart: u64 = 0;
let rangeEnd: u64 = 0;

function findRange(wanted: Flock, file: File, inode: Inode): i32 {
  let base: i64 = 0;
  if (wanted.whence == SEEK_CUR) base = <i64>file.position;
  else if (wanted.whence == SEEK_END) base = <i64>inode.size;
  else if (wanted.whence != SEEK_SET) return -EINVAL;
  let start = wanted.start;
  if (start > 0 && base > i64.MAX_VALUE - start) return -EOVERFLOW;
  start += base;
  let length = wanted.length;
  if (start < 0) return -EINVAL;
  if (length < 0) {
    if (start + length < 0) return -EINVAL;
    rangeEnd = <u64>(start - 1);
    rangeStart = <u64>(start + length);
    return 0;
  }
  if (length > 0 && start - 1 > i64.MAX_VALUE - length) return -EOVERFLOW;
  rangeStart = <u64>start;
  rangeEnd = length == 0 ? locks.TO_END : <u64>(start - 1 + length);
  return 0;
}

function showConflict(
  wanted: Flock,
  inode: Inode,
  table: u32,
  owner: File | null,
  isExclusive: bool,
  address: u64,
): i64 {
  let conflict = locks.findConflict(inode, table, owner, isExclusive, rangeStart, rangeEnd);
  if (conflict === null) wanted.type = <i16>F_UNLCK;
  else {
    wanted.type = <i16>(conflict.isExclusive ? F_WRLCK : F_RDLCK);
    wanted.whence = <i16>SEEK_SET;
    wanted.start = <i64>conflict.start;
    wanted.length = conflict.end == locks.TO_END ? 0 : <i64>(conflict.end - conflict.start + 1);
    wanted.pid = conflict.processId;
  }
  return copyOut(address, bytesAddress(flockBuffer), FLOCK_SIZE);
}

/** flock(2). */
export function flock(descriptor: u64, operation: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  let kind = <u32>operation & ~LOCK_NB;
  if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN) return -EINVAL;
  if (kind != LOCK_UN && !file.isReadable && !file.isWritable) return -EBADF;
  let inode = file.inode;
  if (inode === null) return 0;
  if (kind == LOCK_UN) {
    locks.unlockWhole(inode, file);
    return 0;
  }
  file.retain();
  let result = locks.lockWhole(inode, file, kind == LOCK_EX, (<u32>operation & LOCK_NB) == 0);
  file.release();
  return result;
}
