// A UDP endpoint (RFC 768, RFC 8085): datagrams to and from anyone, or one peer when connected.
//
// Rules of use, for the socket above:
// - To send: `prepare(length)` gives a packet with room for the payload (`writeAddress`, `writeLength` walk its pieces:
//   see Datagram), copy in, then `send`.
// - To receive: `first` is the datagram to read (payload in `locate`d pieces; `source`, `sourcePort`, …); `drop` when done.

import { EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EDESTADDRREQ, EINVAL, EMSGSIZE, ENOBUFS } from "../../abi/errno";
import * as mem from "machine/mem";
import { Address, UNSPECIFIED, UNSPECIFIED_IPV4 } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import { ControlMessage } from "../icmp/control";
import * as interfaces from "../ip/interfaces";
import * as ip from "../ip/output";
import { Path } from "../ip/path";
import { SocketObserver } from "../observer";
import { Buffer, chunks, FRAME_SIZE, heads } from "../packet/buffer";
import { allocateForData, Checksum, Packet, Piece } from "../packet/packet";
import { PacketQueue } from "../packet/queue";
import { Binding } from "../transport/ports";
import { Protocol } from "../wire/ipv4";
import * as wire from "../wire/udp";
import { UDP_CHECKSUM, UDP_HEADER } from "../wire/udp";
import * as backpressure from "./backpressure";
import { ports } from "./ports";
import * as table from "./table";

/** The largest payload: what the length fields of IPv4 and UDP allow (RFC 768; 65535 − 20 − 8). */
export const MAX_PAYLOAD: u32 = 65507;
/** Memory of unread datagrams, as net.core.rmem_default. */
export const DEFAULT_RECEIVE_BUFFER: u32 = 212992;
export const MAX_RECEIVE_BUFFER: u32 = 4 << 20;
/** Groups one endpoint may join (as net.ipv4.igmp_max_memberships). */
export const MAX_MEMBERSHIPS: i32 = 20;

class Membership {
  group: Address = new Address();
  index: i32 = 0;
}

export class UdpEndpoint extends Piece {
  observer: SocketObserver | null = null;
  binding: Binding = new Binding();
  /** The peer, when connected. */
  remote: Address = new Address();
  remotePort: u32 = 0;
  isConnected: bool = false;
  /** The local address, the port: chosen here, not by the program's bind; they go when the peer does. */
  private choseAddress: bool = false;
  private chosePort: bool = false;
  /** Whether it is an AF_INET6 endpoint, and then whether it keeps from IPv4. */
  isIpv6: bool = false;
  /** A positive errno that an earlier datagram met (SO_ERROR). */
  error: i32 = 0;
  /** Unread datagrams. */
  private queue: PacketQueue = new PacketQueue();
  receiveBuffer: u32 = DEFAULT_RECEIVE_BUFFER;
  isReceiveShut: bool = false;
  isSendShut: bool = false;
  /** SO_BROADCAST; IP_TTL and IP_MULTICAST_TTL (0 and 1: the defaults); IP_TOS; IP_MULTICAST_LOOP, IP_MULTICAST_IF. */
  mayBroadcast: bool = false;
  hopLimit: u32 = 0;
  multicastHopLimit: u32 = 1;
  trafficClass: u32 = 0;
  isMulticastLooped: bool = true;
  multicastIndex: i32 = 0;
  /** IP_RECVERR: errors of unconnected sends are told too. */
  wantsErrors: bool = false;
  /** IP_MTU_DISCOVER: datagrams are not cut up, those that do not pass are refused; IP_PMTUDISC_PROBE: whatever routers said. */
  isWhole: bool = false;
  isProbing: bool = false;
  /** Datagrams thrown away for want of room, for SO_RXQ_OVFL and /proc/net/udp. */
  drops: u32 = 0;
  private path: Path = new Path();
  private pathTo: Address = new Address();
  private memberships: StaticArray<Membership | null> = new StaticArray<Membership | null>(MAX_MEMBERSHIPS);
  private membershipCount: i32 = 0;
  /** The next endpoint of the same bucket (table.ts), and of those that wait for room (backpressure.ts). */
  next: UdpEndpoint | null = null;
  nextWaiting: UdpEndpoint | null = null;
  isWaiting: bool = false;

  /** Bind to binding.address and binding.port (0: any). Returns 0 or a negative errno. */
  bind(): i32 {
    if (this.binding.isBound) return -EINVAL;
    let address = this.binding.address;
    let isOurs = address.isUnspecified || address.isMulticast || interfaces.isBroadcast(address);
    if (!isOurs && !interfaces.isLocal(address)) return -EADDRNOTAVAIL;
    let result = ports.bind(this.binding);
    if (result < 0) return result;
    table.insert(this);
    return 0;
  }

