// Descriptors: dup(2), close(2), close_range(2), fcntl(2), flock(2), ioctl(2).

import { EAGAIN, EBADF, EFAULT, EINVAL, ENOTTY, EOPNOTSUPP, EPERM } from "../abi/errno";
import {
  F_ADD_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_DUPFD_QUERY,
  F_GET_RW_HINT,
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  F_GETLEASE,
  F_GETLK,
  F_GETOWN,
  F_GETOWN_EX,
  F_GETPIPE_SZ,
  F_GETSIG,
  F_NOTIFY,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_SET_RW_HINT,
  F_SETFD,
  F_SETFL,
  F_SETLEASE,
  F_SETLK,
  F_SETLKW,
  F_SETOWN,
  F_SETOWN_EX,
  F_SETPIPE_SZ,
  F_SETSIG,
  F_UNLCK,
  FD_CLOEXEC,
  O_ASYNC,
  O_CLOEXEC,
  O_NOATIME,
  O_NONBLOCK,
  SETFL_MASK,
} from "../abi/fcntl";
import * as request from "../abi/ioctl";
import {
  SYS_close,
  SYS_close_range,
  SYS_dup,
  SYS_dup2,
  SYS_dup3,
  SYS_fcntl,
  SYS_flock,
  SYS_ioctl,
} from "../abi/syscall-numbers";
import { MAX_CAPACITY } from "../fs/pipe/pipe";
import { PipeFile } from "../fs/pipe/pipe-file";
import { fetch32, fetch64, fetched, store32, store64 } from "../memory/user";
import { currentProcess } from "../process/current";
import { File } from "../vfs/file";
import { flock, lockRecord } from "./file-lock";
import { fileOf, usableFile } from "./files";
import { define1, define2, define3 } from "./table";

/** man 2 close_range. */
const CLOSE_RANGE_UNSHARE: u64 = 2;
const CLOSE_RANGE_CLOEXEC: u64 = 4;
const LAST_DESCRIPTOR: u64 = 0x7fffffff;

function dup(descriptor: u64): i64 {
  return duplicate(descriptor, 0, false);
}

function duplicate(descriptor: u64, minimum: i32, isCloseOnExec: bool): i64 {
  let process = currentProcess();
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  let number = process.descriptors.add(file, isCloseOnExec, process.limits.descriptors, minimum);
  if (number >= 0) file.retain();
  return number;
}

function dup2(old: u64, wanted: u64): i64 {
  if (<i32>old == <i32>wanted) return fileOf(old) === null ? -EBADF : <i64>(<i32>old);
  return duplicateTo(old, wanted, false);
}

function dup3(old: u64, wanted: u64, flags: u64): i64 {
  if ((<u32>flags & ~O_CLOEXEC) != 0 || <i32>old == <i32>wanted) return -EINVAL;
  return duplicateTo(old, wanted, (<u32>flags & O_CLOEXEC) != 0);
}

function duplicateTo(old: u64, wanted: u64, isCloseOnExec: bool): i64 {
  let process = currentProcess();
  let file = fileOf(old);
  if (file === null) return -EBADF;
  let number = <i32>wanted;
  if (number < 0 || number >= process.limits.descriptors) return -EBADF;
  file.retain();
  process.descriptors.replace(number, file, isCloseOnExec);
  return number;
}

function close(descriptor: u64): i64 {
  return currentProcess().descriptors.close(<i32>descriptor);
}

function closeRange(first: u64, last: u64, flags: u64): i64 {
  let from = <u64>(<u32>first);
  let to = <u64>(<u32>last);
  if (from > to || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0) return -EINVAL;
  let process = currentProcess();
  if ((flags & CLOSE_RANGE_UNSHARE) != 0 && process.descriptors.references > 1) {
    let own = process.descriptors.copy();
    process.descriptors.references--;
    process.descriptors = own;
  }
  if (from > LAST_DESCRIPTOR) return 0;
  process.descriptors.closeRange(<i32>from, <i32>min(to, LAST_DESCRIPTOR), (flags & CLOSE_RANGE_CLOEXEC) != 0);
  return 0;
}

function fcntl(descriptor: u64, command: u64, argument: u64): i64 {
  let process = currentProcess();
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  let number = <i32>descriptor;
  switch (<i32>command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (argument >= <u64>process.limits.descriptors) return -EINVAL;
      return duplicate(descriptor, <i32>argument, <i32>command == F_DUPFD_CLOEXEC);
    case F_DUPFD_QUERY: {
      let other = fileOf(argument);
      return other === null ? -EBADF : other === file ? 1 : 0;
    }
    case F_GETFD:
      return process.descriptors.isCloseOnExec(number) ? FD_CLOEXEC : 0;
    case F_SETFD:
      process.descriptors.setCloseOnExec(number, (<u32>argument & FD_CLOEXEC) != 0);
      return 0;
    case F_GETFL:
      return <i64>file.flags;
    default:
      return file.isPathOnly ? -EBADF : controlFile(file, <i32>command, argument);
  }
}

