// What a received datagram's control messages say: where it was sent to, over which interface, hop limit, traffic class,
// when it came (man 7 ip, man 7 ipv6, man 7 socket).

import * as mem from "machine/mem";
import * as abi from "../../abi/inet";
import { SO_TIMESTAMP, SO_TIMESTAMPNS, SOL_IP, SOL_IPV6, SOL_SOCKET } from "../../abi/socket";
import { Packet } from "../../net/packet/packet";
import { wallNs } from "../../sched/clock";
import { Message } from "../message";
import { writeAddress4, writeAddress6 } from "./address";
import { InetSocket } from "./socket";

/** Add what the socket asked for. */
export function tellPacket(socket: InetSocket, packet: Packet, message: Message): void {
  if (socket.timestamps != 0) tellTime(socket.timestamps == 1, message);
  if (socket.tellsPacketInfo) tellDestination(socket, packet, message);
  let level = socket.isIpv6 ? SOL_IPV6 : SOL_IP;
  if (socket.tellsHopLimit) {
    let at = message.addControl(level, socket.isIpv6 ? abi.IPV6_HOPLIMIT : abi.IP_TTL, 4);
    if (at != 0) mem.store32(at, packet.hopLimit);
  }
  if (!socket.tellsTrafficClass) return;
  if (socket.isIpv6) {
    let at = message.addControl(SOL_IPV6, abi.IPV6_TCLASS, 4);
    if (at != 0) mem.store32(at, packet.trafficClass);
  } else {
    let at = message.addControl(SOL_IP, abi.IP_TOS, 1);
    if (at != 0) mem.store8(at, packet.trafficClass);
  }
}

/** struct in6_pktinfo { address, index } or in_pktinfo { index, local address, destination }. */
function tellDestination(socket: InetSocket, packet: Packet, message: Message): void {
  let device = packet.device;
  let index: u32 = device === null ? 0 : <u32>device.index;
  if (socket.isIpv6) {
    let at = message.addControl(SOL_IPV6, abi.IPV6_PKTINFO, 20);
    if (at == 0) return;
    writeAddress6(at, packet.destination);
    mem.store32(at + 16, index);
    return;
  }
  let at = message.addControl(SOL_IP, abi.IP_PKTINFO, 12);
  if (at == 0) return;
  mem.store32(at, index);
  writeAddress4(at + 4, packet.destination);
  writeAddress4(at + 8, packet.destination);
}

/** struct timeval or timespec of now. */
function tellTime(isMicroseconds: bool, message: Message): void {
  let at = message.addControl(SOL_SOCKET, isMicroseconds ? SO_TIMESTAMP : SO_TIMESTAMPNS, 16);
  if (at == 0) return;
  let now = wallNs();
  mem.store64(at, now / 1_000_000_000);
  mem.store64(at + 8, isMicroseconds ? (now % 1_000_000_000) / 1000 : now % 1_000_000_000);
}
