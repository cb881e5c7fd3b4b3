// SOCK_STREAM of AF_UNIX: bytes in order, with descriptors and credentials at their places among them (man 7 unix).

import { EAGAIN, EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP, EPIPE, ETOOMANYREFS } from "../../abi/errno";
import { READABLE } from "../../abi/poll";
import { MSG_OOB, MSG_WAITALL, SOCK_STREAM } from "../../abi/socket";
import { Message } from "../message";
import { UnixConnection } from "./connection";
import { unload } from "./in-flight";
import { Record, releaseRecord } from "./record";

export class UnixStream extends UnixConnection {
  constructor() {
    super(SOCK_STREAM);
  }

  override another(): UnixConnection {
    return new UnixStream();
  }

  override send(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (message.hasAddress) return this.isConnected ? -EISCONN : -EOPNOTSUPP;
    if (!this.isConnected) return -ENOTCONN;
    let io = message.io;
    let deadlineNs = this.deadlineOf(this.sendTimeoutNs);
    let total: i64 = 0;
    if (this.isSendShut) return -EPIPE;
    while (io.remaining > 0) {
      if (this.isSendShut) return total > 0 ? total : -EPIPE;
      let peer = this.peer as UnixStream;
      let used = peer.received.length;
      if (used >= this.limit) {
        this.wantsRoom = true;
        if (message.isNonBlocking) return total > 0 ? total : -EAGAIN;
        let why = this.waitFor(deadlineNs);
        if (why < 0) return total > 0 ? total : why;
        continue;
      }
      let moved = peer.take(this, message, this.limit - used);
      if (moved < 0) return total > 0 ? total : moved;
      total += moved;
      peer.wake(READABLE);
    }
    return total;
  }

  /** Take up to `room` bytes of what `sender` sends. */
  private take(sender: UnixStream, message: Message, room: u64): i64 {
    let wantsRecord = message.files !== null || message.hasCredentials || this.passesCredentials;
    if (!wantsRecord) return this.received.append(message.io, room);
    sender.fillCredentials(message);
    let last = this.records.last;
    if (message.files === null && last !== null && last.isFrom(message) && last.end == this.received.written) {
      let moved = this.received.append(message.io, room);
      if (moved > 0) last.end = this.received.written;
      return moved;
    }
    let start = this.received.written;
    let moved = this.received.append(message.io, room);
    if (moved <= 0) return moved;
    let record = this.addRecord(message);
    if (record === null) {
      this.received.cut(start);
      return -ETOOMANYREFS;
    }
    record.start = start;
    record.end = this.received.written;
    return moved;
  }

  override receive(message: Message): i64 {
    if (message.has(MSG_OOB)) return -EOPNOTSUPP;
    if (!this.isConnected) return -EINVAL;
    let io = message.io;
    let deadlineNs = this.deadlineOf(this.receiveTimeoutNs);
    let wanted: u64 = message.has(MSG_WAITALL) ? io.remaining : min(<u64>this.receiveLowMark, io.remaining);
    let total: i64 = 0;
    if (io.remaining == 0) return 0;
    while (io.remaining > 0) {
      if (this.received.length == 0) {
        if (<u64>total >= wanted) break;
        if (total == 0 && this.error != 0) return this.takeError();
        if (this.isReceiveShut) break;
        if (message.isNonBlocking) return total > 0 ? total : -EAGAIN;
        let why = this.waitFor(deadlineNs);
        if (why < 0) return total > 0 ? total : why;
        continue;
      }
      let head = this.records.first;
      if (head === null && !this.passesCredentials) {
        let moved = this.takeOut(message, this.received.length);
        if (moved < 0) return total > 0 ? total : moved;
        total += moved;
        if (message.isPeek) break;
        continue;
      }
      let moved = this.takePiece(message, head, total > 0);
      if (moved < 0) return total > 0 ? total : moved;
      total += moved;
      if (this.isPieceEnd || message.isPeek) break;
    }
    return total;
  }

  /** Whether the last takePiece ended where reading must stop. */
  private isPieceEnd: bool = false;

  /** Read within one record, or up to the first one. */
  private takePiece(message: Message, head: Record | null, isContinued: bool): i64 {
    let position = this.received.taken;
    this.isPieceEnd = false;
    if (head === null || head.start > position) {
      let count = head === null ? this.received.length : head.start - position;
      if (!isContinued) this.tellCredentials(message, null);
      let moved = this.takeOut(message, count);
      // Bytes of different senders are not read together by one who asks who sent them.
      this.isPieceEnd = this.passesCredentials;
      return moved;
    }
    if (message.files !== null) {
      this.isPieceEnd = true;
      return 0;
    }
    if (!isContinued) this.tellCredentials(message, head);
    unload(head, message, message.isPeek);
    let moved = this.takeOut(message, head.end - position);
    if (!message.isPeek && moved > 0 && position + <u64>moved == head.end) {
      this.records.shift();
      releaseRecord(head);
    }
    this.isPieceEnd = message.files !== null || this.passesCredentials;
    return moved;
  }

  /** Move up to `count` bytes out, and let the writer know. */
  private takeOut(message: Message, count: u64): i64 {
    let moved = this.received.copy(message.io, 0, count);
    if (moved <= 0 || message.isPeek) return moved;
    this.received.drop(<u64>moved);
    let peer = this.peer;
    if (peer !== null && peer.wantsRoom) (peer as UnixConnection).roomMade();
    return moved;
  }
}
