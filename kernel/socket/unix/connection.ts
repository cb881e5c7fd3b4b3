// Connections of AF_UNIX: listen, connect and accept, for streams and sequenced packets alike (man 7 unix). Connecting
// makes both ends at once; accept(2) only hands one over.

import { EAGAIN, ECONNREFUSED, EINVAL, EISCONN, EPERM, EPROTOTYPE } from "../../abi/errno";
import { EPOLLERR, EPOLLHUP, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import { SHUT_RD, SHUT_WR, SOMAXCONN } from "../../abi/socket";
import { SocketAddress } from "../address";
import { failAccept, Socket } from "../socket";
import { bindAutomatically, check, find, findError } from "./names";
import { UnixSocket } from "./socket";

export abstract class UnixConnection extends UnixSocket {
  isConnected: bool = false;
  private isAccepting: bool = false;
  private backlog: i32 = 0;
  /** Connections to accept, each with a reference of its own. */
  private acceptable: Array<UnixConnection> = [] as UnixConnection[];

  /** Another one of the same kind, for the listener's side. */
  abstract another(): UnixConnection;

  override get isListening(): bool {
    return this.isAccepting;
  }

  override listen(backlog: i32): i32 {
    if (this.name === null || this.isConnected) return -EINVAL;
    // As Linux: a backlog of n lets n + 1 wait.
    this.backlog = <u32>backlog > <u32>SOMAXCONN ? SOMAXCONN : backlog;
    this.isAccepting = true;
    this.setPeerCredentials();
    this.wake(WRITABLE);
    return 0;
  }

  override connect(address: SocketAddress): i32 {
    let error = check(address);
    if (error < 0) return error;
    if (this.passesCredentials) {
      error = bindAutomatically(this);
      if (error < 0) return error;
    }
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    while (true) {
      let found = find(address, this.type);
      if (found === null) return findError;
      if (!(found instanceof UnixConnection)) return -EPROTOTYPE;
      let listener = found as UnixConnection;
      if (!listener.isAccepting || listener.isReceiveShut) return -ECONNREFUSED;
      if (this.isAccepting) return -EINVAL;
      if (this.isConnected) return -EISCONN;
      if (listener.acceptable.length <= listener.backlog) {
        this.join(listener);
        return 0;
      }
      if (this.isNonBlocking) return -EAGAIN;
      listener.retain();
      error = listener.waitFor(deadlineNs);
      listener.release();
      if (error < 0) return error;
    }
  }

  private join(listener: UnixConnection): void {
    let other = listener.another();
    other.name = listener.name;
    other.sendBuffer = listener.sendBuffer;
    other.receiveBuffer = listener.receiveBuffer;
    other.passesCredentials = listener.passesCredentials;
    other.waitsAt = listener;
    this.pairWith(other);
    other.setPeerCredentials();
    this.copyPeerCredentials(listener);
    listener.acceptable.push(other);
    listener.wake(READABLE);
  }

  /** Become the two ends of one connection. */
  pairWith(other: UnixConnection): void {
    this.peer = other;
    other.peer = this;
    this.isConnected = true;
    other.isConnected = true;
    this.wake(WRITABLE);
  }

  override accept(): Socket | null {
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let error = this.isAccepting ? 0 : -EINVAL;
    while (error == 0) {
      if (this.acceptable.length > 0) {
        let accepted = this.acceptable.shift();
        accepted.waitsAt = null;
        // Those whose connect found no room.
        this.blocked.wakeAll();
        return accepted;
      }
      if (this.isReceiveShut) error = -EINVAL;
      else if (this.isNonBlocking) error = -EAGAIN;
      else error = this.waitFor(deadlineNs);
    }
    failAccept(error);
    return null;
  }

  protected override shutPeer(how: i32): void {
    let peer = this.peer;
    if (peer === null || peer.isDead) return;
    if (how != SHUT_WR) peer.isSendShut = true;
    if (how != SHUT_RD) peer.isReceiveShut = true;
    peer.wake(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
  }

  protected override leavePeer(isAbrupt: bool): void {
    let peer = this.peer;
    if (peer !== null && !peer.isDead) peer.peerClosed(isAbrupt);
  }

  override dropReceived(): void {
    super.dropReceived();
    let queue = this.acceptable;
    while (queue.length > 0) queue.pop().release();
    if (this.isAccepting) this.blocked.wakeAll();
  }

  override listWaiting(to: Array<UnixSocket>): void {
    for (let i = 0; i < this.acceptable.length; i++) to.push(this.acceptable[i]);
  }

  /** Whether a write would find room. */
  get hasRoom(): bool {
    let peer = this.peer;
    return peer === null || peer.isDead || peer.received.length * 2 <= this.limit;
  }

  /** The reader at the other end made room. */
  roomMade(): void {
    if (!this.wantsRoom || !this.hasRoom) return;
    this.wantsRoom = false;
    this.wake(WRITABLE);
  }

  override poll(): u32 {
    let events: u32 = 0;
    if (this.isAccepting) return this.acceptable.length > 0 ? READABLE : 0;
    if (this.error != 0) events |= EPOLLERR;
    if (this.isReceiveShut) events |= EPOLLRDHUP | READABLE;
    if ((this.isReceiveShut && this.isSendShut) || !this.isConnected) events |= EPOLLHUP;
    if (this.received.length > 0 || this.records.length > 0) events |= READABLE;
    if (this.hasRoom) events |= WRITABLE;
    else this.wantsRoom = true;
    return events;
  }
}

/** Connect two new ones: socketpair(2). */
export function connectPair(left: UnixConnection, right: UnixConnection): i32 {
  if (left.isConnected || right.isConnected) return -EPERM;
  left.pairWith(right);
  left.setPeerCredentials();
  right.setPeerCredentials();
  return 0;
}
