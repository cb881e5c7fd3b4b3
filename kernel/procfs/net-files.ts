// /proc/net: what the network stack holds, in the columns of Linux (man 5 proc, net/ipv4/tcp_ipv4.c and its neighbours).

import { Text } from "../lib/text";
import { Address, IPV4_PREFIX_BITS } from "../net/address";
import { Interface } from "../net/ip/interface";
import * as interfaces from "../net/ip/interfaces";
import { AddressState } from "../net/ip/interface";
import * as routes from "../net/ip/routes";
import { NetworkDevice } from "../net/link/device";
import * as devices from "../net/link/registry";
import * as neighbours from "../net/neighbour/cache";
import { Neighbour, Reachability } from "../net/neighbour/neighbour";
import { SocketObserver } from "../net/observer";
import { Connection } from "../net/tcp/connection";
import { Endpoint } from "../net/tcp/endpoint";
import { Listener } from "../net/tcp/listener";
import * as listeners from "../net/tcp/listeners";
import { State } from "../net/tcp/state";
import * as connections from "../net/tcp/table";
import { writeAddress } from "../net/text";
import { UdpEndpoint } from "../net/udp/endpoint";
import * as endpoints from "../net/udp/table";
import { TextSource } from "./proc-file-system";

const TAB: u32 = 0x09;
const NEWLINE: u32 = 0x0a;
const COLON: u32 = 0x3a;
/** Buckets of the listeners' and endpoints' tables. */
const PORT_BUCKETS: i32 = 256;

function swap32(value: u32): u32 {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >> 24);
}

/** An address as Linux shows it: each 32-bit word as the processor reads it from memory. */
function hexAddress(text: Text, address: Address, isIpv6: bool): Text {
  if (!isIpv6) return text.hexPadded(swap32(<u32>address.low), 8);
  text.hexPadded(swap32(<u32>(address.high >> 32)), 8).hexPadded(swap32(<u32>address.high), 8);
  return text.hexPadded(swap32(<u32>(address.low >> 32)), 8).hexPadded(swap32(<u32>address.low), 8);
}

function nameOf(index: i32): string {
  let device = devices.find(index);
  return device === null ? "*" : device.name;
}

export class DeviceList extends TextSource {
  override render(text: Text): void {
    text.string("Inter-|   Receive                                                |  Transmit\n");
    text.string(" face |bytes    packets errs drop fifo frame compressed multicast");
    text.string("|bytes    packets errs drop fifo colls carrier compressed\n");
    for (let i = 1; i <= devices.deviceTotal(); i++) {
      let device = devices.find(i);
      if (device !== null) this.line(text, device);
    }
  }

  private line(text: Text, device: NetworkDevice): void {
    for (let i = device.name.length; i < 6; i++) text.byte(0x20);
    text.string(device.name).byte(COLON);
    text.decimal(device.receivedBytes, 8).decimal(device.receivedPackets, 8);
    text.decimal(device.receiveErrors, 5).decimal(device.receiveDrops, 5).decimal(0, 5).decimal(0, 6).decimal(0, 11);
    text.decimal(device.multicastPackets, 10).byte(0x20);
    text.decimal(device.transmittedBytes, 8).decimal(device.transmittedPackets, 8);
    text.decimal(device.transmitErrors, 5).decimal(device.transmitDrops, 5);
    text.decimal(0, 5).decimal(0, 6).decimal(0, 8).decimal(0, 11).byte(NEWLINE);
  }
}

/** The columns that TCP's and UDP's lines share, and the numbering. */
class SocketTable extends TextSource {
  private count: i32 = 0;

  constructor(readonly isIpv6: bool) {
    super();
  }

