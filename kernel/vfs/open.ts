// open(2) below the system call: from a walked path to an open file description, with every flag's meaning (man 2 open).

import {
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  ETXTBSY,
} from "../abi/errno";
import {
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_TMPFILE,
  O_TMPFILE_BIT,
  O_TRUNC,
} from "../abi/fcntl";
import { IN_CREATE, IN_MODIFY, IN_OPEN } from "../abi/inotify";
import { S_ISGID } from "../abi/stat";
import { Text } from "../lib/text";
import { FileSystemContext } from "./context";
import { DirectoryEntry } from "./directory-entry";
import { becomePositive, copyName } from "./entry-cache";
import { File } from "./file";
import { Identity } from "./identity";
import { failOpen, Inode, openError, S_IFBLK, S_IFCHR, S_IFREG } from "./inode";
import { Mount } from "./mount";
import { isWatching, noticeEntry, noticeName } from "./notify";
import { Path } from "./path";
import { PathFile } from "./path-file";
import { dropSetId } from "./set-id";
import { Last, LastKind, Walk } from "./walk";

/** Flags that F_GETFL does not show: they concern the opening only. */
const OPENING_FLAGS: u32 = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;

/**
 * Open the path in `walk` (its text is set) as `flags` say; `mode` is for a file that is made. Null with the reason in `openError`.
 */
export function openPath(
  walk: Walk,
  context: FileSystemContext,
  identity: Identity,
  start: Path,
  flags: u32,
  mode: u32,
  resolve: u64 = 0,
): File | null {
  if ((flags & O_PATH) != 0) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  let isCreating = (flags & O_CREAT) != 0;
  if ((flags & O_TMPFILE_BIT) != 0) {
    if ((flags & O_TMPFILE) != O_TMPFILE || isCreating || (flags & O_ACCMODE) == 0) return fail(-EINVAL);
  } else if (isCreating && (flags & O_DIRECTORY) != 0) return fail(-EINVAL);
  let last = Last.FOLLOW;
  if ((flags & O_NOFOLLOW) != 0 || (isCreating && (flags & O_EXCL) != 0)) last = Last.ITSELF;
  let error = walk.run(context, identity, start, isCreating ? last | Last.MAY_LACK : last, resolve);
  if (error < 0) return fail(error);
  if ((flags & O_TMPFILE_BIT) != 0) return openUnnamed(walk, context, identity, flags, mode);

  let isNew = false;
  if (isCreating) {
    if (walk.lastKind != LastKind.NAME) return fail((flags & O_EXCL) != 0 ? -EEXIST : -EISDIR);
    if (walk.inode === null) {
      if (walk.hasTrailingSlash) return fail(-EISDIR);
      error = createForOpen(walk, context, identity, mode);
      if (error < 0) return fail(error);
      isNew = true;
    } else if ((flags & O_EXCL) != 0) return fail(-EEXIST);
    else if (walk.hasTrailingSlash || walk.inode!.isDirectory) return fail(-EISDIR);
  }
  let inode = walk.inode!;
  if ((flags & O_DIRECTORY) != 0 && !inode.isDirectory) return fail(-ENOTDIR);
  if ((flags & O_PATH) != 0) {
    let file = new PathFile();
    file.flags = flags & ~O_CLOEXEC;
    file.attach(inode, walk.toPath());
    return file;
  }
  error = mayOpen(inode, walk.mount, identity, flags, isNew);
  if (error < 0) return fail(error);
  return openInode(inode, walk.toPath(), isNew ? flags & ~O_TRUNC : flags);
}

/** Open an inode without further checks; `path` may be null for what has no name. Null with the reason in `openError`. */
export function openInode(inode: Inode, path: Path | null, flags: u32): File | null {
  if (inode.isRegular && (flags & O_TRUNC) != 0) {
    dropSetId(inode);
    let error = inode.truncate(0);
    if (error < 0) return fail(error);
    if (isWatching && path !== null) noticeEntry(path.entry, IN_MODIFY);
  }
  let file = inode.open(flags);
  if (file === null) return null;
  file.flags = flags & ~OPENING_FLAGS;
  if (file.inode === null) file.attach(inode, path);
  if (inode.isRegular && file.isWritable) inode.writerCount++;
  if (isWatching && path !== null) noticeEntry(path.entry, IN_OPEN);
  return file;
}

