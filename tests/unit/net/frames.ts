// Frames as a test writes and reads them: Ethernet, IPv4 and IPv6, TCP, UDP, ICMP, ARP.

import { pseudoSum, sum16 } from "./offload.ts";

export interface TcpOptions {
  mss?: number;
  scale?: number;
  sackPermitted?: boolean;
  sack?: [number, number][];
  /** Value and echo. */
  timestamps?: [number, number];
}

export interface TcpSegment {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  /** Of "SFRPAUEC", in that order. */
  flags: string;
  window: number;
  urgent: number;
  options: TcpOptions;
  payload: Uint8Array;
}

export interface Frame {
  source: string;
  destination: string;
  type: number;
  ip?: { source: Uint8Array; destination: Uint8Array; protocol: number; hopLimit: number };
  /** The fragment field of IPv4. */
  fragment?: number;
  tcp?: TcpSegment;
  /** What follows the IP header, or the Ethernet header when it is not IP. */
  payload: Uint8Array;
}

const FLAG_BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 };
const FLAG_ORDER = "SFRPAUEC";

export function concat(...parts: (Uint8Array | number[])[]): Uint8Array {
  const arrays = parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part)));
  const whole = new Uint8Array(arrays.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of arrays) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

export function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function mac(value: bigint): Uint8Array {
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number((value >> BigInt(40 - 8 * i)) & 0xffn);
  return bytes;
}

/** "10.0.0.1" or "fe80::1" as 4 or 16 bytes. */
export function ipBytes(text: string): Uint8Array {
  if (text.includes(".")) return Uint8Array.from(text.split(".").map(Number));
  const [front = "", back = ""] = text.split("::");
  const left = front === "" ? [] : front.split(":");
  const right = back === "" ? [] : back.split(":");
  const words = text.includes("::") ? [...left, ...Array(8 - left.length - right.length).fill("0"), ...right] : left;
  return Uint8Array.from(words.flatMap((word) => u16(Number.parseInt(word, 16))));
}

export function ethernet(to: bigint, from: bigint, type: number, payload: Uint8Array): Uint8Array {
  return concat(mac(to), mac(from), u16(type), payload);
}

export interface IpFields {
  source: string;
  destination: string;
  protocol: number;
  hopLimit?: number;
  identification?: number;
  /** Flags and offset of IPv4. */
  fragment?: number;
}

export function ipPacket(fields: IpFields, payload: Uint8Array): Uint8Array {
  const hops = fields.hopLimit ?? 64;
  if (!fields.source.includes(".")) {
    const head = [0x60, 0, 0, 0, ...u16(payload.length), fields.protocol, hops];
    return concat(head, ipBytes(fields.source), ipBytes(fields.destination), payload);
  }
  const head = concat(
    [0x45, 0, ...u16(20 + payload.length), ...u16(fields.identification ?? 1), ...u16(fields.fragment ?? 0)],
    [hops, fields.protocol, 0, 0],
    ipBytes(fields.source),
    ipBytes(fields.destination),
  );
  const sum = ~sum16(head, 0, 20) & 0xffff;
  head.set(u16(sum), 10);
  return concat(head, payload);
}

/** A frame around an IP packet, with the transport checksum at `checksumAt` of the payload filled in. */
export function ipFrame(to: bigint, from: bigint, fields: IpFields, payload: Uint8Array, checksumAt = -1): Uint8Array {
  const type = fields.source.includes(".") ? 0x0800 : 0x86dd;
  const frame = ethernet(to, from, type, ipPacket(fields, payload));
  if (checksumAt >= 0) {
    const start = frame.length - payload.length;
    const isBare = fields.protocol === 1;
    const initial = isBare ? 0 : pseudoSum(frame, fields.protocol, payload.length);
    const value = ~sum16(frame, start, frame.length, initial) & 0xffff;
    frame.set(u16(value), start + checksumAt);
  }
  return frame;
}

