// SOCK_SEQPACKET of AF_UNIX: connections that keep the bounds of messages (man 7 unix).

import { EAGAIN, ENOTCONN, EOPNOTSUPP, EPIPE } from "../../abi/errno";
import { MSG_EOR, MSG_OOB, SOCK_SEQPACKET } from "../../abi/socket";
import { Message } from "../message";
import { UnixConnection } from "./connection";
import { checkSize, deliver, hasRoomFor, takeFirst } from "./packets";

export class UnixSequenced extends UnixConnection {
  constructor() {
    super(SOCK_SEQPACKET);
  }

  override another(): UnixConnection {
    return new UnixSequenced();
  }

  override get waiting(): u64 {
    let first = this.records.first;
    return first === null ? 0 : first.end - first.start;
  }

  override get hasRoom(): bool {
    let peer = this.peer;
    return peer === null || peer.isDead || hasRoomFor(peer, this, this.limit / 4);
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (!this.isConnected) return -ENOTCONN;
    let length = message.io.remaining;
    let error = checkSize(this, length);
    if (error < 0) return error;
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    this.fillCredentials(message);
    while (true) {
      if (this.error != 0) return this.takeError();
      if (this.isSendShut) return -EPIPE;
      let peer = this.peer!;
      if (hasRoomFor(peer, this, length)) return deliver(peer, this, message);
      this.wantsRoom = true;
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (!this.isConnected) return -ENOTCONN;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    while (this.records.length == 0) {
      if (this.error != 0) return this.takeError();
      if (this.isReceiveShut) return 0;
      if (message.isNonBlocking) return -EAGAIN;
      let why = this.waitFor(deadlineNs);
      if (why < 0) return why;
    }
    let moved = takeFirst(this, message);
    // The peer's name is no news on a connection.
    message.address.clear();
    message.outcome |= MSG_EOR;
    let peer = this.peer;
    if (peer !== null && peer.wantsRoom) (peer as UnixConnection).roomMade();
    return moved;
  }
}
