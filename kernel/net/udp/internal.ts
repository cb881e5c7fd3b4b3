// The stack's own use of UDP: the DHCP clients. They listen on fixed ports, without endpoints, since they work before
// there is any address.

import { NetworkDevice } from "../link/device";
import { Packet } from "../packet/packet";

export abstract class InternalService {
  /** A datagram for the service; the packet stands at its payload and stays the caller's. */
  abstract received(packet: Packet, device: NetworkDevice): void;
}

/** RFC 2131 §4.1, RFC 8415 §7.2. */
export const DHCP_CLIENT_PORT: u32 = 68;
export const DHCPV6_CLIENT_PORT: u32 = 546;

let dhcp: InternalService | null = null;
let dhcpv6: InternalService | null = null;

export function setDhcp(service: InternalService | null): void {
  dhcp = service;
}

export function setDhcpv6(service: InternalService | null): void {
  dhcpv6 = service;
}

/** The service on a port, or null. */
export function internal(port: u32): InternalService | null {
  if (port == DHCP_CLIENT_PORT) return dhcp;
  if (port == DHCPV6_CLIENT_PORT) return dhcpv6;
  return null;
}