/** Whether `identity` may open `inode` on `mount` with these flags: Linux may_open. */
function mayOpen(inode: Inode, mount: Mount, identity: Identity, flags: u32, isNew: bool): i32 {
  let accessMode = flags & O_ACCMODE;
  let wantsWrite = accessMode != 0 || (flags & O_TRUNC) != 0;
  if (inode.isSymbolicLink) return -ELOOP;
  if (inode.isDirectory && (wantsWrite || (flags & O_CREAT) != 0)) return -EISDIR;
  if (!isNew) {
    let mask: u32 = accessMode == 0 ? 4 : accessMode == 1 ? 2 : 6;
    if (wantsWrite) mask |= 2;
    let error = inode.permits(identity, mask);
    if (error < 0) return error;
  }
  if (wantsWrite && mount.isReadOnly && (inode.isRegular || inode.isDirectory)) return -EROFS;
  if ((flags & O_NOATIME) != 0 && !inode.isOwnedBy(identity)) return -EPERM;
  if (wantsWrite && inode.isRegular && inode.writerCount < 0) return -ETXTBSY;
  return 0;
}

function createForOpen(walk: Walk, context: FileSystemContext, identity: Identity, mode: u32): i32 {
  let error = mayCreateIn(walk.parent.inode!, walk.mount, identity);
  if (error < 0) return error;
  let parent = walk.parent.inode!;
  let name = walk.entry.name;
  let inode = parent.create(name, name.length, S_IFREG | (mode & 0o7777 & ~context.umask), 0);
  if (inode === null) return openError;
  adopt(inode, parent, identity);
  walk.entry = becomePositive(walk.entry, inode);
  noticeName(parent, name, inode, IN_CREATE);
  return 0;
}

/** Whether a name may be made in `parent`. */
export function mayCreateIn(parent: Inode, mount: Mount, identity: Identity): i32 {
  if (mount.isReadOnly) return -EROFS;
  if (parent.linkCount == 0) return -ENOENT;
  return parent.permits(identity, 3) < 0 ? -EACCES : 0;
}

/** Give a new inode its owner: the maker's user, and the maker's group or, in a setgid directory, the directory's. */
export function adopt(inode: Inode, parent: Inode, identity: Identity): void {
  inode.userId = identity.fileUser;
  if ((parent.mode & S_ISGID) != 0) {
    inode.groupId = parent.groupId;
    if (inode.isDirectory) inode.mode |= S_ISGID;
  } else inode.groupId = identity.fileGroup;
}

/** O_TMPFILE: a file without a name in the directory's file system. */
function openUnnamed(walk: Walk, context: FileSystemContext, identity: Identity, flags: u32, mode: u32): File | null {
  let directory = walk.inode!;
  if (!directory.isDirectory) return fail(-ENOTDIR);
  let error = mayCreateIn(directory, walk.mount, identity);
  if (error < 0) return fail(error);
  failOpen(-EOPNOTSUPP);
  let inode = directory.createUnnamed(S_IFREG | (mode & 0o7777 & ~context.umask));
  if (inode === null) return null;
  adopt(inode, directory, identity);
  inode.isUnnamed = (flags & O_EXCL) == 0;
  // For /proc/self/fd, by which it may be linked: a place with a name that nobody finds.
  let name = new Text(24).byte(0x23).decimal(inode.number);
  let entry = new DirectoryEntry(walk.entry, copyName(name.bytes, name.length), inode);
  entry.isDeleted = true;
  return openInode(inode, new Path(walk.mount, entry), flags);
}

/** Whether this is a device node: writable also on a read-only mount. */
export function isDeviceNode(inode: Inode): bool {
  return inode.type == S_IFCHR || inode.type == S_IFBLK;
}

function fail(error: i32): File | null {
  failOpen(error);
  return null;
}
