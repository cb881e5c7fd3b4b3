// Urgent data of TCP sockets (man 7 tcp, "Sockets API"; RFC 9293 §3.8.5): one byte that the peer marked. Unless it is taken in
// line (SO_OOBINLINE) it is no part of the stream and MSG_OOB reads it; reads of the stream stop before it once.

import { EAGAIN, EINVAL } from "../../abi/errno";
import { MSG_OOB } from "../../abi/socket";
import { Connection } from "../../net/tcp/connection";
import { State } from "../../net/tcp/state";
import { Message } from "../message";

/** What a socket remembers of urgent bytes. */
export class UrgentMark {
  /** The last one that MSG_OOB took: its sequence number, once there was one. */
  private readSequence: u32 = 0;
  private isRead: bool = false;

  /** Whether there is one that MSG_OOB has not taken. */
  isUnread(connection: Connection): bool {
    if (!connection.hasUrgent) return false;
    return !this.isRead || this.readSequence != connection.urgentSequence;
  }

  /** MSG_OOB: the byte, read once, wherever the stream stands. */
  receive(connection: Connection, message: Message): i64 {
    if (!this.isUnread(connection)) return -EINVAL;
    let queue = connection.receiveQueue;
    if (!queue.locate(connection.urgentSequence - firstSequence(connection))) return -EAGAIN;
    let moved = message.io.put(queue.pieceAddress, 1);
    message.outcome |= MSG_OOB;
    if (moved == 1 && !message.isPeek) {
      this.isRead = true;
      this.readSequence = connection.urgentSequence;
    }
    return moved;
  }
}

/** Bytes of the stream before the urgent one. Precondition: there is one. */
export function bytesBefore(connection: Connection): u32 {
  return connection.urgentSequence - firstSequence(connection);
}

/** SIOCATMARK: whether the next byte to read is the urgent one. */
export function isAtMark(connection: Connection): bool {
  return connection.hasUrgent && connection.urgentSequence == firstSequence(connection);
}

/** Sequence number of the first byte to read. */
function firstSequence(connection: Connection): u32 {
  let next = connection.receiveWindow.next - connection.receiveQueue.length;
  switch (connection.state) {
    case State.CLOSE_WAIT:
    case State.LAST_ACK:
    case State.CLOSING:
    case State.TIME_WAIT:
    case State.CLOSED:
      // The peer's FIN is counted, too.
      return connection.isReceiveEnded ? next - 1 : next;
    default:
      return next;
  }
}