function controlFile(file: File, command: i32, argument: u64): i64 {
  switch (command) {
    case F_SETFL:
      return setFlags(file, <u32>argument);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
      return lockRecord(file, command, argument, false);
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
      return lockRecord(file, command - F_OFD_GETLK + F_GETLK, argument, true);
    case F_SETOWN:
      file.ownerKind = <i32>argument < 0 ? OWNER_GROUP : OWNER_PROCESS;
      file.owner = <i32>argument < 0 ? -(<i32>argument) : <i32>argument;
      return 0;
    case F_GETOWN:
      return file.ownerKind == OWNER_GROUP ? -(<i64>file.owner) : <i64>file.owner;
    case F_SETOWN_EX:
      if (fetch64(argument) < 0) return -EFAULT;
      if (<u32>fetched > <u32>OWNER_GROUP) return -EINVAL;
      file.ownerKind = <i32>fetched;
      file.owner = <i32>(fetched >> 32);
      return 0;
    case F_GETOWN_EX:
      return store64(argument, <u64>(<u32>file.ownerKind) | ((<u64>(<u32>file.owner)) << 32));
    case F_SETSIG:
      if (argument > 64) return -EINVAL;
      file.signal = <i32>argument;
      return 0;
    case F_GETSIG:
      return <i64>file.signal;
    case F_SETLEASE:
      return <u32>argument == F_UNLCK ? -EAGAIN : -EINVAL;
    case F_GETLEASE:
      return <i64>F_UNLCK;
    case F_NOTIFY:
      return -EINVAL;
    case F_SETPIPE_SZ:
    case F_GETPIPE_SZ:
      return pipeSize(file, command, argument);
    case F_ADD_SEALS:
    case F_GET_SEALS:
      return seal(file, command, <u32>argument);
    case F_GET_RW_HINT:
      return store64(argument, 0);
    case F_SET_RW_HINT:
      return fetch64(argument) < 0 ? -EFAULT : fetched > 5 ? -EINVAL : 0;
    default:
      return -EINVAL;
  }
}

/** F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP. */
const OWNER_PROCESS: i32 = 1;
const OWNER_GROUP: i32 = 2;

function setFlags(file: File, flags: u32): i64 {
  let inode = file.inode;
  if ((flags & O_NOATIME) != 0 && (file.flags & O_NOATIME) == 0 && inode !== null) {
    if (!inode.isOwnedBy(currentProcess().credentials)) return -EPERM;
  }
  file.flags = (file.flags & ~SETFL_MASK) | (flags & SETFL_MASK);
  file.flagsChanged();
  return 0;
}

function pipeSize(file: File, command: i32, argument: u64): i64 {
  if (!(file instanceof PipeFile)) return -EBADF;
  let pipe = (file as PipeFile).pipe;
  if (command == F_GETPIPE_SZ) return <i64>pipe.capacity;
  if (argument > 0x80000000) return -EINVAL;
  if (argument > MAX_CAPACITY && !currentProcess().credentials.isPrivileged) return -EPERM;
  let result = pipe.resize(max<u64>(argument, 1));
  return result < 0 ? result : <i64>pipe.capacity;
}

function seal(file: File, command: i32, argument: u32): i64 {
  let inode = file.inode;
  if (inode === null) return -EINVAL;
  if (command == F_GET_SEALS) return <i64>inode.seals;
  return file.isWritable ? <i64>inode.addSeals(argument) : -EPERM;
}

function ioctl(descriptor: u64, command: u64, argument: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  let process = currentProcess();
  let inode = file.inode;
  switch (<u32>command) {
    case request.FIOCLEX:
      process.descriptors.setCloseOnExec(<i32>descriptor, true);
      return 0;
    case request.FIONCLEX:
      process.descriptors.setCloseOnExec(<i32>descriptor, false);
      return 0;
    case request.FIONBIO:
      return setFlag(file, O_NONBLOCK, argument);
    case request.FIOASYNC:
      return setFlag(file, O_ASYNC, argument);
    case request.FIONREAD:
      if (inode === null || !inode.isRegular) break;
      return store32(argument, <u32>max<i64>(<i64>inode.size - <i64>file.position, 0));
    case request.FIGETBSZ:
      if (inode === null || !(inode.isRegular || inode.isDirectory)) break;
      return store32(argument, 4096);
    case request.FIOQSIZE:
      if (inode === null || !(inode.isRegular || inode.isDirectory)) break;
      return store64(argument, inode.size);
    case request.FS_IOC_GETFLAGS:
      if (inode === null || !(inode.isRegular || inode.isDirectory)) break;
      return store32(argument, 0);
    case request.FICLONE:
    case request.FICLONERANGE:
    case request.FIDEDUPERANGE:
    case request.FS_IOC_FIEMAP:
    case request.FS_IOC_SETFLAGS:
      return inode !== null && inode.isRegular ? -EOPNOTSUPP : -ENOTTY;
    default:
      break;
  }
  file.retain();
  let result = file.ioctl(<u32>command, argument);
  file.release();
  return result;
}

function setFlag(file: File, flag: u32, argument: u64): i64 {
  let error = fetch32(argument);
  if (error < 0) return error;
  if (fetched != 0) file.flags |= flag;
  else file.flags &= ~flag;
  file.flagsChanged();
  return 0;
}

/** Add the rows. */
export function defineDescriptorCalls(): void {
  define1(SYS_dup, "dup", "fd", dup, "complete");
  define2(SYS_dup2, "dup2", "fd fd", dup2, "complete");
  define3(SYS_dup3, "dup3", "fd fd flags", dup3, "complete");
  define1(SYS_close, "close", "fd", close, "complete");
  define3(SYS_close_range, "close_range", "uint uint flags", closeRange, "complete");
  define3(SYS_fcntl, "fcntl", "fd int hex", fcntl, "without leases and directory notices");
  define2(SYS_flock, "flock", "fd flags", flock, "complete");
  define3(SYS_ioctl, "ioctl", "fd hex ptr", ioctl, "what the file knows; FIONBIO and its kin for all");
}
