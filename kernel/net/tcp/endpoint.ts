// What the connection table holds: one end of a conversation between two addresses and ports. It may be a full
// connection, a half-open one (half-open.ts) or one that waits out its time (time-wait.ts); each takes segments.

import { Address } from "../address";
import { ControlMessage } from "../icmp/control";
import { Packet } from "../packet/packet";
import { Segment } from "./segment";
import { State } from "./state";

export abstract class Endpoint {
  local: Address = new Address();
  remote: Address = new Address();
  localPort: u32 = 0;
  remotePort: u32 = 0;
  state: State = State.CLOSED;
  /** The next in the table's bucket. */
  nextInBucket: Endpoint | null = null;
  isInTable: bool = false;

  /** Both ports in one number, as the table compares them. */
  get ports(): u32 {
    return (this.localPort << 16) | this.remotePort;
  }

  /** Take a segment for this conversation. The packet stands at the payload and is the endpoint's from here on. */
  abstract receive(segment: Segment, packet: Packet): void;

  /** The network reports trouble with a packet we sent. */
  abstract control(report: ControlMessage): void;
}
