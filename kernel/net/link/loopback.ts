// The device that hands every packet back. Nothing is copied: the receiver reads the sender's own buffers, and
// checksums and segmentation are left out, since no wire is between them.

import { Checksum, Packet } from "../packet/packet";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { Feature, LinkKind, NetworkDevice } from "./device";
import { receive } from "./registry";

/** As Linux's lo. */
const LOOPBACK_MTU: u32 = 65536;

export class Loopback extends NetworkDevice {
  constructor() {
    super();
    this.name = "lo";
    this.kind = LinkKind.LOOPBACK;
    this.mtu = LOOPBACK_MTU;
    this.features =
      Feature.TRANSMIT_CHECKSUM | Feature.SEGMENT_TCP_IPV4 | Feature.SEGMENT_TCP_IPV6 | Feature.SCATTER_GATHER;
  }

  transmit(packet: Packet): void {
    this.transmittedPackets++;
    this.transmittedBytes += packet.length - ETHERNET_HEADER;
    packet.checksum = Checksum.VALID;
    receive(this, packet);
  }
}
