// What the configuration protocols say beyond addresses: name servers, search domains, host name. /etc/resolv.conf is
// written from this by the layer above, whenever `version` changes.

import { Address } from "../address";

export const MAX_SERVERS: i32 = 6;
/** Bytes of a domain list or name kept. */
const TEXT_LIMIT: i32 = 255;

export const enum ServerOrigin {
  STATIC = 0,
  DHCP,
  DHCPV6,
  ROUTER,
}

class Server {
  address: Address = new Address();
  origin: ServerOrigin = ServerOrigin.STATIC;
  index: i32 = 0;
}

const servers: StaticArray<Server | null> = new StaticArray<Server | null>(MAX_SERVERS);
export let serverCount: i32 = 0;
/** Changes with every change. */
export let version: u32 = 0;

/** The DHCP domain name and host name, as bytes. */
export const domain: StaticArray<u8> = new StaticArray<u8>(TEXT_LIMIT);
export let domainLength: i32 = 0;

/** The nth server's address. Precondition: position < serverCount. */
export function server(position: i32): Address {
  let entry = servers[position];
  return entry === null ? new Address() : entry.address;
}

/** Add a server unless it is known; what comes first is asked first. */
export function add(address: Address, origin: ServerOrigin, index: i32): void {
  if (address.isUnspecified || serverCount == MAX_SERVERS) return;
  for (let i = 0; i < serverCount; i++) if (server(i).equals(address)) return;
  let entry = new Server();
  entry.address.assign(address);
  entry.origin = origin;
  entry.index = index;
  servers[serverCount++] = entry;
  version++;
}

/** Forget what one source said on one interface, before it says it anew. */
export function clear(origin: ServerOrigin, index: i32): void {
  let kept = 0;
  for (let i = 0; i < serverCount; i++) {
    let entry = servers[i];
    if (entry === null || (entry.origin == origin && entry.index == index)) continue;
    servers[kept++] = entry;
  }
  if (kept == serverCount) return;
  for (let i = kept; i < serverCount; i++) servers[i] = null;
  serverCount = kept;
  version++;
}

/** Take a domain name, byte by byte: `begin`, `byte`s. */
export function beginDomain(): void {
  domainLength = 0;
  version++;
}

export function domainByte(value: u32): void {
  // Only what a host name can hold (RFC 1123 §2.1) and the dots between.
  let isLetter = (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7a;
  let isOther = (value >= 0x30 && value <= 0x39) || value == 0x2d || value == 0x2e;
  if ((isLetter || isOther) && domainLength < TEXT_LIMIT) domain[domainLength++] = <u8>value;
}