  /** Fix the peer; also chooses the local address. Returns 0 or a negative errno. */
  connect(remote: Address, port: u32): i32 {
    if (remote.isIpv4 ? this.binding.isV6Only : !this.isIpv6) return -EAFNOSUPPORT;
    let result = this.resolve(remote);
    if (result < 0) return result;
    let address = this.binding.address;
    if (!this.binding.isBound) {
      address.assign(this.path.source);
      result = this.bind();
      if (result < 0) return result;
      this.choseAddress = true;
      this.chosePort = true;
    } else if (address.isUnspecified) {
      address.assign(this.path.source);
      this.choseAddress = true;
    }
    this.remote.assign(remote);
    this.remotePort = port;
    this.isConnected = true;
    return 0;
  }

  /** connect(AF_UNSPEC): anyone again, from any address (Linux __udp_disconnect). */
  disconnect(): void {
    this.isConnected = false;
    if (this.choseAddress) {
      if (this.isIpv6) this.binding.address.clear();
      else this.binding.address.setIpv4(0);
    }
    if (this.chosePort && this.binding.isBound) {
      table.remove(this);
      ports.release(this.binding);
      this.binding.port = 0;
    }
    this.choseAddress = false;
    this.chosePort = false;
    this.remote.assign(UNSPECIFIED);
    this.remotePort = 0;
  }

  close(): void {
    this.observer = null;
    this.queue.clear();
    for (let i = 0; i < this.membershipCount; i++) {
      let membership = this.memberships[i];
      if (membership !== null) leaveGroup(membership);
    }
    this.membershipCount = 0;
    if (!this.binding.isBound) return;
    table.remove(this);
    ports.release(this.binding);
  }

  /** A packet with room for `length` bytes of payload; null when memory is short. */
  prepare(length: u32): Packet | null {
    let packet = allocateForData();
    if (packet === null) {
      count(Counter.UDP_SEND_BUFFER_ERRORS);
      return null;
    }
    if (length <= packet.tailroom) {
      packet.append(length);
      return packet;
    }
    let rest = length;
    while (rest > 0) {
      let part = min(rest, FRAME_SIZE);
      let chunk = chunks.allocate();
      if (chunk === null || !attach(packet, chunk, part)) {
        packet.release();
        count(Counter.UDP_SEND_BUFFER_ERRORS);
        return null;
      }
      rest -= part;
    }
    return packet;
  }

  /** Find the byte at `offset` of a packet's payload: pieceAddress and pieceLength. False at the end. */
  locate(packet: Packet, offset: u32): bool {
    return packet.locate(offset, this);
  }

  /** Send a prepared packet to the connected peer. Returns 0 or a negative errno; the packet is gone either way. */
  sendConnected(packet: Packet): i32 {
    if (!this.isConnected) {
      packet.release();
      return -EDESTADDRREQ;
    }
    return this.send(packet, this.remote, this.remotePort);
  }

  /** Send a prepared packet. Returns 0 or a negative errno; the packet is gone either way. */
  send(packet: Packet, to: Address, port: u32): i32 {
    let result = this.check(packet, to, port);
    if (result == 0 && !this.binding.isBound) {
      if (this.isIpv6) this.binding.address.assign(UNSPECIFIED);
      else this.binding.address.assign(UNSPECIFIED_IPV4);
      result = this.bind();
      this.chosePort = result == 0;
      if (result == 0) result = this.resolve(to);
    }
    if (result < 0) {
      packet.release();
      return result;
    }
    let length = packet.length + UDP_HEADER;
    if (this.isWhole && length + ip.headerLength(to) > this.passable) {
      packet.release();
      return -EMSGSIZE;
    }
    let header = packet.prepend(UDP_HEADER);
    wire.write(header, this.binding.port, port, length);
    let sum = checksum.pseudoHeader(this.path.source, to, Protocol.UDP, length);
    mem.store16(header + <u64>UDP_CHECKSUM, checksum.fold(sum));
    packet.checksum = Checksum.PARTIAL;
    packet.checksumStart = packet.front;
    packet.checksumOffset = UDP_CHECKSUM;
    count(Counter.UDP_OUT_DATAGRAMS);
    let hops = to.isMulticast ? this.multicastHopLimit : this.hopLimit;
    if (this.path.isGroup && this.isMulticastLooped) this.loop(packet, to);
    return ip.send(packet, this.path, to, Protocol.UDP, hops, this.trafficClass, !this.isWhole);
  }

  /** The largest packet to whom `send` was last asked to send, headers included (IP_MTU). */
  get passable(): u32 {
    let via = this.path.via;
    return this.isProbing && via !== null ? via.mtu(this.pathTo.isIpv4) : this.path.mtu;
  }

  /** The datagram to read next; its payload is the packet's bytes. Null when there is none. */
  get first(): Packet | null {
    return this.queue.first;
  }

