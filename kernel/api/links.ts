// Network devices: extend LinkDevice, fill in `hardware`, and `links.register` it. The stack does the rest: an interface ethN,
// addresses, TCP and UDP.
//
//   class Wire extends LinkDevice { transmit(frame: StaticArray<u8>, length: i32): bool { … } }
//   … when a frame has come, from an interrupt's thread or from `poll`:  wire.received(bytes, length);

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { NetworkDevice } from "../net/link/device";
import { nextEthernetName } from "../net/link/names";
import * as registry from "../net/link/registry";
import { allocate, Packet } from "../net/packet/packet";
import * as waker from "../net/waker";

/** Ethernet's longest frame without jumbo frames: 14 bytes of header and 1500. */
const LONGEST_FRAME: i32 = 1514;

/** An Ethernet device. */
export abstract class LinkDevice {
  /** The station address: 52:54:00:12:34:56 is 0x525400123456. Set before `register`. */
  hardware: u64 = 0;
  private readonly shown: ShownDevice;

  constructor() {
    this.shown = new ShownDevice();
    this.shown.device = this;
  }

  /** "eth1", from `register` on. */
  get name(): string {
    return this.shown.name;
  }

  /** Send a frame: the first `length` bytes, which are the caller's again afterwards. False: it was dropped. */
  abstract transmit(frame: StaticArray<u8>, length: i32): bool;

  /** Called at every poll of the stack: hand over what has come. */
  poll(): void {}

  /** A frame has come: the first `length` bytes, copied. False: there was no room, or it is too long. */
  received(frame: StaticArray<u8>, length: i32): bool {
    if (length <= 0 || length > frame.length || length > LONGEST_FRAME) return this.shown.lose();
    let packet = allocate();
    if (packet === null || <u32>length > packet.tailroom) return this.shown.lose();
    return this.shown.take(packet, frame, length);
  }

  /** Have the stack poll soon: an interrupt told of frames. */
  wake(): void {
    waker.wake();
  }

  /** The cable was plugged in or out. */
  carrierChanged(hasCarrier: bool): void {
    registry.carrierChanged(this.shown, hasCarrier);
  }

  /** What the stack sees; for `register`. */
  private show(): bool {
    this.shown.hardware = this.hardware;
    this.shown.name = nextEthernetName();
    return registry.register(this.shown);
  }

  static register(device: LinkDevice): bool {
    return device.show();
  }
}

class ShownDevice extends NetworkDevice {
  device: LinkDevice | null = null;
  private frame: StaticArray<u8> = new StaticArray<u8>(LONGEST_FRAME);

  override transmit(packet: Packet): void {
    let device = this.device;
    let length = packet.length;
    if (device !== null && length <= <u32>LONGEST_FRAME) {
      packet.copyOut(bytesAddress(this.frame), 0, length);
      if (device.transmit(this.frame, <i32>length)) {
        this.transmittedPackets++;
        this.transmittedBytes += length;
      } else this.transmitDrops++;
    } else this.transmitErrors++;
    packet.release();
  }

  override poll(): void {
    let device = this.device;
    if (device !== null) device.poll();
  }

  lose(): bool {
    this.receiveErrors++;
    return false;
  }

  take(packet: Packet, frame: StaticArray<u8>, length: i32): bool {
    mem.copy(packet.append(<u32>length), bytesAddress(frame), <u64>length);
    registry.receive(this, packet);
    return true;
  }
}

/** Make a device known to the network; false when there are too many. */
export function register(device: LinkDevice): bool {
  return LinkDevice.register(device);
}
