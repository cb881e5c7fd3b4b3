// Datagrams of the stack's own clients, which have no endpoint.

import * as mem from "machine/mem";
import { Address } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import * as ip from "../ip/output";
import { Path } from "../ip/path";
import { Checksum, Packet } from "../packet/packet";
import { Protocol } from "../wire/ipv4";
import * as wire from "../wire/udp";
import { UDP_CHECKSUM, UDP_HEADER } from "../wire/udp";

/** Put a UDP header before the payload and send it. */
export function sendDatagram(packet: Packet, path: Path, to: Address, localPort: u32, remotePort: u32): void {
  let length = packet.length + UDP_HEADER;
  let header = packet.prepend(UDP_HEADER);
  wire.write(header, localPort, remotePort, length);
  let sum = checksum.pseudoHeader(path.source, to, Protocol.UDP, length);
  mem.store16(header + <u64>UDP_CHECKSUM, checksum.fold(sum));
  packet.checksum = Checksum.PARTIAL;
  packet.checksumStart = packet.front;
  packet.checksumOffset = UDP_CHECKSUM;
  count(Counter.UDP_OUT_DATAGRAMS);
  ip.send(packet, path, to, Protocol.UDP, 0, 0, true);
}
