// Extended attributes: man 7 xattr, man 2 setxattr; limits from Linux include/uapi/linux/limits.h.

export const XATTR_CREATE: u32 = 1;
export const XATTR_REPLACE: u32 = 2;
export const XATTR_NAME_MAX: i32 = 255;
export const XATTR_SIZE_MAX: u64 = 65536;
export const XATTR_LIST_MAX: u64 = 65536;
