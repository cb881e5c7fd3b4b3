// What all AF_UNIX sockets have (man 7 unix): a name, a peer, what has arrived and waits to be read.
//
//   left.peer ──► right      left writes into right.received; stream.ts, packets.ts say how
//
// Two that are connected share no object: each has its own ring, and closing or shutting one down notes on the other what
// that means there.

import { ECONNRESET, EINVAL, ENODATA, ENOPROTOOPT, ENOTCONN, EOPNOTSUPP } from "../../abi/errno";
import { EPOLLHUP, EPOLLRDHUP, READABLE, WRITABLE } from "../../abi/poll";
import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import {
  AF_UNIX,
  SCM_CREDENTIALS,
  SHUT_RD,
  SHUT_WR,
  SIOCATMARK,
  SIOCINQ,
  SIOCOUTQ,
  SO_PEERCRED,
  SO_PEERGROUPS,
  SO_PEERSEC,
  SOL_SOCKET,
  SUN_PATH,
} from "../../abi/socket";
import { store32 } from "../../memory/user";
import { Inode } from "../../vfs/inode";
import { SocketAddress } from "../address";
import { caller } from "../caller";
import { Message } from "../message";
import { OptionValue } from "../option";
import { Socket } from "../socket";
import { ByteRing } from "./byte-ring";
import { addCarrier, socketClosed, discard, load, removeCarrier } from "./in-flight";
import { bindAutomatically, bindName, check, unbind } from "./names";
import { obtainRecord, Record, RecordQueue, releaseRecord } from "./record";

/** Linux's overflow user and group: who sent what came without credentials. */
export const NOBODY: u32 = 65534;

export abstract class UnixSocket extends Socket {
  /** sun_path as getsockname gives it; null without a name. */
  name: StaticArray<u8> | null = null;
  boundInode: Inode | null = null;
  /** The next in a bucket of names.ts. */
  nextNamed: UnixSocket | null = null;
  /** The other end, or where datagrams go; stays when that one is closed (`isDead`). */
  peer: UnixSocket | null = null;
  /** It has been closed. */
  isDead: bool = false;
  readonly received: ByteRing = new ByteRing();
  readonly records: RecordQueue = new RecordQueue();
  /** It found no room at its peer and wants to hear of some. */
  wantsRoom: bool = false;
  /** The listener that it waits at to be accepted. */
  waitsAt: UnixSocket | null = null;
  /** Who is at the other end (SO_PEERCRED): of a listener, who called listen. */
  peerProcess: i32 = 0;
  peerUser: u32 = u32.MAX_VALUE;
  peerGroup: u32 = u32.MAX_VALUE;

  /** For in-flight.ts: references that messages hold, and what the collection found. */
  inFlightCount: i32 = 0;
  isReachable: bool = false;
  isCarrier: bool = false;
  nextCarrier: UnixSocket | null = null;

  constructor(type: i32) {
    super(AF_UNIX, type, 0);
  }

  /** Bytes that may wait at the peer before this one blocks. */
  get limit(): u64 {
    return <u64>this.sendBuffer;
  }

  /** Note the caller as whom SO_PEERCRED shows. */
  setPeerCredentials(): void {
    this.peerProcess = caller.processId;
    this.peerUser = caller.user;
    this.peerGroup = caller.group;
  }

  copyPeerCredentials(other: UnixSocket): void {
    this.peerProcess = other.peerProcess;
    this.peerUser = other.peerUser;
    this.peerGroup = other.peerGroup;
  }

  override bind(address: SocketAddress): i32 {
    if (address.family == AF_UNIX && address.length == SUN_PATH) {
      return this.name !== null ? -EINVAL : bindAutomatically(this);
    }
    let error = check(address);
    if (error < 0) return error;
    return this.name !== null ? -EINVAL : bindName(this, address);
  }

  override getName(into: SocketAddress): i32 {
    putName(into, this.name);
    return 0;
  }

  override getPeerName(into: SocketAddress): i32 {
    let peer = this.peer;
    if (peer === null) return -ENOTCONN;
    putName(into, peer.name);
    return 0;
  }

