// SYN cookies (RFC 4987 §3.6, Bernstein): when a listener has no room for half-open connections, everything about one goes
// into the sequence number of the SYN-ACK, and comes back in the peer's acknowledgment.
//
//   cookie = hash(four parts) + IRS + (minutes << 24) + ((hash(four parts, minutes) + size index) & 0xffffff)
//
// Window scale and SACK ride in the low bits of our timestamp, when the peer has timestamps (as Linux does it).

import { Address } from "../address";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { hashFlow } from "../secret";
import { Handshake } from "./handshake";
import { timestampOffset } from "./initial-sequence";
import { Segment } from "./segment";

const MINUTE_NS: u64 = 60 * clock.SECOND;
/** Minutes that a cookie is good for. */
const LIFETIME_MINUTES: u32 = 2;
const PURPOSE_BASE: u64 = 0x636f6f6b31;
const PURPOSE_MINUTE: u64 = 0x636f6f6b32;

/** Low bits of the timestamp: 4 of window scale (15: none), 1 of SACK. */
const OPTION_BITS: u32 = 5;
const OPTION_MASK: u32 = (1 << OPTION_BITS) - 1;
const SACK_BIT: u32 = 0x10;
const NO_SCALE: u32 = 15;

/** Segment sizes that a cookie can say; the largest not above the peer's is taken. */
const SIZES: StaticArray<u32> = [536, 1220, 1300, 1380, 1400, 1440, 1460, 8960];

function minute(): u32 {
  return <u32>(clock.nowNs / MINUTE_NS);
}

function part(local: Address, remote: Address, segment: Segment, purpose: u64): u32 {
  let ports = ((<u64>segment.destinationPort) << 16) | <u64>segment.sourcePort;
  return <u32>hashFlow(local.high, local.low, remote.high, remote.low, ports, purpose);
}

function sizeIndex(size: u32): u32 {
  let index: u32 = 0;
  for (let i = 0; i < SIZES.length; i++) if (SIZES[i] <= size) index = i;
  return index;
}

/** The initial sequence number that says it all. */
export function make(local: Address, remote: Address, segment: Segment, handshake: Handshake): u32 {
  let now = minute();
  let data = part(local, remote, segment, PURPOSE_MINUTE + ((<u64>now) << 40)) + sizeIndex(handshake.segmentSize);
  let base = part(local, remote, segment, PURPOSE_BASE);
  return base + handshake.initialReceive + (now << 24) + (data & 0xff_ffff);
}

/** Our timestamp with the options in its low bits; never ahead of the clock. */
export function timestamp(value: u32, handshake: Handshake): u32 {
  let scale = handshake.windowScale < 0 ? NO_SCALE : <u32>handshake.windowScale;
  let bits = scale | (handshake.hasSack ? SACK_BIT : 0);
  let marked = (value & ~OPTION_MASK) | bits;
  return <i32>(marked - value) > 0 ? marked - (1 << OPTION_BITS) : marked;
}

/** Read a cookie back from the acknowledgment of a SYN-ACK; false when it is none of ours, or too old. */
export function read(local: Address, remote: Address, segment: Segment, into: Handshake): bool {
  let cookie = segment.acknowledgment - 1;
  let initialReceive = segment.sequence - 1;
  let rest = cookie - part(local, remote, segment, PURPOSE_BASE) - initialReceive;
  let now = minute();
  let age = (now - (rest >> 24)) & 0xff;
  if (age >= LIFETIME_MINUTES) return fail();
  let when = now - age;
  let data = (rest - part(local, remote, segment, PURPOSE_MINUTE + ((<u64>when) << 40))) & 0xff_ffff;
  if (data >= <u32>SIZES.length) return fail();
  count(Counter.TCP_SYN_COOKIES_RECEIVED);
  into.initialSend = cookie;
  into.initialReceive = initialReceive;
  into.segmentSize = SIZES[data];
  into.hasTimestamps = segment.hasTimestamps;
  into.timestampRecent = segment.timestampValue;
  into.timestampOffset = timestampOffset(local, remote);
  into.windowScale = -1;
  into.hasSack = false;
  if (segment.hasTimestamps) {
    let bits = segment.timestampEcho & OPTION_MASK;
    let scale = bits & 0xf;
    if (scale != NO_SCALE) into.windowScale = <i32>scale;
    into.hasSack = (bits & SACK_BIT) != 0;
  }
  return true;
}

function fail(): bool {
  count(Counter.TCP_SYN_COOKIES_FAILED);
  return false;
}
