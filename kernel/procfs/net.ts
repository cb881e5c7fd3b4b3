// Puts the files of /proc/net and the network's settings in their places.

import { EPHEMERAL_FIRST, EPHEMERAL_LAST } from "../net/transport/ports";
import { MAX_BACKLOG } from "../net/tcp/listener";
import { Text } from "../lib/text";
import {
  ArpTable,
  DeviceList,
  Ipv6AddressList,
  Ipv6RouteTable,
  RouteTable,
  SocketStatistics,
  TcpTable,
  UdpTable,
} from "./net-files";
import { ResolverFile } from "./net-resolver";
import { Netstat, Snmp, Snmp6 } from "./net-statistics";
import { TextSource } from "./proc-file-system";
import { registerProcFile } from "./root";
import { Constant, Setting } from "./system-files";

class PortRange extends TextSource {
  override render(text: Text): void {
    text.decimal(EPHEMERAL_FIRST).byte(0x09).decimal(EPHEMERAL_LAST).byte(0x0a);
  }
}

/** Precondition: /proc is made. */
export function registerNetworkFiles(): void {
  registerProcFile("net/dev", new DeviceList());
  registerProcFile("net/tcp", new TcpTable(false));
  registerProcFile("net/tcp6", new TcpTable(true));
  registerProcFile("net/udp", new UdpTable(false));
  registerProcFile("net/udp6", new UdpTable(true));
  registerProcFile("net/route", new RouteTable());
  registerProcFile("net/ipv6_route", new Ipv6RouteTable());
  registerProcFile("net/if_inet6", new Ipv6AddressList());
  registerProcFile("net/arp", new ArpTable());
  registerProcFile("net/snmp", new Snmp());
  registerProcFile("net/snmp6", new Snmp6());
  registerProcFile("net/netstat", new Netstat());
  registerProcFile("net/pnp", new ResolverFile());
  registerProcFile("net/sockstat", new SocketStatistics());
  registerProcFile("sys/net/core/somaxconn", new Setting(MAX_BACKLOG), 0o644);
  registerProcFile("sys/net/ipv4/ip_local_port_range", new PortRange(), 0o644);
  registerProcFile("sys/net/ipv4/tcp_congestion_control", new Constant("cubic\n"));
  registerProcFile("sys/net/ipv4/tcp_available_congestion_control", new Constant("cubic reno\n"));
  registerProcFile("sys/net/ipv4/tcp_rmem", new Constant("2304\t131072\t6291456\n"));
  registerProcFile("sys/net/ipv4/tcp_wmem", new Constant("4608\t65536\t4194304\n"));
  registerProcFile("sys/net/ipv4/ip_forward", new Setting(0));
  registerProcFile("sys/net/ipv6/conf/all/disable_ipv6", new Setting(0));
}
