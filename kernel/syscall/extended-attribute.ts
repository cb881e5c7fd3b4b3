// setxattr(2), getxattr(2), listxattr(2), removexattr(2) and their kin: man 7 xattr. Who may do what depends on the
// name's beginning: user. as the file's contents, on files and directories only; trusted. root; security. root sets, all read.
// Files in memory keep them; other file systems answer EOPNOTSUPP.

import { bytesAddress, isUserRange } from "memory/address";
import * as userMemory from "machine/user";
import * as mem from "machine/mem";
import { E2BIG, EBADF, EFAULT, EINVAL, ENODATA, EOPNOTSUPP, EPERM, ERANGE, EROFS } from "../abi/errno";
import { AT_FDCWD } from "../abi/fcntl";
import { IN_ATTRIB } from "../abi/inotify";
import * as nr from "../abi/syscall-numbers";
import { S_ISVTX } from "../abi/stat";
import { XATTR_CREATE, XATTR_LIST_MAX, XATTR_NAME_MAX, XATTR_REPLACE, XATTR_SIZE_MAX } from "../abi/xattr";
import { copyIn, copyOut } from "../memory/user";
import { currentProcess } from "../process/current";
import { Inode } from "../vfs/inode";
import { noticeEntry, noticeInode } from "../vfs/notify";
import { Last } from "../vfs/walk";
import { findTarget, found, targetDescriptor } from "./files";
import { define2, define3, define4, define5 } from "./table";

const MAY_WRITE: u32 = 2;
const MAY_READ: u32 = 4;

/** The name that the last successful `readName` found. */
let name: StaticArray<u8> = new StaticArray<u8>(0);

/** Take in an attribute's name: 0, -EFAULT, or -ERANGE when it is empty or too long. */
function readName(address: u64): i32 {
  let length: i64 = isUserRange(address, 1) ? userMemory.stringLength(address, <u64>XATTR_NAME_MAX + 1) : -1;
  if (length < 0) return -EFAULT;
  if (length == 0 || length > <i64>XATTR_NAME_MAX) return -ERANGE;
  let bytes = new StaticArray<u8>(<i32>length);
  if (copyIn(bytesAddress(bytes), address, <u64>length) < 0) return -EFAULT;
  name = bytes;
  return 0;
}

