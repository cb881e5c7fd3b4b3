// struct statfs of x86-64 (man 2 statfs) and the magic numbers of Linux include/uapi/linux/magic.h.

@unmanaged
export class Statfs {
  type: u64;
  blockSize: u64;
  blocks: u64;
  blocksFree: u64;
  blocksAvailable: u64;
  files: u64;
  filesFree: u64;
  fileSystemId: u64;
  nameLength: u64;
  fragmentSize: u64;
  flags: u64;
}
export const STATFS_SIZE: u64 = 120;

export const EROFS_SUPER_MAGIC: u64 = 0xe0f5e1e2;
export const TMPFS_MAGIC: u64 = 0x01021994;
export const OVERLAYFS_SUPER_MAGIC: u64 = 0x794c7630;
export const PROC_SUPER_MAGIC: u64 = 0x9fa0;
export const SYSFS_MAGIC: u64 = 0x62656572;
export const DEVPTS_SUPER_MAGIC: u64 = 0x1cd1;

/** f_flags: the kernel filled them in (ST_VALID), read-only, relatime. */
export const ST_VALID: u64 = 0x20;
export const ST_RDONLY: u64 = 1;
export const ST_RELATIME: u64 = 0x1000;

export const MS_RDONLY: u64 = 1;
