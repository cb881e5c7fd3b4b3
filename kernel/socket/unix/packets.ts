// Whole messages between AF_UNIX sockets: what SOCK_DGRAM and SOCK_SEQPACKET share. One lies in the receiver's ring as
// bytes, with a record that says where it ends and who sent it.

import { EAGAIN, EMSGSIZE, ENOBUFS, ETOOMANYREFS } from "../../abi/errno";
import { READABLE } from "../../abi/poll";
import { MSG_TRUNC } from "../../abi/socket";
import { Message } from "../message";
import { addCarrier, load, unload } from "./in-flight";
import { obtainRecord, releaseRecord } from "./record";
import { putName, UnixSocket } from "./socket";

/** net.unix.max_dgram_qlen, as Debian sets it. */
export const MAX_QUEUED: i32 = 512;
/** What a message costs beside its bytes, against SO_SNDBUF (Linux unix_dgram_sendmsg: the buffer less 32). */
const OVERHEAD: u64 = 32;

/** Whether `receiver` takes one more message from `sender`. */
export function hasRoomFor(receiver: UnixSocket, sender: UnixSocket, length: u64): bool {
  if (receiver.records.length >= MAX_QUEUED) return false;
  let used = receiver.received.length + <u64>receiver.records.length * OVERHEAD;
  return used == 0 || used + length <= max(<u64>receiver.receiveBuffer, sender.limit);
}

/** Whether a message is small enough ever to be sent: 0 or -EMSGSIZE. */
export function checkSize(sender: UnixSocket, length: u64): i32 {
  return length > sender.limit - OVERHEAD ? -EMSGSIZE : 0;
}

/** Put a message whole into the receiver's queue. Precondition: there is room; credentials are filled in. Bytes or a negative errno. */
export function deliver(receiver: UnixSocket, sender: UnixSocket, message: Message): i64 {
  let ring = receiver.received;
  let start = ring.written;
  let length = message.io.remaining;
  let moved: i64 = length > 0 ? ring.append(message.io, length) : 0;
  if (moved < <i64>length) {
    ring.cut(start);
    return moved < 0 ? moved : -ENOBUFS;
  }
  let record = obtainRecord();
  if (message.files !== null && load(record, message, i32.MAX_VALUE) < 0) {
    ring.cut(start);
    releaseRecord(record);
    return -ETOOMANYREFS;
  }
  if (record.files !== null) addCarrier(receiver);
  record.start = ring.written - length;
  record.end = ring.written;
  record.sender = sender.name;
  record.hasCredentials = true;
  record.processId = message.processId;
  record.user = message.user;
  record.group = message.group;
  receiver.records.push(record);
  receiver.wake(READABLE);
  return moved;
}

/** Take the first message out. Precondition: there is one. Bytes (its whole length with MSG_TRUNC) or -EFAULT. */
export function takeFirst(receiver: UnixSocket, message: Message): i64 {
  let record = receiver.records.first;
  if (record === null) return -EAGAIN;
  let length = record.end - record.start;
  let moved: i64 = length > 0 ? receiver.received.copy(message.io, 0, length) : 0;
  if (<u64>moved < length && moved >= 0) message.outcome |= MSG_TRUNC;
  let sender = record.sender;
  if (sender !== null) putName(message.address, sender);
  receiver.tellCredentials(message, record);
  unload(record, message, message.isPeek);
  if (!message.isPeek) {
    receiver.records.shift();
    releaseRecord(record);
    receiver.received.drop(length);
  }
  if (moved < 0) return moved;
  return message.has(MSG_TRUNC) ? <i64>length : moved;
}
