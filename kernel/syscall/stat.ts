// stat(2) and its kin, statx(2), access(2).

import * as mem from "machine/mem";
import { at, bytesAddress, pointerOf } from "memory/address";
import { EACCES, EBADF, EINVAL, EROFS } from "../abi/errno";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
} from "../abi/fcntl";
import {
  deviceMajor,
  deviceMinor,
  makeDevice,
  STAT_SIZE,
  Stat,
  STATX_ATTR_MOUNT_ROOT,
  STATX_BASIC_STATS,
  STATX_BTIME,
  STATX_MNT_ID,
  STATX_RESERVED,
  STATX_SIZE,
  Statx,
} from "../abi/stat";
import {
  SYS_access,
  SYS_faccessat,
  SYS_faccessat2,
  SYS_fstat,
  SYS_lstat,
  SYS_newfstatat,
  SYS_stat,
  SYS_statx,
} from "../abi/syscall-numbers";
import { copyOut, fetch8, fetched } from "../memory/user";
import { currentProcess } from "../process/current";
import { File } from "../vfs/file";
import { Identity } from "../vfs/identity";
import { Inode } from "../vfs/inode";
import { Mount } from "../vfs/mount";
import { isDeviceNode } from "../vfs/open";
import { Last } from "../vfs/walk";
import { fileOf, findTarget, found, Target, targetDescriptor } from "./files";
import { define2, define3, define4, define5 } from "./table";

const BLOCK_SIZE: u32 = 4096;
const NS_PER_SECOND: i64 = 1_000_000_000;
/** st_dev of pipes, sockets and other files without a file system: a minor that no mount has. */
const ANONYMOUS_DEVICE: u64 = makeDevice(0, 255);

const statBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>STAT_SIZE);
const statxBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>STATX_SIZE);

function stat(path: u64, buffer: u64): i64 {
  return statPath(<u64>AT_FDCWD, path, buffer, 0);
}

function lstat(path: u64, buffer: u64): i64 {
  return statPath(<u64>AT_FDCWD, path, buffer, AT_SYMLINK_NOFOLLOW);
}

function fstat(descriptor: u64, buffer: u64): i64 {
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  return giveStat(file.inode, file, buffer);
}

function newfstatat(directory: u64, path: u64, buffer: u64, flags: u64): i64 {
  let known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
  if ((<u32>flags & ~known) != 0) return -EINVAL;
  // man 2 fstatat: with AT_EMPTY_PATH a null path is an empty one.
  if ((<u32>flags & AT_EMPTY_PATH) != 0 && <i32>directory >= 0) {
    if (path == 0 || (fetch8(path) == 0 && fetched == 0)) return fstat(directory, buffer);
  }
  return statPath(directory, path, buffer, <u32>flags);
}

function statPath(directory: u64, path: u64, buffer: u64, flags: u32): i64 {
  let last = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let error = findTarget(directory, path, last, (flags & AT_EMPTY_PATH) != 0);
  if (error < 0) return error;
  let target = found();
  return giveStat(target.inode, target.file, buffer);
}

function giveStat(inode: Inode | null, file: File | null, buffer: u64): i64 {
  mem.fill(bytesAddress(statBuffer), 0, STAT_SIZE);
  let result = at<Stat>(pointerOf(statBuffer));
  result.blockSize = <u64>BLOCK_SIZE;
  if (inode !== null) {
    result.device = inode.fileSystem.device;
    result.inode = inode.number;
    result.linkCount = <u64>inode.linkCount;
    result.mode = inode.mode;
    result.userId = inode.userId;
    result.groupId = inode.groupId;
    result.specialDevice = inode.device;
    result.size = inode.size;
    result.blocks = inode.blocks;
    result.accessSeconds = secondsOf(inode.accessNs);
    result.accessNs = nsOf(inode.accessNs);
    result.modifySeconds = secondsOf(inode.modifyNs);
    result.modifyNs = nsOf(inode.modifyNs);
    result.changeSeconds = secondsOf(inode.changeNs);
    result.changeNs = nsOf(inode.changeNs);
  } else {
    result.device = ANONYMOUS_DEVICE;
    result.linkCount = 1;
    result.inode = file!.statNumber;
    result.mode = file!.statMode;
  }
  return copyOut(buffer, bytesAddress(statBuffer), STAT_SIZE);
}

function secondsOf(ns: i64): i64 {
  return ns >= 0 ? ns / NS_PER_SECOND : -((NS_PER_SECOND - 1 - ns) / NS_PER_SECOND);
}

function nsOf(ns: i64): i64 {
  return ns - secondsOf(ns) * NS_PER_SECOND;
}