  begin(text: Text): void {
    this.count = 0;
    let address = this.isIpv6
      ? "  sl  local_address                         remote_address                        st"
      : "  sl  local_address rem_address   st";
    text.string(address).string(" tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
  }

  line(
    text: Text,
    local: Address,
    localPort: u32,
    remote: Address,
    remotePort: u32,
    state: u32,
    unsent: u32,
    unread: u32,
    observer: SocketObserver | null,
  ): void {
    text.decimal(this.count++, 4).string(": ");
    hexAddress(text, local, this.isIpv6).byte(COLON).hexPadded(localPort, 4).byte(0x20);
    hexAddress(text, remote, this.isIpv6).byte(COLON).hexPadded(remotePort, 4).byte(0x20);
    text.hexPadded(state, 2).byte(0x20).hexPadded(unsent, 8).byte(COLON).hexPadded(unread, 8);
    text.string(" 00:00000000 00000000 ");
    text.decimal(observer === null ? 0 : observer.user, 5).string("        0 ");
    text.decimal(observer === null ? 0 : observer.inode).string(" 1 0000000000000000 20 4 0 10 -1\n");
  }
}

export class TcpTable extends SocketTable {
  constructor(isIpv6: bool) {
    super(isIpv6);
  }

  override render(text: Text): void {
    this.begin(text);
    for (let i = 0; i < PORT_BUCKETS; i++) {
      let listener: Listener | null = listeners.first(i);
      while (listener !== null) {
        this.listening(text, listener);
        listener = listener.next;
      }
    }
    for (let i = 0; i < connections.buckets(); i++) {
      let entry: Endpoint | null = connections.first(i);
      while (entry !== null) {
        this.conversation(text, entry);
        entry = entry.nextInBucket;
      }
    }
  }

  private listening(text: Text, listener: Listener): void {
    let binding = listener.binding;
    if (binding.address.isIpv4 == this.isIpv6) return;
    let none = new Address();
    this.line(text, binding.address, binding.port, none, 0, State.LISTEN, 0, listener.acceptable, listener.observer);
  }

  private conversation(text: Text, entry: Endpoint): void {
    if (entry.local.isIpv4 == this.isIpv6) return;
    let unsent: u32 = 0;
    let unread: u32 = 0;
    let observer: SocketObserver | null = null;
    if (entry instanceof Connection) {
      let connection = entry as Connection;
      unsent = connection.sendBuffer.length;
      unread = connection.receiveQueue.length;
      observer = connection.observer;
    }
    this.line(
      text,
      entry.local,
      entry.localPort,
      entry.remote,
      entry.remotePort,
      entry.state,
      unsent,
      unread,
      observer,
    );
  }
}

/** TCP_CLOSE, as an unconnected datagram socket shows. */
const UNCONNECTED: u32 = State.CLOSED;

export class UdpTable extends SocketTable {
  constructor(isIpv6: bool) {
    super(isIpv6);
  }

  override render(text: Text): void {
    this.begin(text);
    for (let i = 0; i < PORT_BUCKETS; i++) {
      let endpoint: UdpEndpoint | null = endpoints.first(i);
      while (endpoint !== null) {
        if (endpoint.isIpv6 == this.isIpv6) this.endpoint(text, endpoint);
        endpoint = endpoint.next;
      }
    }
  }

