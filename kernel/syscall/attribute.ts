// chmod(2), chown(2), utimensat(2) and their kin (extended attributes: extended-attribute.ts).

import { linearAddress, pointerOf } from "memory/address";
import { EACCES, EBADF, EINVAL, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl";
import { IN_ATTRIB } from "../abi/inotify";
import { S_ISGID, S_ISUID, UTIME_NOW, UTIME_OMIT } from "../abi/stat";
import {
  SYS_chmod,
  SYS_chown,
  SYS_fchmod,
  SYS_fchmodat,
  SYS_fchmodat2,
  SYS_fchown,
  SYS_fchownat,
  SYS_futimesat,
  SYS_lchown,
  SYS_utime,
  SYS_utimensat,
  SYS_utimes,
} from "../abi/syscall-numbers";
import { copyIn } from "../memory/user";
import { currentProcess } from "../process/current";
import { wallNs } from "../sched/clock";
import { Inode } from "../vfs/inode";
import { Mount } from "../vfs/mount";
import { noticeEntry, noticeInode } from "../vfs/notify";
import { Last } from "../vfs/walk";
import { findTarget, found, targetDescriptor } from "./files";
import { define2, define3, define4, define5 } from "./table";

const NS_PER_SECOND: i64 = 1_000_000_000;
const NO_CHANGE: u32 = 0xffffffff;

/** The target's inode, when it may be changed at all; null with the reason in `targetError`. */
let targetError: i32 = 0;
function changeable(error: i32): Inode | null {
  targetError = error;
  if (error < 0) return null;
  let target = found();
  let inode = target.inode;
  let mount: Mount | null = target.mount;
  let file = target.file;
  if (inode === null) targetError = -EINVAL;
  else if (file !== null && file.isPathOnly) targetError = -EBADF;
  else if (mount !== null && mount.isReadOnly) targetError = -EROFS;
  return targetError < 0 ? null : inode;
}

/** Tell those who watch the target, and its directory. */
function noticeChange(inode: Inode): void {
  let entry = found().entry;
  if (entry !== null) noticeEntry(entry, IN_ATTRIB);
  else noticeInode(inode, IN_ATTRIB);
}

function chmod(path: u64, mode: u64): i64 {
  return fchmodat2(<u64>AT_FDCWD, path, mode, 0);
}

function fchmod(descriptor: u64, mode: u64): i64 {
  return setMode(changeable(targetDescriptorOnly(descriptor)), <u32>mode);
}

/** A descriptor, where AT_FDCWD has no meaning. */
function targetDescriptorOnly(descriptor: u64): i32 {
  return <i32>descriptor < 0 ? -EBADF : targetDescriptor(descriptor);
}

function fchmodat(directory: u64, path: u64, mode: u64): i64 {
  return fchmodat2(directory, path, mode, 0);
}

function fchmodat2(directory: u64, path: u64, mode: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  let last = (bits & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let inode = changeable(findTarget(directory, path, last, (bits & AT_EMPTY_PATH) != 0));
  // Linux: the mode of a symbolic link cannot be changed.
  if (inode !== null && inode.isSymbolicLink) return -EOPNOTSUPP;
  return setMode(inode, <u32>mode);
}

function setMode(inode: Inode | null, mode: u32): i64 {
  if (inode === null) return targetError;
  let credentials = currentProcess().credentials;
  if (!inode.isOwnedBy(credentials)) return -EPERM;
  let error = inode.allowAttributeChange();
  if (error < 0) return error;
  mode &= 0o7777;
  if (!credentials.isPrivileged && !credentials.isMember(inode.groupId)) mode &= ~S_ISGID;
  inode.mode = (inode.mode & ~(<u32>0o7777)) | mode;
  inode.changeNs = <i64>wallNs();
  noticeChange(inode);
  return 0;
}

function chown(path: u64, user: u64, group: u64): i64 {
  return fchownat(<u64>AT_FDCWD, path, user, group, 0);
}

function lchown(path: u64, user: u64, group: u64): i64 {
  return fchownat(<u64>AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}

function fchown(descriptor: u64, user: u64, group: u64): i64 {
  return setOwner(changeable(targetDescriptorOnly(descriptor)), <u32>user, <u32>group);
}

function fchownat(directory: u64, path: u64, user: u64, group: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  let last = (bits & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let error = findTarget(directory, path, last, (bits & AT_EMPTY_PATH) != 0);
  return setOwner(changeable(error), <u32>user, <u32>group);
}

/** Only root gives files away; an owner may choose among their groups. Set-id bits of files go (Linux chown_common). */
function setOwner(inode: Inode | null, user: u32, group: u32): i64 {
  if (inode === null) return targetError;
  let credentials = currentProcess().credentials;
  if (!credentials.isPrivileged) {
    let isOwner = credentials.fileUser == inode.userId;
    if (user != NO_CHANGE && !(isOwner && user == inode.userId)) return -EPERM;
    if (group != NO_CHANGE && !(isOwner && (group == inode.groupId || credentials.isMember(group)))) return -EPERM;
  }
  let error = inode.allowAttributeChange();
  if (error < 0) return error;
  if (user != NO_CHANGE) inode.userId = user;
  if (group != NO_CHANGE) inode.groupId = group;
  if (!inode.isDirectory) {
    inode.mode &= ~S_ISUID;
    if ((inode.mode & 0o010) != 0) inode.mode &= ~S_ISGID;
  }
  inode.changeNs = <i64>wallNs();
  noticeChange(inode);
  return 0;
}

/** Two struct timespec or timeval, or two i64 of struct utimbuf. */
const times: StaticArray<i64> = new StaticArray<i64>(4);

function utimensat(directory: u64, path: u64, address: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if (address != 0) {
    let error = copyIn(timesAddress(), address, 32);
    if (error < 0) return error;
    if (!isTime(times[1]) || !isTime(times[3])) return -EINVAL;
    if (times[1] == UTIME_OMIT && times[3] == UTIME_OMIT) return 0;
  }
  if ((bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  let last = (bits & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let error: i32;
  if (path == 0 && <i32>directory != AT_FDCWD) error = bits != 0 ? -EINVAL : targetDescriptor(directory);
  else error = findTarget(directory, path, last, (bits & AT_EMPTY_PATH) != 0);
  return setTimes(changeable(error), address == 0);
}

function isTime(ns: i64): bool {
  return ns == UTIME_NOW || ns == UTIME_OMIT || (ns >= 0 && ns < NS_PER_SECOND);
}

function timesAddress(): u64 {
  return linearAddress(pointerOf(times));
}

function futimesat(directory: u64, path: u64, address: u64): i64 {
  if (address != 0) {
    let error = copyIn(timesAddress(), address, 32);
    if (error < 0) return error;
    if (times[1] < 0 || times[1] >= 1_000_000 || times[3] < 0 || times[3] >= 1_000_000) return -EINVAL;
    times[1] *= 1000;
    times[3] *= 1000;
  }
  let error = path == 0 ? targetDescriptor(directory) : findTarget(directory, path, Last.FOLLOW, false);
  return setTimes(changeable(error), address == 0);
}

function utimes(path: u64, address: u64): i64 {
  return futimesat(<u64>AT_FDCWD, path, address);
}

function utime(path: u64, address: u64): i64 {
  if (address != 0) {
    let error = copyIn(timesAddress(), address, 16);
    if (error < 0) return error;
    times[2] = times[1];
    times[1] = 0;
    times[3] = 0;
  }
  return setTimes(changeable(findTarget(<u64>AT_FDCWD, path, Last.FOLLOW, false)), address == 0);
}

/** Set what `times` says; `toNow`: the caller named no times. Times of now need write permission only (man 2 utimensat). */
function setTimes(inode: Inode | null, toNow: bool): i64 {
  if (inode === null) return targetError;
  if (toNow) {
    times[1] = UTIME_NOW;
    times[3] = UTIME_NOW;
  }
  let credentials = currentProcess().credentials;
  let isNow = times[1] == UTIME_NOW && times[3] == UTIME_NOW;
  if (!inode.isOwnedBy(credentials)) {
    if (!isNow) return -EPERM;
    if (inode.permits(credentials, 2) < 0) return -EACCES;
  }
  let error = inode.allowAttributeChange();
  if (error < 0) return error;
  let now = <i64>wallNs();
  if (times[1] != UTIME_OMIT) inode.accessNs = times[1] == UTIME_NOW ? now : times[0] * NS_PER_SECOND + times[1];
  if (times[3] != UTIME_OMIT) inode.modifyNs = times[3] == UTIME_NOW ? now : times[2] * NS_PER_SECOND + times[3];
  inode.changeNs = now;
  noticeChange(inode);
  return 0;
}

/** Add the rows. */
export function defineAttributeCalls(): void {
  define2(SYS_chmod, "chmod", "path mode", chmod, "complete");
  define2(SYS_fchmod, "fchmod", "fd mode", fchmod, "complete");
  define3(SYS_fchmodat, "fchmodat", "at path mode", fchmodat, "complete");
  define4(SYS_fchmodat2, "fchmodat2", "at path mode flags", fchmodat2, "complete");
  define3(SYS_chown, "chown", "path int int", chown, "complete");
  define3(SYS_lchown, "lchown", "path int int", lchown, "complete");
  define3(SYS_fchown, "fchown", "fd int int", fchown, "complete");
  define5(SYS_fchownat, "fchownat", "at path int int flags", fchownat, "complete");
  define4(SYS_utimensat, "utimensat", "at path in flags", utimensat, "complete");
  define3(SYS_futimesat, "futimesat", "at path in", futimesat, "complete");
  define2(SYS_utimes, "utimes", "path in", utimes, "complete");
  define2(SYS_utime, "utime", "path in", utime, "complete");
}
