// What sockets of AF_INET and AF_INET6 have in common: the local end, options of IP and IPv6 (man 7 ip, man 7 ipv6),
// requests about interfaces.
//
// The stack is entered and left around every use (`enter`, `leave`): leaving sends what is due, and delivers at once what
// stays on this machine. The rest of the polling is the network thread's (kernel/init/network.ts).

import * as mem from "machine/mem";
import { EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENODEV, ENOPROTOOPT, EPERM } from "../../abi/errno";
import * as abi from "../../abi/inet";
import { AF_INET6, AF_UNSPEC, SO_BINDTODEVICE, SO_BINDTOIFINDEX, SOL_IP, SOL_IPV6, SOL_SOCKET } from "../../abi/socket";
import { Address } from "../../net/address";
import * as interfaces from "../../net/ip/interfaces";
import { ControlMessage } from "../../net/icmp/control";
import { SocketObserver } from "../../net/observer";
import * as stack from "../../net/stack";
import { Binding } from "../../net/transport/ports";
import { EPOLLERR, EPOLLHUP, EPOLLPRI, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import { SIGURG } from "../../abi/signal";
import * as clock from "../../sched/clock";
import { SocketAddress } from "../address";
import { caller } from "../caller";
import { OptionValue } from "../option";
import { Socket } from "../socket";
import * as inet from "./address";
import { ErrorQueue } from "./error-queue";

/** Passes on what the stack says. */
class Observer extends SocketObserver {
  socket: InetSocket | null = null;

  readable(): void {
    this.tell(READABLE);
  }
  writable(): void {
    this.tell(WRITABLE);
  }
  closed(): void {
    this.tell(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
  }
  failed(_error: i32): void {
    this.tell(READABLE | WRITABLE | EPOLLERR | EPOLLHUP);
  }
  override reported(report: ControlMessage): void {
    let socket = this.socket;
    if (socket === null) return;
    let queue = socket.errorQueue;
    if (queue !== null) queue.addReport(report);
  }
  override urgent(): void {
    this.tell(EPOLLPRI);
    let socket = this.socket;
    if (socket !== null) caller.signalOwner(socket, SIGURG);
  }

  private tell(events: u32): void {
    let socket = this.socket;
    if (socket !== null) socket.wake(events);
  }
}

export abstract class InetSocket extends Socket {
  readonly observer: Observer = new Observer();
  isV6Only: bool = false;
  /** SO_BINDTODEVICE: an interface's index, 0 for any. */
  boundIndex: i32 = 0;
  /** IP_FREEBIND, IP_TRANSPARENT: bind to addresses that are not there. */
  bindsAnything: bool = false;
  /** IP_TTL or IPV6_UNICAST_HOPS, 0 for the default; IP_TOS or IPV6_TCLASS. */
  hopLimit: u32 = 0;
  trafficClass: u32 = 0;
  /** IP_RECVERR. */
  wantsErrors: bool = false;
  /** IP_MTU_DISCOVER as it was set. */
  mtuDiscovery: i32 = 1;
  /** What a received datagram tells: IP_PKTINFO, IP_RECVTTL, IP_RECVTOS and their IPv6 kin. */
  tellsPacketInfo: bool = false;
  tellsHopLimit: bool = false;
  tellsTrafficClass: bool = false;

  constructor(family: i32, type: i32, protocol: i32) {
    super(family, type, protocol);
    this.observer.socket = this;
  }

  get isIpv6(): bool {
    return this.family == AF_INET6;
  }

  enter(): void {
    stack.enter(clock.nowNs());
  }

  leave(): void {
    stack.leave();
  }

  /** Where IP_RECVERR keeps errors; null for sockets without one. */
  get errorQueue(): ErrorQueue | null {
    return null;
  }

  private forgetErrors(isWanted: bool): void {
    let queue = this.errorQueue;
    if (queue !== null && !isWanted) queue.clear();
  }

  /** The local port, 0 when there is none. */
  abstract get localPort(): u32;

  /** Check an address to bind to and put it into `binding`. Returns 0 or a negative errno. */
  protected prepareBinding(address: SocketAddress, binding: Binding): i32 {
    // An all-zero address without a family binds as IPv4 (Linux __inet_bind, for old programs).
    if (address.family == AF_UNSPEC && !this.isIpv6 && address.length >= abi.SOCKADDR_IN_SIZE) {
      if (mem.load32(address.at + 4) != 0) return -EAFNOSUPPORT;
      mem.store16(address.at, <u32>this.family);
    }
    if (this.isIpv6 && address.family != AF_INET6)
      return address.length < abi.SOCKADDR_IN6_SHORT ? -EINVAL : -EAFNOSUPPORT;
    let error = inet.read(address, this.family, binding.address);
    if (error < 0) return error;
    let to = binding.address;
    if (to.isIpv4 && this.isV6Only) return -EINVAL;
    let isSpecial = to.isUnspecified || to.isMulticast || interfaces.isBroadcast(to);
    if (!isSpecial && !this.bindsAnything && !interfaces.isLocal(to)) return -EADDRNOTAVAIL;
    if (inet.port != 0 && inet.port < abi.PRIVILEGED_PORTS && !caller.isPrivileged) return -EACCES;
    binding.port = inet.port;
    this.describeBinding(binding);
    if (inet.scope != 0) binding.index = inet.scope;
    return 0;
  }

  /** The part of a binding that comes from options. */
  protected describeBinding(binding: Binding): void {
    binding.isV6Only = this.isIpv6 && this.isV6Only;
    binding.canReuseAddress = this.canReuseAddress;
    binding.canReusePort = this.canReusePort;
    binding.user = caller.user;
    binding.index = this.boundIndex;
  }

  /** "Any address" in this socket's family. */
  protected setAny(address: Address): void {
    if (this.isIpv6) address.clear();
    else address.setIpv4(0);
  }

  /** IP_TTL, IP_TOS and the like changed: pass them on to the stack. */
  protected abstract pathOptionChanged(): void;

  override setOption(level: i32, name: i32, value: OptionValue): i32 {
    if (level == SOL_SOCKET) {
      if (name == SO_BINDTODEVICE) return this.bindToDevice(value);
      if (name == SO_BINDTOIFINDEX) {
        if (!value.hasInt) return -EINVAL;
        return this.bindToIndex(value.int);
      }
      return super.setOption(level, name, value);
    }
    if (level == SOL_IP) return this.setIpOption(name, value);
    if (level == SOL_IPV6) return this.isIpv6 ? this.setIpv6Option(name, value) : -ENOPROTOOPT;
    return -ENOPROTOOPT;
  }

  private bindToDevice(value: OptionValue): i32 {
    let length = min(value.length, abi.IFNAMSIZ - 1);
    while (length > 0 && value.bytes[length - 1] == 0) length--;
    if (length == 0) return this.bindToIndex(0);
    for (let i = 1; i <= interfaces.last; i++) {
      let entry = interfaces.find(i);
      if (entry !== null && isNamed(entry.device.name, value.bytes, length)) return this.bindToIndex(i);
    }
    return -ENODEV;
  }

  private bindToIndex(index: i32): i32 {
    if (!caller.isPrivileged && this.boundIndex != 0) return -EPERM;
    if (index != 0 && interfaces.find(index) === null) return -ENODEV;
    this.boundIndex = index;
    this.pathOptionChanged();
    return 0;
  }

  /** The first byte for an option that may be a char or an int (Linux ip_setsockopt). */
  protected smallInt(value: OptionValue): i32 {
    if (value.length >= 4) return value.int;
    return value.length >= 1 ? <i32>value.bytes[0] : -1;
  }

  /** man 7 ip. Datagram sockets add multicast. */
  protected setIpOption(name: i32, value: OptionValue): i32 {
    if (value.length == 0) return -EINVAL;
    let number = this.smallInt(value);
    switch (name) {
      case abi.IP_TOS:
        this.trafficClass = <u32>number & 0xff;
        break;
      case abi.IP_TTL:
        if (number != -1 && (number < 1 || number > 255)) return -EINVAL;
        this.hopLimit = number == -1 ? 0 : <u32>number;
        break;
      case abi.IP_PKTINFO:
        this.tellsPacketInfo = number != 0;
        break;
      case abi.IP_RECVTTL:
        this.tellsHopLimit = number != 0;
        break;
      case abi.IP_RECVTOS:
        this.tellsTrafficClass = number != 0;
        break;
      case abi.IP_RECVERR:
        this.wantsErrors = number != 0;
        this.forgetErrors(number != 0);
        break;
      case abi.IP_MTU_DISCOVER:
        if (<u32>number > 5) return -EINVAL;
        this.mtuDiscovery = number;
        break;
      case abi.IP_FREEBIND:
        this.bindsAnything = number != 0;
        break;
      case abi.IP_TRANSPARENT:
        if (!caller.isPrivileged) return -EPERM;
        this.bindsAnything = number != 0;
        break;
      case abi.IP_RECVOPTS:
      case abi.IP_RETOPTS:
      case abi.IP_OPTIONS:
      case abi.IP_BIND_ADDRESS_NO_PORT:
      case abi.IP_MULTICAST_ALL:
      case abi.IP_RECVORIGDSTADDR:
      case abi.IP_MINTTL:
      case abi.IP_LOCAL_PORT_RANGE:
        return 0;
      default:
        return -ENOPROTOOPT;
    }
    this.pathOptionChanged();
    return 0;
  }

  /** man 7 ipv6. */
  protected setIpv6Option(name: i32, value: OptionValue): i32 {
    if (!value.hasInt) return -EINVAL;
    let number = value.int;
    switch (name) {
      case abi.IPV6_V6ONLY:
        if (this.localPort != 0) return -EINVAL;
        this.isV6Only = number != 0;
        break;
      case abi.IPV6_UNICAST_HOPS:
        if (number < -1 || number > 255) return -EINVAL;
        this.hopLimit = number == -1 ? 0 : <u32>number;
        break;
      case abi.IPV6_TCLASS:
        if (number < -1 || number > 255) return -EINVAL;
        this.trafficClass = number == -1 ? 0 : <u32>number;
        break;
      case abi.IPV6_RECVPKTINFO:
        this.tellsPacketInfo = number != 0;
        break;
      case abi.IPV6_RECVHOPLIMIT:
        this.tellsHopLimit = number != 0;
        break;
      case abi.IPV6_RECVTCLASS:
        this.tellsTrafficClass = number != 0;
        break;
      case abi.IPV6_RECVERR:
        this.wantsErrors = number != 0;
        this.forgetErrors(number != 0);
        break;
      case abi.IPV6_MTU_DISCOVER:
        if (<u32>number > 5) return -EINVAL;
        this.mtuDiscovery = number;
        break;
      case abi.IPV6_FREEBIND:
        this.bindsAnything = number != 0;
        break;
      case abi.IPV6_MTU:
      case abi.IPV6_DONTFRAG:
      case abi.IPV6_AUTOFLOWLABEL:
      case abi.IPV6_ADDR_PREFERENCES:
      case abi.IPV6_MULTICAST_ALL:
        return 0;
      default:
        return -ENOPROTOOPT;
    }
    this.pathOptionChanged();
    return 0;
  }

  override getOption(level: i32, name: i32, value: OptionValue): i32 {
    if (level == SOL_SOCKET) {
      if (name == SO_BINDTOIFINDEX) return value.setInt(this.boundIndex);
      if (name == SO_BINDTODEVICE) return this.giveDevice(value);
      return super.getOption(level, name, value);
    }
    if (level == SOL_IP) return this.getIpOption(name, value);
    if (level == SOL_IPV6) return this.isIpv6 ? this.getIpv6Option(name, value) : -ENOPROTOOPT;
    return -ENOPROTOOPT;
  }

  private giveDevice(value: OptionValue): i32 {
    let entry = interfaces.find(this.boundIndex);
    if (entry === null) {
      value.length = 0;
      return 0;
    }
    if (value.length < abi.IFNAMSIZ) return -EINVAL;
    let name = entry.device.name;
    value.setBytes(name.length + 1);
    for (let i = 0; i < name.length; i++) value.bytes[i] = <u8>name.charCodeAt(i);
    return 0;
  }

  protected getIpOption(name: i32, value: OptionValue): i32 {
    switch (name) {
      case abi.IP_TOS:
        return value.setInt(<i32>this.trafficClass);
      case abi.IP_TTL:
        return value.setInt(this.hopLimit == 0 ? 64 : <i32>this.hopLimit);
      case abi.IP_PKTINFO:
        return value.setBool(this.tellsPacketInfo);
      case abi.IP_RECVTTL:
        return value.setBool(this.tellsHopLimit);
      case abi.IP_RECVTOS:
        return value.setBool(this.tellsTrafficClass);
      case abi.IP_RECVERR:
        return value.setBool(this.wantsErrors);
      case abi.IP_MTU_DISCOVER:
        return value.setInt(this.mtuDiscovery);
      case abi.IP_FREEBIND:
      case abi.IP_TRANSPARENT:
        return value.setBool(this.bindsAnything);
      case abi.IP_OPTIONS:
        value.length = 0;
        return 0;
      case abi.IP_MULTICAST_ALL:
        return value.setInt(1);
      case abi.IP_RECVOPTS:
      case abi.IP_RETOPTS:
      case abi.IP_BIND_ADDRESS_NO_PORT:
      case abi.IP_RECVORIGDSTADDR:
      case abi.IP_MINTTL:
        return value.setInt(0);
      default:
        return -ENOPROTOOPT;
    }
  }

  protected getIpv6Option(name: i32, value: OptionValue): i32 {
    switch (name) {
      case abi.IPV6_V6ONLY:
        return value.setBool(this.isV6Only);
      case abi.IPV6_UNICAST_HOPS:
        return value.setInt(this.hopLimit == 0 ? 64 : <i32>this.hopLimit);
      case abi.IPV6_TCLASS:
        return value.setInt(<i32>this.trafficClass);
      case abi.IPV6_RECVPKTINFO:
        return value.setBool(this.tellsPacketInfo);
      case abi.IPV6_RECVHOPLIMIT:
        return value.setBool(this.tellsHopLimit);
      case abi.IPV6_RECVTCLASS:
        return value.setBool(this.tellsTrafficClass);
      case abi.IPV6_RECVERR:
        return value.setBool(this.wantsErrors);
      case abi.IPV6_MTU_DISCOVER:
        return value.setInt(this.mtuDiscovery);
      case abi.IPV6_FREEBIND:
        return value.setBool(this.bindsAnything);
      case abi.IPV6_DONTFRAG:
        return value.setInt(0);
      case abi.IPV6_AUTOFLOWLABEL:
      case abi.IPV6_MULTICAST_ALL:
        return value.setInt(1);
      default:
        return -ENOPROTOOPT;
    }
  }
}

/** Whether `length` bytes are the name. */
export function isNamed(name: string, bytes: StaticArray<u8>, length: i32): bool {
  if (name.length != length) return false;
  for (let i = 0; i < length; i++) if (<i32>bytes[i] != name.charCodeAt(i)) return false;
  return true;
}
