// What the stack asks of a network device. A driver extends NetworkDevice, fills the fields in and calls
// `register` (link/registry.ts); the stack never knows which driver it is.
//
// Rules of use:
// - `transmit` takes the packet over: the device releases it when it has left, or at once when it cannot take it.
// - `poll` harvests received packets (handing each to `receive`) and completed transmissions; the stack calls it at
//   every poll. The interrupt only has to wake whoever polls.
// - Transmitted packets may wait in the ring until `flush` rings the doorbell: one notification for a batch.
// - Headers of packets to send start in the head buffer; PARTIAL checksums and segmentation only where the features say so.

import { Packet } from "../packet/packet";

export const enum LinkKind {
  ETHERNET = 1, // ARPHRD_ETHER, Linux include/uapi/linux/if_arp.h
  LOOPBACK = 772, // ARPHRD_LOOPBACK
}

/** What a device can do for the stack. */
export const enum Feature {
  /** Puts in transport checksums (Checksum.PARTIAL). */
  TRANSMIT_CHECKSUM = 1,
  /** Cuts TCP segments (Packet.segmentation). */
  SEGMENT_TCP_IPV4 = 2,
  SEGMENT_TCP_IPV6 = 4,
  /** Takes packets in fragments. */
  SCATTER_GATHER = 8,
}

export abstract class NetworkDevice {
  /** "eth0", "lo". */
  name: string = "";
  /** Position in the registry, from 1 as if_nametoindex counts. */
  index: i32 = 0;
  kind: LinkKind = LinkKind.ETHERNET;
  /** The station address: 52:54:00:12:34:56 is 0x525400123456. */
  hardware: u64 = 0;
  /** Largest IP packet. */
  mtu: u32 = 1500;
  features: u32 = 0;
  /** Whether the cable is in. */
  hasCarrier: bool = true;

  receivedPackets: u64 = 0;
  receivedBytes: u64 = 0;
  receiveErrors: u64 = 0;
  receiveDrops: u64 = 0;
  multicastPackets: u64 = 0;
  transmittedPackets: u64 = 0;
  transmittedBytes: u64 = 0;
  transmitErrors: u64 = 0;
  transmitDrops: u64 = 0;

  /** Send; the device owns the packet from here on. */
  abstract transmit(packet: Packet): void;

  /** Let the hardware see what `transmit` queued. */
  flush(): void {}

  /** Take in what has arrived. */
  poll(): void {}

  /** Whether something has arrived that no interrupt may have told of: looked at before the machine idles. */
  get hasPending(): bool {
    return false;
  }

  /** Whether so much waits to leave that who can wait should: packets beyond that may be dropped. */
  get isCongested(): bool {
    return false;
  }

  /** Also accept frames for the group address `hardware` (or no longer). Devices that take every multicast frame need not care. */
  setMulticast(_hardware: u64, _isJoined: bool): void {}

  has(feature: Feature): bool {
    return (this.features & feature) != 0;
  }
}
