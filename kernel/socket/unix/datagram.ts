// SOCK_DGRAM of AF_UNIX: reliable messages to a name, or to one peer when connected (man 7 unix).

import { EAGAIN, ECONNREFUSED, ECONNRESET, ENOTCONN, EOPNOTSUPP, EPERM, EPIPE } from "../../abi/errno";
import { EPOLLERR, EPOLLHUP, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import { AF_UNSPEC, MSG_OOB, SOCK_DGRAM } from "../../abi/socket";
import { SocketAddress } from "../address";
import { Message } from "../message";
import { bindAutomatically, check, failFind, find, findError } from "./names";
import { checkSize, deliver, hasRoomFor, takeFirst } from "./packets";
import { UnixSocket } from "./socket";

export class UnixDatagram extends UnixSocket {
  /** Senders that found no room here. */
  private stalled: Array<UnixDatagram> = [] as UnixDatagram[];

  constructor() {
    super(SOCK_DGRAM);
  }

  override get waiting(): u64 {
    let first = this.records.first;
    return first === null ? 0 : first.end - first.start;
  }

  /** Whether this, connected or not, takes messages of `sender`. */
  private accepts(sender: UnixSocket): bool {
    return this.peer === null || this.peer === sender;
  }

  override connect(address: SocketAddress): i32 {
    if (address.family == AF_UNSPEC && address.length >= 2) {
      this.disconnect();
      return 0;
    }
    let error = check(address);
    if (error < 0) return error;
    if (this.passesCredentials) {
      error = bindAutomatically(this);
      if (error < 0) return error;
    }
    let found = find(address, this.type);
    if (found === null) return findError;
    let target = found as UnixDatagram;
    if (!target.accepts(this)) return -EPERM;
    if (this.peer !== null && this.peer !== target) this.disconnect();
    this.peer = target;
    this.wake(WRITABLE);
    return 0;
  }

  /** Anyone again; what the old peer sent is dropped, and the peer, if it was connected to this, told. */
  private disconnect(): void {
    let peer = this.peer;
    this.peer = null;
    if (peer === null) return;
    this.dropReceived();
    if (peer.peer === this && !peer.isDead) peer.fail(ECONNRESET);
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (this.passesCredentials) {
      let error = bindAutomatically(this);
      if (error < 0) return error;
    }
    let length = message.io.remaining;
    let error = checkSize(this, length);
    if (error < 0) return error;
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    this.fillCredentials(message);
    while (true) {
      if (this.error != 0) return this.takeError();
      if (this.isSendShut) return -EPIPE;
      let target = this.targetOf(message);
      if (target === null) return findError;
      if (target.isDead) {
        if (this.peer === target) {
          this.peer = null;
          this.dropReceived();
        }
        return -ECONNREFUSED;
      }
      if (!target.accepts(this)) return -EPERM;
      if (target.isReceiveShut) return -EPIPE;
      if (hasRoomFor(target, this, length)) return deliver(target, this, message);
      target.stall(this);
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
  }

  /** Where a message goes; null with the reason in names.ts's `findError`. */
  private targetOf(message: Message): UnixDatagram | null {
    if (message.hasAddress) {
      let error = check(message.address);
      if (error == 0) return find(message.address, this.type) as UnixDatagram | null;
      failFind(error);
      return null;
    }
    let peer = this.peer;
    if (peer === null) failFind(-ENOTCONN);
    return peer as UnixDatagram | null;
  }

  /** `sender` waits for room. */
  private stall(sender: UnixDatagram): void {
    sender.wantsRoom = true;
    if (this.stalled.indexOf(sender) < 0) this.stalled.push(sender);
  }

  private wakeStalled(): void {
    while (this.stalled.length > 0) {
      let sender = this.stalled.pop();
      sender.wantsRoom = false;
      if (!sender.isDead) sender.wake(WRITABLE);
    }
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    while (this.records.length == 0) {
      if (this.error != 0) return this.takeError();
      if (this.isReceiveShut) return 0;
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
    let moved = takeFirst(this, message);
    if (this.stalled.length > 0) this.wakeStalled();
    return moved;
  }

  protected override leavePeer(_isAbrupt: bool): void {
    this.wakeStalled();
    let peer = this.peer;
    this.peer = null;
    if (peer !== null && peer.peer === this && !peer.isDead) peer.wake(WRITABLE | EPOLLERR);
  }

  override poll(): u32 {
    let events: u32 = 0;
    if (this.error != 0) events |= EPOLLERR;
    if (this.isReceiveShut) events |= EPOLLRDHUP | READABLE;
    if (this.isReceiveShut && this.isSendShut) events |= EPOLLHUP;
    if (this.records.length > 0) events |= READABLE;
    let peer = this.peer as UnixDatagram | null;
    if (peer === null || peer.isDead || hasRoomFor(peer, this, this.limit / 4)) events |= WRITABLE;
    else peer.stall(this);
    return events;
  }
}
