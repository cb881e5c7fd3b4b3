// Directory records as getdents64(2) and getdents(2) fill them.
//
//   linux_dirent64   ino u64 | off i64 | reclen u16 | type u8 | name … NUL, padded to 8
//   linux_dirent     ino u64 | off u64 | reclen u16 | name … NUL, padded, type u8 in the last byte

export const DIRENT64_OFFSET: i32 = 8;
export const DIRENT64_RECORD_LENGTH: i32 = 16;
export const DIRENT64_TYPE: i32 = 18;
export const DIRENT64_NAME: i32 = 19;
export const DIRENT_NAME: i32 = 18;

/** man 3 readdir: d_type. It is the type field of st_mode shifted down by 12. */
export const DT_UNKNOWN: u32 = 0;
export const DT_FIFO: u32 = 1;
export const DT_CHR: u32 = 2;
export const DT_DIR: u32 = 4;
export const DT_BLK: u32 = 6;
export const DT_REG: u32 = 8;
export const DT_LNK: u32 = 10;
export const DT_SOCK: u32 = 12;
