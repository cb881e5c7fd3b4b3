// Between sockaddr_in, sockaddr_in6 and the stack's one notion of an address (net/address.ts), where IPv4 is
// ::ffff:a.b.c.d.

import * as mem from "machine/mem";
import { EAFNOSUPPORT, EINVAL } from "../../abi/errno";
import { SOCKADDR_IN6_SHORT, SOCKADDR_IN6_SIZE, SOCKADDR_IN_SIZE } from "../../abi/inet";
import { AF_INET, AF_INET6 } from "../../abi/socket";
import { Address } from "../../net/address";
import { SocketAddress } from "../address";

/** What the last `read` found, beside the address. */
export let port: u32 = 0;
/** Interface index of a link-local address, 0 for none. */
export let scope: i32 = 0;

/** Read an address for a socket of `family`. `port` and `scope` are set. Returns 0, -EINVAL or -EAFNOSUPPORT. */
export function read(from: SocketAddress, family: i32, into: Address): i32 {
  return from.family == AF_INET6 && family == AF_INET6 ? readIpv6(from, into) : readIpv4(from, family, into);
}

function readIpv4(from: SocketAddress, family: i32, into: Address): i32 {
  scope = 0;
  if (family == AF_INET6 && from.length < SOCKADDR_IN6_SHORT && from.family != AF_INET) return -EINVAL;
  if (from.length < SOCKADDR_IN_SIZE) return -EINVAL;
  if (from.family != AF_INET) return -EAFNOSUPPORT;
  port = <u32>bswap<u16>(<u16>mem.load16(from.at + 2));
  into.setIpv4(bswap<u32>(mem.load32(from.at + 4)));
  return 0;
}

function readIpv6(from: SocketAddress, into: Address): i32 {
  if (from.length < SOCKADDR_IN6_SHORT) return -EINVAL;
  port = <u32>bswap<u16>(<u16>mem.load16(from.at + 2));
  readAddress6(from.at + 8, into);
  scope = from.length >= SOCKADDR_IN6_SIZE && into.isLinkLocal && !into.isIpv4 ? <i32>mem.load32(from.at + 24) : 0;
  if (from.length >= SOCKADDR_IN6_SIZE && !into.isIpv4 && into.isMulticast) scope = <i32>mem.load32(from.at + 24);
  return 0;
}

/** A struct in6_addr. */
export function readAddress6(at: u64, into: Address): void {
  into.set(bswap<u64>(mem.load64(at)), bswap<u64>(mem.load64(at + 8)));
}

export function writeAddress6(at: u64, address: Address): void {
  mem.store64(at, bswap<u64>(address.high));
  mem.store64(at + 8, bswap<u64>(address.low));
}

/** A struct in_addr. */
export function writeAddress4(at: u64, address: Address): void {
  mem.store32(at, bswap<u32>(address.isIpv4 ? address.ipv4 : 0));
}

/** Write address and port as a socket of `family` shows them; `index` is the scope of a link-local address. */
export function write(into: SocketAddress, family: i32, address: Address, portNumber: u32, index: i32): void {
  if (family == AF_INET) {
    into.start(AF_INET, SOCKADDR_IN_SIZE);
    mem.store16(into.at + 2, <u32>bswap<u16>(<u16>portNumber));
    writeAddress4(into.at + 4, address);
    return;
  }
  into.start(AF_INET6, SOCKADDR_IN6_SIZE);
  mem.store16(into.at + 2, <u32>bswap<u16>(<u16>portNumber));
  writeAddress6(into.at + 8, address);
  if (!address.isIpv4 && address.isLinkLocal) mem.store32(into.at + 24, <u32>index);
}
