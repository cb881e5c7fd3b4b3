// A device that loses and corrupts what it is given to send: for trying a program against a bad network on a real
// machine. (The simulated wire of the tests has more kinds of trouble, on the other side of the device.)

import * as mem from "machine/mem";
import { Packet } from "../packet/packet";
import { randomBelow } from "../secret";
import { NetworkDevice } from "./device";
import { DeviceWrapper } from "./wrapper";

/** Chances are given in so many of. */
const CHANCES: u32 = 1_000_000;

export class FaultInjector extends DeviceWrapper {
  /** Of a million packets, how many are lost, and how many have a bit turned over. */
  constructor(
    inner: NetworkDevice,
    private lost: u32,
    private corrupted: u32,
  ) {
    super(inner);
  }

  transmit(packet: Packet): void {
    if (randomBelow(CHANCES) < this.lost) {
      this.transmitDrops++;
      packet.release();
      return;
    }
    if (randomBelow(CHANCES) < this.corrupted && packet.headLength > 0) {
      let at = packet.address + <u64>randomBelow(packet.headLength);
      mem.store8(at, mem.load8(at) ^ (1 << randomBelow(8)));
    }
    this.inner.transmit(packet);
  }
}
