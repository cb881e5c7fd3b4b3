// Segments that no connection sends: resets for strangers, and what half-open and waiting ends answer.

import { Address } from "../address";
import * as checksum from "../checksum";
import { Counter, count } from "../counters";
import * as ip from "../ip/output";
import { Path } from "../ip/path";
import { allocate } from "../packet/packet";
import { Protocol } from "../wire/ipv4";
import * as wire from "../wire/tcp";
import { TCP_HEADER, TcpFlag, TIMESTAMPS_SPACE } from "../wire/tcp";
import { leaveChecksum } from "./output";

/** The fields of the segment; one instance serves all. */
export class BareSegment {
  localPort: u32 = 0;
  remotePort: u32 = 0;
  sequence: u32 = 0;
  acknowledgment: u32 = 0;
  flags: u32 = 0;
  window: u32 = 0;
  hasTimestamps: bool = false;
  timestamp: u32 = 0;
  timestampEcho: u32 = 0;
}

export const bare: BareSegment = new BareSegment();
const path: Path = new Path();

/** Send `bare` from `local` to `remote`. Losing it is no harm: the peer asks again. */
export function sendBare(local: Address, remote: Address): void {
  if (path.resolve(remote, local, 0) < 0) return;
  let packet = allocate();
  if (packet === null) return;
  let size = TCP_HEADER + (bare.hasTimestamps ? TIMESTAMPS_SPACE : 0);
  let header = packet.append(size);
  let acknowledgment = bare.flags & TcpFlag.ACK ? bare.acknowledgment : 0;
  wire.write(header, bare.localPort, bare.remotePort, bare.sequence, acknowledgment, size, bare.flags, bare.window, 0);
  if (bare.hasTimestamps) wire.writeTimestamps(header + <u64>TCP_HEADER, bare.timestamp, bare.timestampEcho);
  leaveChecksum(packet, header, checksum.addressSum(path.source, remote));
  if (bare.flags & TcpFlag.RST) count(Counter.TCP_OUT_RESETS);
  count(Counter.TCP_OUT_SEGMENTS);
  ip.send(packet, path, remote, Protocol.TCP, 0, 0, false);
}
