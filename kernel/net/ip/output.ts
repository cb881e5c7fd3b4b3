// Sending: a transport's packet gets its IP header, is cut into fragments if it must be, and goes to the next hop.

import { EMSGSIZE, ENETUNREACH } from "../../abi/errno";
import { Address } from "../address";
import { Counter, count } from "../counters";
import { Feature, NetworkDevice } from "../link/device";
import { transmitFrame } from "../neighbour/neighbour";
import { Packet, Segmentation } from "../packet/packet";
import * as ipv4 from "../wire/ipv4";
import { DONT_FRAGMENT, IPV4_HEADER } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { IPV6_HEADER } from "../wire/ipv6";
import { fragmentIpv4, fragmentIpv6, nextIdentification } from "./fragment";
import { Path } from "./path";

/** Bytes of the IP header that `send` will put before a packet to this destination. */
export function headerLength(destination: Address): u32 {
  return destination.isIpv4 ? IPV4_HEADER : IPV6_HEADER;
}

/**
 * Send `packet`, which begins with its transport header, to `destination` along `path`, from path.source.
 * `hopLimit` 0 takes the path's. Returns 0 or a negative errno; the packet is gone either way.
 */
export function send(
  packet: Packet,
  path: Path,
  destination: Address,
  protocol: u32,
  hopLimit: u32,
  trafficClass: u32,
  isFragmentable: bool,
): i32 {
  count(Counter.IP_OUT_REQUESTS);
  let via = path.via;
  if (via === null) {
    packet.release();
    return -ENETUNREACH;
  }
  packet.source.assign(path.source);
  packet.destination.assign(destination);
  packet.protocol = protocol;
  packet.transportOffset = packet.front;
  if (hopLimit == 0) hopLimit = path.hopLimit;
  let length = packet.length;
  let isIpv4 = destination.isIpv4;
  let header: u32 = isIpv4 ? IPV4_HEADER : IPV6_HEADER;
  if (length + header > path.mtu && packet.segmentation == Segmentation.NONE) {
    if (!isFragmentable) {
      count(Counter.IP_TOO_BIG);
      packet.release();
      return -EMSGSIZE;
    }
    packet.completeChecksum();
    return isIpv4
      ? fragmentIpv4(packet, path, protocol, hopLimit, trafficClass)
      : fragmentIpv6(packet, path, protocol, hopLimit, trafficClass);
  }
  let at = packet.prepend(header);
  packet.networkOffset = packet.front;
  if (isIpv4) {
    let identity = isFragmentable ? nextIdentification() & 0xffff : 0;
    let flags: u32 = isFragmentable ? 0 : DONT_FRAGMENT;
    // The length of a packet that the device cuts up is rewritten there; it may pass 16 bits on the loopback.
    let total = min<u32>(length + header, ipv4.IPV4_MAX);
    ipv4.write(at, total, trafficClass, identity, flags, hopLimit, protocol, packet.source, destination);
  } else {
    let total = min<u32>(length, ipv4.IPV4_MAX);
    ipv6.write(at, total, trafficClass, 0, protocol, hopLimit, packet.source, destination);
  }
  forward(packet, path, via.device);
  return 0;
}

/** Hand a packet with its IP header to the next hop. */
export function forward(packet: Packet, path: Path, device: NetworkDevice): void {
  if (!device.has(Feature.TRANSMIT_CHECKSUM)) packet.completeChecksum();
  if (packet.fragmentCount > 0 && !device.has(Feature.SCATTER_GATHER) && !packet.linearize()) {
    count(Counter.IP_OUT_DISCARDS);
    packet.release();
    return;
  }
  packet.device = device;
  let neighbour = path.neighbour;
  if (neighbour !== null) neighbour.send(packet);
  else transmitFrame(device, packet, path.hardware);
}
