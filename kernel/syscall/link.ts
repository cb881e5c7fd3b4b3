// Names: link(2), symlink(2), unlink(2), rename(2), readlink(2), mknod(2).

import * as user from "machine/user";
import { bytesAddress, isUserRange } from "memory/address";
import { EBADF, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, EPERM } from "../abi/errno";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  PATH_MAX,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
} from "../abi/fcntl";
import {
  SYS_link,
  SYS_linkat,
  SYS_mknod,
  SYS_mknodat,
  SYS_readlink,
  SYS_readlinkat,
  SYS_rename,
  SYS_renameat,
  SYS_renameat2,
  SYS_symlink,
  SYS_symlinkat,
  SYS_unlink,
  SYS_unlinkat,
} from "../abi/syscall-numbers";
import { copyOut } from "../memory/user";
import { currentProcess } from "../process/current";
import * as change from "../vfs/change";
import {
  failOpen,
  Inode,
  openError,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from "../vfs/inode";
import { pathText } from "../vfs/path-text";
import { Last } from "../vfs/walk";
import { beginWalk, endWalk, fileOf, findTarget, found, walkAt } from "./files";
import { define1, define2, define3, define4, define5 } from "./table";

function link(oldPath: u64, newPath: u64): i64 {
  return linkat(<u64>AT_FDCWD, oldPath, <u64>AT_FDCWD, newPath, 0);
}

function linkat(oldDirectory: u64, oldPath: u64, newDirectory: u64, newPath: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  let last = (bits & AT_SYMLINK_FOLLOW) != 0 ? Last.FOLLOW : Last.ITSELF;
  let credentials = currentProcess().credentials;
  let from = beginWalk();
  let error = from.setUserText(oldPath);
  let isDescriptor = error == 0 && from.isEmpty && (bits & AT_EMPTY_PATH) != 0;
  if (error == 0 && !isDescriptor) error = walkAt(from, oldDirectory, oldPath, last);
  if (error == 0) {
    let to = beginWalk();
    error = walkAt(to, newDirectory, newPath, Last.NAME);
    if (error == 0) {
      if (!isDescriptor) error = change.makeLink(from, to, credentials);
      else {
        let file = fileOf(oldDirectory);
        let inode: Inode | null = null;
        if (file !== null) inode = file.inode;
        if (inode === null) error = file === null ? -EBADF : -ENOENT;
        else error = change.makeLinkTo(inode, to, credentials);
      }
    }
    endWalk(to);
  }
  endWalk(from);
  return error;
}

function symlink(target: u64, path: u64): i64 {
  return symlinkat(target, <u64>AT_FDCWD, path);
}

function symlinkat(target: u64, directory: u64, path: u64): i64 {
  let text = copyText(target);
  if (text === null) return openError;
  if (text.length == 0) return -ENOENT;
  let walk = beginWalk();
  let error = walkAt(walk, directory, path, Last.NAME);
  if (error == 0) error = change.makeSymbolicLink(walk, currentProcess().credentials, text);
  endWalk(walk);
  return error;
}

/** A path's text as an array of its own; null with the reason in openError. */
function copyText(address: u64): StaticArray<u8> | null {
  let length: i64 = isUserRange(address, 1) ? user.stringLength(address, <u64>PATH_MAX) : -1;
  if (length < 0 || length >= PATH_MAX) {
    failOpen(length < 0 ? -EFAULT : -ENAMETOOLONG);
    return null;
  }
  let text = new StaticArray<u8>(<i32>length);
  if (length > 0 && user.copyIn(bytesAddress(text), address, <u64>length) != 0) {
    failOpen(-EFAULT);
    return null;
  }
  return text;
}

function unlink(path: u64): i64 {
  return unlinkat(<u64>AT_FDCWD, path, 0);
}

function unlinkat(directory: u64, path: u64, flags: u64): i64 {
  if ((<u32>flags & ~AT_REMOVEDIR) != 0) return -EINVAL;
  let credentials = currentProcess().credentials;
  let walk = beginWalk();
  let error = walkAt(walk, directory, path, Last.NAME);
  if (error == 0) {
    if ((<u32>flags & AT_REMOVEDIR) != 0) error = change.removeDirectory(walk, credentials);
    else error = change.unlink(walk, credentials);
  }
  endWalk(walk);
  return error;
}

function rename(oldPath: u64, newPath: u64): i64 {
  return renameat2(<u64>AT_FDCWD, oldPath, <u64>AT_FDCWD, newPath, 0);
}

function renameat(oldDirectory: u64, oldPath: u64, newDirectory: u64, newPath: u64): i64 {
  return renameat2(oldDirectory, oldPath, newDirectory, newPath, 0);
}

function renameat2(oldDirectory: u64, oldPath: u64, newDirectory: u64, newPath: u64, flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0) return -EINVAL;
  if ((bits & RENAME_EXCHANGE) != 0 && (bits & (RENAME_NOREPLACE | RENAME_WHITEOUT)) != 0) return -EINVAL;
  // A whiteout is an overlay's own device node; no file system here keeps one for others.
  if ((bits & RENAME_WHITEOUT) != 0) return -EINVAL;
  let from = beginWalk();
  let error = walkAt(from, oldDirectory, oldPath, Last.NAME);
  if (error == 0) {
    let to = beginWalk();
    error = walkAt(to, newDirectory, newPath, Last.NAME);
    if (error == 0) error = change.rename(from, to, currentProcess().credentials, bits);
    endWalk(to);
  }
  endWalk(from);
  return error;
}

