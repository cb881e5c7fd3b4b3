// Making, removing and moving names: what mkdir, unlink, link, rename and their kin do once the paths are walked. Checks
// in the order of Linux fs/namei.c, then the file system, then the entry cache and the change notices.
//
// Rules of use: the walks have run with Last.NAME, so that `entry` is the name itself, negative when there is none.

import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  EMLINK,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from "../abi/errno";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../abi/fcntl";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
} from "../abi/inotify";
import { S_ISVTX } from "../abi/stat";
import { DirectoryEntry } from "./directory-entry";
import * as cache from "./entry-cache";
import { Identity } from "./identity";
import { Inode, openError, S_IFBLK, S_IFCHR, S_IFMT } from "./inode";
import { isWatching, nextCookie, noticeInode, noticeName } from "./notify";
import { adopt, mayCreateIn } from "./open";
import { LastKind, Walk } from "./walk";

/** mkdir(2); `mode` has the umask applied. */
export function makeDirectory(walk: Walk, identity: Identity, mode: u32): i32 {
  let error = mayMake(walk, identity, true);
  if (error < 0) return error;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  return made(walk, identity, parent.makeDirectory(name, name.length, mode & 0o1777));
}

/** mknod(2): `mode` has type and permissions, the umask applied. */
export function makeNode(walk: Walk, identity: Identity, mode: u32, device: u64): i32 {
  let error = mayMake(walk, identity, false);
  if (error < 0) return error;
  let type = mode & S_IFMT;
  if ((type == S_IFCHR || type == S_IFBLK) && !identity.isPrivileged) return -EPERM;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  return made(walk, identity, parent.create(name, name.length, mode, device));
}

/** symlink(2). */
export function makeSymbolicLink(walk: Walk, identity: Identity, target: StaticArray<u8>): i32 {
  let error = mayMake(walk, identity, false);
  if (error < 0) return error;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  return made(walk, identity, parent.makeSymbolicLink(name, name.length, target));
}

/** link(2): another name for where `from` came out. */
export function makeLink(from: Walk, walk: Walk, identity: Identity): i32 {
  let inode = from.inode;
  if (inode === null) return -ENOENT;
  if (walk.lastKind == LastKind.NAME && walk.inode === null && from.mount !== walk.mount) return -EXDEV;
  return makeLinkTo(inode, walk, identity);
}

/** As makeLink for an inode at hand. */
export function makeLinkTo(inode: Inode, walk: Walk, identity: Identity): i32 {
  let error = mayMake(walk, identity, false);
  if (error < 0) return error;
  if (inode.fileSystem !== walk.parent.inode!.fileSystem) return -EXDEV;
  if (inode.isDirectory) return -EPERM;
  if (inode.linkCount == 0 && !inode.isUnnamed) return -ENOENT;
  if (inode.linkCount == u32.MAX_VALUE) return -EMLINK;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  error = parent.link(name, name.length, inode);
  if (error < 0) return error;
  inode.isUnnamed = false;
  walk.entry = cache.becomePositive(walk.entry, inode);
  noticeInode(inode, IN_ATTRIB);
  noticeName(parent, name, inode, IN_CREATE);
  return 0;
}

function mayMake(walk: Walk, identity: Identity, isDirectory: bool): i32 {
  if (walk.lastKind != LastKind.NAME) return -EEXIST;
  if (walk.inode !== null) return -EEXIST;
  if (walk.hasTrailingSlash && !isDirectory) return -ENOENT;
  return mayCreateIn(walk.parent.inode!, walk.mount, identity);
}

function made(walk: Walk, identity: Identity, inode: Inode | null): i32 {
  if (inode === null) return openError;
  let parent = walk.parent.inode!;
  adopt(inode, parent, identity);
  walk.entry = cache.becomePositive(walk.entry, inode);
  noticeName(parent, walk.entry.name, inode, IN_CREATE);
  return 0;
}

/** unlink(2). */
export function unlink(walk: Walk, identity: Identity): i32 {
  if (walk.lastKind != LastKind.NAME) return -EISDIR;
  let inode = walk.inode;
  if (inode === null) return -ENOENT;
  if (walk.hasTrailingSlash) return inode.isDirectory ? -EISDIR : -ENOTDIR;
  let error = mayRemove(walk, walk.entry, inode, identity);
  if (error < 0) return error;
  if (inode.isDirectory) return -EISDIR;
  if (walk.entry.mountCount > 0) return -EBUSY;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  inode.use();
  error = parent.unlink(name, name.length, inode);
  if (error >= 0) removed(parent, walk.entry, inode);
  inode.unuse();
  return error;
}

/** rmdir(2). */
export function removeDirectory(walk: Walk, identity: Identity): i32 {
  switch (walk.lastKind) {
    case LastKind.DOT_DOT:
      return -ENOTEMPTY;
    case LastKind.DOT:
      return -EINVAL;
    case LastKind.ROOT:
      return -EBUSY;
    case LastKind.NAME:
      break;
  }
  let inode = walk.inode;
  if (inode === null) return -ENOENT;
  let error = mayRemove(walk, walk.entry, inode, identity);
  if (error < 0) return error;
  if (!inode.isDirectory) return -ENOTDIR;
  if (walk.entry.mountCount > 0) return -EBUSY;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  inode.use();
  error = parent.removeDirectory(name, name.length, inode);
  if (error >= 0) removed(parent, walk.entry, inode);
  inode.unuse();
  return error;
}

