// Numbers a peer must not guess from outside (RFC 6528): a clock plus a keyed hash of the connection's four parts.

import { Address } from "../address";
import * as clock from "../clock";
import { hashFlow } from "../secret";

/** RFC 9293 §3.4.1: the clock ticks every 4 µs. */
const TICK_NS: u64 = 4 * clock.MICROSECOND;
const PURPOSE_SEQUENCE: u64 = 0x69736e;
const PURPOSE_TIMESTAMP: u64 = 0x7473;

export function initialSequence(local: Address, remote: Address, localPort: u32, remotePort: u32): u32 {
  let ports = ((<u64>localPort) << 16) | <u64>remotePort;
  let hash = hashFlow(local.high, local.low, remote.high, remote.low, ports, PURPOSE_SEQUENCE);
  return <u32>(clock.nowNs / TICK_NS) + <u32>hash;
}

/**
 * What is added to the millisecond clock in timestamps towards one peer (RFC 7323 §7.1): they rise from connection to
 * connection, so that TIME-WAIT can be cut short, and tell nobody else our uptime.
 */
export function timestampOffset(local: Address, remote: Address): u32 {
  return <u32>hashFlow(local.high, local.low, remote.high, remote.low, 0, PURPOSE_TIMESTAMP);
}
