// mount(2), umount2(2), statfs(2).

import * as mem from "machine/mem";
import * as user from "machine/user";
import { at, bytesAddress, isUserRange, pointerOf } from "memory/address";
import { EBADF, EBUSY, EFAULT, EINVAL, ENODEV, ENOTDIR, EPERM } from "../abi/errno";
import { AT_FDCWD, NAME_MAX } from "../abi/fcntl";
import { MS_RDONLY, ST_RDONLY, ST_RELATIME, ST_VALID, STATFS_SIZE, Statfs } from "../abi/statfs";
import { SYS_fstatfs, SYS_mount, SYS_statfs, SYS_umount2 } from "../abi/syscall-numbers";
import { copyOut } from "../memory/user";
import { currentProcess } from "../process/current";
import { FileSystem } from "../vfs/file-system";
import { failMount, findFileSystemBytes, mountError } from "../vfs/file-system-types";
import { hasMountsInside, Mount, mount as mountOn, unmount } from "../vfs/mount";
import { Last } from "../vfs/walk";
import { beginWalk, endWalk, fileOf, findTarget, found, walkAt } from "./files";
import { define2, define5 } from "./table";

const BLOCK_SIZE: u64 = 4096;
/** Flags that change an existing mount or make one from another: MS_REMOUNT, MS_BIND, MS_MOVE and propagation. */
const OTHER_OPERATIONS: u64 = 0x20 | 0x1000 | 0x2000 | 0x1e0000;
const MS_REMOUNT: u64 = 0x20;

const statfsBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>STATFS_SIZE);
/** Longer names of file systems are not looked at. */
const LONGEST_KIND: u64 = 32;
const kindBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>LONGEST_KIND);

function statfs(path: u64, buffer: u64): i64 {
  let error = findTarget(<u64>AT_FDCWD, path, Last.FOLLOW, false);
  if (error < 0) return error;
  let target = found();
  return giveStatfs(target.inode!.fileSystem, target.mount, buffer);
}

function fstatfs(descriptor: u64, buffer: u64): i64 {
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  let inode = file.inode;
  let path = file.path;
  return giveStatfs(inode === null ? null : inode.fileSystem, path === null ? null : path.mount, buffer);
}

/** Files without a file system are said to be in one of no size, as Linux's pipefs and anon_inodefs. */
function giveStatfs(fileSystem: FileSystem | null, mount: Mount | null, buffer: u64): i64 {
  mem.fill(bytesAddress(statfsBuffer), 0, STATFS_SIZE);
  let result = at<Statfs>(pointerOf(statfsBuffer));
  result.blockSize = BLOCK_SIZE;
  result.fragmentSize = BLOCK_SIZE;
  result.nameLength = <u64>NAME_MAX;
  result.flags = ST_VALID | ST_RELATIME;
  if (fileSystem !== null) {
    result.type = fileSystem.magic;
    result.blocks = fileSystem.blocksTotal;
    result.blocksFree = fileSystem.blocksFree;
    result.blocksAvailable = fileSystem.blocksFree;
    result.files = fileSystem.inodesTotal;
    result.filesFree = fileSystem.inodesFree;
    result.fileSystemId = fileSystem.device;
  }
  if (mount !== null && mount.isReadOnly) result.flags |= ST_RDONLY;
  return copyOut(buffer, bytesAddress(statfsBuffer), STATFS_SIZE);
}

/** New mounts of tmpfs and what modules bring, and read-only or not for what is mounted; binds and propagation there are not. */
function mount(source: u64, target: u64, kind: u64, flags: u64, data: u64): i64 {
  if (!currentProcess().credentials.isPrivileged) return -EPERM;
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, target, Last.FOLLOW);
  let place = error == 0 ? walk.toPath() : null;
  endWalk(walk);
  if (place === null) return error;
  if ((flags & MS_REMOUNT) != 0) {
    if (place.entry !== place.mount.root) return -EINVAL;
    place.mount.flags = (place.mount.flags & ~MS_RDONLY) | (flags & MS_RDONLY);
    return 0;
  }
  if ((flags & OTHER_OPERATIONS) != 0) return -EINVAL;
  if (!place.entry.inode!.isDirectory) return -ENOTDIR;
  let length = isUserRange(kind, 1) ? user.stringLength(kind, LONGEST_KIND) : -1;
  if (length < 0 || user.copyIn(bytesAddress(kindBuffer), kind, <u64>length) != 0) return -EFAULT;
  let type = findFileSystemBytes(kindBuffer, <i32>length);
  if (type === null || !type.isMountable) return -ENODEV;
  let from = optionalText(source);
  let options = optionalText(data);
  if (from === null || options === null) return -EFAULT;
  failMount(-ENODEV);
  let made = type.create(from, options);
  if (made === null) return mountError;
  return mountOn(made, place, flags & MS_RDONLY) === null ? -EINVAL : 0;
}

/** A string of the program's, cut at a page; empty where it gave none, null for a wrong address. */
function optionalText(address: u64): StaticArray<u8> | null {
  if (address == 0) return new StaticArray<u8>(0);
  let length = isUserRange(address, 1) ? user.stringLength(address, BLOCK_SIZE) : -1;
  if (length < 0) return null;
  let text = new StaticArray<u8>(<i32>length);
  return user.copyIn(bytesAddress(text), address, <u64>length) == 0 ? text : null;
}

function umount2(target: u64, flags: u64): i64 {
  if (flags > 15) return -EINVAL;
  if (!currentProcess().credentials.isPrivileged) return -EPERM;
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, target, Last.FOLLOW);
  let mounted = error == 0 && walk.entry === walk.mount.root ? walk.mount : null;
  endWalk(walk);
  if (error < 0) return error;
  if (mounted === null) return -EINVAL;
  if (mounted.mountPoint === null || hasMountsInside(mounted)) return -EBUSY;
  unmount(mounted);
  return 0;
}

/** Add the rows. */
export function defineMountCalls(): void {
  define2(SYS_statfs, "statfs", "path out", statfs, "complete");
  define2(SYS_fstatfs, "fstatfs", "fd out", fstatfs, "complete");
  define5(
    SYS_mount,
    "mount",
    "str path str flags ptr",
    mount,
    "tmpfs, file systems of modules, and remounting read-only or not",
  );
  define2(SYS_umount2, "umount2", "path flags", umount2, "complete");
}
