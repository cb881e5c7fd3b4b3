// Directories: mkdir(2), rmdir(2), getdents64(2), and where a process stands: chdir(2), chroot(2), getcwd(2), umask(2).

import { bytesAddress } from "memory/address";
import { EACCES, EBADF, EFAULT, ENOENT, ENOTDIR, EPERM, ERANGE } from "../abi/errno";
import { AT_FDCWD } from "../abi/fcntl";
import {
  SYS_chdir,
  SYS_chroot,
  SYS_fchdir,
  SYS_getcwd,
  SYS_getdents,
  SYS_getdents64,
  SYS_mkdir,
  SYS_mkdirat,
  SYS_rmdir,
  SYS_umask,
} from "../abi/syscall-numbers";
import { copyOut } from "../memory/user";
import { currentProcess, currentThread } from "../process/current";
import * as change from "../vfs/change";
import { DirectoryFile } from "../vfs/directory-file";
import { Path } from "../vfs/path";
import * as pathText from "../vfs/path-text";
import { Last } from "../vfs/walk";
import { beginWalk, endWalk, fileOf, usableFile, walkAt } from "./files";
import { define1, define2, define3 } from "./table";

function mkdir(path: u64, mode: u64): i64 {
  return mkdirat(<u64>AT_FDCWD, path, mode);
}

function mkdirat(directory: u64, path: u64, mode: u64): i64 {
  let process = currentProcess();
  let walk = beginWalk();
  let error = walkAt(walk, directory, path, Last.NAME);
  if (error == 0) error = change.makeDirectory(walk, process.credentials, <u32>mode & ~process.files.umask);
  endWalk(walk);
  return error;
}

function rmdir(path: u64): i64 {
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, path, Last.NAME);
  if (error == 0) error = change.removeDirectory(walk, currentProcess().credentials);
  endWalk(walk);
  return error;
}

function getdents64(descriptor: u64, buffer: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  let io = currentThread().io;
  let error = io.setUser(buffer, <u64>(<u32>count));
  return error < 0 ? error : file.readDirectory(io);
}

function getdents(descriptor: u64, buffer: u64, count: u64): i64 {
  let file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (!(file instanceof DirectoryFile)) return -ENOTDIR;
  let io = currentThread().io;
  let error = io.setUser(buffer, <u64>(<u32>count));
  return error < 0 ? error : (file as DirectoryFile).readRecords(io, true);
}

function chdir(path: u64): i64 {
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, path, Last.FOLLOW);
  let place = error == 0 ? walk.toPath() : null;
  endWalk(walk);
  return place === null ? error : enter(place);
}

function fchdir(descriptor: u64): i64 {
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  let path = file.path;
  return path === null ? -ENOTDIR : enter(path);
}

function enter(place: Path): i64 {
  let process = currentProcess();
  let error = maySearch(place);
  if (error < 0) return error;
  process.files.setDirectory(place);
  return 0;
}

function maySearch(place: Path): i32 {
  let inode = place.entry.inode!;
  if (!inode.isDirectory) return -ENOTDIR;
  return inode.permits(currentProcess().credentials, 1) < 0 ? -EACCES : 0;
}

function chroot(path: u64): i64 {
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, path, Last.FOLLOW);
  let place = error == 0 ? walk.toPath() : null;
  endWalk(walk);
  if (place === null) return error;
  error = maySearch(place);
  if (error < 0) return error;
  let process = currentProcess();
  if (!process.credentials.isPrivileged) return -EPERM;
  process.files.setRoot(place);
  return 0;
}

const unreachable: StaticArray<u8> = [
  0x28,
  0x75,
  0x6e,
  0x72,
  0x65,
  0x61,
  0x63,
  0x68,
  0x61,
  0x62,
  0x6c,
  0x65,
  0x29, // "(unreachable)"
];
const end: StaticArray<u8> = [0];

/** The length with the NUL, as the system call returns it. */
function getcwd(buffer: u64, size: u64): i64 {
  let files = currentProcess().files;
  let directory = files.directory!;
  if (directory.entry.isDeleted) return -ENOENT;
  let length = <u64>pathText.makeText(directory, files.root, false);
  let prefix: u64 = pathText.isReachable ? 0 : unreachable.length;
  if (prefix + length + 1 > size) return -ERANGE;
  if (prefix > 0 && copyOut(buffer, bytesAddress(unreachable), prefix) < 0) return -EFAULT;
  if (copyOut(buffer + prefix, pathText.textAddress(), length) < 0) return -EFAULT;
  if (copyOut(buffer + prefix + length, bytesAddress(end), 1) < 0) return -EFAULT;
  return <i64>(prefix + length + 1);
}

function umask(mask: u64): i64 {
  let files = currentProcess().files;
  let old = files.umask;
  files.umask = <u32>mask & 0o777;
  return <i64>old;
}

/** Add the rows. */
export function defineDirectoryCalls(): void {
  define2(SYS_mkdir, "mkdir", "path mode", mkdir, "complete");
  define3(SYS_mkdirat, "mkdirat", "at path mode", mkdirat, "complete");
  define1(SYS_rmdir, "rmdir", "path", rmdir, "complete");
  define3(SYS_getdents, "getdents", "fd out size", getdents, "complete");
  define3(SYS_getdents64, "getdents64", "fd out size", getdents64, "complete");
  define1(SYS_chdir, "chdir", "path", chdir, "complete");
  define1(SYS_fchdir, "fchdir", "fd", fchdir, "complete");
  define1(SYS_chroot, "chroot", "path", chroot, "complete");
  define2(SYS_getcwd, "getcwd", "out size", getcwd, "complete");
  define1(SYS_umask, "umask", "mode", umask, "complete");
}
