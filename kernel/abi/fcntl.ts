// open(2), fcntl(2), *at(2) and their kin: Linux include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h, x86-64.

export const O_ACCMODE: u32 = 0o3;
export const O_RDONLY: u32 = 0o0;
export const O_WRONLY: u32 = 0o1;
export const O_RDWR: u32 = 0o2;
export const O_CREAT: u32 = 0o100;
export const O_EXCL: u32 = 0o200;
export const O_NOCTTY: u32 = 0o400;
export const O_TRUNC: u32 = 0o1000;
export const O_APPEND: u32 = 0o2000;
export const O_NONBLOCK: u32 = 0o4000;
export const O_DSYNC: u32 = 0o10000;
export const O_ASYNC: u32 = 0o20000;
export const O_DIRECT: u32 = 0o40000;
export const O_LARGEFILE: u32 = 0o100000;
export const O_DIRECTORY: u32 = 0o200000;
export const O_NOFOLLOW: u32 = 0o400000;
export const O_NOATIME: u32 = 0o1000000;
export const O_CLOEXEC: u32 = 0o2000000;
export const O_SYNC: u32 = 0o4010000;
export const O_PATH: u32 = 0o10000000;
export const O_TMPFILE: u32 = 0o20200000;
/** The bit of O_TMPFILE that is not O_DIRECTORY. */
export const O_TMPFILE_BIT: u32 = 0o20000000;
/** Linux VALID_OPEN_FLAGS. */
export const VALID_OPEN_FLAGS: u32 = 0o37777703;
/** What F_SETFL may change (man 2 fcntl). */
export const SETFL_MASK: u32 = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

export const AT_FDCWD: i32 = -100;
export const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
export const AT_EACCESS: u32 = 0x200;
export const AT_REMOVEDIR: u32 = 0x200;
export const AT_SYMLINK_FOLLOW: u32 = 0x400;
export const AT_NO_AUTOMOUNT: u32 = 0x800;
export const AT_EMPTY_PATH: u32 = 0x1000;
export const AT_STATX_SYNC_TYPE: u32 = 0x6000;

export const F_DUPFD: i32 = 0;
export const F_GETFD: i32 = 1;
export const F_SETFD: i32 = 2;
export const F_GETFL: i32 = 3;
export const F_SETFL: i32 = 4;
export const F_GETLK: i32 = 5;
export const F_SETLK: i32 = 6;
export const F_SETLKW: i32 = 7;
export const F_SETOWN: i32 = 8;
export const F_GETOWN: i32 = 9;
export const F_SETSIG: i32 = 10;
export const F_GETSIG: i32 = 11;
export const F_SETOWN_EX: i32 = 15;
export const F_GETOWN_EX: i32 = 16;
export const F_OFD_GETLK: i32 = 36;
export const F_OFD_SETLK: i32 = 37;
export const F_OFD_SETLKW: i32 = 38;
export const F_SETLEASE: i32 = 1024;
export const F_GETLEASE: i32 = 1025;
export const F_NOTIFY: i32 = 1026;
export const F_DUPFD_QUERY: i32 = 1027;
export const F_DUPFD_CLOEXEC: i32 = 1030;
export const F_SETPIPE_SZ: i32 = 1031;
export const F_GETPIPE_SZ: i32 = 1032;
export const F_ADD_SEALS: i32 = 1033;
export const F_GET_SEALS: i32 = 1034;
export const F_GET_RW_HINT: i32 = 1035;
export const F_SET_RW_HINT: i32 = 1036;
export const FD_CLOEXEC: u32 = 1;

export const F_RDLCK: u32 = 0;
export const F_WRLCK: u32 = 1;
export const F_UNLCK: u32 = 2;

/** man 2 fcntl, "File Sealing". */
export const F_SEAL_SEAL: u32 = 1;
export const F_SEAL_SHRINK: u32 = 2;
export const F_SEAL_GROW: u32 = 4;
export const F_SEAL_WRITE: u32 = 8;
export const F_SEAL_FUTURE_WRITE: u32 = 16;
export const F_SEAL_EXEC: u32 = 32;

export const LOCK_SH: u32 = 1;
export const LOCK_EX: u32 = 2;
export const LOCK_NB: u32 = 4;
export const LOCK_UN: u32 = 8;

export const SEEK_SET: i32 = 0;
export const SEEK_CUR: i32 = 1;
export const SEEK_END: i32 = 2;
export const SEEK_DATA: i32 = 3;
export const SEEK_HOLE: i32 = 4;

export const R_OK: u32 = 4;
export const W_OK: u32 = 2;
export const X_OK: u32 = 1;

/** man 2 rename. */
export const RENAME_NOREPLACE: u32 = 1;
export const RENAME_EXCHANGE: u32 = 2;
export const RENAME_WHITEOUT: u32 = 4;

/** man 2 fallocate. */
export const FALLOC_FL_KEEP_SIZE: u32 = 1;
export const FALLOC_FL_PUNCH_HOLE: u32 = 2;
export const FALLOC_FL_COLLAPSE_RANGE: u32 = 8;
export const FALLOC_FL_ZERO_RANGE: u32 = 16;
export const FALLOC_FL_INSERT_RANGE: u32 = 32;
export const FALLOC_FL_UNSHARE_RANGE: u32 = 64;

/** man 2 openat2. */
export const RESOLVE_NO_XDEV: u64 = 1;
export const RESOLVE_NO_MAGICLINKS: u64 = 2;
export const RESOLVE_NO_SYMLINKS: u64 = 4;
export const RESOLVE_BENEATH: u64 = 8;
export const RESOLVE_IN_ROOT: u64 = 16;
export const RESOLVE_CACHED: u64 = 32;

/** Linux include/uapi/linux/limits.h. */
export const NAME_MAX: i32 = 255;
export const PATH_MAX: i32 = 4096;
/** man 7 path_resolution: symbolic links in one walk. */
export const MAX_SYMBOLIC_LINKS: i32 = 40;

/** struct flock (man 2 fcntl), 32 bytes. */
@unmanaged
export class Flock {
  type: i16;
  whence: i16;
  start: i64;
  length: i64;
  pid: i32;
}
export const FLOCK_SIZE: u64 = 32;

/** struct open_how (man 2 openat2). */
@unmanaged
export class OpenHow {
  flags: u64;
  mode: u64;
  resolve: u64;
}
export const OPEN_HOW_SIZE: u64 = 24;
