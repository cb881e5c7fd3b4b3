// Numbers in network byte order (big-endian) at kernel-virtual addresses. gcc turns the shifts into one bswap.

import * as mem from "machine/mem";
import { Address } from "../address";

export function swap16(value: u32): u32 {
  return ((value & 0xff) << 8) | ((value >> 8) & 0xff);
}

export function swap32(value: u32): u32 {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >> 24);
}

export function swap64(value: u64): u64 {
  return ((<u64>swap32(<u32>value)) << 32) | <u64>swap32(<u32>(value >> 32));
}

export function load8(address: u64): u32 {
  return mem.load8(address);
}

export function load16(address: u64): u32 {
  return swap16(mem.load16(address));
}

export function load32(address: u64): u32 {
  return swap32(mem.load32(address));
}

export function load64(address: u64): u64 {
  return swap64(mem.load64(address));
}

export function store8(address: u64, value: u32): void {
  mem.store8(address, value);
}

export function store16(address: u64, value: u32): void {
  mem.store16(address, swap16(value));
}

export function store32(address: u64, value: u32): void {
  mem.store32(address, swap32(value));
}

export function store64(address: u64, value: u64): void {
  mem.store64(address, swap64(value));
}

/** Read an IPv4 address in place. */
export function loadIpv4(address: u64, into: Address): void {
  into.setIpv4(load32(address));
}

export function storeIpv4(address: u64, value: Address): void {
  store32(address, value.ipv4);
}

/** Read an IPv6 address in place. */
export function loadIpv6(address: u64, into: Address): void {
  into.high = load64(address);
  into.low = load64(address + 8);
}

export function storeIpv6(address: u64, value: Address): void {
  store64(address, value.high);
  store64(address + 8, value.low);
}

/** A 48-bit hardware address as a number in reading order: 52:54:00:12:34:56 is 0x525400123456. */
export function loadHardware(address: u64): u64 {
  return ((<u64>load16(address)) << 32) | <u64>load32(address + 2);
}

export function storeHardware(address: u64, value: u64): void {
  store16(address, <u32>(value >> 32));
  store32(address + 2, <u32>value);
}