  /** Bytes to read for FIONREAD. */
  get waiting(): u64 {
    return this.received.length;
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request == SIOCINQ) {
      if (this.isListening) return -EINVAL;
      return store32(argument, <u32>this.waiting);
    }
    if (request == SIOCOUTQ) {
      let peer = this.peer;
      return store32(argument, peer === null || !this.isStream ? 0 : <u32>peer.received.length);
    }
    if (request == SIOCATMARK) return this.isStream ? store32(argument, 0) : -EOPNOTSUPP;
    return super.ioctl(request, argument);
  }

  override getOption(level: i32, name: i32, value: OptionValue): i32 {
    if (level != SOL_SOCKET) return -EOPNOTSUPP;
    if (name == SO_PEERCRED) {
      let at = value.setBytes(12);
      mem.store32(at, <u32>this.peerProcess);
      mem.store32(at + 4, this.peerUser);
      mem.store32(at + 8, this.peerGroup);
      return 0;
    }
    if (name == SO_PEERSEC) return -ENOPROTOOPT;
    if (name == SO_PEERGROUPS) {
      if (this.peerProcess == 0) return -ENODATA;
      value.length = 0;
      return 0;
    }
    return super.getOption(level, name, value);
  }

  /** Credentials for what is sent: those the program gave, else the caller's. */
  protected fillCredentials(message: Message): void {
    if (message.hasCredentials) return;
    message.processId = caller.processId;
    message.user = caller.user;
    message.group = caller.group;
  }

  /** A record of `message` in the queue of `this`, the receiver; its `end` is the caller's to set. Null when descriptors in flight are too many. */
  protected addRecord(message: Message): Record | null {
    let record = obtainRecord();
    record.start = this.received.written;
    record.end = record.start;
    record.hasCredentials = true;
    record.processId = message.processId;
    record.user = message.user;
    record.group = message.group;
    if (message.files !== null) {
      if (load(record, message, i32.MAX_VALUE) < 0) {
        releaseRecord(record);
        return null;
      }
      addCarrier(this);
    }
    this.records.push(record);
    return record;
  }

  /** SCM_CREDENTIALS for a receiver that asked for them; `record` null: nobody knows. */
  tellCredentials(message: Message, record: Record | null): void {
    if (!this.passesCredentials || !message.wantsControl) return;
    let at = message.addControl(SOL_SOCKET, SCM_CREDENTIALS, 12);
    if (at == 0) return;
    let isKnown = record !== null && record.hasCredentials;
    mem.store32(at, isKnown ? <u32>record!.processId : 0);
    mem.store32(at + 4, isKnown ? record!.user : NOBODY);
    mem.store32(at + 8, isKnown ? record!.group : NOBODY);
  }

  /** For in-flight.ts: whether what lies in its queue can be reached. */
  get isReachableCarrier(): bool {
    let holder = this.waitsAt;
    if (holder !== null) return holder.inFlightCount == 0 || holder.isReachable;
    return this.inFlightCount == 0 || this.isReachable;
  }

  /** Add the connections that wait here to be accepted. */
  listWaiting(_to: Array<UnixSocket>): void {}

  /** Throw away what has arrived, and the connections nobody accepted. */
  dropReceived(): void {
    let record = this.records.shift();
    while (record !== null) {
      discard(record);
      releaseRecord(record);
      record = this.records.shift();
    }
    this.received.clear();
  }

  override shutdown(how: i32): i32 {
    if (how != SHUT_WR) this.isReceiveShut = true;
    if (how != SHUT_RD) this.isSendShut = true;
    this.shutPeer(how);
    this.wake(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
    return 0;
  }

  /** What a shutdown here means there: only connections have two sides. */
  protected shutPeer(_how: i32): void {}

  override close(): void {
    this.isDead = true;
    unbind(this);
    let hadUnread = this.received.length > 0 || this.records.length > 0;
    this.leavePeer(hadUnread || this.waitsAt !== null);
    this.waitsAt = null;
    this.dropReceived();
    removeCarrier(this);
    socketClosed();
  }

  /** Closed: tell the peer; `isAbrupt` when something it sent was not read. */
  protected leavePeer(_isAbrupt: bool): void {}

  /** The other end of a connection was closed. */
  peerClosed(isAbrupt: bool): void {
    this.isReceiveShut = true;
    this.isSendShut = true;
    if (isAbrupt) this.error = ECONNRESET;
    this.wake(READABLE | WRITABLE | EPOLLRDHUP | EPOLLHUP);
  }
}

/** Write a name as sockaddr_un. */
export function putName(into: SocketAddress, name: StaticArray<u8> | null): void {
  into.start(AF_UNIX, SUN_PATH);
  if (name === null) return;
  mem.copy(into.at + <u64>SUN_PATH, bytesAddress(name), <u64>name.length);
  into.length = SUN_PATH + name.length;
}
