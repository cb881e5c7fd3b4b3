// The TCP header and its options (RFC 9293 §3.1, §3.2).
//
//    0 | source port 16 | destination port 16 |
//    4 | sequence number 32 |
//    8 | acknowledgment number 32 |
//   12 | header length 4, reserved 4, flags 8 | window 16 |
//   16 | checksum 16 | urgent pointer 16 |  20 | options ...

import { load8, load16, load32, store16, store32 } from "./bytes";

export const TCP_HEADER: u32 = 20;
export const TCP_MAX_HEADER: u32 = 60;
export const TCP_CHECKSUM: u32 = 16;

export const enum TcpFlag {
  FIN = 0x01,
  SYN = 0x02,
  RST = 0x04,
  PSH = 0x08,
  ACK = 0x10,
  URG = 0x20,
  ECE = 0x40,
  CWR = 0x80,
}

export const enum TcpOption {
  END = 0,
  NO_OPERATION = 1,
  /** RFC 9293 §3.2. */
  MAXIMUM_SEGMENT_SIZE = 2,
  /** RFC 7323 §2. */
  WINDOW_SCALE = 3,
  /** RFC 2018 §2, §3. */
  SACK_PERMITTED = 4,
  SACK = 5,
  /** RFC 7323 §3. */
  TIMESTAMPS = 8,
}

/** Bytes of a timestamps option, aligned by two no-operations in front (RFC 7323 appendix A). */
export const TIMESTAMPS_SPACE: u32 = 12;
const TIMESTAMPS_HEAD: u32 = 0x0101_080a;

export function sourcePort(header: u64): u32 {
  return load16(header);
}

export function destinationPort(header: u64): u32 {
  return load16(header + 2);
}

export function sequence(header: u64): u32 {
  return load32(header + 4);
}

export function acknowledgment(header: u64): u32 {
  return load32(header + 8);
}

export function headerLength(header: u64): u32 {
  return (load8(header + 12) >> 4) * 4;
}

export function flags(header: u64): u32 {
  return load8(header + 13);
}

export function window(header: u64): u32 {
  return load16(header + 14);
}

export function urgentPointer(header: u64): u32 {
  return load16(header + 18);
}

/** Write everything but checksum and options. */
export function write(
  header: u64,
  source: u32,
  destination: u32,
  number: u32,
  acknowledged: u32,
  length: u32,
  flagBits: u32,
  windowField: u32,
  urgent: u32,
): void {
  store32(header, (source << 16) | destination);
  store32(header + 4, number);
  store32(header + 8, acknowledged);
  store32(header + 12, ((length >> 2) << 28) | (flagBits << 16) | windowField);
  store32(header + 16, urgent);
}

export function writeTimestamps(option: u64, value: u32, echo: u32): void {
  store32(option, TIMESTAMPS_HEAD);
  store32(option + 4, value);
  store32(option + 8, echo);
}

/** Whether a header's options are exactly an aligned timestamps option, as in nearly every segment. */
export function hasOnlyTimestamps(header: u64): bool {
  return load32(header + 20) == TIMESTAMPS_HEAD;
}

export function writeMaximumSegmentSize(option: u64, size: u32): void {
  store32(option, 0x0204_0000 | size);
}

/** With a no-operation in front: four bytes. */
export function writeWindowScale(option: u64, shift: u32): void {
  store32(option, 0x0103_0300 | shift);
}

/** With two no-operations in front: four bytes. */
export function writeSackPermitted(option: u64): void {
  store32(option, 0x0101_0402);
}

/** The head of a SACK option of `blocks` blocks, with two no-operations in front: four bytes. */
export function writeSackHead(option: u64, blocks: u32): void {
  store16(option, 0x0101);
  store16(option + 2, (TcpOption.SACK << 8) | (2 + 8 * blocks));
}
