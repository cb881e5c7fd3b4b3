// open(2), openat(2), openat2(2), creat(2), and file handles, which are not kept.

import { at, bytesAddress, pointerOf } from "memory/address";
import { E2BIG, EAGAIN, EINVAL, EOPNOTSUPP, EPERM } from "../abi/errno";
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_LARGEFILE,
  O_PATH,
  O_TMPFILE_BIT,
  O_TRUNC,
  O_WRONLY,
  OPEN_HOW_SIZE,
  OpenHow,
  RESOLVE_BENEATH,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  VALID_OPEN_FLAGS,
} from "../abi/fcntl";
import {
  SYS_creat,
  SYS_name_to_handle_at,
  SYS_open,
  SYS_open_by_handle_at,
  SYS_openat,
  SYS_openat2,
} from "../abi/syscall-numbers";
import { copyIn, fetch8, fetched } from "../memory/user";
import { currentProcess } from "../process/current";
import { openError } from "../vfs/inode";
import { openPath } from "../vfs/open";
import { setCaller } from "../vfs/set-id";
import { beginWalk, CurrentCaller, endWalk, install, startError, startOf } from "./files";
import { define2, define3, define4, define5 } from "./table";

const KNOWN_RESOLVE: u64 = 0x3f;

const howBuffer: StaticArray<u8> = new StaticArray<u8>(<i32>OPEN_HOW_SIZE);

function open(path: u64, flags: u64, mode: u64): i64 {
  return openFrom(<u64>AT_FDCWD, path, <u32>flags & VALID_OPEN_FLAGS, <u32>mode, 0);
}

function creat(path: u64, mode: u64): i64 {
  return openFrom(<u64>AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, <u32>mode, 0);
}

/** Unknown flags are ignored (man 2 open, BUGS). */
function openat(directory: u64, path: u64, flags: u64, mode: u64): i64 {
  return openFrom(directory, path, <u32>flags & VALID_OPEN_FLAGS, <u32>mode, 0);
}

/** Unknown flags are errors (man 2 openat2). */
function openat2(directory: u64, path: u64, how: u64, size: u64): i64 {
  if (size < OPEN_HOW_SIZE) return -EINVAL;
  if (size > 4096) return -E2BIG;
  let error = copyIn(bytesAddress(howBuffer), how, OPEN_HOW_SIZE);
  if (error < 0) return error;
  for (let i = OPEN_HOW_SIZE; i < size; i++) {
    error = fetch8(how + i);
    if (error < 0) return error;
    if (fetched != 0) return -E2BIG;
  }
  let wanted = at<OpenHow>(pointerOf(howBuffer));
  let flags = wanted.flags;
  let mode = wanted.mode;
  let resolve = wanted.resolve;
  if ((flags & ~(<u64>VALID_OPEN_FLAGS)) != 0 || (resolve & ~KNOWN_RESOLVE) != 0) return -EINVAL;
  let isMaking = (flags & <u64>(O_CREAT | O_TMPFILE_BIT)) != 0;
  if (isMaking ? (mode & ~(<u64>0o7777)) != 0 : mode != 0) return -EINVAL;
  if ((resolve & RESOLVE_BENEATH) != 0 && (resolve & RESOLVE_IN_ROOT) != 0) return -EINVAL;
  if ((flags & <u64>O_PATH) != 0 && (flags & ~(<u64>0o12700000)) != 0) return -EINVAL;
  // Nothing waits for a medium here, but a caller that asks gets the honest "try without".
  if ((resolve & RESOLVE_CACHED) != 0 && isMaking) return -EAGAIN;
  return openFrom(directory, path, <u32>flags, <u32>mode, resolve);
}

function openFrom(directory: u64, path: u64, flags: u32, mode: u32, resolve: u64): i64 {
  let process = currentProcess();
  let walk = beginWalk();
  let error = walk.setUserText(path);
  if (error < 0) {
    endWalk(walk);
    return error;
  }
  let start = startOf(walk, directory);
  if (start === null) {
    endWalk(walk);
    return startError;
  }
  let file = openPath(walk, process.files, process.credentials, start, flags | O_LARGEFILE, mode, resolve);
  endWalk(walk);
  if (file === null) return openError;
  return install(file, (flags & O_CLOEXEC) != 0);
}

function nameToHandleAt(_directory: u64, _path: u64, _handle: u64, _mountId: u64, _flags: u64): i64 {
  return -EOPNOTSUPP;
}

function openByHandleAt(_mount: u64, _handle: u64, _flags: u64): i64 {
  return currentProcess().credentials.isPrivileged ? -EOPNOTSUPP : -EPERM;
}

/** Add the rows. */
export function defineOpenCalls(): void {
  setCaller(new CurrentCaller());
  define3(SYS_open, "open", "path flags mode", open, "complete");
  define2(SYS_creat, "creat", "path mode", creat, "complete");
  define4(SYS_openat, "openat", "at path flags mode", openat, "complete");
  define4(SYS_openat2, "openat2", "at path in size", openat2, "complete");
  define5(
    SYS_name_to_handle_at,
    "name_to_handle_at",
    "at path out out flags",
    nameToHandleAt,
    "answers EOPNOTSUPP: no file system here has handles",
  );
  define3(SYS_open_by_handle_at, "open_by_handle_at", "fd in flags", openByHandleAt, "answers EOPNOTSUPP");
}