function removed(parent: Inode, entry: DirectoryEntry, inode: Inode): void {
  cache.forget(entry);
  if (!isWatching) return;
  if (!inode.isDirectory) noticeInode(inode, IN_ATTRIB);
  if (inode.linkCount == 0) noticeInode(inode, IN_DELETE_SELF);
  noticeName(parent, entry.name, inode, IN_DELETE);
}

/** Whether the name may go: Linux may_delete, the sticky bit included. */
function mayRemove(walk: Walk, entry: DirectoryEntry, inode: Inode, identity: Identity): i32 {
  if (walk.mount.isReadOnly) return -EROFS;
  let parent = walk.parent.inode!;
  if (parent.permits(identity, 3) < 0) return -EACCES;
  if (entry.isDeleted) return -ENOENT;
  if ((parent.mode & S_ISVTX) != 0 && !inode.isOwnedBy(identity) && !parent.isOwnedBy(identity)) return -EPERM;
  return 0;
}

/** renameat2(2). */
export function rename(from: Walk, to: Walk, identity: Identity, flags: u32): i32 {
  if (from.mount !== to.mount) return -EXDEV;
  if (from.lastKind != LastKind.NAME) return -EBUSY;
  if (to.lastKind != LastKind.NAME) return (flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
  let moved = from.inode;
  if (moved === null) return -ENOENT;
  let replaced = to.inode;
  let isExchange = (flags & RENAME_EXCHANGE) != 0;
  if ((flags & RENAME_NOREPLACE) != 0 && replaced !== null) return -EEXIST;
  if (isExchange && replaced === null) return -ENOENT;
  if (!moved.isDirectory && (from.hasTrailingSlash || (!isExchange && to.hasTrailingSlash))) return -ENOTDIR;
  if (isExchange && to.hasTrailingSlash && !replaced!.isDirectory) return -ENOTDIR;
  if (isWithin(to.parent, from.entry)) return -EINVAL;
  if (replaced !== null && isWithin(from.parent, to.entry)) return isExchange ? -EINVAL : -ENOTEMPTY;
  if (replaced === moved) return 0;

  let error = mayRemove(from, from.entry, moved, identity);
  if (error < 0) return error;
  if (replaced === null) error = mayCreateIn(to.parent.inode!, to.mount, identity);
  else error = mayRemove(to, to.entry, replaced, identity);
  if (error < 0) return error;
  if (replaced !== null && !isExchange) {
    if (replaced.isDirectory && !moved.isDirectory) return -EISDIR;
    if (!replaced.isDirectory && moved.isDirectory) return -ENOTDIR;
  }
  if (from.parent !== to.parent) {
    if (moved.isDirectory && moved.permits(identity, 2) < 0) return -EACCES;
    if (isExchange && replaced!.isDirectory && replaced!.permits(identity, 2) < 0) return -EACCES;
  }
  if (from.entry.mountCount > 0 || to.entry.mountCount > 0) return -EBUSY;
  return renameChecked(from, to, moved, replaced, flags);
}

function renameChecked(from: Walk, to: Walk, moved: Inode, replaced: Inode | null, flags: u32): i32 {
  let oldParent = from.parent.inode!;
  let newParent = to.parent.inode!;
  let oldName = from.entry.name;
  let newName = to.entry.name;
  let isExchange = (flags & RENAME_EXCHANGE) != 0;
  moved.use();
  if (replaced !== null) replaced.use();
  let error = oldParent.rename(oldName, oldName.length, moved, newParent, newName, newName.length, replaced, flags);
  if (error >= 0) {
    let movedEntry = from.entry;
    let otherEntry = to.entry;
    if (isExchange) {
      cache.remove(otherEntry);
      cache.move(movedEntry, to.parent, newName);
      cache.move(otherEntry, from.parent, oldName);
    } else {
      if (replaced !== null) cache.forget(otherEntry);
      else cache.remove(otherEntry);
      cache.move(movedEntry, to.parent, newName);
    }
    if (isWatching) noticeRename(oldParent, oldName, newParent, newName, moved, replaced, isExchange);
  }
  if (replaced !== null) replaced.unuse();
  moved.unuse();
  return error;
}

function noticeRename(
  oldParent: Inode,
  oldName: StaticArray<u8>,
  newParent: Inode,
  newName: StaticArray<u8>,
  moved: Inode,
  replaced: Inode | null,
  isExchange: bool,
): void {
  let cookie = nextCookie();
  noticeName(oldParent, oldName, moved, IN_MOVED_FROM, cookie);
  noticeName(newParent, newName, moved, IN_MOVED_TO, cookie);
  noticeInode(moved, IN_MOVE_SELF);
  if (replaced === null) return;
  if (isExchange) {
    cookie = nextCookie();
    noticeName(newParent, newName, replaced, IN_MOVED_FROM, cookie);
    noticeName(oldParent, oldName, replaced, IN_MOVED_TO, cookie);
    noticeInode(replaced, IN_MOVE_SELF);
  } else {
    noticeInode(replaced, IN_ATTRIB);
    if (replaced.linkCount == 0) noticeInode(replaced, IN_DELETE_SELF);
  }
}

/** Whether `entry` is `ancestor` or lies below it. */
function isWithin(entry: DirectoryEntry, ancestor: DirectoryEntry): bool {
  let at: DirectoryEntry | null = entry;
  while (at !== null) {
    if (at === ancestor) return true;
    at = at.parent;
  }
  return false;
}