function statx(directory: u64, path: u64, flags: u64, mask: u64, buffer: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE)) != 0) return -EINVAL;
  if ((bits & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (<u32>mask & STATX_RESERVED) != 0) return -EINVAL;
  let last = (bits & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let error: i32;
  if (path == 0 && (bits & AT_EMPTY_PATH) != 0) error = targetDescriptor(directory);
  else error = findTarget(directory, path, last, (bits & AT_EMPTY_PATH) != 0);
  if (error < 0) return error;
  fillStatx(found());
  return copyOut(buffer, bytesAddress(statxBuffer), STATX_SIZE);
}

function fillStatx(target: Target): void {
  mem.fill(bytesAddress(statxBuffer), 0, STATX_SIZE);
  let result = at<Statx>(pointerOf(statxBuffer));
  result.blockSize = BLOCK_SIZE;
  result.attributesMask = STATX_ATTR_MOUNT_ROOT;
  result.mask = STATX_BASIC_STATS;
  let mount = target.mount;
  if (mount !== null) {
    result.mask |= STATX_MNT_ID;
    result.mountId = <u64>mount.id;
  }
  let inode = target.inode;
  if (inode === null) {
    let file = target.file!;
    result.deviceMajor = deviceMajor(ANONYMOUS_DEVICE);
    result.deviceMinor = deviceMinor(ANONYMOUS_DEVICE);
    result.linkCount = 1;
    result.inode = file.statNumber;
    result.mode = <u16>file.statMode;
    return;
  }
  if (mount !== null && isRootOf(mount, inode)) result.attributes = STATX_ATTR_MOUNT_ROOT;
  result.mask |= STATX_BTIME;
  result.deviceMajor = deviceMajor(inode.fileSystem.device);
  result.deviceMinor = deviceMinor(inode.fileSystem.device);
  result.linkCount = inode.linkCount;
  result.userId = inode.userId;
  result.groupId = inode.groupId;
  result.mode = <u16>inode.mode;
  result.inode = inode.number;
  result.size = inode.size;
  result.blocks = inode.blocks;
  result.specialMajor = deviceMajor(inode.device);
  result.specialMinor = deviceMinor(inode.device);
  result.accessSeconds = secondsOf(inode.accessNs);
  result.accessNs = <u32>nsOf(inode.accessNs);
  result.birthSeconds = secondsOf(inode.birthNs);
  result.birthNs = <u32>nsOf(inode.birthNs);
  result.changeSeconds = secondsOf(inode.changeNs);
  result.changeNs = <u32>nsOf(inode.changeNs);
  result.modifySeconds = secondsOf(inode.modifyNs);
  result.modifyNs = <u32>nsOf(inode.modifyNs);
}

function isRootOf(mount: Mount, inode: Inode): bool {
  return mount.root.inode === inode;
}

function access(path: u64, mode: u64): i64 {
  return checkAccess(<u64>AT_FDCWD, path, mode, 0);
}

function faccessat(directory: u64, path: u64, mode: u64): i64 {
  return checkAccess(directory, path, mode, 0);
}

function faccessat2(directory: u64, path: u64, mode: u64, flags: u64): i64 {
  if ((<u32>flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  return checkAccess(directory, path, mode, <u32>flags);
}

/** access(2) asks for the real ids: an identity made of them. */
const realIdentity = new Identity();

function checkAccess(directory: u64, path: u64, mode: u64, flags: u32): i64 {
  if ((mode & ~(<u64>7)) != 0) return -EINVAL;
  let last = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let error = findTarget(directory, path, last, (flags & AT_EMPTY_PATH) != 0);
  if (error < 0) return error;
  let target = found();
  let inode = target.inode;
  if (inode === null) return 0;
  let credentials = currentProcess().credentials;
  let identity: Identity = credentials;
  if ((flags & AT_EACCESS) == 0) {
    realIdentity.fileUser = credentials.realUser;
    realIdentity.fileGroup = credentials.realGroup;
    realIdentity.groups = credentials.groups;
    identity = realIdentity;
  }
  if (mode != 0 && inode.permits(identity, <u32>mode) < 0) return -EACCES;
  let mount = target.mount;
  if ((mode & 2) != 0 && mount !== null && mount.isReadOnly && !isDeviceNode(inode)) return -EROFS;
  return 0;
}

/** Add the rows. */
export function defineStatCalls(): void {
  define2(SYS_stat, "stat", "path out", stat, "complete");
  define2(SYS_lstat, "lstat", "path out", lstat, "complete");
  define2(SYS_fstat, "fstat", "fd out", fstat, "complete");
  define4(SYS_newfstatat, "newfstatat", "at path out flags", newfstatat, "complete");
  define5(SYS_statx, "statx", "at path flags hex out", statx, "complete");
  define2(SYS_access, "access", "path flags", access, "complete");
  define3(SYS_faccessat, "faccessat", "at path flags", faccessat, "complete");
  define4(SYS_faccessat2, "faccessat2", "at path flags flags", faccessat2, "complete");
}
