// Packets in order of arrival, with what they add up to. The link is in the packet: it can be in one queue only.

import { Packet } from "./packet";

export class PacketQueue {
  first: Packet | null = null;
  last: Packet | null = null;
  length: u32 = 0;
  /** Sum of the packets' footprints when they came in. */
  footprint: u32 = 0;

  get isEmpty(): bool {
    return this.first === null;
  }

  push(packet: Packet): void {
    let last = this.last;
    packet.next = null;
    if (last === null) this.first = packet;
    else last.next = packet;
    this.last = packet;
    this.length++;
    packet.charge = packet.footprint;
    this.footprint += packet.charge;
  }

  shift(): Packet | null {
    let packet = this.first;
    if (packet === null) return null;
    this.first = packet.next;
    if (packet.next === null) this.last = null;
    packet.next = null;
    this.length--;
    this.footprint -= packet.charge;
    return packet;
  }

  /** Release everything. */
  clear(): void {
    let packet = this.shift();
    while (packet !== null) {
      packet.release();
      packet = this.shift();
    }
  }
}
