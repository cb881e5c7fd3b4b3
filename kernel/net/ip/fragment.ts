// Cutting a packet into fragments (RFC 791 §3.2, RFC 8200 §4.5): for datagrams larger than the path takes. TCP never
// comes here.

import { EMSGSIZE, ENOBUFS } from "../../abi/errno";
import { Counter, count } from "../counters";
import { allocateForData, Packet } from "../packet/packet";
import { random64 } from "../secret";
import * as ipv4 from "../wire/ipv4";
import { IPV4_HEADER, IPV4_MAX, Protocol } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { FRAGMENT_HEADER, IPV6_HEADER } from "../wire/ipv6";
import { forward } from "./output";
import { Path } from "./path";

/** Fragment payloads are counted in units of eight bytes. */
const UNIT_MASK: u32 = ~7;
/** Payload of a fragment on links with a larger MTU: what fits one packet head. */
const MAX_PAYLOAD: u32 = 1728;

/** An identification that neither repeats soon nor can be guessed (RFC 7739 §5.3). */
export function nextIdentification(): u32 {
  return <u32>random64();
}

export function fragmentIpv4(packet: Packet, path: Path, protocol: u32, hopLimit: u32, trafficClass: u32): i32 {
  let identity = nextIdentification() & 0xffff;
  let length = packet.length;
  if (length + IPV4_HEADER > IPV4_MAX) return refuse(packet, EMSGSIZE);
  let step = min<u32>(path.mtu - IPV4_HEADER, MAX_PAYLOAD) & UNIT_MASK;
  for (let offset: u32 = 0; offset < length; offset += step) {
    let size = min<u32>(step, length - offset);
    let piece = cut(packet, offset, size);
    if (piece === null) return refuse(packet, ENOBUFS);
    let flags = (offset >> 3) | (offset + size < length ? ipv4.MORE_FRAGMENTS : 0);
    let header = piece.prepend(IPV4_HEADER);
    let total = IPV4_HEADER + size;
    ipv4.write(header, total, trafficClass, identity, flags, hopLimit, protocol, packet.source, packet.destination);
    dispatch(piece, path);
  }
  count(Counter.IP_FRAGMENT_OK);
  packet.release();
  return 0;
}

export function fragmentIpv6(packet: Packet, path: Path, protocol: u32, hopLimit: u32, trafficClass: u32): i32 {
  let identity = nextIdentification();
  let length = packet.length;
  if (length > IPV4_MAX) return refuse(packet, EMSGSIZE);
  let step = min<u32>(path.mtu - IPV6_HEADER - FRAGMENT_HEADER, MAX_PAYLOAD) & UNIT_MASK;
  for (let offset: u32 = 0; offset < length; offset += step) {
    let size = min<u32>(step, length - offset);
    let piece = cut(packet, offset, size);
    if (piece === null) return refuse(packet, ENOBUFS);
    let more = offset + size < length ? ipv6.MORE_FRAGMENTS : 0;
    ipv6.writeFragment(piece.prepend(FRAGMENT_HEADER), protocol, offset | more, identity);
    let header = piece.prepend(IPV6_HEADER);
    let total = FRAGMENT_HEADER + size;
    ipv6.write(header, total, trafficClass, 0, Protocol.FRAGMENT, hopLimit, packet.source, packet.destination);
    dispatch(piece, path);
  }
  count(Counter.IP_FRAGMENT_OK);
  packet.release();
  return 0;
}

function cut(packet: Packet, offset: u32, size: u32): Packet | null {
  let piece = allocateForData();
  if (piece === null) return null;
  packet.copyOut(piece.append(size), offset, size);
  piece.source.assign(packet.source);
  piece.destination.assign(packet.destination);
  piece.protocol = packet.protocol;
  return piece;
}

function dispatch(piece: Packet, path: Path): void {
  count(Counter.IP_FRAGMENT_CREATES);
  piece.transportOffset = piece.front;
  let device = path.device;
  if (device === null) piece.release();
  else forward(piece, path, device);
}

function refuse(packet: Packet, error: i32): i32 {
  count(Counter.IP_FRAGMENT_FAILS);
  packet.release();
  return -error;
}
