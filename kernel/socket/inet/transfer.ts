// Bytes between a message and a TCP connection: copied once, into the send buffer's chunks or out of received packets.
// Precondition of all: the stack is entered.

import { EFAULT } from "../../abi/errno";
import { MSG_TRUNC } from "../../abi/socket";
import { Connection } from "../../net/tcp/connection";
import { pushWindow } from "../../net/tcp/output";
import { Message } from "../message";
import { bytesBefore } from "./urgent";

/** Copy as much of the message into the send buffer as it takes. Bytes or -EFAULT. */
export function fill(connection: Connection, message: Message): i64 {
  let io = message.io;
  let buffer = connection.sendBuffer;
  let total: i64 = 0;
  while (io.remaining > 0 && !connection.isAtLowMark) {
    if (!buffer.reserve(<u32>min<u64>(io.remaining, 0x7fffffff))) break;
    let moved = io.take(buffer.writeAddress, <u64>buffer.writeLength);
    if (moved < 0) return total > 0 ? total : -EFAULT;
    if (moved == 0) break;
    buffer.commit(<u32>moved);
    total += moved;
  }
  return total;
}

/**
 * Move what is there into the message, up to urgent data; a read that begins there passes it. Bytes (0 at the mark, when
 * `isContinued`) or -EFAULT.
 */
export function takeOut(connection: Connection, message: Message, isContinued: bool, isUrgentInline: bool): i64 {
  let io = message.io;
  let queue = connection.receiveQueue;
  let total: i64 = 0;
  let room = io.remaining;
  if (connection.hasUrgent) {
    let before = bytesBefore(connection);
    if (before == 0) {
      if (isContinued) return 0;
      passUrgent(connection, isUrgentInline);
    } else room = min<u64>(room, <u64>before);
  }
  while (room > <u64>total && queue.locate(0)) {
    let count = min<u64>(<u64>queue.pieceLength, room - <u64>total);
    if (message.has(MSG_TRUNC)) io.skip(count);
    else {
      let moved = io.put(queue.pieceAddress, count);
      if (moved < 0) {
        if (total == 0) total = moved;
        break;
      }
      count = <u64>moved;
    }
    if (count == 0) break;
    queue.consume(<u32>count);
    total += <i64>count;
  }
  if (total > 0) pushWindow(connection, <u32>total);
  return total;
}

/** The mark is behind: the urgent byte, unless it is in line, is no part of the stream. */
function passUrgent(connection: Connection, isUrgentInline: bool): void {
  connection.hasUrgent = false;
  if (isUrgentInline) return;
  connection.receiveQueue.consume(1);
  pushWindow(connection, 1);
}

/** Copy what is there and leave it (MSG_PEEK). */
export function peek(connection: Connection, message: Message): i64 {
  let io = message.io;
  let queue = connection.receiveQueue;
  let total: i64 = 0;
  while (io.remaining > 0 && queue.locate(<u32>total)) {
    let moved = io.put(queue.pieceAddress, min<u64>(<u64>queue.pieceLength, io.remaining));
    if (moved < 0) return total > 0 ? total : moved;
    if (moved == 0) break;
    total += moved;
  }
  return total;
}
