// TCP sockets (man 7 tcp): a local end that becomes a listener or a connection of kernel/net/tcp.
//
//   binding ──► listener            listen(2): the port is the listener's
//          └──► connection          connect(2), or handed over by accept(2): the port is the connection's

import {
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  EPIPE,
} from "../../abi/errno";
import { EPOLLERR, EPOLLHUP, EPOLLPRI, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import {
  AF_UNSPEC,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_MORE,
  MSG_OOB,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_WR,
  SIOCATMARK,
  SIOCINQ,
  SIOCOUTQ,
  SO_KEEPALIVE,
  SO_OOBINLINE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_STREAM,
  SOL_TCP,
  SOMAXCONN,
} from "../../abi/socket";
import { IPPROTO_TCP } from "../../abi/inet";
import { store32 } from "../../memory/user";
import { Address } from "../../net/address";
import { Connection } from "../../net/tcp/connection";
import { Listener } from "../../net/tcp/listener";
import * as opening from "../../net/tcp/opening";
import { Options } from "../../net/tcp/options";
import { ports } from "../../net/tcp/ports";
import { canSend, State } from "../../net/tcp/state";
import { restartKeepalive } from "../../net/tcp/timeout";
import { Binding } from "../../net/transport/ports";
import { SocketAddress } from "../address";
import { Message } from "../message";
import { OptionValue } from "../option";
import { failAccept, Socket } from "../socket";
import * as inet from "./address";
import { InetSocket } from "./socket";
import { getTcpOption, setTcpOption } from "./tcp-options";
import * as transfer from "./transfer";
import { isAtMark, UrgentMark } from "./urgent";

export class TcpSocket extends InetSocket {
  /** What bind(2) took, until a listener or connection has it. */
  private binding: Binding | null = null;
  listener: Listener | null = null;
  connection: Connection | null = null;
  /** The connection's own, once there is one. */
  options: Options = new Options();
  /** connect(2) has been called and not yet reported success. */
  private isConnecting: bool = false;
  private readonly urgent: UrgentMark = new UrgentMark();
  /**
   * TCP_FASTOPEN, TCP_FASTOPEN_CONNECT as they were set. No cookies are given or kept, so every handshake is a whole one, as on
   * a Linux whose net.ipv4.tcp_fastopen leaves the server's side off and whose client has no cookie yet.
   */
  fastOpenBacklog: i32 = 0;
  wantsFastOpen: bool = false;

  constructor(family: i32) {
    super(family, SOCK_STREAM, IPPROTO_TCP);
    this.sendBuffer = <i32>this.options.sendBuffer;
    this.receiveBuffer = <i32>this.options.receiveBuffer;
  }

  override get localPort(): u32 {
    let connection = this.connection;
    if (connection !== null) return connection.localPort;
    let listener = this.listener;
    if (listener !== null) return listener.binding.port;
    let binding = this.binding;
    return binding === null ? 0 : binding.port;
  }

  override get isListening(): bool {
    return this.listener !== null;
  }

  override bind(address: SocketAddress): i32 {
    let binding = new Binding();
    let error = this.prepareBinding(address, binding);
    if (error < 0) return error;
    if (this.binding !== null || this.connection !== null || this.listener !== null) return -EINVAL;
    error = ports.bind(binding);
    if (error == 0) this.binding = binding;
    return error;
  }

  override listen(backlog: i32): i32 {
    let bound = <u32>backlog > <u32>SOMAXCONN ? <u32>SOMAXCONN : <u32>backlog;
    let current = this.listener;
    if (current !== null) {
      current.backlog = bound;
      return 0;
    }
    if (this.connection !== null) return -EINVAL;
    let binding = this.binding;
    if (binding === null) {
      binding = new Binding();
      this.setAny(binding.address);
      this.describeBinding(binding);
      let error = ports.bind(binding);
      if (error < 0) return error;
      this.binding = binding;
    }
    let listener = new Listener(binding);
    listener.options = this.options;
    listener.observer = this.observer;
    let error = listener.listen(bound);
    if (error < 0) return error;
    this.binding = null;
    this.listener = listener;
    return 0;
  }

  override accept(): Socket | null {
    let listener = this.listener;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let error = listener === null ? -EINVAL : 0;
    while (error == 0 && listener !== null) {
      let connection = listener.accept();
      if (connection !== null) return this.adopt(connection);
      error = this.isNonBlocking ? -EAGAIN : this.waitFor(deadlineNs);
      listener = this.listener;
      if (listener === null) error = -EINVAL;
    }
    failAccept(error);
    return null;
  }

  /** A socket for a connection that came in. */
  private adopt(connection: Connection): TcpSocket {
    let socket = new TcpSocket(this.family);
    socket.connection = connection;
    socket.options = connection.options;
    connection.observer = socket.observer;
    socket.sendBuffer = this.sendBuffer;
    socket.receiveBuffer = this.receiveBuffer;
    socket.isV6Only = this.isV6Only;
    socket.keepsAlive = this.keepsAlive;
    socket.canReuseAddress = this.canReuseAddress;
    socket.canReusePort = this.canReusePort;
    socket.isUrgentInline = this.isUrgentInline;
    socket.lingerSeconds = this.lingerSeconds;
    socket.receiveLowMark = this.receiveLowMark;
    socket.hopLimit = this.hopLimit;
    socket.trafficClass = this.trafficClass;
    socket.boundIndex = this.boundIndex;
    socket.priority = this.priority;
    return socket;
  }

  override connect(address: SocketAddress): i32 {
    if (this.listener !== null) return -EISCONN;
    if (address.length >= 2 && address.family == AF_UNSPEC) return this.disconnect();
    let connection = this.connection;
    if (connection === null) {
      let error = this.begin(address);
      if (error < 0) return error;
      if (this.isNonBlocking) return -EINPROGRESS;
    } else {
      if (!this.isConnecting) return -EISCONN;
      if (isOpening(connection) && this.isNonBlocking) return -EALREADY;
    }
    return this.finishConnecting();
  }

  /** Send the SYN. Returns 0 when it is out. */
  private begin(address: SocketAddress): i32 {
    let remote = new Address();
    let error = inet.read(address, this.family, remote);
    if (error < 0) return error;
    if (remote.isIpv4 && this.isV6Only) return -ENETUNREACH;
    let connection = new Connection();
    connection.configure(this.options);
    let binding = this.binding;
    connection.index = inet.scope != 0 ? inet.scope : this.boundIndex;
    if (binding !== null) {
      connection.local.assign(binding.address);
      connection.localPort = binding.port;
    }
    connection.observer = this.observer;
    this.enter();
    error = opening.connect(connection, remote, inet.port);
    this.leave();
    if (error != -EINPROGRESS) {
      connection.observer = null;
      return error;
    }
    // From here on the port is the connection's, which gives it back when it is over.
    connection.binding = binding;
    this.binding = null;
    this.connection = connection;
    this.options = connection.options;
    this.isConnecting = true;
    return 0;
  }

  /** Wait for the handshake's end and report it. */
  private finishConnecting(): i32 {
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    let connection = this.connection!;
    while (isOpening(connection)) {
      let why = this.waitFor(deadlineNs);
      if (why == -EAGAIN) return -EINPROGRESS;
      if (why < 0) return why;
      if (this.connection !== connection) return -ECONNABORTED;
    }
    this.isConnecting = false;
    if (connection.isEstablishedOnce) return 0;
    let error = connection.takeError();
    this.dropConnection();
    return error != 0 ? -error : -ECONNABORTED;
  }

  /** connect(AF_UNSPEC): as new, but for the options. */
  private disconnect(): i32 {
    let connection = this.connection;
    if (connection === null) return 0;
    this.enter();
    connection.close(true);
    this.leave();
    this.dropConnection();
    return 0;
  }

  /** The attempt failed: connect may be tried again. */
  private dropConnection(): void {
    let connection = this.connection;
    if (connection === null) return;
    let options = new Options();
    options.assign(this.options);
    this.options = options;
    this.connection = null;
    this.isConnecting = false;
    this.isReceiveShut = false;
    this.isSendShut = false;
    this.enter();
    connection.close(false);
    this.leave();
  }

  override send(message: Message): i64 {
    let connection = this.connection;
    if (connection === null && message.has(MSG_FASTOPEN) && message.hasAddress) {
      // As a peer without a cookie (RFC 7413 §4.1.2): the handshake first, then the data.
      let error = this.connect(message.address);
      if (error < 0) return error;
      connection = this.connection;
    }
    if (connection === null) return -EPIPE;
    let io = message.io;
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    let total: i64 = 0;
    let error: i64 = 0;
    this.enter();
    while (true) {
      if (connection.error != 0 || this.isSendShut || !canSend(connection.state)) {
        if (isOpening(connection) && !this.isSendShut) {
          if (message.isNonBlocking) error = -EAGAIN;
        } else error = connection.error != 0 ? -connection.takeError() : -EPIPE;
        if (error < 0) break;
      } else {
        let moved = transfer.fill(connection, message);
        if (moved < 0) {
          error = moved;
          break;
        }
        total += moved;
        if (io.remaining == 0) break;
        connection.wantsRoom = true;
        connection.send();
        if (message.isNonBlocking) {
          error = -EAGAIN;
          break;
        }
        // Sending may have been all it took: on the loopback the other end has the bytes already.
        this.leave();
        this.enter();
        if (connection.isWritable) {
          connection.wantsRoom = false;
          continue;
        }
      }
      this.leave();
      let why = this.waitFor(deadlineNs);
      this.enter();
      if (why < 0) {
        error = why;
        break;
      }
    }
    if (total > 0) this.pushOut(connection, message);
    this.leave();
    return total > 0 ? total : error;
  }

  /** Let go out what was written; MSG_MORE keeps back what is less than a segment. */
  private pushOut(connection: Connection, message: Message): void {
    let window = connection.sendWindow;
    if (message.has(MSG_OOB)) {
      window.urgent = connection.dataEnd;
      window.hasUrgent = true;
    }
    let isCorked = connection.options.isCorked;
    if (message.has(MSG_MORE)) connection.options.isCorked = true;
    connection.send();
    connection.options.isCorked = isCorked;
  }

  override receive(message: Message): i64 {
    let connection = this.connection;
    if (connection === null) return -ENOTCONN;
    if (message.has(MSG_OOB)) {
      return this.isUrgentInline ? -EINVAL : this.urgent.receive(connection, message);
    }
    // A stream's errors are told by the calls themselves (man 7 ip, IP_RECVERR); none are queued.
    if (message.has(MSG_ERRQUEUE)) return -EAGAIN;
    let io = message.io;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let wanted = message.has(MSG_WAITALL) ? io.remaining : min<u64>(<u64>this.receiveLowMark, io.remaining);
    let total: i64 = 0;
    while (io.remaining > 0) {
      if (connection.receiveQueue.length > 0) {
        this.enter();
        let moved = message.isPeek
          ? transfer.peek(connection, message)
          : transfer.takeOut(connection, message, total > 0, this.isUrgentInline);
        this.leave();
        if (moved < 0) return total > 0 ? total : moved;
        if (moved == 0 && total > 0) break;
        total += moved;
        if (message.isPeek || <u64>total >= wanted) break;
        continue;
      }
      if (<u64>total >= wanted) break;
      // EPIPE is a reset behind the peer's end: readers have the end first (Linux tcp_recvmsg, SOCK_DONE), writers the error.
      if (connection.error == EPIPE) break;
      if (connection.error != 0) {
        if (total == 0) return -connection.takeError();
        break;
      }
      if (this.isReceiveShut || connection.isReceiveEnded) break;
      if (message.isNonBlocking) return total > 0 ? total : -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return total > 0 ? total : why;
    }
    return total;
  }

  override shutdown(how: i32): i32 {
    let listener = this.listener;
    if (listener !== null) {
      if (how == SHUT_WR) return 0;
      this.enter();
      listener.close();
      this.leave();
      this.listener = null;
      this.wake(READABLE | EPOLLHUP);
      return 0;
    }
    let connection = this.connection;
    if (connection === null) return -ENOTCONN;
    if (connection.state == State.CLOSED || connection.state == State.TIME_WAIT) {
      let isOver = this.isSendShut || this.isReceiveShut;
      if (!isOver && connection.state == State.CLOSED) return -ENOTCONN;
    }
    this.enter();
    if (how != SHUT_RD) {
      this.isSendShut = true;
      connection.shutdownSend();
    }
    if (how != SHUT_WR) {
      this.isReceiveShut = true;
      connection.shutdownReceive();
    }
    this.leave();
    this.wake(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
    return 0;
  }

  override poll(): u32 {
    let listener = this.listener;
    if (listener !== null) return listener.acceptable > 0 ? READABLE : 0;
    let connection = this.connection;
    if (connection === null) return WRITABLE | EPOLLHUP;
    let events: u32 = 0;
    let state = connection.state;
    if (connection.error != 0) events |= EPOLLERR;
    if (isOpening(connection)) return events;
    let isEnded = this.isReceiveShut || connection.isReceiveEnded;
    if (isEnded) events |= READABLE | EPOLLRDHUP;
    if (state == State.CLOSED || state == State.TIME_WAIT || (isEnded && this.isSendShut)) events |= EPOLLHUP;
    if (connection.receiveQueue.length >= <u32>this.receiveLowMark) events |= READABLE;
    if (this.isSendShut || state == State.CLOSED || connection.isWritable) events |= WRITABLE;
    else connection.wantsRoom = true;
    if (!this.isUrgentInline && this.urgent.isUnread(connection)) events |= EPOLLPRI;
    return events;
  }

  override close(): void {
    if (this.lingerSeconds > 0) this.linger();
    this.enter();
    let listener = this.listener;
    if (listener !== null) listener.close();
    let connection = this.connection;
    if (connection !== null) connection.close(this.lingerSeconds == 0);
    let binding = this.binding;
    if (binding !== null) ports.release(binding);
    this.leave();
    this.listener = null;
    this.connection = null;
    this.binding = null;
  }

  /** SO_LINGER: wait until the peer has everything, FIN included, or the time is over. */
  private linger(): void {
    let connection = this.connection;
    if (connection === null || connection.receiveQueue.length > 0) return;
    let deadlineNs = this.deadlineOf(<u64>this.lingerSeconds * 1_000_000_000);
    this.enter();
    connection.shutdownSend();
    this.leave();
    while (isFinishing(connection)) {
      connection.wantsRoom = true;
      if (this.waitFor(deadlineNs) < 0) return;
    }
  }

  override getName(into: SocketAddress): i32 {
    let connection = this.connection;
    let listener = this.listener;
    let binding = listener !== null ? listener.binding : this.binding;
    let address = new Address();
    this.setAny(address);
    if (connection !== null) address = connection.local;
    else if (binding !== null) address = binding.address;
    inet.write(into, this.family, address, this.localPort, this.boundIndex);
    return 0;
  }

  override getPeerName(into: SocketAddress): i32 {
    let connection = this.connection;
    if (connection === null || isOpening(connection)) return -ENOTCONN;
    if (connection.state == State.CLOSED) return -ENOTCONN;
    inet.write(into, this.family, connection.remote, connection.remotePort, connection.index);
    return 0;
  }

  override takeError(): i32 {
    let connection = this.connection;
    if (connection === null) return super.takeError();
    let error = connection.takeError();
    return -error;
  }

  protected override pathOptionChanged(): void {
    this.options.hopLimit = this.hopLimit;
    this.options.trafficClass = this.trafficClass;
    let connection = this.connection;
    if (connection !== null && this.boundIndex != 0) connection.index = this.boundIndex;
  }

  override optionChanged(name: i32): void {
    let options = this.options;
    let connection = this.connection;
    switch (name) {
      case SO_SNDBUF:
      case SO_SNDBUFFORCE:
        options.sendBuffer = <u32>this.sendBuffer;
        options.isSendBufferFixed = true;
        if (connection !== null) connection.sendBuffer.limit = options.sendBuffer;
        return;
      case SO_RCVBUF:
      case SO_RCVBUFFORCE:
        options.receiveBuffer = <u32>this.receiveBuffer;
        options.isReceiveBufferFixed = true;
        if (connection !== null) {
          connection.receiveWindow.limit = options.receiveBuffer;
          connection.receiveWindow.isAutomatic = false;
        }
        return;
      case SO_KEEPALIVE:
        options.keepsAlive = this.keepsAlive;
        this.enter();
        if (connection !== null) restartKeepalive(connection);
        this.leave();
        return;
      case SO_OOBINLINE:
        options.isUrgentInline = this.isUrgentInline;
        return;
      default:
        return;
    }
  }

  override setOption(level: i32, name: i32, value: OptionValue): i32 {
    return level == SOL_TCP ? setTcpOption(this, name, value) : super.setOption(level, name, value);
  }

  override getOption(level: i32, name: i32, value: OptionValue): i32 {
    return level == SOL_TCP ? getTcpOption(this, name, value) : super.getOption(level, name, value);
  }

  override ioctl(request: u32, argument: u64): i64 {
    let connection = this.connection;
    switch (request) {
      case SIOCINQ:
        if (this.listener !== null) return -EINVAL;
        return store32(argument, connection === null ? 0 : connection.receiveQueue.length);
      case SIOCOUTQ:
        if (this.listener !== null) return -EINVAL;
        return store32(argument, connection === null ? 0 : connection.sendBuffer.length);
      case SIOCATMARK:
        return store32(argument, connection !== null && isAtMark(connection) ? 1 : 0);
      default:
        return super.ioctl(request, argument);
    }
  }
}

/** Whether the handshake is under way. */
function isOpening(connection: Connection): bool {
  return (
    connection.state == State.SYN_SENT || (connection.state == State.SYN_RECEIVED && !connection.isEstablishedOnce)
  );
}

/** Whether our FIN is not acknowledged yet. */
function isFinishing(connection: Connection): bool {
  let state = connection.state;
  return state == State.FIN_WAIT_1 || state == State.CLOSING || state == State.LAST_ACK;
}
