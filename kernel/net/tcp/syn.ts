// Segments with SYN, which carry the options that hold for the whole connection (RFC 9293 §3.2, RFC 7323, RFC 2018).

import * as checksum from "../checksum";
import { Address } from "../address";
import { Counter, count } from "../counters";
import * as ip from "../ip/output";
import { Path } from "../ip/path";
import { allocate } from "../packet/packet";
import { Protocol } from "../wire/ipv4";
import * as wire from "../wire/tcp";
import { TCP_HEADER, TcpFlag, TIMESTAMPS_SPACE } from "../wire/tcp";
import { leaveChecksum } from "./output";
import { RECEIVE_SCALE } from "./receive-window";

/** What to send; one instance serves all. */
export class SynOptions {
  sequence: u32 = 0;
  /** 0 without ACK. */
  acknowledgment: u32 = 0;
  hasAcknowledgment: bool = false;
  window: u32 = 0;
  maximumSegmentSize: u32 = 0;
  hasTimestamps: bool = false;
  timestamp: u32 = 0;
  timestampEcho: u32 = 0;
  hasSack: bool = false;
  hasScaling: bool = false;
  hopLimit: u32 = 0;
  trafficClass: u32 = 0;
}

export const syn: SynOptions = new SynOptions();

/** Send SYN or SYN-ACK as `syn` says. Returns 0 or a negative errno. */
export function sendSyn(path: Path, remote: Address, localPort: u32, remotePort: u32): i32 {
  let packet = allocate();
  // The first try may be repeated: a want of memory looks like a loss.
  if (packet === null) return 0;
  let size = TCP_HEADER + 4;
  if (syn.hasTimestamps) size += TIMESTAMPS_SPACE;
  if (syn.hasScaling) size += 4;
  if (syn.hasSack) size += 4;
  let header = packet.append(size);
  let flags: u32 = TcpFlag.SYN | (syn.hasAcknowledgment ? TcpFlag.ACK : 0);
  wire.write(header, localPort, remotePort, syn.sequence, syn.acknowledgment, size, flags, syn.window, 0);
  let option = header + <u64>TCP_HEADER;
  wire.writeMaximumSegmentSize(option, min<u32>(syn.maximumSegmentSize, 65535));
  option += 4;
  if (syn.hasSack) {
    wire.writeSackPermitted(option);
    option += 4;
  }
  if (syn.hasTimestamps) {
    wire.writeTimestamps(option, syn.timestamp, syn.timestampEcho);
    option += <u64>TIMESTAMPS_SPACE;
  }
  if (syn.hasScaling) wire.writeWindowScale(option, RECEIVE_SCALE);
  leaveChecksum(packet, header, checksum.addressSum(path.source, remote));
  count(Counter.TCP_OUT_SEGMENTS);
  return ip.send(packet, path, remote, Protocol.TCP, syn.hopLimit, syn.trafficClass, false);
}