export function tcpHeader(segment: TcpSegment): Uint8Array {
  const options: number[] = [];
  const { mss, scale, sackPermitted, sack, timestamps } = segment.options;
  if (mss !== undefined) options.push(2, 4, ...u16(mss));
  if (sackPermitted) options.push(1, 1, 4, 2);
  if (scale !== undefined) options.push(1, 3, 3, scale);
  if (timestamps) options.push(1, 1, 8, 10, ...u32(timestamps[0]), ...u32(timestamps[1]));
  if (sack) options.push(1, 1, 5, 2 + 8 * sack.length, ...sack.flatMap(([start, end]) => [...u32(start), ...u32(end)]));
  const flags = [...segment.flags].reduce((bits, flag) => bits | (FLAG_BITS[flag] ?? 0), 0);
  return concat(
    [...u16(segment.sourcePort), ...u16(segment.destinationPort), ...u32(segment.sequence)],
    [...u32(segment.acknowledgment), ((20 + options.length) / 4) << 4, flags, ...u16(segment.window), 0, 0],
    [...u16(segment.urgent), ...options],
    segment.payload,
  );
}

function parseOptions(bytes: Uint8Array): TcpOptions {
  const options: TcpOptions = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at] ?? 0;
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (kind === 2) options.mss = view.getUint16(at + 2);
    if (kind === 3) options.scale = bytes[at + 2] ?? 0;
    if (kind === 4) options.sackPermitted = true;
    if (kind === 8) options.timestamps = [view.getUint32(at + 2), view.getUint32(at + 6)];
    if (kind === 5) {
      options.sack = [];
      for (let i = at + 2; i < at + length; i += 8) options.sack.push([view.getUint32(i), view.getUint32(i + 4)]);
    }
    at += length;
  }
  return options;
}

function parseTcp(bytes: Uint8Array): TcpSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = ((bytes[12] ?? 0) >> 4) * 4;
  const bits = bytes[13] ?? 0;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgment: view.getUint32(8),
    flags: [...FLAG_ORDER].filter((flag) => bits & (FLAG_BITS[flag] ?? 0)).join(""),
    window: view.getUint16(14),
    urgent: view.getUint16(18),
    options: parseOptions(bytes.subarray(20, size)),
    payload: bytes.slice(size),
  };
}

/** Take a frame apart and check every checksum in it. */
export function parseFrame(bytes: Uint8Array): Frame {
  const hex = (from: number): string => Buffer.from(bytes.subarray(from, from + 6)).toString("hex");
  const type = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const frame: Frame = { destination: hex(0), source: hex(6), type, payload: bytes.subarray(14) };
  if (type === 0x0800) {
    if (sum16(bytes, 14, 14 + ((bytes[14] ?? 0) & 15) * 4) !== 0xffff)
      throw new Error("the IPv4 header's checksum is wrong");
    const protocol = bytes[23] ?? 0;
    frame.ip = { source: bytes.slice(26, 30), destination: bytes.slice(30, 34), protocol, hopLimit: bytes[22] ?? 0 };
    frame.fragment = ((bytes[20] ?? 0) << 8) | (bytes[21] ?? 0);
    frame.payload = bytes.subarray(14 + ((bytes[14] ?? 0) & 15) * 4);
  } else if (type === 0x86dd) {
    frame.ip = {
      source: bytes.slice(22, 38),
      destination: bytes.slice(38, 54),
      protocol: bytes[20] ?? 0,
      hopLimit: bytes[21] ?? 0,
    };
    frame.payload = bytes.subarray(54);
  }
  const protocol = frame.ip?.protocol;
  const isWhole = frame.fragment === undefined || (frame.fragment & 0x3fff) === 0;
  if (isWhole && (protocol === 6 || protocol === 17 || protocol === 58)) {
    const start = bytes.length - frame.payload.length;
    const sum = sum16(bytes, start, bytes.length, pseudoSum(bytes, protocol, frame.payload.length));
    if (sum !== 0xffff) throw new Error(`the checksum of protocol ${protocol} is wrong`);
  }
  if (protocol === 6 && isWhole) frame.tcp = parseTcp(frame.payload);
  return frame;
}
