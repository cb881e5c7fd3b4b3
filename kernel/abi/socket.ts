// Sockets: families, types, flags and options. Linux include/linux/socket.h, include/uapi/asm-generic/socket.h and
// include/uapi/linux/un.h, x86-64.

export const AF_UNSPEC: i32 = 0;
export const AF_UNIX: i32 = 1;
export const AF_INET: i32 = 2;
export const AF_INET6: i32 = 10;
export const AF_NETLINK: i32 = 16;
export const AF_PACKET: i32 = 17;
/** One past the last family that Linux has a number for. */
export const AF_MAX: i32 = 46;

export const SOCK_STREAM: i32 = 1;
export const SOCK_DGRAM: i32 = 2;
export const SOCK_RAW: i32 = 3;
export const SOCK_RDM: i32 = 4;
export const SOCK_SEQPACKET: i32 = 5;
export const SOCK_TYPE_MASK: i32 = 0xf;
/** O_NONBLOCK and O_CLOEXEC under other names. */
export const SOCK_NONBLOCK: u32 = 0o4000;
export const SOCK_CLOEXEC: u32 = 0o2000000;

export const MSG_OOB: u32 = 0x1;
export const MSG_PEEK: u32 = 0x2;
export const MSG_DONTROUTE: u32 = 0x4;
export const MSG_CTRUNC: u32 = 0x8;
export const MSG_TRUNC: u32 = 0x20;
export const MSG_DONTWAIT: u32 = 0x40;
export const MSG_EOR: u32 = 0x80;
export const MSG_WAITALL: u32 = 0x100;
export const MSG_CONFIRM: u32 = 0x800;
export const MSG_ERRQUEUE: u32 = 0x2000;
export const MSG_NOSIGNAL: u32 = 0x4000;
export const MSG_MORE: u32 = 0x8000;
export const MSG_WAITFORONE: u32 = 0x10000;
export const MSG_FASTOPEN: u32 = 0x20000000;
export const MSG_CMSG_CLOEXEC: u32 = 0x40000000;

export const SHUT_RD: i32 = 0;
export const SHUT_WR: i32 = 1;
export const SHUT_RDWR: i32 = 2;

/** Levels of options and control messages. */
export const SOL_IP: i32 = 0;
export const SOL_SOCKET: i32 = 1;
export const SOL_TCP: i32 = 6;
export const SOL_UDP: i32 = 17;
export const SOL_IPV6: i32 = 41;
export const SOL_ICMPV6: i32 = 58;
export const SOL_RAW: i32 = 255;
export const SOL_NETLINK: i32 = 270;

/** man 7 socket. */
export const SO_DEBUG: i32 = 1;
export const SO_REUSEADDR: i32 = 2;
export const SO_TYPE: i32 = 3;
export const SO_ERROR: i32 = 4;
export const SO_DONTROUTE: i32 = 5;
export const SO_BROADCAST: i32 = 6;
export const SO_SNDBUF: i32 = 7;
export const SO_RCVBUF: i32 = 8;
export const SO_KEEPALIVE: i32 = 9;
export const SO_OOBINLINE: i32 = 10;
export const SO_NO_CHECK: i32 = 11;
export const SO_PRIORITY: i32 = 12;
export const SO_LINGER: i32 = 13;
export const SO_REUSEPORT: i32 = 15;
export const SO_PASSCRED: i32 = 16;
export const SO_PEERCRED: i32 = 17;
export const SO_RCVLOWAT: i32 = 18;
export const SO_SNDLOWAT: i32 = 19;
export const SO_RCVTIMEO: i32 = 20;
export const SO_SNDTIMEO: i32 = 21;
export const SO_BINDTODEVICE: i32 = 25;
export const SO_ATTACH_FILTER: i32 = 26;
export const SO_DETACH_FILTER: i32 = 27;
export const SO_TIMESTAMP: i32 = 29;
export const SO_ACCEPTCONN: i32 = 30;
export const SO_PEERSEC: i32 = 31;
export const SO_SNDBUFFORCE: i32 = 32;
export const SO_RCVBUFFORCE: i32 = 33;
export const SO_TIMESTAMPNS: i32 = 35;
export const SO_MARK: i32 = 36;
export const SO_PROTOCOL: i32 = 38;
export const SO_DOMAIN: i32 = 39;
export const SO_RXQ_OVFL: i32 = 40;
export const SO_PEEK_OFF: i32 = 42;
export const SO_BUSY_POLL: i32 = 46;
export const SO_INCOMING_CPU: i32 = 49;
export const SO_PEERGROUPS: i32 = 59;
export const SO_ZEROCOPY: i32 = 60;
export const SO_BINDTOIFINDEX: i32 = 62;
export const SO_RCVTIMEO_NEW: i32 = 66;
export const SO_SNDTIMEO_NEW: i32 = 67;
export const SO_PEERPIDFD: i32 = 77;

/** Control messages of SOL_SOCKET (man 7 unix, man 3 cmsg). */
export const SCM_RIGHTS: i32 = 1;
export const SCM_CREDENTIALS: i32 = 2;
/** Linux SCM_MAX_FD: descriptors in one message. */
export const SCM_MAX_FD: i32 = 253;
/** sizeof(struct cmsghdr), and what its parts are aligned to. */
export const CMSG_HEADER: u64 = 16;
/** net.core.optmem_max: the longest control buffer that a send takes. */
export const MAX_CONTROL: u64 = 20480;

/** sizeof(struct sockaddr_storage), and of sockaddr_un with its path. */
export const SOCKADDR_STORAGE_SIZE: i32 = 128;
export const SOCKADDR_UN_SIZE: i32 = 110;
/** offsetof(struct sockaddr_un, sun_path). */
export const SUN_PATH: i32 = 2;

/** struct msghdr on x86-64: 56 bytes; struct mmsghdr: 64 with msg_len at 56. */
export const MSGHDR_SIZE: u64 = 56;
export const MMSGHDR_SIZE: u64 = 64;
export const MSG_NAME: u64 = 0;
export const MSG_NAMELEN: u64 = 8;
export const MSG_IOV: u64 = 16;
export const MSG_IOVLEN: u64 = 24;
export const MSG_CONTROL: u64 = 32;
export const MSG_CONTROLLEN: u64 = 40;
export const MSG_FLAGS: u64 = 48;
export const MMSG_LEN: u64 = 56;

/** net.core.somaxconn. */
export const SOMAXCONN: i32 = 4096;

/** ioctl(2) on sockets: Linux include/uapi/asm-generic/sockios.h, include/uapi/linux/sockios.h. */
export const FIOSETOWN: u32 = 0x8901;
export const SIOCSPGRP: u32 = 0x8902;
export const FIOGETOWN: u32 = 0x8903;
export const SIOCGPGRP: u32 = 0x8904;
export const SIOCATMARK: u32 = 0x8905;
export const SIOCGSTAMP: u32 = 0x8906;
/** FIONREAD and SIOCINQ; TIOCOUTQ and SIOCOUTQ. */
export const SIOCINQ: u32 = 0x541b;
export const SIOCOUTQ: u32 = 0x5411;
