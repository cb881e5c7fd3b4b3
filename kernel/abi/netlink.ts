// Netlink and its routing family: Linux include/uapi/linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h.

export const NETLINK_ROUTE: i32 = 0;

/** struct sockaddr_nl: family u16, padding, port u32, groups u32. */
export const SOCKADDR_NL_SIZE: i32 = 12;

/** Multicast groups, as bits of sockaddr_nl.nl_groups (RTMGRP_*); NETLINK_ADD_MEMBERSHIP counts them from 1. */
export const RTMGRP_LINK: u32 = 0x1;
export const RTMGRP_IPV4_IFADDR: u32 = 0x10;
export const RTMGRP_IPV4_ROUTE: u32 = 0x40;
export const RTMGRP_IPV6_IFADDR: u32 = 0x100;
export const RTMGRP_IPV6_ROUTE: u32 = 0x400;
export const NETLINK_ADD_MEMBERSHIP: i32 = 1;
export const NETLINK_DROP_MEMBERSHIP: i32 = 2;

/** struct nlmsghdr: length u32, type u16, flags u16, sequence u32, port u32. */
export const NLMSG_HEADER: u64 = 16;
export const NLMSG_NOOP: u32 = 1;
export const NLMSG_ERROR: u32 = 2;
export const NLMSG_DONE: u32 = 3;
export const NLM_F_REQUEST: u32 = 1;
export const NLM_F_MULTI: u32 = 2;
export const NLM_F_ACK: u32 = 4;
export const NLM_F_DUMP: u32 = 0x300;

export const RTM_NEWLINK: u32 = 16;
export const RTM_DELLINK: u32 = 17;
export const RTM_GETLINK: u32 = 18;
export const RTM_NEWADDR: u32 = 20;
export const RTM_DELADDR: u32 = 21;
export const RTM_GETADDR: u32 = 22;
export const RTM_NEWROUTE: u32 = 24;
export const RTM_DELROUTE: u32 = 25;
export const RTM_GETROUTE: u32 = 26;
export const RTM_GETNEIGH: u32 = 30;
export const RTM_GETRULE: u32 = 34;
/** One past the last type that rtnetlink has. */
export const RTM_END: u32 = 124;

/** struct ifinfomsg, ifaddrmsg, rtmsg. */
export const IFINFO_SIZE: u64 = 16;
export const IFADDR_SIZE: u64 = 8;
export const RTMSG_SIZE: u64 = 12;

export const IFLA_ADDRESS: u32 = 1;
export const IFLA_BROADCAST: u32 = 2;
export const IFLA_IFNAME: u32 = 3;
export const IFLA_MTU: u32 = 4;
export const IFLA_QDISC: u32 = 6;
export const IFLA_STATS: u32 = 7;
export const IFLA_TXQLEN: u32 = 13;
export const IFLA_OPERSTATE: u32 = 16;
export const IFLA_LINKMODE: u32 = 17;
export const IFLA_STATS64: u32 = 23;
export const IFLA_CARRIER: u32 = 33;

export const IFA_ADDRESS: u32 = 1;
export const IFA_LOCAL: u32 = 2;
export const IFA_LABEL: u32 = 3;
export const IFA_BROADCAST: u32 = 4;
export const IFA_CACHEINFO: u32 = 6;
export const IFA_FLAGS: u32 = 8;
export const IFA_F_DADFAILED: u32 = 0x08;
export const IFA_F_DEPRECATED: u32 = 0x20;
export const IFA_F_TENTATIVE: u32 = 0x40;
export const IFA_F_PERMANENT: u32 = 0x80;

export const RTA_DST: u32 = 1;
export const RTA_OIF: u32 = 4;
export const RTA_GATEWAY: u32 = 5;
export const RTA_PRIORITY: u32 = 6;
export const RTA_PREFSRC: u32 = 7;
export const RTA_TABLE: u32 = 15;
export const RT_TABLE_MAIN: u32 = 254;
export const RT_SCOPE_UNIVERSE: u32 = 0;
export const RT_SCOPE_LINK: u32 = 253;
export const RT_SCOPE_HOST: u32 = 254;
export const RTN_UNICAST: u32 = 1;
export const RTPROT_KERNEL: u32 = 2;
export const RTPROT_BOOT: u32 = 3;
export const RTPROT_RA: u32 = 9;
export const RTPROT_DHCP: u32 = 16;

/** IF_OPER_* (RFC 2863). */
export const IF_OPER_UNKNOWN: u32 = 0;
export const IF_OPER_DOWN: u32 = 2;
export const IF_OPER_UP: u32 = 6;
