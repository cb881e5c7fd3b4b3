// UDP sockets (man 7 udp): a UdpEndpoint of kernel/net/udp behind the calls of a socket.

import * as mem from "machine/mem";
import {
  EADDRNOTAVAIL,
  EAGAIN,
  EDESTADDRREQ,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENODEV,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
} from "../../abi/errno";
import * as abi from "../../abi/inet";
import { IPPROTO_UDP } from "../../abi/inet";
import { EPOLLERR, EPOLLHUP, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import {
  AF_UNSPEC,
  CMSG_HEADER,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_WR,
  SIOCINQ,
  SIOCOUTQ,
  SO_BROADCAST,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "../../abi/socket";
import * as so from "../../abi/socket";
import { bytesAddress } from "memory/address";
import { store32 } from "../../memory/user";
import { Address } from "../../net/address";
import * as interfaces from "../../net/ip/interfaces";
import { Packet } from "../../net/packet/packet";
import { MAX_PAYLOAD, UdpEndpoint } from "../../net/udp/endpoint";
import { SocketAddress } from "../address";
import { Message } from "../message";
import { OptionValue } from "../option";
import * as inet from "./address";
import { ErrorQueue } from "./error-queue";
import { tellPacket } from "./packet-control";
import { InetSocket } from "./socket";

const group: Address = new Address();

export class UdpSocket extends InetSocket {
  private readonly endpoint: UdpEndpoint = new UdpEndpoint();
  private readonly target: Address = new Address();
  private readonly errors: ErrorQueue = new ErrorQueue();

  constructor(family: i32) {
    super(family, SOCK_DGRAM, IPPROTO_UDP);
    this.endpoint.observer = this.observer;
    this.endpoint.isIpv6 = this.isIpv6;
    this.setAny(this.endpoint.binding.address);
    this.receiveBuffer = <i32>this.endpoint.receiveBuffer;
  }

  override get errorQueue(): ErrorQueue | null {
    return this.errors;
  }

  override get localPort(): u32 {
    let binding = this.endpoint.binding;
    return binding.isBound ? binding.port : 0;
  }

  override bind(address: SocketAddress): i32 {
    let endpoint = this.endpoint;
    if (endpoint.binding.isBound) return -EINVAL;
    let error = this.prepareBinding(address, endpoint.binding);
    if (error == 0) error = endpoint.bind();
    if (error < 0) {
      this.setAny(endpoint.binding.address);
      endpoint.binding.port = 0;
    }
    return error;
  }

  override connect(address: SocketAddress): i32 {
    let endpoint = this.endpoint;
    if (address.length >= 2 && address.family == AF_UNSPEC) {
      endpoint.disconnect();
      return 0;
    }
    let error = inet.read(address, this.family, this.target);
    if (error < 0) return error;
    this.nameThisMachine(this.target);
    this.prepareToSend();
    if (inet.scope != 0) endpoint.binding.index = inet.scope;
    this.enter();
    error = endpoint.connect(this.target, inet.port);
    this.leave();
    return error;
  }

  /** "Nowhere" is this machine, as for TCP. */
  private nameThisMachine(address: Address): void {
    if (!address.isUnspecified) return;
    if (address.isIpv4 || !this.isIpv6) address.setIpv4(0x7f00_0001);
    else address.set(0, 1);
  }

  /** Options that a first send or connect takes to the binding. */
  private prepareToSend(): void {
    if (!this.endpoint.binding.isBound) this.describeBinding(this.endpoint.binding);
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    let endpoint = this.endpoint;
    let io = message.io;
    if (io.remaining > <u64>MAX_PAYLOAD) return -EMSGSIZE;
    let port: u32 = endpoint.remotePort;
    let to = endpoint.remote;
    if (message.hasAddress) {
      let error = inet.read(message.address, this.family, this.target);
      if (error < 0) return error;
      this.nameThisMachine(this.target);
      to = this.target;
      port = inet.port;
    } else if (!endpoint.isConnected) return -EDESTADDRREQ;
    if (endpoint.error != 0) return -endpoint.takeError();
    if (this.isSendShut) return -EPIPE;
    let error = this.takeControl(message);
    if (error < 0) return error;
    this.prepareToSend();
    error = this.awaitRoom(message);
    if (error < 0) return error;
    let length = <u32>io.remaining;
    this.enter();
    let packet = endpoint.prepare(length);
    let result: i64 = -ENOBUFS;
    if (packet !== null) {
      result = this.fill(packet, message, length);
      if (result == 0) result = endpoint.send(packet, to, port);
      else packet.release();
      if (result == -EMSGSIZE && this.wantsErrors) {
        this.errors.addLocal(EMSGSIZE, to, port, endpoint.passable);
        this.wake(EPOLLERR);
      }
    }
    this.leave();
    if (message.controlLength > 0) this.pathOptionChanged();
    return result < 0 ? result : <i64>length;
  }

  /** Wait while the card has too much to send already. 0, -EAGAIN or why the wait ended. */
  private awaitRoom(message: Message): i32 {
    let endpoint = this.endpoint;
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    while (endpoint.isHeldBack) {
      endpoint.awaitRoom();
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
    return 0;
  }

  private fill(packet: Packet, message: Message, length: u32): i64 {
    let endpoint = this.endpoint;
    let offset: u32 = 0;
    while (offset < length && endpoint.locate(packet, offset)) {
      let count = <u64>min(endpoint.pieceLength, length - offset);
      let moved = message.io.take(endpoint.pieceAddress, count);
      if (moved != <i64>count) return -EFAULT;
      offset += <u32>count;
    }
    return 0;
  }

  /** Control messages that are for one datagram: hop limit, traffic class, interface. They stand until pathOptionChanged. */
  private takeControl(message: Message): i32 {
    let from = bytesAddress(message.control);
    let offset: u64 = 0;
    let end = <u64>message.controlLength;
    while (offset + CMSG_HEADER <= end) {
      let size = mem.load64(from + offset);
      let level = <i32>mem.load32(from + offset + 8);
      if (level == SOL_IP || level == SOL_IPV6) {
        let type = <i32>mem.load32(from + offset + 12);
        let error = this.takeOne(level, type, from + offset + CMSG_HEADER, size - CMSG_HEADER);
        if (error < 0) return error;
      }
      offset += (size + 7) & ~(<u64>7);
    }
    return 0;
  }

  private takeOne(level: i32, type: i32, at: u64, length: u64): i32 {
    let endpoint = this.endpoint;
    if (level == SOL_IP && type == abi.IP_PKTINFO) {
      if (length < 12) return -EINVAL;
      let index = <i32>mem.load32(at);
      if (index != 0 && interfaces.find(index) === null) return -ENODEV;
      endpoint.multicastIndex = index;
      return 0;
    }
    if (level == SOL_IPV6 && type == abi.IPV6_PKTINFO) {
      if (length < 20) return -EINVAL;
      let index = <i32>mem.load32(at + 16);
      if (index != 0 && interfaces.find(index) === null) return -ENODEV;
      endpoint.multicastIndex = index;
      return 0;
    }
    let value: u32 = length >= 4 ? mem.load32(at) : length >= 1 ? mem.load8(at) : 256;
    if ((level == SOL_IP && type == abi.IP_TTL) || (level == SOL_IPV6 && type == abi.IPV6_HOPLIMIT)) {
      if (value > 255) return -EINVAL;
      endpoint.hopLimit = value;
      endpoint.multicastHopLimit = value;
      return 0;
    }
    if ((level == SOL_IP && type == abi.IP_TOS) || (level == SOL_IPV6 && type == abi.IPV6_TCLASS)) {
      if (value > 255) return -EINVAL;
      endpoint.trafficClass = value;
      return 0;
    }
    return -EINVAL;
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    let endpoint = this.endpoint;
    if (message.has(MSG_ERRQUEUE)) {
      let read = this.errors.read(this.family, message);
      // The next in the queue is the pending one now (Linux sock_dequeue_err_skb).
      if (read >= 0) endpoint.error = this.errors.nextError;
      return read;
    }
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let packet = endpoint.first;
    while (packet === null) {
      if (endpoint.error != 0) return -endpoint.takeError();
      if (this.isReceiveShut) return 0;
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
      packet = endpoint.first;
    }
    return this.take(packet!, message);
  }

  private take(packet: Packet, message: Message): i64 {
    let endpoint = this.endpoint;
    let length = packet.length;
    let done: u32 = 0;
    let error: i64 = 0;
    while (done < length && message.io.remaining > 0 && endpoint.locate(packet, done)) {
      let count = min<u64>(<u64>endpoint.pieceLength, message.io.remaining);
      let moved = message.io.put(endpoint.pieceAddress, count);
      if (moved != <i64>count) {
        error = -EFAULT;
        break;
      }
      done += <u32>count;
    }
    let device = packet.device;
    inet.write(message.address, this.family, packet.source, packet.sequence, device === null ? 0 : device.index);
    if (message.wantsControl) {
      tellPacket(this, packet, message);
      if (this.tellsOverflow) {
        let at = message.addControl(SOL_SOCKET, so.SO_RXQ_OVFL, 4);
        if (at != 0) mem.store32(at, endpoint.drops);
      }
    }
    if (done < length) message.outcome |= MSG_TRUNC;
    if (!message.isPeek) {
      this.enter();
      endpoint.drop();
      this.leave();
    }
    if (error < 0) return error;
    return message.has(MSG_TRUNC) ? <i64>length : <i64>done;
  }

  override shutdown(how: i32): i32 {
    if (how != SHUT_WR) {
      this.isReceiveShut = true;
      this.endpoint.isReceiveShut = true;
    }
    if (how != SHUT_RD) {
      this.isSendShut = true;
      this.endpoint.isSendShut = true;
    }
    this.wake(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
    return this.endpoint.isConnected ? 0 : -ENOTCONN;
  }

  override poll(): u32 {
    let events: u32 = 0;
    if (this.endpoint.isHeldBack) this.endpoint.awaitRoom();
    else events |= WRITABLE;
    if (this.endpoint.error != 0 || !this.errors.isEmpty) events |= EPOLLERR;
    if (this.endpoint.first !== null) events |= READABLE;
    if (this.isReceiveShut) events |= READABLE | EPOLLRDHUP;
    if (this.isReceiveShut && this.isSendShut) events |= EPOLLHUP;
    return events;
  }

  override close(): void {
    this.enter();
    this.endpoint.close();
    this.leave();
  }

  override getName(into: SocketAddress): i32 {
    let binding = this.endpoint.binding;
    inet.write(into, this.family, binding.address, this.localPort, binding.index);
    return 0;
  }

  override getPeerName(into: SocketAddress): i32 {
    let endpoint = this.endpoint;
    if (!endpoint.isConnected) return -ENOTCONN;
    inet.write(into, this.family, endpoint.remote, endpoint.remotePort, endpoint.binding.index);
    return 0;
  }

  override takeError(): i32 {
    return -this.endpoint.takeError();
  }

  protected override pathOptionChanged(): void {
    let endpoint = this.endpoint;
    endpoint.hopLimit = this.hopLimit;
    endpoint.trafficClass = this.trafficClass;
    endpoint.wantsErrors = this.wantsErrors;
    endpoint.isWhole = this.mtuDiscovery == abi.IP_PMTUDISC_DO || this.mtuDiscovery == abi.IP_PMTUDISC_PROBE;
    endpoint.isProbing = this.mtuDiscovery == abi.IP_PMTUDISC_PROBE;
    endpoint.multicastHopLimit = this.multicastHopLimit;
    endpoint.multicastIndex = this.multicastIndex;
    if (this.boundIndex != 0 || !endpoint.binding.isBound) endpoint.binding.index = this.boundIndex;
  }

  override optionChanged(name: i32): void {
    if (name == SO_BROADCAST) this.endpoint.mayBroadcast = this.mayBroadcast;
    if (name == SO_RCVBUF || name == SO_RCVBUFFORCE) this.endpoint.receiveBuffer = <u32>this.receiveBuffer;
  }

  private multicastHopLimit: u32 = 1;
  private multicastIndex: i32 = 0;

  protected override setIpOption(name: i32, value: OptionValue): i32 {
    switch (name) {
      case abi.IP_MULTICAST_TTL: {
        let number = this.smallInt(value);
        if (number < -1 || number > 255) return -EINVAL;
        this.multicastHopLimit = number == -1 ? 1 : <u32>number;
        this.pathOptionChanged();
        return 0;
      }
      case abi.IP_MULTICAST_LOOP:
        this.endpoint.isMulticastLooped = this.smallInt(value) != 0;
        return 0;
      case abi.IP_MULTICAST_IF:
        return this.setMulticastInterface(value);
      case abi.IP_ADD_MEMBERSHIP:
      case abi.IP_DROP_MEMBERSHIP:
        return this.changeMembership4(value, name == abi.IP_ADD_MEMBERSHIP);
      case abi.MCAST_JOIN_GROUP:
      case abi.MCAST_LEAVE_GROUP:
        return this.changeMembership(value, name == abi.MCAST_JOIN_GROUP);
      case abi.IP_ADD_SOURCE_MEMBERSHIP:
      case abi.IP_DROP_SOURCE_MEMBERSHIP:
      case abi.MCAST_JOIN_SOURCE_GROUP:
      case abi.MCAST_LEAVE_SOURCE_GROUP:
        return -EOPNOTSUPP;
      default:
        return super.setIpOption(name, value);
    }
  }

  /** struct in_addr, or struct ip_mreqn { group, address, index }. */
  private setMulticastInterface(value: OptionValue): i32 {
    if (value.length < 4) return -EINVAL;
    let isRequest = value.length >= 8;
    let index = value.length >= 12 ? <i32>mem.load32(value.at + 8) : 0;
    let address = bswap<u32>(mem.load32(value.at + (isRequest ? 4 : 0)));
    if (index == 0 && address != 0) {
      index = this.indexOf(address);
      if (index == 0) return -EADDRNOTAVAIL;
    }
    if (index != 0 && interfaces.find(index) === null) return -EADDRNOTAVAIL;
    this.multicastIndex = index;
    this.pathOptionChanged();
    return 0;
  }

  /** The interface that has an IPv4 address, 0 for none. */
  private indexOf(address: u32): i32 {
    group.setIpv4(address);
    let owner = interfaces.owner(group);
    return owner === null ? 0 : owner.index;
  }

  /** struct ip_mreq { group, address } or ip_mreqn { group, address, index }. */
  private changeMembership4(value: OptionValue, isJoin: bool): i32 {
    if (value.length < 8) return -EINVAL;
    let index = value.length >= 12 ? <i32>mem.load32(value.at + 8) : 0;
    let address = bswap<u32>(mem.load32(value.at + 4));
    if (index == 0 && address != 0) {
      index = this.indexOf(address);
      if (index == 0) return -ENODEV;
    }
    group.setIpv4(bswap<u32>(mem.load32(value.at)));
    return this.change(isJoin, index);
  }

  /** struct group_req { index, padding, sockaddr_storage }. */
  private changeMembership(value: OptionValue, isJoin: bool): i32 {
    if (value.length < 8 + abi.SOCKADDR_IN_SIZE) return -EINVAL;
    let index = <i32>mem.load32(value.at);
    if (<i32>mem.load16(value.at + 8) == so.AF_INET) group.setIpv4(bswap<u32>(mem.load32(value.at + 12)));
    else inet.readAddress6(value.at + 16, group);
    return this.change(isJoin, index);
  }

  private change(isJoin: bool, index: i32): i32 {
    this.enter();
    let error = isJoin ? this.endpoint.join(group, index) : this.endpoint.leave(group, index);
    this.leave();
    return error;
  }

  protected override setIpv6Option(name: i32, value: OptionValue): i32 {
    switch (name) {
      case abi.IPV6_MULTICAST_HOPS: {
        if (!value.hasInt || value.int < -1 || value.int > 255) return -EINVAL;
        this.multicastHopLimit = value.int == -1 ? 1 : <u32>value.int;
        this.pathOptionChanged();
        return 0;
      }
      case abi.IPV6_MULTICAST_LOOP:
        if (!value.hasInt) return -EINVAL;
        this.endpoint.isMulticastLooped = value.int != 0;
        return 0;
      case abi.IPV6_MULTICAST_IF:
        if (!value.hasInt) return -EINVAL;
        if (value.int != 0 && interfaces.find(value.int) === null) return -ENODEV;
        this.multicastIndex = value.int;
        this.pathOptionChanged();
        return 0;
      case abi.IPV6_ADD_MEMBERSHIP:
      case abi.IPV6_DROP_MEMBERSHIP:
        // struct ipv6_mreq { group, index }.
        if (value.length < 20) return -EINVAL;
        inet.readAddress6(value.at, group);
        return this.change(name == abi.IPV6_ADD_MEMBERSHIP, <i32>mem.load32(value.at + 16));
      case abi.MCAST_JOIN_GROUP:
      case abi.MCAST_LEAVE_GROUP:
        return this.changeMembership(value, name == abi.MCAST_JOIN_GROUP);
      default:
        return super.setIpv6Option(name, value);
    }
  }

  /** IP_MTU: what passes to the peer. */
  private giveMtu(value: OptionValue): i32 {
    if (!this.endpoint.isConnected) return -ENOTCONN;
    return value.setInt(<i32>this.endpoint.passable);
  }

  protected override getIpOption(name: i32, value: OptionValue): i32 {
    if (name == abi.IP_MTU) return this.giveMtu(value);
    if (name == abi.IP_MULTICAST_TTL) return value.setInt(<i32>this.multicastHopLimit);
    if (name == abi.IP_MULTICAST_LOOP) return value.setBool(this.endpoint.isMulticastLooped);
    return super.getIpOption(name, value);
  }

  protected override getIpv6Option(name: i32, value: OptionValue): i32 {
    if (name == abi.IPV6_MTU) return this.giveMtu(value);
    if (name == abi.IPV6_MULTICAST_HOPS) return value.setInt(<i32>this.multicastHopLimit);
    if (name == abi.IPV6_MULTICAST_LOOP) return value.setBool(this.endpoint.isMulticastLooped);
    if (name == abi.IPV6_MULTICAST_IF) return value.setInt(this.multicastIndex);
    return super.getIpv6Option(name, value);
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request == SIOCINQ) {
      let packet = this.endpoint.first;
      return store32(argument, packet === null ? 0 : packet.length);
    }
    if (request == SIOCOUTQ) return store32(argument, 0);
    return super.ioctl(request, argument);
  }
}
