// A socket as an open file (man 7 socket). Families derive their own: kernel/socket/unix, inet, netlink.
//
// Rules of use, for the derived:
// - `send` and `receive` block as `waitFor` says; -EPIPE of a stream raises SIGPIPE here, not there.
// - Whatever changes readiness calls `wake` with the EPOLL* bits that may have come; edge-triggered watchers rely on a
//   wake for every arrival.
// - `error` is the pending one (SO_ERROR), positive; it is told once.

import { EAGAIN, EINTR, EINVAL, ENOTTY, EOPNOTSUPP, EPIPE, ERESTARTSYS, ETIMEDOUT } from "../abi/errno";
import { O_ASYNC, O_RDWR } from "../abi/fcntl";
import { EPOLLERR, EPOLLHUP } from "../abi/poll";
import { SIGIO } from "../abi/signal";
import {
  FIOGETOWN,
  FIOSETOWN,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SIOCGPGRP,
  SIOCSPGRP,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../abi/socket";
import { nextAnonymousNumber } from "../fs/pipe/pipe-file";
import { Text } from "../lib/text";
import { IoVector } from "../memory/io-vector";
import { fetch32, fetched, store32 } from "../memory/user";
import { wait } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { WaitQueue } from "../sched/wait";
import { File } from "../vfs/file";
import { S_IFSOCK } from "../vfs/inode";
import { SocketAddress } from "./address";
import { caller } from "./caller";
import { getCommon, setCommon } from "./common-options";
import { isInterfaceRequest, requestInterface } from "./interface-requests";
import { giveBack, Message, obtain } from "./message";
import { OptionValue } from "./option";

/** Defaults of net.core.{w,r}mem_default and bounds of SO_SNDBUF and SO_RCVBUF (man 7 socket). */
export const DEFAULT_BUFFER: i32 = 212992;
export const MAX_BUFFER: i32 = 8 << 20;
export const MIN_SEND_BUFFER: i32 = 4608;
export const MIN_RECEIVE_BUFFER: i32 = 2304;

export abstract class Socket extends File {
  /** Threads that wait in a call on it. */
  readonly blocked: WaitQueue = new WaitQueue();
  /** SO_ERROR. */
  error: i32 = 0;
  isReceiveShut: bool = false;
  isSendShut: bool = false;
  /** SO_RCVTIMEO, SO_SNDTIMEO; FOREVER for none. */
  receiveTimeoutNs: u64 = FOREVER;
  sendTimeoutNs: u64 = FOREVER;
  /** Options that families look at: man 7 socket. */
  sendBuffer: i32 = DEFAULT_BUFFER;
  receiveBuffer: i32 = DEFAULT_BUFFER;
  canReuseAddress: bool = false;
  canReusePort: bool = false;
  mayBroadcast: bool = false;
  keepsAlive: bool = false;
  isUrgentInline: bool = false;
  passesCredentials: bool = false;
  /** SO_LINGER in seconds, -1 when it is off. */
  lingerSeconds: i32 = -1;
  receiveLowMark: i32 = 1;
  priority: i32 = 0;
  mark: i32 = 0;
  /** SO_TIMESTAMP (1) or SO_TIMESTAMPNS (2), 0 for none. */
  timestamps: i32 = 0;
  tellsOverflow: bool = false;
  private number: u64 = 0;

  constructor(
    readonly family: i32,
    readonly type: i32,
    readonly protocol: i32,
  ) {
    super();
    this.flags = O_RDWR;
  }

  /** bind(2). */
  bind(_address: SocketAddress): i32 {
    return -EOPNOTSUPP;
  }

  /** connect(2): may block. */
  connect(_address: SocketAddress): i32 {
    return -EOPNOTSUPP;
  }

  /** listen(2). */
  listen(_backlog: i32): i32 {
    return -EOPNOTSUPP;
  }

  /** accept(2): a connection, or null with the reason in `acceptError`. May block. */
  accept(): Socket | null {
    failAccept(-EOPNOTSUPP);
    return null;
  }

  /** getsockname(2). */
  getName(_into: SocketAddress): i32 {
    return -EOPNOTSUPP;
  }

  /** getpeername(2). */
  getPeerName(_into: SocketAddress): i32 {
    return -EOPNOTSUPP;
  }

  /** Bytes taken from the message, or a negative errno. */
  send(_message: Message): i64 {
    return -EOPNOTSUPP;
  }

  /** Bytes put into the message (more than fitted with MSG_TRUNC), or a negative errno. */
  receive(_message: Message): i64 {
    return -EOPNOTSUPP;
  }

  /** shutdown(2): SHUT_RD, SHUT_WR or SHUT_RDWR. */
  shutdown(_how: i32): i32 {
    return -EOPNOTSUPP;
  }

  /** setsockopt(2). Families take their own levels and what of SOL_SOCKET needs more than a note. */
  setOption(level: i32, name: i32, value: OptionValue): i32 {
    return level == SOL_SOCKET ? setCommon(this, name, value) : -EOPNOTSUPP;
  }

  /** getsockopt(2); `value.length` says how much the program has room for, and then how much there is. */
  getOption(level: i32, name: i32, value: OptionValue): i32 {
    return level == SOL_SOCKET ? getCommon(this, name, value) : -EOPNOTSUPP;
  }

  /** SO_SNDBUF, SO_RCVBUF, SO_REUSEADDR and the like changed. */
  optionChanged(_name: i32): void {}

  /** SO_ACCEPTCONN. */
  get isListening(): bool {
    return false;
  }

  /** Whether it is a stream: EPIPE raises SIGPIPE. */
  get isStream(): bool {
    return this.type == SOCK_STREAM;
  }

  /** Send with what belongs to every family: MSG_DONTWAIT of a non-blocking socket, SIGPIPE. */
  sendMessage(message: Message): i64 {
    if (this.isNonBlocking) message.flags |= MSG_DONTWAIT;
    let result = this.send(message);
    if (result == -EPIPE && this.isStream && !message.has(MSG_NOSIGNAL)) caller.brokenPipe();
    return result;
  }

  receiveMessage(message: Message): i64 {
    if (this.isNonBlocking) message.flags |= MSG_DONTWAIT;
    return this.receive(message);
  }

  override read(io: IoVector): i64 {
    if (io.remaining == 0) return 0;
    let message = obtain(io, 0);
    let result = this.receiveMessage(message);
    giveBack(message);
    return result;
  }

  override write(io: IoVector): i64 {
    let message = obtain(io, 0);
    let result = this.sendMessage(message);
    giveBack(message);
    return result;
  }

  /** When a call that begins now gives up. */
  deadlineOf(timeoutNs: u64): u64 {
    return timeoutNs == FOREVER ? FOREVER : clock.nowNs() + timeoutNs;
  }

  /**
   * Wait until the socket is woken. 0; -EAGAIN when `deadlineNs` passed; -ERESTARTSYS, or with a deadline -EINTR, when a
   * signal came (man 7 signal).
   */
  waitFor(deadlineNs: u64): i32 {
    let why = wait(this.blocked, deadlineNs);
    if (why == 0) return 0;
    if (why == -ETIMEDOUT) return -EAGAIN;
    return deadlineNs == FOREVER && why == -EINTR ? -ERESTARTSYS : why;
  }

  /** Readiness may have changed to `events`: tell threads, epoll and the owner of an O_ASYNC file. */
  wake(events: u32): void {
    if (!this.blocked.isEmpty) this.blocked.wakeAll(events);
    if (!this.readiness.isEmpty) this.readiness.wakeAll(events);
    if ((this.flags & O_ASYNC) != 0) caller.signalOwner(this, SIGIO);
  }

  /** Take the pending error: 0 or a negative errno. */
  takeError(): i32 {
    let error = this.error;
    if (error == 0) return 0;
    this.error = 0;
    return -error;
  }

  /** Note an error and tell everyone. */
  fail(error: i32): void {
    this.error = error;
    this.wake(EPOLLERR | EPOLLHUP | 0x145);
  }

  override ioctl(request: u32, argument: u64): i64 {
    switch (request) {
      case FIOSETOWN:
      case SIOCSPGRP: {
        let error = fetch32(argument);
        if (error < 0) return error;
        let owner = <i32>fetched;
        this.ownerKind = owner < 0 ? 2 : 1;
        this.owner = owner < 0 ? -owner : owner;
        return 0;
      }
      case FIOGETOWN:
      case SIOCGPGRP:
        return store32(argument, <u32>(this.ownerKind == 2 ? -this.owner : this.owner));
      default:
        return isInterfaceRequest(request) ? requestInterface(request, argument) : -ENOTTY;
    }
  }

  override get statMode(): u32 {
    return S_IFSOCK | 0o777;
  }

  /** Numbers are given when asked for: few programs do. */
  override get statNumber(): u64 {
    if (this.number == 0) this.number = nextAnonymousNumber();
    return this.number;
  }

  override describe(): StaticArray<u8> {
    let text = new Text(32).string("socket:[").decimal(this.statNumber).string("]");
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }

  override sync(): i64 {
    return -EINVAL;
  }
}

/** Why the last `accept` returned null. */
export let acceptError: i32 = 0;

export function failAccept(error: i32): void {
  acceptError = error;
}
