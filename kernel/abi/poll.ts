// Readiness bits: Linux include/uapi/linux/eventpoll.h; poll(2)'s are the same numbers (asm-generic/poll.h).

export const EPOLLIN: u32 = 0x1;
export const EPOLLPRI: u32 = 0x2;
export const EPOLLOUT: u32 = 0x4;
export const EPOLLERR: u32 = 0x8;
export const EPOLLHUP: u32 = 0x10;
/** poll(2)'s answer for a bad descriptor. */
export const POLLNVAL: u32 = 0x20;
export const EPOLLRDNORM: u32 = 0x40;
export const EPOLLRDBAND: u32 = 0x80;
export const EPOLLWRNORM: u32 = 0x100;
export const EPOLLWRBAND: u32 = 0x200;
export const EPOLLRDHUP: u32 = 0x2000;
export const EPOLLEXCLUSIVE: u32 = 0x10000000;
export const EPOLLWAKEUP: u32 = 0x20000000;
export const EPOLLONESHOT: u32 = 0x40000000;
export const EPOLLET: u32 = 0x80000000;

/** There is something to read. */
export const READABLE: u32 = EPOLLIN | EPOLLRDNORM;
/** There is room to write. */
export const WRITABLE: u32 = EPOLLOUT | EPOLLWRNORM;
