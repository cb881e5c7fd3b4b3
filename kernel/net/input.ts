// Frames from the backlog to the protocols.

import { Counter, count } from "./counters";
import * as ip from "./ip/input";
import { LinkKind, NetworkDevice } from "./link/device";
import * as arp from "./neighbour/arp";
import { Cast, Packet } from "./packet/packet";
import * as ethernet from "./wire/ethernet";
import { ETHERNET_HEADER, EtherType } from "./wire/ethernet";

/** A frame, link header first. The packet is used up. */
export function receive(packet: Packet, device: NetworkDevice): void {
  if (!packet.pull(ETHERNET_HEADER)) {
    count(Counter.LINK_SHORT);
    packet.release();
    return;
  }
  let frame = packet.address;
  packet.linkOffset = packet.front;
  packet.cast = device.kind == LinkKind.LOOPBACK ? Cast.UNICAST : classify(ethernet.destination(frame), device);
  if (packet.cast == Cast.MULTICAST) device.multicastPackets++;
  let type = ethernet.type(frame);
  packet.strip(ETHERNET_HEADER);
  if (packet.cast == Cast.OTHER) {
    packet.release();
    return;
  }
  switch (type) {
    case EtherType.IPV4:
      ip.receiveIpv4(packet, device);
      return;
    case EtherType.IPV6:
      ip.receiveIpv6(packet, device);
      return;
    case EtherType.ARP:
      arp.receive(packet, device);
      return;
    default:
      count(Counter.LINK_UNKNOWN_TYPE);
      packet.release();
  }
}

function classify(destination: u64, device: NetworkDevice): Cast {
  if (destination == device.hardware) return Cast.UNICAST;
  if (destination == ethernet.BROADCAST) return Cast.BROADCAST;
  return ethernet.isGroup(destination) ? Cast.MULTICAST : Cast.OTHER;
}
