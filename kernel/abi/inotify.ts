// inotify event bits: man 7 inotify, Linux include/uapi/linux/inotify.h.

export const IN_ACCESS: u32 = 0x1;
export const IN_MODIFY: u32 = 0x2;
export const IN_ATTRIB: u32 = 0x4;
export const IN_CLOSE_WRITE: u32 = 0x8;
export const IN_CLOSE_NOWRITE: u32 = 0x10;
export const IN_OPEN: u32 = 0x20;
export const IN_MOVED_FROM: u32 = 0x40;
export const IN_MOVED_TO: u32 = 0x80;
export const IN_CREATE: u32 = 0x100;
export const IN_DELETE: u32 = 0x200;
export const IN_DELETE_SELF: u32 = 0x400;
export const IN_MOVE_SELF: u32 = 0x800;
export const IN_UNMOUNT: u32 = 0x2000;
export const IN_Q_OVERFLOW: u32 = 0x4000;
export const IN_IGNORED: u32 = 0x8000;
export const IN_ISDIR: u32 = 0x40000000;
/** All that a watch can ask for. */
export const IN_ALL_EVENTS: u32 = 0xfff;

/** Flags of inotify_add_watch (man 7 inotify). */
export const IN_ONLYDIR: u32 = 0x1000000;
export const IN_DONT_FOLLOW: u32 = 0x2000000;
export const IN_EXCL_UNLINK: u32 = 0x4000000;
export const IN_MASK_CREATE: u32 = 0x10000000;
export const IN_MASK_ADD: u32 = 0x20000000;
export const IN_ONESHOT: u32 = 0x80000000;

/** sizeof(struct inotify_event) without a name. */
export const INOTIFY_EVENT_SIZE: u64 = 16;
