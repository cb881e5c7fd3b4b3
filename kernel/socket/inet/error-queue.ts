// The error queue of a datagram socket (man 7 ip, IP_RECVERR; man 7 ipv6, IPV6_RECVERR): what the network, or this machine,
// said about datagrams sent, each with the datagram's beginning, where it was for and who complained. Read by MSG_ERRQUEUE.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EAGAIN, EFAULT } from "../../abi/errno";
import * as abi from "../../abi/inet";
import { AF_INET, AF_INET6, MSG_ERRQUEUE, MSG_TRUNC, SOL_IP, SOL_IPV6 } from "../../abi/socket";
import { Address } from "../../net/address";
import { ControlMessage } from "../../net/icmp/control";
import { Message } from "../message";
import { write, writeAddress4, writeAddress6 } from "./address";

/** Errors a socket keeps; further ones are only told as SO_ERROR. */
const MAX_QUEUED: i32 = 64;
/** How much of a datagram is kept: routers quote 8 bytes of it at least, few more than this. */
const MAX_QUOTED: u32 = 512;

class QueuedError {
  next: QueuedError | null = null;
  readonly offender: Address = new Address();
  readonly destination: Address = new Address();
  port: u32 = 0;
  type: u32 = 0;
  code: u32 = 0;
  information: u32 = 0;

  constructor(
    readonly error: i32,
    readonly origin: u32,
    readonly quoted: StaticArray<u8>,
  ) {}
}

export class ErrorQueue {
  private first: QueuedError | null = null;
  private last: QueuedError | null = null;
  private length: i32 = 0;

  get isEmpty(): bool {
    return this.first === null;
  }

  /** The errno of the next one, 0 when there is none. */
  get nextError(): i32 {
    let first = this.first;
    return first === null ? 0 : first.error;
  }

  /** Note what an ICMP message said. */
  addReport(report: ControlMessage): void {
    let isIpv4 = report.remote.isIpv4;
    let length = min(report.quotedLength, MAX_QUOTED);
    let quoted = new StaticArray<u8>(<i32>length);
    if (length > 0) mem.copy(bytesAddress(quoted), report.quoted, <u64>length);
    let made = new QueuedError(report.error, isIpv4 ? abi.SO_EE_ORIGIN_ICMP : abi.SO_EE_ORIGIN_ICMP6, quoted);
    made.offender.assign(report.reporter);
    made.type = report.type;
    made.code = report.code;
    made.information = report.mtu;
    this.append(made, report.remote, report.remotePort);
  }

  /** Note what this machine found: a datagram to `destination` that was larger than `information` bytes, say. */
  addLocal(error: i32, destination: Address, port: u32, information: u32): void {
    let made = new QueuedError(error, abi.SO_EE_ORIGIN_LOCAL, new StaticArray<u8>(0));
    made.information = information;
    this.append(made, destination, port);
  }

  private append(made: QueuedError, destination: Address, port: u32): void {
    if (this.length == MAX_QUEUED) return;
    made.destination.assign(destination);
    made.port = port;
    let last = this.last;
    if (last === null) this.first = made;
    else last.next = made;
    this.last = made;
    this.length++;
  }

  /** recvmsg(MSG_ERRQUEUE) of a socket of `family`: the datagram's bytes, its destination, and a sock_extended_err. */
  read(family: i32, message: Message): i64 {
    let taken = this.first;
    if (taken === null) return -EAGAIN;
    let length = <u64>taken.quoted.length;
    let count = min(length, message.io.remaining);
    let moved: i64 = count > 0 ? message.io.put(bytesAddress(taken.quoted), count) : 0;
    if (moved != <i64>count) return -EFAULT;
    if (count < length) message.outcome |= MSG_TRUNC;
    message.outcome |= MSG_ERRQUEUE;
    write(message.address, family, taken.destination, taken.port, 0);
    if (message.wantsControl) describe(taken, family, message);
    this.first = taken.next;
    if (taken.next === null) this.last = null;
    this.length--;
    return moved;
  }

  clear(): void {
    this.first = null;
    this.last = null;
    this.length = 0;
  }
}

/** struct sock_extended_err, and behind it who complained (SO_EE_OFFENDER) as a socket address. */
function describe(taken: QueuedError, family: i32, message: Message): void {
  let isIpv6 = family == AF_INET6;
  let level = isIpv6 ? SOL_IPV6 : SOL_IP;
  let type = isIpv6 ? abi.IPV6_RECVERR : abi.IP_RECVERR;
  let offenderSize = isIpv6 ? abi.SOCKADDR_IN6_SIZE : abi.SOCKADDR_IN_SIZE;
  let at = message.addControl(level, type, abi.EXTENDED_ERROR_SIZE + offenderSize);
  if (at == 0) return;
  mem.store32(at, <u32>taken.error);
  mem.store8(at + 4, taken.origin);
  mem.store8(at + 5, taken.type);
  mem.store8(at + 6, taken.code);
  mem.store8(at + 7, 0);
  mem.store32(at + 8, taken.information);
  mem.store32(at + 12, 0);
  at += <u64>abi.EXTENDED_ERROR_SIZE;
  mem.fill(at, 0, <u64>offenderSize);
  if (taken.origin == abi.SO_EE_ORIGIN_LOCAL) return;
  mem.store16(at, <u32>(isIpv6 ? AF_INET6 : AF_INET));
  if (isIpv6) writeAddress6(at + 8, taken.offender);
  else writeAddress4(at + 4, taken.offender);
}
