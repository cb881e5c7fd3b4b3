// The internet checksum (RFC 1071) over memory reached by machine/mem.
//
// Sums are kept in memory order: the words are added as the processor loads them, and the folded result is stored as
// it is. That works because the ones'-complement sum does not care about byte order (RFC 1071 §2 B). A partial sum is a
// u64 that has not been folded to 16 bits; sums of adjacent even-length ranges are added.

import * as mem from "machine/mem";
import { Address } from "./address";

/** Add with end-around carry: two instructions. */
function addCarry(sum: u64, word: u64): u64 {
  sum += word;
  return sum + (sum < word ? 1 : 0);
}

/** Add `length` bytes at `address` to a partial sum. */
export function add(sum: u64, address: u64, length: u32): u64 {
  while (length >= 32) {
    sum = addCarry(sum, mem.load64(address));
    sum = addCarry(sum, mem.load64(address + 8));
    sum = addCarry(sum, mem.load64(address + 16));
    sum = addCarry(sum, mem.load64(address + 24));
    address += 32;
    length -= 32;
  }
  while (length >= 8) {
    sum = addCarry(sum, mem.load64(address));
    address += 8;
    length -= 8;
  }
  // Small again, so that partial sums can simply be added.
  sum = (sum & 0xffff_ffff) + (sum >> 32);
  if (length & 4) {
    sum += <u64>mem.load32(address);
    address += 4;
  }
  if (length & 2) {
    sum += <u64>mem.load16(address);
    address += 2;
  }
  if (length & 1) sum += <u64>mem.load8(address);
  return sum;
}

/** The ones'-complement sum in 16 bits, not yet complemented. */
export function fold(sum: u64): u32 {
  sum = (sum & 0xffff_ffff) + (sum >> 32);
  sum = (sum & 0xffff_ffff) + (sum >> 32);
  let folded = <u32>(sum & 0xffff) + <u32>(sum >> 16);
  folded = (folded & 0xffff) + (folded >> 16);
  return (folded & 0xffff) + (folded >> 16);
}

/** The checksum as it is stored with mem.store16. */
export function finish(sum: u64): u32 {
  return ~fold(sum) & 0xffff;
}

/** A range that begins at an odd place in the sum counts with its bytes exchanged (RFC 1071 §2 B). */
export function exchange(sum: u64): u64 {
  let folded = fold(sum);
  return <u64>(((folded & 0xff) << 8) | (folded >> 8));
}

/** The checksum of one range, as it is stored. */
export function compute(address: u64, length: u32): u32 {
  return finish(add(0, address, length));
}

/** Words of an address in memory order: byte swapping a sum once is the same as swapping every word. */
function words(value: u64): u64 {
  return (value & 0xffff) + ((value >> 16) & 0xffff) + ((value >> 32) & 0xffff) + (value >> 48);
}

/** The addresses' part of a pseudo-header, in reading order; for `pseudoSum`. */
export function addressSum(source: Address, destination: Address): u64 {
  // The 0xffff of ::ffff:a.b.c.d is not part of an IPv4 address.
  if (source.isIpv4) return words(source.low) + words(destination.low) - 2 * 0xffff;
  return words(source.high) + words(source.low) + words(destination.high) + words(destination.low);
}

/** A pseudo-header's partial sum from the addresses' part, for connections that keep that. */
export function pseudoSum(addresses: u64, protocol: u32, length: u32): u64 {
  return exchange(addresses + <u64>protocol + <u64>length);
}

/** The pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 §3.1, RFC 8200 §8.1) as a partial sum. */
export function pseudoHeader(source: Address, destination: Address, protocol: u32, length: u32): u64 {
  return pseudoSum(addressSum(source, destination), protocol, length);
}
