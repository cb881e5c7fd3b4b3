// execve and execveat: a path and two vectors of strings become a program (process/exec.ts).

import * as user from "machine/user";
import { bytesAddress, isUserRange } from "memory/address";
import { EACCES, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from "../abi/errno";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, PATH_MAX } from "../abi/fcntl";
import { SYS_execve, SYS_execveat } from "../abi/syscall-numbers";
import { Text } from "../lib/text";
import { LIMIT_STACK } from "../memory/limits";
import { Arguments } from "../process/arguments";
import { currentThread } from "../process/current";
import { exec } from "../process/exec";
import { UserThread } from "../process/user-thread";
import { File } from "../vfs/file";
import { Path } from "../vfs/path";
import * as walks from "../vfs/walk";
import { Last } from "../vfs/walk";
import { define3, define5 } from "./table";

const SLASH: u8 = 0x2f;

function execve(path: u64, argv: u64, envp: u64): i64 {
  return execveat(<u64>AT_FDCWD, path, argv, envp, 0);
}

function execveat(directory: u64, path: u64, argv: u64, envp: u64, flagBits: u64): i64 {
  let flags = <u32>flagBits;
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return -EINVAL;
  let descriptor = <i32>directory;
  let thread = currentThread();
  // The name outlives the old program, so it has a buffer of its own.
  let name = new StaticArray<u8>(PATH_MAX);
  if (!isUserRange(path, 1)) return -EFAULT;
  let length = <i32>user.stringLength(path, <u64>PATH_MAX);
  if (length < 0) return -EFAULT;
  if (length == PATH_MAX) return -ENAMETOOLONG;
  if (length > 0 && user.copyIn(bytesAddress(name), path, <u64>length) != 0) return -EFAULT;

  let start: Path | null = thread.process.files.directory;
  let isRelative = length == 0 || name[0] != SLASH;
  if (descriptor != AT_FDCWD && isRelative) {
    let file = thread.process.descriptors.get(descriptor);
    if (file === null) return -EBADF;
    if (length == 0) {
      if ((flags & AT_EMPTY_PATH) == 0) return -ENOENT;
      return executeFile(thread, file, descriptor, argv, envp);
    }
    start = file.path;
    if (start === null) return -ENOTDIR;
  }
  if (length == 0) return -ENOENT;
  return executePath(thread, start!, name, length, flags, argv, envp, descriptor);
}

/** fexecve(3): the open file itself. */
function executeFile(thread: UserThread, file: File, descriptor: i32, argv: u64, envp: u64): i64 {
  let inode = file.inode;
  if (inode === null) return -EACCES;
  let name = new Text(32);
  name.string("/dev/fd/").decimal(<u64>descriptor);
  let strings = new Arguments(thread.process.limits.soft[LIMIT_STACK]);
  let error = strings.takeUser(name.bytes, name.length, argv, envp);
  if (error < 0) {
    strings.discard();
    return error;
  }
  return exec(thread, inode, file.path, name.bytes, name.length, strings);
}

function executePath(
  thread: UserThread,
  start: Path,
  name: StaticArray<u8>,
  length: i32,
  flags: u32,
  argv: u64,
  envp: u64,
  descriptor: i32,
): i64 {
  let process = thread.process;
  let follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW;
  let walk = walks.begin(process.files, process.credentials);
  let error = walk.setText(name, length);
  if (error == 0) error = walk.run(process.files, process.credentials, start, follow);
  let path = error == 0 ? walk.toPath() : null;
  walks.end(walk);
  if (path === null) return error;
  let inode = path.entry.inode;
  if (inode === null) return -ENOENT;
  if (inode.isSymbolicLink) return -ELOOP;

  // AT_EXECFN of a path below a descriptor, as Linux shows it.
  let shown = name;
  if (descriptor != AT_FDCWD && name[0] != SLASH) {
    let text = new Text(PATH_MAX + 32);
    text
      .string("/dev/fd/")
      .decimal(<u64>descriptor)
      .byte(SLASH)
      .array(name, 0, length);
    shown = text.bytes;
    length = text.length;
  }
  let strings = new Arguments(process.limits.soft[LIMIT_STACK]);
  error = strings.takeUser(shown, length, argv, envp);
  if (error < 0) {
    strings.discard();
    return error;
  }
  return exec(thread, inode, path, shown, length, strings);
}

/** Add the rows of this family to the table. */
export function defineExecuteCalls(): void {
  define3(SYS_execve, "execve", "path ptr ptr", execve, "complete: ELF and #! scripts");
  define5(SYS_execveat, "execveat", "at path ptr ptr flags", execveat, "complete: ELF and #! scripts");
}
