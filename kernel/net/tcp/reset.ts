// A reset for a segment that belongs to no connection (RFC 9293 §3.10.7.1, §3.5.2).

import * as limiter from "../icmp/limiter";
import { Packet } from "../packet/packet";
import { TcpFlag } from "../wire/tcp";
import { bare, sendBare } from "./bare";
import { Segment } from "./segment";

/** Answer `segment`, which `packet` brought, with RST. The packet stays the caller's. */
export function resetStranger(segment: Segment, packet: Packet): void {
  if (segment.has(TcpFlag.RST) || !limiter.permits()) return;
  bare.localPort = segment.destinationPort;
  bare.remotePort = segment.sourcePort;
  bare.window = 0;
  bare.hasTimestamps = false;
  if (segment.has(TcpFlag.ACK)) {
    bare.sequence = segment.acknowledgment;
    bare.flags = TcpFlag.RST;
  } else {
    bare.sequence = 0;
    bare.acknowledgment = segment.end;
    bare.flags = TcpFlag.RST | TcpFlag.ACK;
  }
  sendBare(packet.destination, packet.source);
}