function readlink(path: u64, buffer: u64, size: u64): i64 {
  return readlinkat(<u64>AT_FDCWD, path, buffer, size);
}

/** An empty path is the descriptor itself, when that is a symbolic link opened with O_PATH. */
function readlinkat(directory: u64, path: u64, buffer: u64, size: u64): i64 {
  if (<i32>size <= 0) return -EINVAL;
  let error = findTarget(directory, path, Last.ITSELF, true);
  if (error < 0) return error;
  let inode = found().inode;
  if (inode === null || !inode.isSymbolicLink) return found().file !== null ? -ENOENT : -EINVAL;
  let text = linkText(inode);
  if (text === null) return openError < 0 ? openError : -EINVAL;
  let length = min<u64>(<u64>text.length, <u64>(<u32>size));
  return copyOut(buffer, bytesAddress(text), length) < 0 ? -EFAULT : <i64>length;
}

/** What a link says; a magic link that says nothing says where it leads. */
function linkText(inode: Inode): StaticArray<u8> | null {
  failOpen(0);
  let text = inode.readLink();
  if (text !== null) return text;
  let place = inode.followLink();
  return place === null ? null : pathText(place, currentProcess().files.root, true);
}

function mknod(path: u64, mode: u64, device: u64): i64 {
  return mknodat(<u64>AT_FDCWD, path, mode, device);
}

function mknodat(directory: u64, path: u64, mode: u64, device: u64): i64 {
  let process = currentProcess();
  let type = <u32>mode & S_IFMT;
  if (type == 0) type = S_IFREG;
  if (type == S_IFDIR) return -EPERM;
  let isDevice = type == S_IFCHR || type == S_IFBLK;
  if (!isDevice && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK) return -EINVAL;
  let walk = beginWalk();
  let error = walkAt(walk, directory, path, Last.NAME);
  if (error == 0) {
    let bits = type | (<u32>mode & 0o7777 & ~process.files.umask);
    error = change.makeNode(walk, process.credentials, bits, isDevice ? <u64>(<u32>device) : 0);
  }
  endWalk(walk);
  return error;
}

/** Add the rows. */
export function defineLinkCalls(): void {
  define2(SYS_link, "link", "path path", link, "complete");
  define5(SYS_linkat, "linkat", "at path at path flags", linkat, "complete");
  define2(SYS_symlink, "symlink", "str path", symlink, "complete");
  define3(SYS_symlinkat, "symlinkat", "str at path", symlinkat, "complete");
  define1(SYS_unlink, "unlink", "path", unlink, "complete");
  define3(SYS_unlinkat, "unlinkat", "at path flags", unlinkat, "complete");
  define2(SYS_rename, "rename", "path path", rename, "complete");
  define4(SYS_renameat, "renameat", "at path at path", renameat, "complete");
  define5(SYS_renameat2, "renameat2", "at path at path flags", renameat2, "without RENAME_WHITEOUT");
  define3(SYS_readlink, "readlink", "path out size", readlink, "complete");
  define4(SYS_readlinkat, "readlinkat", "at path out size", readlinkat, "complete");
  define3(SYS_mknod, "mknod", "path mode hex", mknod, "complete");
  define4(SYS_mknodat, "mknodat", "at path mode hex", mknodat, "complete");
}
