// One message on its way between a program and a socket: where its bytes are, whom it is to or from, what goes with it
// (man 2 sendmsg, man 2 recvmsg).
//
// Rules of use: `obtain` … `giveBack` encloses a call. Messages are pooled, since calls block and many are under way at
// once. Descriptors to pass along are open files here; who sends holds a reference to each, the receiver's system call
// gives them numbers.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { CMSG_HEADER, MSG_CTRUNC, MSG_DONTWAIT, MSG_PEEK } from "../abi/socket";
import { IoVector } from "../memory/io-vector";
import { File } from "../vfs/file";
import { SocketAddress } from "./address";

/** Room for control messages made by protocols: addresses, hop limits, times, credentials. */
const CONTROL_ROOM: i32 = 256;
const MAX_SPARE: i32 = 32;

export class Message {
  /** The bytes. */
  io: IoVector;
  /** MSG_* as the program gave them; O_NONBLOCK of the socket counts as MSG_DONTWAIT. */
  flags: u32 = 0;
  /** Sending: where to, when `hasAddress`. Receiving: where from; length 0 for nobody. */
  readonly address: SocketAddress = new SocketAddress();
  hasAddress: bool = false;
  /** Open files that go along, and how many. */
  files: StaticArray<File | null> | null = null;
  fileCount: i32 = 0;
  /** Who sent it (SCM_CREDENTIALS), when `hasCredentials`. */
  hasCredentials: bool = false;
  processId: i32 = 0;
  user: u32 = 0;
  group: u32 = 0;
  /** Other control messages, one struct cmsghdr after the other: what the program sent, or what the protocol tells. */
  control: StaticArray<u8> = new StaticArray<u8>(CONTROL_ROOM);
  controlLength: i32 = 0;
  /** Receiving: whether the program has room for control messages at all. */
  wantsControl: bool = false;
  /** Receiving: MSG_TRUNC, MSG_CTRUNC, MSG_EOR and the like, for msg_flags. */
  outcome: u32 = 0;
  /** The next spare one. */
  next: Message | null = null;

  constructor(io: IoVector) {
    this.io = io;
  }

  get isPeek(): bool {
    return (this.flags & MSG_PEEK) != 0;
  }

  get isNonBlocking(): bool {
    return (this.flags & MSG_DONTWAIT) != 0;
  }

  has(flag: u32): bool {
    return (this.flags & flag) != 0;
  }

  /** Add a control message of `length` bytes; returns where its data goes, 0 when there is no room (MSG_CTRUNC is noted). */
  addControl(level: i32, type: i32, length: i32): u64 {
    let space = (<i32>CMSG_HEADER + length + 7) & ~7;
    if (this.controlLength + space > this.control.length) {
      this.outcome |= MSG_CTRUNC;
      return 0;
    }
    let at = bytesAddress(this.control) + <u64>this.controlLength;
    mem.store64(at, CMSG_HEADER + <u64>length);
    mem.store32(at + 8, <u32>level);
    mem.store32(at + 12, <u32>type);
    this.controlLength += space;
    return at + CMSG_HEADER;
  }

  /** Make room for `length` bytes of control messages from the program. */
  makeControlRoom(length: i32): void {
    if (this.control.length < length) this.control = new StaticArray<u8>(length);
  }

  /** Drop the files that nobody took. */
  dropFiles(): void {
    let files = this.files;
    if (files === null) return;
    for (let i = 0; i < this.fileCount; i++) {
      let file = files[i];
      files[i] = null;
      if (file !== null) file.release();
    }
    this.files = null;
    this.fileCount = 0;
  }
}

let spare: Message | null = null;
let spareCount: i32 = 0;

/** A message for `io` with these flags, everything else empty. */
export function obtain(io: IoVector, flags: u32): Message {
  let message = spare;
  if (message === null) message = new Message(io);
  else {
    spare = message.next;
    spareCount--;
    message.next = null;
    message.io = io;
  }
  message.flags = flags;
  message.address.length = 0;
  message.hasAddress = false;
  message.hasCredentials = false;
  message.controlLength = 0;
  message.wantsControl = false;
  message.outcome = 0;
  return message;
}

/** Done with it. Files that are left are closed. */
export function giveBack(message: Message): void {
  if (message.files !== null) message.dropFiles();
  if (message.control.length > CONTROL_ROOM) message.control = new StaticArray<u8>(CONTROL_ROOM);
  if (spareCount == MAX_SPARE) return;
  message.next = spare;
  spare = message;
  spareCount++;
}
