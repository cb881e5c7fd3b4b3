import { test } from "node:test";
import { compareLayout } from "../abi-layout.ts";

/** Expressions of C for the facts that abi.as.ts collects, in its order. */
const expressions = [
  "sizeof(struct stat)",
  "offsetof(struct stat, st_dev)",
  "offsetof(struct stat, st_ino)",
  "offsetof(struct stat, st_nlink)",
  "offsetof(struct stat, st_mode)",
  "offsetof(struct stat, st_uid)",
  "offsetof(struct stat, st_gid)",
  "offsetof(struct stat, st_rdev)",
  "offsetof(struct stat, st_size)",
  "offsetof(struct stat, st_blksize)",
  "offsetof(struct stat, st_blocks)",
  "offsetof(struct stat, st_atim.tv_sec)",
  "offsetof(struct stat, st_mtim.tv_nsec)",
  "offsetof(struct stat, st_ctim.tv_nsec)",
  "sizeof(struct statx)",
  "offsetof(struct statx, stx_mask)",
  "offsetof(struct statx, stx_blksize)",
  "offsetof(struct statx, stx_attributes)",
  "offsetof(struct statx, stx_nlink)",
  "offsetof(struct statx, stx_gid)",
  "offsetof(struct statx, stx_mode)",
  "offsetof(struct statx, stx_ino)",
  "offsetof(struct statx, stx_size)",
  "offsetof(struct statx, stx_blocks)",
  "offsetof(struct statx, stx_attributes_mask)",
  "offsetof(struct statx, stx_atime.tv_sec)",
  "offsetof(struct statx, stx_btime.tv_nsec)",
  "offsetof(struct statx, stx_ctime.tv_nsec)",
  "offsetof(struct statx, stx_mtime.tv_nsec)",
  "offsetof(struct statx, stx_rdev_major)",
  "offsetof(struct statx, stx_rdev_minor)",
  "offsetof(struct statx, stx_dev_major)",
  "offsetof(struct statx, stx_dev_minor)",
  "offsetof(struct statx, stx_mnt_id)",
  "sizeof(struct statfs)",
  "offsetof(struct statfs, f_type)",
  "offsetof(struct statfs, f_bsize)",
  "offsetof(struct statfs, f_blocks)",
  "offsetof(struct statfs, f_bfree)",
  "offsetof(struct statfs, f_bavail)",
  "offsetof(struct statfs, f_files)",
  "offsetof(struct statfs, f_ffree)",
  "offsetof(struct statfs, f_fsid)",
  "offsetof(struct statfs, f_namelen)",
  "offsetof(struct statfs, f_frsize)",
  "offsetof(struct statfs, f_flags)",
  "sizeof(struct flock)",
  "offsetof(struct flock, l_type)",
  "offsetof(struct flock, l_whence)",
  "offsetof(struct flock, l_start)",
  "offsetof(struct flock, l_len)",
  "offsetof(struct flock, l_pid)",
  "sizeof(struct open_how)",
  "offsetof(struct open_how, flags)",
  "offsetof(struct open_how, mode)",
  "offsetof(struct open_how, resolve)",
];

const declarations = `
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/vfs.h>
`;

test("stat, statx, statfs, flock and open_how are laid out as C lays them out", () =>
  compareLayout(new URL("./abi.as.ts", import.meta.url), declarations, expressions));
