// ioctl(2) requests that concern every file: Linux include/uapi/asm-generic/ioctls.h and include/uapi/linux/fs.h.

export const FIONREAD: u32 = 0x541b;
export const FIONBIO: u32 = 0x5421;
export const FIONCLEX: u32 = 0x5450;
export const FIOCLEX: u32 = 0x5451;
export const FIOASYNC: u32 = 0x5452;
export const FIOQSIZE: u32 = 0x5460;
export const FIGETBSZ: u32 = 2;
export const FICLONE: u32 = 0x40049409;
export const FICLONERANGE: u32 = 0x4020940d;
export const FIDEDUPERANGE: u32 = 0xc0189436;
export const FS_IOC_GETFLAGS: u32 = 0x80086601;
export const FS_IOC_SETFLAGS: u32 = 0x40086602;
export const FS_IOC_FIEMAP: u32 = 0xc020660b;
