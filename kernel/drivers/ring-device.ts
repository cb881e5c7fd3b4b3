// A network device whose transmit ring can be full: packets then wait, in order, up to a limit; beyond that they are dropped,
// and TCP slows down.

import { NetworkDevice } from "../net/link/device";
import { Packet } from "../net/packet/packet";
import { PacketQueue } from "../net/packet/queue";

const WAITING_LIMIT: u32 = 512;
/** From here on who can wait is asked to (as a Linux socket's send buffer, which holds some 270 small datagrams), until here. */
const CONGESTED: u32 = 256;
const RELIEVED: u32 = 64;

export abstract class RingDevice extends NetworkDevice {
  protected waiting: PacketQueue = new PacketQueue();
  private isFull: bool = false;

  /** Put a packet in the ring; false when it does not fit now. */
  protected abstract enqueue(packet: Packet): bool;

  /** Take back what the device has sent. */
  protected abstract reclaim(): void;

  /** Packets begin to wait: have an interrupt come when there is room. */
  protected abstract wantRoom(): void;

  /** Make a packet ready for the ring. */
  protected prepare(_packet: Packet): void {}

  override get isCongested(): bool {
    return this.isFull;
  }

  transmit(packet: Packet): void {
    this.reclaim();
    this.transmittedPackets++;
    this.transmittedBytes += packet.length;
    this.prepare(packet);
    if (this.waiting.isEmpty && this.enqueue(packet)) return;
    if (this.waiting.length >= WAITING_LIMIT) {
      this.transmitDrops++;
      packet.release();
      return;
    }
    this.waiting.push(packet);
    if (this.waiting.length >= CONGESTED) this.isFull = true;
    this.wantRoom();
  }

  /** Move what waits into the ring, as far as it goes. */
  protected sendWaiting(): void {
    if (this.waiting.isEmpty) return;
    while (!this.waiting.isEmpty) {
      let packet = this.waiting.first;
      if (packet === null || !this.enqueue(packet)) {
        this.wantRoom();
        break;
      }
      this.waiting.shift();
    }
    if (this.waiting.length <= RELIEVED) this.isFull = false;
    this.flush();
  }
}
