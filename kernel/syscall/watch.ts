// inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2), memfd_create(2).

import * as user from "machine/user";
import { bytesAddress, isUserRange } from "memory/address";
import { EACCES, EBADF, EFAULT, EINVAL, ENOTDIR } from "../abi/errno";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl";
import { IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_MASK_ADD, IN_MASK_CREATE, IN_ONESHOT, IN_ONLYDIR } from "../abi/inotify";
import {
  SYS_inotify_add_watch,
  SYS_inotify_init,
  SYS_inotify_init1,
  SYS_inotify_rm_watch,
  SYS_memfd_create,
} from "../abi/syscall-numbers";
import { Inotify } from "../fs/inotify/inotify";
import { checkFlags, createMemoryFile, MAX_NAME, MFD_CLOEXEC } from "../fs/memfd/memfd";
import { currentProcess } from "../process/current";
import { openError } from "../vfs/inode";
import { Last } from "../vfs/walk";
import { beginWalk, endWalk, install, usableFile, walkAt } from "./files";
import { define0, define1, define2, define3 } from "./table";

function inotifyInit(): i64 {
  return inotifyInit1(0);
}

/** IN_CLOEXEC and IN_NONBLOCK are O_CLOEXEC and O_NONBLOCK. */
function inotifyInit1(flags: u64): i64 {
  let bits = <u32>flags;
  if ((bits & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  return install(new Inotify(bits & O_NONBLOCK), (bits & O_CLOEXEC) != 0);
}

/** The instance behind a descriptor; null with the reason in `lookupError`. */
let lookupError: i64 = 0;
function findInotify(descriptor: u64): Inotify | null {
  let file = usableFile(descriptor);
  lookupError = file === null ? -EBADF : -EINVAL;
  return file instanceof Inotify ? (file as Inotify) : null;
}

function inotifyAddWatch(descriptor: u64, path: u64, events: u64): i64 {
  let mask = <u32>events;
  if ((mask & (IN_ALL_EVENTS | IN_ONESHOT)) == 0) return -EINVAL;
  if ((mask & IN_MASK_ADD) != 0 && (mask & IN_MASK_CREATE) != 0) return -EINVAL;
  let inotify = findInotify(descriptor);
  if (inotify === null) return lookupError;
  let walk = beginWalk();
  let error = walkAt(walk, <u64>AT_FDCWD, path, (mask & IN_DONT_FOLLOW) != 0 ? Last.ITSELF : Last.FOLLOW);
  if (error == 0) {
    let inode = walk.inode!;
    if ((mask & IN_ONLYDIR) != 0 && !inode.isDirectory) error = -ENOTDIR;
    else if (inode.permits(currentProcess().credentials, 4) < 0) error = -EACCES;
    else error = inotify.add(inode, mask);
  }
  endWalk(walk);
  return error;
}

function inotifyRmWatch(descriptor: u64, number: u64): i64 {
  let inotify = findInotify(descriptor);
  return inotify === null ? lookupError : inotify.removeNumber(<i32>number);
}

function memfdCreate(name: u64, flags: u64): i64 {
  let error = checkFlags(<u32>flags);
  if (error < 0) return error;
  let length = isUserRange(name, 1) ? user.stringLength(name, <u64>MAX_NAME + 1) : -1;
  if (length < 0) return -EFAULT;
  if (length > <i64>MAX_NAME) return -EINVAL;
  let text = new StaticArray<u8>(<i32>length);
  if (length > 0 && user.copyIn(bytesAddress(text), name, <u64>length) != 0) return -EFAULT;
  let file = createMemoryFile(text, <u32>flags);
  return file === null ? openError : install(file, (<u32>flags & MFD_CLOEXEC) != 0);
}

/** The rows of this family. */
export function defineWatchCalls(): void {
  define0(SYS_inotify_init, "inotify_init", "", inotifyInit, "complete");
  define1(SYS_inotify_init1, "inotify_init1", "flags", inotifyInit1, "complete");
  define3(SYS_inotify_add_watch, "inotify_add_watch", "fd path hex", inotifyAddWatch, "complete");
  define2(SYS_inotify_rm_watch, "inotify_rm_watch", "fd int", inotifyRmWatch, "complete");
  define2(SYS_memfd_create, "memfd_create", "str flags", memfdCreate, "without huge pages");
}