  private endpoint(text: Text, endpoint: UdpEndpoint): void {
    let binding = endpoint.binding;
    let state: u32 = endpoint.isConnected ? State.ESTABLISHED : UNCONNECTED;
    let unread = endpoint.footprint;
    this.line(
      text,
      binding.address,
      binding.port,
      endpoint.remote,
      endpoint.remotePort,
      state,
      0,
      unread,
      endpoint.observer,
    );
  }
}

/** RTF_UP, RTF_GATEWAY, RTF_HOST (Linux include/uapi/linux/route.h). */
const ROUTE_UP: u32 = 1;
const ROUTE_GATEWAY: u32 = 2;
const ROUTE_HOST: u32 = 4;

function flagsOf(route: routes.Route): u32 {
  return ROUTE_UP | (route.hasGateway ? ROUTE_GATEWAY : 0) | (route.prefixLength == 128 ? ROUTE_HOST : 0);
}

export class RouteTable extends TextSource {
  override render(text: Text): void {
    text.string("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
    for (let i = 0; i < routes.length; i++) {
      let route = routes.nth(i);
      if (route === null || !route.isIpv4 || route.via.isLoopback) continue;
      let bits = route.prefixLength - IPV4_PREFIX_BITS;
      let mask: u32 = bits == 0 ? 0 : u32.MAX_VALUE << (32 - bits);
      text.string(nameOf(route.via.index)).byte(TAB);
      hexAddress(text, route.prefix, false).byte(TAB);
      hexAddress(text, route.gateway, false).byte(TAB).hexPadded(flagsOf(route), 4).string("\t0\t0\t");
      text.decimal(route.metric).byte(TAB).hexPadded(swap32(mask), 8).string("\t0\t0\t0\n");
    }
  }
}

/** An IPv6 address without colons, in reading order. */
function plain(text: Text, address: Address): Text {
  return text.hexPadded(address.high, 16).hexPadded(address.low, 16);
}

export class Ipv6RouteTable extends TextSource {
  override render(text: Text): void {
    let none = new Address();
    for (let i = 0; i < routes.length; i++) {
      let route = routes.nth(i);
      if (route === null || route.isIpv4) continue;
      plain(text, route.prefix).byte(0x20).hexPadded(route.prefixLength, 2).byte(0x20);
      plain(text, none).string(" 00 ");
      plain(text, route.gateway).byte(0x20).hexPadded(route.metric, 8).string(" 00000001 00000000 ");
      text.hexPadded(flagsOf(route), 8).byte(0x20);
      let name = nameOf(route.via.index);
      for (let j = name.length; j < 8; j++) text.byte(0x20);
      text.string(name).byte(NEWLINE);
    }
  }
}

/** Scopes and flags of addresses (Linux include/net/ipv6.h, if_addr.h). */
const SCOPE_LINK: u32 = 0x20;
const SCOPE_HOST: u32 = 0x10;
const FLAG_PERMANENT: u32 = 0x80;
const FLAG_TENTATIVE: u32 = 0x40;
const FLAG_DEPRECATED: u32 = 0x20;

export class Ipv6AddressList extends TextSource {
  override render(text: Text): void {
    for (let i = 1; i <= interfaces.last; i++) {
      let entry: Interface | null = interfaces.find(i);
      if (entry === null) continue;
      for (let j = 0; j < entry.addressCount; j++) {
        let own = entry.address(j);
        if (own.address.isIpv4) continue;
        let scope: u32 = own.address.isLoopback ? SCOPE_HOST : own.address.isLinkLocal ? SCOPE_LINK : 0;
        let flags = FLAG_PERMANENT;
        if (own.state == AddressState.TENTATIVE) flags |= FLAG_TENTATIVE;
        if (own.state == AddressState.DEPRECATED) flags |= FLAG_DEPRECATED;
        plain(text, own.address).byte(0x20).hexPadded(i, 2).byte(0x20).hexPadded(own.prefixLength, 2).byte(0x20);
        text.hexPadded(scope, 2).byte(0x20).hexPadded(flags, 2).byte(0x20);
        let name = nameOf(i);
        for (let k = name.length; k < 8; k++) text.byte(0x20);
        text.string(name).byte(NEWLINE);
      }
    }
  }
}

/** ATF_COM, ATF_PERM (man 7 arp). */
const ENTRY_COMPLETE: u32 = 2;
const ENTRY_PERMANENT: u32 = 4;

export class ArpTable extends TextSource {
  override render(text: Text): void {
    text.string("IP address       HW type     Flags       HW address            Mask     Device\n");
    let entry: Neighbour | null = neighbours.nth(0);
    for (let i = 1; entry !== null; i++) {
      if (entry.address.isIpv4 && entry.state != Reachability.NONE) this.line(text, entry);
      entry = neighbours.nth(i);
    }
  }

  private line(text: Text, entry: Neighbour): void {
    let start = text.length;
    writeAddress(text, entry.address)
      .padTo(start + 17)
      .string("0x1         0x");
    let flags = entry.isUsable ? ENTRY_COMPLETE : 0;
    if (entry.state == Reachability.PERMANENT) flags |= ENTRY_PERMANENT;
    text.decimal(flags).string("         ");
    for (let shift = 40; shift >= 0; shift -= 8) {
      text.hexPadded((entry.hardware >> <u64>shift) & 0xff, 2);
      if (shift > 0) text.byte(COLON);
    }
    let device = entry.device;
    text
      .string("     *        ")
      .string(device === null ? "*" : device.name)
      .byte(NEWLINE);
  }
}

export class SocketStatistics extends TextSource {
  override render(text: Text): void {
    text.string("TCP: inuse ").decimal(connections.length).string(" orphan 0 tw 0 alloc ");
    text.decimal(connections.length).string(" mem 0\n");
  }
}
