// AF_NETLINK sockets (man 7 netlink): a program sends requests, the kernel's answers wait to be read. Only NETLINK_ROUTE
// is here, for getifaddrs(3), if_nameindex(3) and their kin. Members of groups hear what announcements.ts says.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
} from "../../abi/errno";
import * as abi from "../../abi/netlink";
import { EPOLLERR, READABLE, WRITABLE } from "../../abi/poll";
import {
  AF_NETLINK,
  MSG_OOB,
  MSG_TRUNC,
  SIOCINQ,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from "../../abi/socket";
import { store32 } from "../../memory/user";
import * as clock from "../../sched/clock";
import * as stack from "../../net/stack";
import { SocketAddress } from "../address";
import { caller } from "../caller";
import { failCreation, registerFamily, SocketFactory } from "../family";
import { Message } from "../message";
import { OptionValue } from "../option";
import { Socket } from "../socket";
import { Reply } from "./reply";
import { answer } from "./route";

/** One answer is at most so long, when messages allow: what glibc and Go read at once. */
const ANSWER_SIZE: i32 = 4096;
const MAX_REQUEST: u64 = 16384;
/** Answers waiting to be read. */
const MAX_QUEUED: i32 = 256;

const reply = new Reply();
const incoming = new StaticArray<u8>(<i32>MAX_REQUEST);

/** Sockets by port, to keep ports apart. */
let first: NetlinkSocket | null = null;
let nextPort: u32 = 0;

/** A message to read, and the group it was announced to, 0 for an answer. */
class Answer {
  next: Answer | null = null;
  constructor(
    readonly bytes: StaticArray<u8>,
    readonly group: u32,
  ) {}
}

export class NetlinkSocket extends Socket {
  nextSocket: NetlinkSocket | null = null;
  port: u32 = 0;
  groups: u32 = 0;
  private firstAnswer: Answer | null = null;
  private lastAnswer: Answer | null = null;
  private answerCount: i32 = 0;
  /** Announcements were lost for want of room: the next read says so. */
  private hasOverrun: bool = false;

  constructor(type: i32, protocol: i32) {
    super(AF_NETLINK, type, protocol);
    this.nextSocket = first;
    first = this;
  }

  override bind(address: SocketAddress): i32 {
    if (address.length < abi.SOCKADDR_NL_SIZE || address.family != AF_NETLINK) return -EINVAL;
    let port = mem.load32(address.at + 4);
    this.groups = mem.load32(address.at + 8);
    if (this.port != 0) return port == this.port || port == 0 ? 0 : -EINVAL;
    if (port == 0) {
      this.choosePort();
      return 0;
    }
    if (isTaken(port)) return -EADDRINUSE;
    this.port = port;
    return 0;
  }

  /** The process's number, or when another socket has that, a number no process has. */
  private choosePort(): void {
    let port = <u32>caller.processId;
    while (port == 0 || isTaken(port)) port = 0x80000000 | (++nextPort & 0x7fffffff);
    this.port = port;
  }

  override connect(address: SocketAddress): i32 {
    if (address.length < abi.SOCKADDR_NL_SIZE || address.family != AF_NETLINK) return -EINVAL;
    if (this.port == 0) this.choosePort();
    return mem.load32(address.at + 4) == 0 ? 0 : -ECONNREFUSED;
  }

  override getName(into: SocketAddress): i32 {
    into.start(AF_NETLINK, abi.SOCKADDR_NL_SIZE);
    mem.store32(into.at + 4, this.port);
    mem.store32(into.at + 8, this.groups);
    return 0;
  }

  override getPeerName(into: SocketAddress): i32 {
    into.start(AF_NETLINK, abi.SOCKADDR_NL_SIZE);
    return 0;
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (message.hasAddress) {
      let to = message.address;
      if (to.length < abi.SOCKADDR_NL_SIZE || to.family != AF_NETLINK) return -EINVAL;
      if (mem.load32(to.at + 4) != 0) return -ECONNREFUSED;
    }
    if (this.port == 0) this.choosePort();
    let length = message.io.remaining;
    if (length > MAX_REQUEST) return -EMSGSIZE;
    let at = bytesAddress(incoming);
    if (message.io.take(at, length) != <i64>length) return -EFAULT;
    stack.enter(clock.nowNs());
    this.handleAll(at, length);
    stack.leave();
    return <i64>length;
  }

  private handleAll(at: u64, length: u64): void {
    let offset: u64 = 0;
    while (offset + abi.NLMSG_HEADER <= length) {
      let size = <u64>mem.load32(at + offset);
      if (size < abi.NLMSG_HEADER || size > length - offset) return;
      this.handle(at + offset, size);
      offset += (size + 3) & ~(<u64>3);
    }
  }

  private handle(at: u64, size: u64): void {
    let flags = mem.load16(at + 6);
    let type = mem.load16(at + 4);
    if ((flags & abi.NLM_F_REQUEST) == 0 || type <= abi.NLMSG_DONE) return;
    reply.begin(mem.load32(at + 8), this.port);
    let error = answer(at, size, reply);
    let isDump = (flags & abi.NLM_F_DUMP) == abi.NLM_F_DUMP;
    if (error == 0) this.queueReply();
    if (error == 0 && (isDump || (flags & abi.NLM_F_ACK) == 0)) return;
    // NLMSG_ERROR: the error, and the header that it is about; with 0 it is an acknowledgment.
    reply.begin(mem.load32(at + 8), this.port);
    let body = reply.message(abi.NLMSG_ERROR, 0, 4 + abi.NLMSG_HEADER);
    mem.store32(body, <u32>error);
    mem.copy(body + 4, at, abi.NLMSG_HEADER);
    this.queueReply();
  }

  /** Cut the reply into answers of whole messages, and queue them. */
  private queueReply(): void {
    let start = 0;
    let end = 0;
    while (end < reply.length) {
      let size = <i32>mem.load32(reply.at + <u64>end);
      if (end > start && end + size - start > ANSWER_SIZE) {
        this.queue(reply, start, end, 0);
        start = end;
      }
      end += size;
    }
    this.queue(reply, start, end, 0);
    this.wake(READABLE);
  }

  /** Take an announcement to `group`. */
  hear(message: Reply, group: u32): void {
    if (this.answerCount >= MAX_QUEUED) this.hasOverrun = true;
    else this.queue(message, 0, message.length, group);
    this.wake(READABLE);
  }

  private queue(from: Reply, start: i32, end: i32, group: u32): void {
    if (end == start || this.answerCount >= MAX_QUEUED) return;
    let bytes = new StaticArray<u8>(end - start);
    mem.copy(bytesAddress(bytes), from.at + <u64>start, <u64>(end - start));
    let made = new Answer(bytes, group);
    let last = this.lastAnswer;
    if (last === null) this.firstAnswer = made;
    else last.next = made;
    this.lastAnswer = made;
    this.answerCount++;
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    if (this.hasOverrun) {
      this.hasOverrun = false;
      return -ENOBUFS;
    }
    while (this.firstAnswer === null) {
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
    let taken = this.firstAnswer!;
    let length = <u64>taken.bytes.length;
    let count = min(length, message.io.remaining);
    let moved: i64 = count > 0 ? message.io.put(bytesAddress(taken.bytes), count) : 0;
    if (count < length) message.outcome |= MSG_TRUNC;
    message.address.start(AF_NETLINK, abi.SOCKADDR_NL_SIZE);
    mem.store32(message.address.at + 8, taken.group);
    if (!message.isPeek) {
      this.firstAnswer = taken.next;
      if (taken.next === null) this.lastAnswer = null;
      this.answerCount--;
    }
    if (moved != <i64>count) return -EFAULT;
    return message.has(MSG_TRUNC) ? <i64>length : moved;
  }

  override poll(): u32 {
    let events = this.hasOverrun ? WRITABLE | READABLE | EPOLLERR : WRITABLE;
    return this.firstAnswer !== null ? events | READABLE : events;
  }

  /** NETLINK_EXT_ACK and the like are taken: answers may say less than they allow. */
  override setOption(level: i32, name: i32, value: OptionValue): i32 {
    if (level == SOL_SOCKET) return super.setOption(level, name, value);
    if (level != SOL_NETLINK) return -ENOPROTOOPT;
    if (name != abi.NETLINK_ADD_MEMBERSHIP && name != abi.NETLINK_DROP_MEMBERSHIP) return 0;
    if (!value.hasInt || value.int < 1) return -EINVAL;
    // Groups beyond 32 have no bit; nothing is announced on them.
    let bit: u32 = value.int > 32 ? 0 : 1 << (value.int - 1);
    this.groups = name == abi.NETLINK_ADD_MEMBERSHIP ? this.groups | bit : this.groups & ~bit;
    return 0;
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request != SIOCINQ) return super.ioctl(request, argument);
    let waiting = this.firstAnswer;
    return store32(argument, waiting === null ? 0 : <u32>waiting.bytes.length);
  }

  override close(): void {
    this.firstAnswer = null;
    this.lastAnswer = null;
    let at = first;
    if (at === this) first = this.nextSocket;
    else {
      while (at !== null && at.nextSocket !== this) at = at.nextSocket;
      if (at !== null) at.nextSocket = this.nextSocket;
    }
    this.nextSocket = null;
  }
}

/** Whether some socket listens to a group. */
export function hasMembers(group: u32): bool {
  let at = first;
  while (at !== null) {
    if (at.groups & group) return true;
    at = at.nextSocket;
  }
  return false;
}

/** Give every member of a group the message. */
export function announce(message: Reply, group: u32): void {
  let at = first;
  while (at !== null) {
    if (at.groups & group) at.hear(message, group);
    at = at.nextSocket;
  }
}

function isTaken(port: u32): bool {
  let at = first;
  while (at !== null) {
    if (at.port == port) return true;
    at = at.nextSocket;
  }
  return false;
}

class NetlinkFactory extends SocketFactory {
  override create(type: i32, protocol: i32): Socket | null {
    if (type != SOCK_RAW && type != SOCK_DGRAM) {
      failCreation(-ESOCKTNOSUPPORT);
      return null;
    }
    if (protocol != abi.NETLINK_ROUTE) {
      failCreation(-EPROTONOSUPPORT);
      return null;
    }
    return new NetlinkSocket(type, protocol);
  }
}

/** AF_NETLINK is there from now on. */
export function registerNetlink(): void {
  registerFamily(AF_NETLINK, new NetlinkFactory());
}