function begins(bytes: StaticArray<u8>, prefix: string): bool {
  if (bytes.length <= prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (<i32>bytes[i] != prefix.charCodeAt(i)) return false;
  return true;
}

/** Whether the caller may read or store `name` (Linux xattr_permission): 0 or a negative errno. */
function permission(inode: Inode, mask: u32): i32 {
  let who = currentProcess().credentials;
  if (begins(name, "trusted.")) return who.isPrivileged ? 0 : mask == MAY_WRITE ? -EPERM : -ENODATA;
  if (begins(name, "security.")) return who.isPrivileged || mask == MAY_READ ? 0 : -EPERM;
  if (!begins(name, "user.")) return -EOPNOTSUPP;
  if (!inode.isRegular && !inode.isDirectory) return mask == MAY_WRITE ? -EPERM : -ENODATA;
  let isSticky = inode.isDirectory && (inode.mode & S_ISVTX) != 0;
  if (isSticky && mask == MAY_WRITE && !inode.isOwnedBy(who)) return -EPERM;
  return inode.permits(who, mask);
}

/** The target's inode; null with the reason in `targetError`. */
let targetError: i32 = 0;
function target(error: i32, forWrite: bool): Inode | null {
  targetError = error;
  if (error < 0) return null;
  let its = found();
  let inode = its.inode;
  let file = its.file;
  let mount = its.mount;
  if (inode === null) targetError = -EOPNOTSUPP;
  else if (file !== null && file.isPathOnly) targetError = -EBADF;
  else if (forWrite && mount !== null && mount.isReadOnly) targetError = -EROFS;
  return targetError < 0 ? null : inode;
}

function noticeChange(inode: Inode): void {
  let entry = found().entry;
  if (entry !== null) noticeEntry(entry, IN_ATTRIB);
  else noticeInode(inode, IN_ATTRIB);
}

function store(error: i32, nameAddress: u64, value: u64, size: u64, flagBits: u64): i64 {
  let flags = <u32>flagBits;
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return -EINVAL;
  let wrong = readName(nameAddress);
  if (wrong < 0) return wrong;
  if (size > XATTR_SIZE_MAX) return -E2BIG;
  let bytes = new StaticArray<u8>(<i32>size);
  if (size > 0 && copyIn(bytesAddress(bytes), value, size) < 0) return -EFAULT;
  let inode = target(error, true);
  if (inode === null) return targetError;
  wrong = permission(inode, MAY_WRITE);
  if (wrong == 0) wrong = inode.setAttribute(name, bytes, flags);
  if (wrong == 0) noticeChange(inode);
  return wrong;
}

function load(error: i32, nameAddress: u64, value: u64, size: u64): i64 {
  let wrong = readName(nameAddress);
  if (wrong < 0) return wrong;
  let inode = target(error, false);
  if (inode === null) return targetError;
  wrong = permission(inode, MAY_READ);
  if (wrong < 0) return wrong;
  let bytes = inode.getAttribute(name);
  if (bytes === null) return inode.keepsAttributes ? -ENODATA : -EOPNOTSUPP;
  let length = <u64>bytes.length;
  if (size == 0) return <i64>length;
  if (size < length) return -ERANGE;
  return length > 0 && copyOut(value, bytesAddress(bytes), length) < 0 ? -EFAULT : <i64>length;
}

function remove(error: i32, nameAddress: u64): i64 {
  let wrong = readName(nameAddress);
  if (wrong < 0) return wrong;
  let inode = target(error, true);
  if (inode === null) return targetError;
  wrong = permission(inode, MAY_WRITE);
  if (wrong == 0) wrong = inode.removeAttribute(name);
  if (wrong == 0) noticeChange(inode);
  return wrong;
}

/** The names, each with a zero behind it; trusted ones for root only. */
function list(error: i32, address: u64, size: u64): i64 {
  let inode = target(error, false);
  if (inode === null) return targetError;
  let isPrivileged = currentProcess().credentials.isPrivileged;
  let length: u64 = 0;
  for (let index = 0; ; index++) {
    let one = inode.attributeName(index);
    if (one === null) break;
    if (isPrivileged || !begins(one, "trusted.")) length += <u64>one.length + 1;
  }
  if (length > XATTR_LIST_MAX) return -E2BIG;
  if (size == 0) return <i64>length;
  if (size < length) return -ERANGE;
  let bytes = new StaticArray<u8>(<i32>length);
  let at = bytesAddress(bytes);
  for (let index = 0; ; index++) {
    let one = inode.attributeName(index);
    if (one === null) break;
    if (!isPrivileged && begins(one, "trusted.")) continue;
    mem.copy(at, bytesAddress(one), <u64>one.length);
    at += <u64>one.length + 1;
  }
  return length > 0 && copyOut(address, bytesAddress(bytes), length) < 0 ? -EFAULT : <i64>length;
}

/** A path's target, or the link itself. */
function byPath(path: u64, last: i32): i32 {
  return findTarget(<u64>AT_FDCWD, path, last, false);
}

/** A descriptor's, where AT_FDCWD has no meaning. */
function byDescriptor(descriptor: u64): i32 {
  return <i32>descriptor < 0 ? -EBADF : targetDescriptor(descriptor);
}

function setxattr(path: u64, name: u64, value: u64, size: u64, flags: u64): i64 {
  return store(byPath(path, Last.FOLLOW), name, value, size, flags);
}
function lsetxattr(path: u64, name: u64, value: u64, size: u64, flags: u64): i64 {
  return store(byPath(path, Last.ITSELF), name, value, size, flags);
}
function fsetxattr(descriptor: u64, name: u64, value: u64, size: u64, flags: u64): i64 {
  return store(byDescriptor(descriptor), name, value, size, flags);
}
function getxattr(path: u64, name: u64, value: u64, size: u64): i64 {
  return load(byPath(path, Last.FOLLOW), name, value, size);
}
function lgetxattr(path: u64, name: u64, value: u64, size: u64): i64 {
  return load(byPath(path, Last.ITSELF), name, value, size);
}
function fgetxattr(descriptor: u64, name: u64, value: u64, size: u64): i64 {
  return load(byDescriptor(descriptor), name, value, size);
}
function removexattr(path: u64, name: u64): i64 {
  return remove(byPath(path, Last.FOLLOW), name);
}
function lremovexattr(path: u64, name: u64): i64 {
  return remove(byPath(path, Last.ITSELF), name);
}
function fremovexattr(descriptor: u64, name: u64): i64 {
  return remove(byDescriptor(descriptor), name);
}
function listxattr(path: u64, address: u64, size: u64): i64 {
  return list(byPath(path, Last.FOLLOW), address, size);
}
function llistxattr(path: u64, address: u64, size: u64): i64 {
  return list(byPath(path, Last.ITSELF), address, size);
}
function flistxattr(descriptor: u64, address: u64, size: u64): i64 {
  return list(byDescriptor(descriptor), address, size);
}

/** Add the rows. */
export function defineExtendedAttributeCalls(): void {
  let support = "files in memory: user., trusted., security.; no access control lists";
  define5(nr.SYS_setxattr, "setxattr", "path str in size flags", setxattr, support);
  define5(nr.SYS_lsetxattr, "lsetxattr", "path str in size flags", lsetxattr, support);
  define5(nr.SYS_fsetxattr, "fsetxattr", "fd str in size flags", fsetxattr, support);
  define4(nr.SYS_getxattr, "getxattr", "path str out size", getxattr, support);
  define4(nr.SYS_lgetxattr, "lgetxattr", "path str out size", lgetxattr, support);
  define4(nr.SYS_fgetxattr, "fgetxattr", "fd str out size", fgetxattr, support);
  define2(nr.SYS_removexattr, "removexattr", "path str", removexattr, support);
  define2(nr.SYS_lremovexattr, "lremovexattr", "path str", lremovexattr, support);
  define2(nr.SYS_fremovexattr, "fremovexattr", "fd str", fremovexattr, support);
  define3(nr.SYS_listxattr, "listxattr", "path out size", listxattr, "complete");
  define3(nr.SYS_llistxattr, "llistxattr", "path out size", llistxattr, "complete");
  define3(nr.SYS_flistxattr, "flistxattr", "fd out size", flistxattr, "complete");
}
