// ICMP echo sockets (man 7 icmp): SOCK_DGRAM, which sends requests under an identifier of its own and gets the replies to
// them; and SOCK_RAW of ICMP, which sends any message and gets every echo reply. Other messages stay the stack's.

import * as mem from "machine/mem";
import { EAGAIN, EDESTADDRREQ, EFAULT, EINVAL, EMSGSIZE, ENOBUFS, ENOTCONN, EOPNOTSUPP, EPIPE } from "../../abi/errno";
import { IPPROTO_ICMP, IPPROTO_ICMPV6 } from "../../abi/inet";
import { EPOLLERR, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import {
  AF_INET,
  AF_UNSPEC,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_WR,
  SIOCINQ,
  SOCK_DGRAM,
} from "../../abi/socket";
import { store32 } from "../../memory/user";
import { Address } from "../../net/address";
import { ControlMessage } from "../../net/icmp/control";
import { EchoListener, setListener } from "../../net/icmp/echo";
import * as output from "../../net/icmp/output";
import * as interfaces from "../../net/ip/interfaces";
import { allocate, Packet } from "../../net/packet/packet";
import { PacketQueue } from "../../net/packet/queue";
import { ICMP_HEADER, Icmpv4Type, Icmpv6Type, type as typeOf } from "../../net/wire/icmp";
import { SocketAddress } from "../address";
import { Message } from "../message";
import * as inet from "./address";
import { ErrorQueue } from "./error-queue";
import { tellPacket } from "./packet-control";
import { InetSocket } from "./socket";

/** The identifier's place in an echo message (RFC 792). */
const IDENTIFIER: u64 = 4;
/** Unread replies. */
const MAX_QUEUED: u32 = 256;
/** What fits into one packet's head: echo requests are not cut. */
const MAX_REQUEST: u64 = 1472;

let first: EchoSocket | null = null;
let nextIdentifier: u32 = 1;

/** Gives replies to the sockets that wait for them. */
class Replies extends EchoListener {
  override received(packet: Packet): bool {
    let taker: EchoSocket | null = null;
    let socket = first;
    while (socket !== null) {
      if (socket.wants(packet)) {
        if (taker !== null) {
          let copy = packet.clone();
          if (copy !== null) taker.deliver(copy);
        }
        taker = socket;
      }
      socket = socket.nextSocket;
    }
    if (taker === null) return false;
    taker.deliver(packet);
    return true;
  }

  override reported(report: ControlMessage): void {
    let socket = first;
    while (socket !== null) {
      if (socket.hasSent(report)) socket.noteError(report);
      socket = socket.nextSocket;
    }
  }
}

export class EchoSocket extends InetSocket {
  nextSocket: EchoSocket | null = null;
  private identifier: u32 = 0;
  private readonly local: Address = new Address();
  private readonly remote: Address = new Address();
  private isConnected: bool = false;
  private readonly errors: ErrorQueue = new ErrorQueue();
  private readonly queue: PacketQueue = new PacketQueue();

  constructor(family: i32, type: i32) {
    super(family, type, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    this.setAny(this.local);
    if (first === null) setListener(new Replies());
    this.nextSocket = first;
    first = this;
  }

  private get isRaw(): bool {
    return this.type != SOCK_DGRAM;
  }

  override get errorQueue(): ErrorQueue | null {
    return this.errors;
  }

  override get localPort(): u32 {
    return this.identifier;
  }

  /** Whether a reply, which stands at its ICMP header, is for this socket. */
  wants(packet: Packet): bool {
    if (packet.source.isIpv4 == this.isIpv6) return false;
    if (this.isConnected && !this.remote.equals(packet.source)) return false;
    if (this.isRaw) return true;
    return this.identifier != 0 && <u32>bswap<u16>(<u16>mem.load16(packet.address + IDENTIFIER)) == this.identifier;
  }

  /** Whether a report is about a request of this socket's. */
  hasSent(report: ControlMessage): bool {
    if (report.remote.isIpv4 == this.isIpv6 || this.isRaw) return false;
    return this.identifier != 0 && this.identifier == report.localPort;
  }

  /** As Linux's ping_err: hard errors are for connected sockets, all for those that asked for them. */
  noteError(report: ControlMessage): void {
    if (!this.wantsErrors && !(report.isHard && this.isConnected)) return;
    if (this.wantsErrors) this.errors.addReport(report);
    this.error = report.error;
    this.wake(READABLE | WRITABLE | EPOLLERR);
  }

  deliver(packet: Packet): void {
    if (this.queue.length >= MAX_QUEUED || this.isReceiveShut) {
      packet.release();
      return;
    }
    this.queue.push(packet);
    this.wake(READABLE);
  }

  override bind(address: SocketAddress): i32 {
    let error = inet.read(address, this.family, this.local);
    if (error < 0) return error;
    if (!this.local.isUnspecified && !interfaces.isLocal(this.local)) return -EINVAL;
    if (!this.isRaw && inet.port != 0) this.identifier = inet.port;
    return 0;
  }

  override connect(address: SocketAddress): i32 {
    if (address.length >= 2 && address.family == AF_UNSPEC) {
      this.isConnected = false;
      return 0;
    }
    let error = inet.read(address, this.family, this.remote);
    if (error < 0) return error;
    this.isConnected = true;
    this.identify();
    return 0;
  }

  private identify(): void {
    if (this.identifier == 0 && !this.isRaw) this.identifier = (nextIdentifier++ & 0x7fff) | 0x8000;
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (this.isSendShut) return -EPIPE;
    let to = this.remote;
    if (message.hasAddress) {
      to = new Address();
      let error = inet.read(message.address, this.family, to);
      if (error < 0) return error;
    } else if (!this.isConnected) return -EDESTADDRREQ;
    let length = message.io.remaining;
    if (length < <u64>ICMP_HEADER) return -EINVAL;
    if (length > MAX_REQUEST) return -EMSGSIZE;
    this.identify();
    this.enter();
    let packet = allocate();
    let result: i64 = -ENOBUFS;
    if (packet !== null) {
      if (<u64>packet.tailroom < length) result = -EMSGSIZE;
      else result = this.fill(packet, message, length);
      if (result == 0) result = output.send(packet, this.local, to);
      else packet.release();
    }
    this.leave();
    return result < 0 ? result : <i64>length;
  }

  private fill(packet: Packet, message: Message, length: u64): i64 {
    let at = packet.append(<u32>length);
    if (message.io.take(at, length) != <i64>length) return -EFAULT;
    if (this.isRaw) {
      mem.store16(at + 2, 0);
      return 0;
    }
    let request: u32 = this.isIpv6 ? Icmpv6Type.ECHO_REQUEST : Icmpv4Type.ECHO_REQUEST;
    if (typeOf(at) != request) return -EINVAL;
    mem.store16(at + 2, 0);
    mem.store16(at + IDENTIFIER, <u32>bswap<u16>(<u16>this.identifier));
    return 0;
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (message.has(MSG_ERRQUEUE)) {
      let read = this.errors.read(this.family, message);
      if (read >= 0) this.error = this.errors.nextError;
      return read;
    }
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let packet = this.queue.first;
    while (packet === null) {
      if (this.error != 0) return this.takeError();
      if (this.isReceiveShut) return 0;
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
      packet = this.queue.first;
    }
    return this.takeFirst(packet!, message);
  }

  private takeFirst(packet: Packet, message: Message): i64 {
    // Raw sockets of IPv4 see the IP header.
    let front = this.isRaw && !this.isIpv6 ? <u64>(packet.front - packet.networkOffset) : 0;
    let length = <u64>packet.headLength + front;
    let count = min(length, message.io.remaining);
    let moved = message.io.put(packet.address - front, count);
    if (count < length) message.outcome |= MSG_TRUNC;
    let device = packet.device;
    inet.write(message.address, this.family, packet.source, 0, device === null ? 0 : device.index);
    if (message.wantsControl) tellPacket(this, packet, message);
    if (!message.isPeek) {
      this.queue.shift();
      packet.release();
    }
    if (moved != <i64>count) return -EFAULT;
    return message.has(MSG_TRUNC) ? <i64>length : moved;
  }

  override shutdown(how: i32): i32 {
    if (how != SHUT_WR) this.isReceiveShut = true;
    if (how != SHUT_RD) this.isSendShut = true;
    this.wake(READABLE | WRITABLE | EPOLLRDHUP);
    return this.isConnected ? 0 : -ENOTCONN;
  }

  override poll(): u32 {
    let events = this.error != 0 || !this.errors.isEmpty ? WRITABLE | EPOLLERR : WRITABLE;
    return this.queue.first !== null || this.isReceiveShut ? events | READABLE : events;
  }

  override getName(into: SocketAddress): i32 {
    inet.write(into, this.family, this.local, this.identifier, this.boundIndex);
    return 0;
  }

  override getPeerName(into: SocketAddress): i32 {
    if (!this.isConnected) return -ENOTCONN;
    inet.write(into, this.family, this.remote, 0, this.boundIndex);
    return 0;
  }

  protected override pathOptionChanged(): void {}

  override ioctl(request: u32, argument: u64): i64 {
    if (request != SIOCINQ) return super.ioctl(request, argument);
    let packet = this.queue.first;
    return store32(argument, packet === null ? 0 : packet.headLength);
  }

  override close(): void {
    this.queue.clear();
    let at = first;
    if (at === this) first = this.nextSocket;
    else {
      while (at !== null && at.nextSocket !== this) at = at.nextSocket;
      if (at !== null) at.nextSocket = this.nextSocket;
    }
    this.nextSocket = null;
  }
}
