// File types, struct stat, struct statx and device numbers: man 2 stat, man 2 statx, man 7 inode; layouts of x86-64 from
// Linux arch/x86/include/uapi/asm/stat.h and include/uapi/linux/stat.h.

export const S_ISUID: u32 = 0o4000;
export const S_ISGID: u32 = 0o2000;
export const S_ISVTX: u32 = 0o1000;

/** struct stat, 144 bytes. */
@unmanaged
export class Stat {
  device: u64;
  inode: u64;
  linkCount: u64;
  mode: u32;
  userId: u32;
  groupId: u32;
  specialDevice: u64;
  size: u64;
  blockSize: u64;
  blocks: u64;
  accessSeconds: i64;
  accessNs: i64;
  modifySeconds: i64;
  modifyNs: i64;
  changeSeconds: i64;
  changeNs: i64;
}
export const STAT_SIZE: u64 = 144;

/** struct statx, 256 bytes. */
@unmanaged
export class Statx {
  mask: u32;
  blockSize: u32;
  attributes: u64;
  linkCount: u32;
  userId: u32;
  groupId: u32;
  mode: u16;
  reserved: u16;
  inode: u64;
  size: u64;
  blocks: u64;
  attributesMask: u64;
  accessSeconds: i64;
  accessNs: u32;
  birthSeconds: i64;
  birthNs: u32;
  changeSeconds: i64;
  changeNs: u32;
  modifySeconds: i64;
  modifyNs: u32;
  reserved1: u32;
  specialMajor: u32;
  specialMinor: u32;
  deviceMajor: u32;
  deviceMinor: u32;
  mountId: u64;
  directMemoryAlign: u32;
  directOffsetAlign: u32;
}
export const STATX_SIZE: u64 = 256;

export const STATX_BASIC_STATS: u32 = 0x7ff;
export const STATX_BTIME: u32 = 0x800;
export const STATX_MNT_ID: u32 = 0x1000;
export const STATX_RESERVED: u32 = 0x80000000;
export const STATX_ATTR_MOUNT_ROOT: u64 = 0x2000;

export const UTIME_NOW: i64 = 0x3fffffff;
export const UTIME_OMIT: i64 = 0x3ffffffe;

/** A device number as stat(2) shows and mknod(2) takes it: Linux new_encode_dev. */
export function makeDevice(major: u32, minor: u32): u64 {
  return <u64>((minor & 0xff) | (major << 8) | ((minor & ~(<u32>0xff)) << 12));
}

export function deviceMajor(device: u64): u32 {
  return (<u32>device & 0xfff00) >> 8;
}

export function deviceMinor(device: u64): u32 {
  return (<u32>device & 0xff) | ((<u32>device >> 12) & 0xfff00);
}
