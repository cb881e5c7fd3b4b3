// Internet sockets: protocols, options of IP, IPv6, TCP and UDP, interface requests. Linux include/uapi/linux/in.h, in6.h,
// tcp.h, udp.h, if.h, sockios.h.

export const IPPROTO_IP: i32 = 0;
export const IPPROTO_ICMP: i32 = 1;
export const IPPROTO_TCP: i32 = 6;
export const IPPROTO_UDP: i32 = 17;
export const IPPROTO_IPV6: i32 = 41;
export const IPPROTO_ICMPV6: i32 = 58;
export const IPPROTO_RAW: i32 = 255;

/** struct sockaddr_in: family, port (network order), address, padding. */
export const SOCKADDR_IN_SIZE: i32 = 16;
/** struct sockaddr_in6: family, port, flow, address, scope; without the scope in RFC 2133. */
export const SOCKADDR_IN6_SIZE: i32 = 28;
export const SOCKADDR_IN6_SHORT: i32 = 24;
/** Ports below this are the administrator's (man 7 ip). */
export const PRIVILEGED_PORTS: u32 = 1024;

/** man 7 ip. */
export const IP_TOS: i32 = 1;
export const IP_TTL: i32 = 2;
export const IP_HDRINCL: i32 = 3;
export const IP_OPTIONS: i32 = 4;
export const IP_RECVOPTS: i32 = 6;
export const IP_RETOPTS: i32 = 7;
export const IP_PKTINFO: i32 = 8;
export const IP_MTU_DISCOVER: i32 = 10;
export const IP_RECVERR: i32 = 11;
export const IP_RECVTTL: i32 = 12;
export const IP_RECVTOS: i32 = 13;
export const IP_MTU: i32 = 14;
export const IP_FREEBIND: i32 = 15;
export const IP_TRANSPARENT: i32 = 19;
export const IP_RECVORIGDSTADDR: i32 = 20;
export const IP_MINTTL: i32 = 21;
export const IP_BIND_ADDRESS_NO_PORT: i32 = 24;
export const IP_MULTICAST_IF: i32 = 32;
export const IP_MULTICAST_TTL: i32 = 33;
export const IP_MULTICAST_LOOP: i32 = 34;
export const IP_ADD_MEMBERSHIP: i32 = 35;
export const IP_DROP_MEMBERSHIP: i32 = 36;
export const IP_UNBLOCK_SOURCE: i32 = 37;
export const IP_BLOCK_SOURCE: i32 = 38;
export const IP_ADD_SOURCE_MEMBERSHIP: i32 = 39;
export const IP_DROP_SOURCE_MEMBERSHIP: i32 = 40;
export const MCAST_JOIN_GROUP: i32 = 42;
export const MCAST_LEAVE_GROUP: i32 = 45;
export const MCAST_JOIN_SOURCE_GROUP: i32 = 46;
export const MCAST_LEAVE_SOURCE_GROUP: i32 = 47;
export const IP_MULTICAST_ALL: i32 = 49;
export const IP_LOCAL_PORT_RANGE: i32 = 51;

/** man 7 ipv6. */
export const IPV6_ADDRFORM: i32 = 1;
export const IPV6_CHECKSUM: i32 = 7;
export const IPV6_UNICAST_HOPS: i32 = 16;
export const IPV6_MULTICAST_IF: i32 = 17;
export const IPV6_MULTICAST_HOPS: i32 = 18;
export const IPV6_MULTICAST_LOOP: i32 = 19;
export const IPV6_ADD_MEMBERSHIP: i32 = 20;
export const IPV6_DROP_MEMBERSHIP: i32 = 21;
export const IPV6_MTU_DISCOVER: i32 = 23;
export const IPV6_MTU: i32 = 24;
export const IPV6_RECVERR: i32 = 25;
export const IPV6_V6ONLY: i32 = 26;
export const IPV6_MULTICAST_ALL: i32 = 29;
export const IPV6_RECVPKTINFO: i32 = 49;
export const IPV6_PKTINFO: i32 = 50;
export const IPV6_RECVHOPLIMIT: i32 = 51;
export const IPV6_HOPLIMIT: i32 = 52;
export const IPV6_DONTFRAG: i32 = 62;
export const IPV6_RECVTCLASS: i32 = 66;
export const IPV6_TCLASS: i32 = 67;
export const IPV6_AUTOFLOWLABEL: i32 = 70;
export const IPV6_ADDR_PREFERENCES: i32 = 72;
export const IPV6_FREEBIND: i32 = 78;

/** struct sock_extended_err: errno u32, origin, type, code, padding u8 each, information u32, data u32 (linux/errqueue.h). */
export const EXTENDED_ERROR_SIZE: i32 = 16;
export const SO_EE_ORIGIN_LOCAL: u32 = 1;
export const SO_EE_ORIGIN_ICMP: u32 = 2;
export const SO_EE_ORIGIN_ICMP6: u32 = 3;
/** IP_MTU_DISCOVER and IPV6_MTU_DISCOVER: whether datagrams may be cut. */
export const IP_PMTUDISC_DO: i32 = 2;
export const IP_PMTUDISC_PROBE: i32 = 3;

/** man 7 tcp. */
export const TCP_NODELAY: i32 = 1;
export const TCP_MAXSEG: i32 = 2;
export const TCP_CORK: i32 = 3;
export const TCP_KEEPIDLE: i32 = 4;
export const TCP_KEEPINTVL: i32 = 5;
export const TCP_KEEPCNT: i32 = 6;
export const TCP_SYNCNT: i32 = 7;
export const TCP_LINGER2: i32 = 8;
export const TCP_DEFER_ACCEPT: i32 = 9;
export const TCP_WINDOW_CLAMP: i32 = 10;
export const TCP_INFO: i32 = 11;
export const TCP_QUICKACK: i32 = 12;
export const TCP_CONGESTION: i32 = 13;
export const TCP_USER_TIMEOUT: i32 = 18;
export const TCP_FASTOPEN: i32 = 23;
export const TCP_NOTSENT_LOWAT: i32 = 25;
export const TCP_FASTOPEN_CONNECT: i32 = 30;

/** man 7 netdevice. */
export const SIOCGIFNAME: u32 = 0x8910;
export const SIOCGIFCONF: u32 = 0x8912;
export const SIOCGIFFLAGS: u32 = 0x8913;
export const SIOCSIFFLAGS: u32 = 0x8914;
export const SIOCGIFADDR: u32 = 0x8915;
export const SIOCGIFDSTADDR: u32 = 0x8917;
export const SIOCGIFBRDADDR: u32 = 0x8919;
export const SIOCGIFNETMASK: u32 = 0x891b;
export const SIOCGIFMETRIC: u32 = 0x891d;
export const SIOCGIFMTU: u32 = 0x8921;
export const SIOCGIFHWADDR: u32 = 0x8927;
export const SIOCGIFINDEX: u32 = 0x8933;
export const SIOCGIFTXQLEN: u32 = 0x8942;
export const SIOCGIFMAP: u32 = 0x8970;

export const IFNAMSIZ: i32 = 16;
/** sizeof(struct ifreq). */
export const IFREQ_SIZE: u64 = 40;

export const IFF_UP: u32 = 0x1;
export const IFF_BROADCAST: u32 = 0x2;
export const IFF_LOOPBACK: u32 = 0x8;
export const IFF_RUNNING: u32 = 0x40;
export const IFF_MULTICAST: u32 = 0x1000;
export const IFF_LOWER_UP: u32 = 0x10000;