  /** Whether the way out is full: a datagram sent now might be lost before it leaves. */
  get isHeldBack(): bool {
    let via = this.path.via;
    return via !== null && via.device.isCongested;
  }

  /** Have the observer hear when it is no longer. */
  awaitRoom(): void {
    backpressure.add(this);
  }

  /** Sum of unread bytes' memory, for /proc/net/udp. */
  get footprint(): u32 {
    return this.queue.footprint;
  }

  /** Done with the first datagram. */
  drop(): void {
    let packet = this.queue.shift();
    if (packet !== null) packet.release();
  }

  /** A datagram for us; the packet stands at its payload and is ours. */
  deliver(packet: Packet): void {
    if (this.isReceiveShut) {
      count(Counter.UDP_IN_ERRORS);
      packet.release();
      return;
    }
    if (this.queue.footprint + packet.footprint > this.receiveBuffer || heads.isScarce) {
      count(Counter.UDP_RECEIVE_BUFFER_ERRORS);
      this.drops++;
      packet.release();
      return;
    }
    count(Counter.UDP_IN_DATAGRAMS);
    this.queue.push(packet);
    let observer = this.observer;
    if (observer !== null) observer.readable();
  }

  /** The network could not deliver what we sent. */
  control(report: ControlMessage): void {
    if (!this.isConnected && !this.wantsErrors) return;
    // Who cuts no datagrams has to hear that they are too big (Linux __udp4_lib_err).
    let isHard = report.isHard || (this.isWhole && report.mtu != 0);
    if (!isHard && !this.wantsErrors) return;
    this.error = report.error;
    let observer = this.observer;
    if (observer === null) return;
    if (this.wantsErrors) observer.reported(report);
    observer.failed(report.error);
  }

  takeError(): i32 {
    let error = this.error;
    this.error = 0;
    return error;
  }

  /** Join a group on an interface (0: where its route goes). Returns 0 or a negative errno. */
  join(group: Address, index: i32): i32 {
    if (!group.isMulticast) return -EINVAL;
    if (this.membershipCount == MAX_MEMBERSHIPS) return -ENOBUFS;
    let way = new Path();
    let result = way.resolve(group, UNSPECIFIED, index);
    let via = way.via;
    if (result < 0 || via === null) return result;
    if (!via.groups.join(group)) return -ENOBUFS;
    let membership = new Membership();
    membership.group.assign(group);
    membership.index = via.index;
    this.memberships[this.membershipCount++] = membership;
    return 0;
  }

  leave(group: Address, index: i32): i32 {
    for (let i = 0; i < this.membershipCount; i++) {
      let membership = this.memberships[i];
      if (membership === null || !membership.group.equals(group)) continue;
      if (index != 0 && membership.index != index) continue;
      leaveGroup(membership);
      this.memberships[i] = this.memberships[--this.membershipCount];
      this.memberships[this.membershipCount] = null;
      return 0;
    }
    return -EADDRNOTAVAIL;
  }

  private check(packet: Packet, to: Address, port: u32): i32 {
    if (port == 0) return -EINVAL;
    if (packet.length > MAX_PAYLOAD) return -EMSGSIZE;
    if (to.isIpv4 ? this.binding.isV6Only : !this.isIpv6) return -EAFNOSUPPORT;
    if (!this.mayBroadcast && interfaces.isBroadcast(to)) return -EACCES;
    return this.resolve(to);
  }

  private resolve(to: Address): i32 {
    if (this.path.isFresh && this.path.via !== null && this.pathTo.equals(to)) return 0;
    this.pathTo.assign(to);
    let bound = this.binding.address;
    // A socket bound to a group or to everyone of one family sends from wherever fits.
    let source = bound.isMulticast || bound.isIpv4 != to.isIpv4 ? UNSPECIFIED : bound;
    let index = to.isMulticast && this.multicastIndex != 0 ? this.multicastIndex : this.binding.index;
    return this.path.resolve(to, source, index);
  }

  /** Our own members of a group hear it too. */
  private loop(packet: Packet, to: Address): void {
    let copy = packet.clone();
    if (copy === null) return;
    copy.strip(UDP_HEADER);
    copy.source.assign(this.path.source);
    copy.destination.assign(to);
    copy.sequence = this.binding.port;
    let via = this.path.via;
    let index = via === null ? 0 : via.index;
    table.deliverToGroup(copy, this.lastPort(packet), index);
  }

  private lastPort(packet: Packet): u32 {
    return wire.destinationPort(packet.address);
  }
}

function attach(packet: Packet, chunk: Buffer, length: u32): bool {
  let isAdded = packet.addFragment(chunk, 0, length);
  chunk.release();
  return isAdded;
}

function leaveGroup(membership: Membership): void {
  let via = interfaces.find(membership.index);
  if (via !== null) via.groups.leave(membership.group);
}
