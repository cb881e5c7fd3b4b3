// What the file calls share: descriptors to files, user paths to walks, inodes to struct stat.
//
// Rules of use: `beginWalk` … `endWalk` encloses the use of a Walk's results; nothing in between blocks.

import { EBADF, ENOENT, ENOTDIR } from "../abi/errno";
import { AT_FDCWD } from "../abi/fcntl";
import { currentProcess } from "../process/current";
import { DirectoryEntry } from "../vfs/directory-entry";
import { File } from "../vfs/file";
import { Identity } from "../vfs/identity";
import { Inode } from "../vfs/inode";
import { Mount } from "../vfs/mount";
import { Path } from "../vfs/path";
import { Caller } from "../vfs/set-id";
import { begin, end, Walk } from "../vfs/walk";

/** Who changes a file: the process on the CPU. */
export class CurrentCaller extends Caller {
  override identity(): Identity {
    return currentProcess().credentials;
  }
}

/** The open file behind a descriptor, O_PATH ones included; null is -EBADF. */
export function fileOf(descriptor: u64): File | null {
  return currentProcess().descriptors.get(<i32>descriptor);
}

/** The open file behind a descriptor that is good for more than its path; null is -EBADF. */
export function usableFile(descriptor: u64): File | null {
  let file = currentProcess().descriptors.get(<i32>descriptor);
  return file === null || file.isPathOnly ? null : file;
}

/** Give a new file (whose reference this takes) the lowest free number. */
export function install(file: File, isCloseOnExec: bool): i64 {
  let process = currentProcess();
  let number = process.descriptors.add(file, isCloseOnExec, process.limits.descriptors);
  if (number < 0) file.release();
  return number;
}

/** Borrow a Walk for the current process. */
export function beginWalk(): Walk {
  let process = currentProcess();
  return begin(process.files, process.credentials);
}

export function endWalk(walk: Walk): void {
  end(walk);
}

/**
 * Walk the path at a user address, relative to the directory of `directory` (a descriptor or AT_FDCWD). Returns 0 or a
 * negative errno.
 */
export function walkAt(walk: Walk, directory: u64, path: u64, last: i32): i32 {
  let error = walk.setUserText(path);
  return error < 0 ? error : walkTextAt(walk, directory, last);
}

/** As walkAt with the text set already. */
export function walkTextAt(walk: Walk, directory: u64, last: i32, resolve: u64 = 0): i32 {
  let process = currentProcess();
  let start = startOf(walk, directory);
  if (start === null) return startError;
  return walk.run(process.files, process.credentials, start, last, resolve);
}

/** Why the last `startOf` returned null. */
export let startError: i32 = 0;

/** Where a relative path begins; null with the reason in `startError`. An absolute path does not look at the descriptor. */
export function startOf(walk: Walk, directory: u64): Path | null {
  let process = currentProcess();
  if (<i32>directory == AT_FDCWD || walk.isAbsolute) return process.files.directory;
  let file = process.descriptors.get(<i32>directory);
  if (file === null) {
    startError = -EBADF;
    return null;
  }
  let path = file.path;
  if (path === null || (!walk.isEmpty && !path.entry.inode!.isDirectory)) {
    startError = -ENOTDIR;
    return null;
  }
  return path;
}

/** What a call with AT_EMPTY_PATH and an empty path is about, or a path leads to. */
export class Target {
  inode: Inode | null = null;
  /** The open file when the call named a descriptor, else null. */
  file: File | null = null;
  mount: Mount | null = null;
  /** The name it was reached by, where there is one. */
  entry: DirectoryEntry | null = null;
}

const target = new Target();

/**
 * Find what (directory, path) means; `mayBeEmpty`: an empty path is the descriptor itself (AT_EMPTY_PATH). The one Target
 * is used again by the next call. Returns 0 or a negative errno; see `found`.
 */
export function findTarget(directory: u64, path: u64, last: i32, mayBeEmpty: bool): i32 {
  target.inode = null;
  target.file = null;
  target.mount = null;
  target.entry = null;
  let walk = beginWalk();
  let error = walk.setUserText(path);
  if (error == 0) {
    if (!walk.isEmpty) {
      error = walkTextAt(walk, directory, last);
      if (error == 0) setTarget(walk.entry, walk.mount);
    } else error = mayBeEmpty ? targetDescriptor(directory) : -ENOENT;
  }
  endWalk(walk);
  return error;
}

/** Make a descriptor (or AT_FDCWD) the target. Returns 0 or -EBADF. */
export function targetDescriptor(descriptor: u64): i32 {
  target.inode = null;
  target.file = null;
  target.mount = null;
  target.entry = null;
  if (<i32>descriptor == AT_FDCWD) {
    let directory = currentProcess().files.directory!;
    setTarget(directory.entry, directory.mount);
    return 0;
  }
  let file = fileOf(descriptor);
  if (file === null) return -EBADF;
  target.file = file;
  target.inode = file.inode;
  let path = file.path;
  if (path !== null) {
    target.mount = path.mount;
    target.entry = path.entry;
  }
  return 0;
}

function setTarget(entry: DirectoryEntry, mount: Mount): void {
  target.inode = entry.inode;
  target.entry = entry;
  target.mount = mount;
}

/** What the last findTarget or targetDescriptor found. */
export function found(): Target {
  return target;
}
