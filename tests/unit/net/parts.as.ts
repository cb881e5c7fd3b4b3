// The small parts by themselves: timers, checksum, addresses as text, the cube root.

import { Timer, TimerQueue } from "../../../kernel/lib/timer-queue";
import { Text } from "../../../kernel/lib/text";
import { Address } from "../../../kernel/net/address";
import * as checksum from "../../../kernel/net/checksum";
import * as secret from "../../../kernel/net/secret";
import * as text from "../../../kernel/net/text";
import { FaultInjector } from "../../../kernel/net/link/fault-injector";
import { Loopback } from "../../../kernel/net/link/loopback";
import { allocate } from "../../../kernel/net/packet/packet";
import { addRange, initialize } from "memory/frames";
import { cubeRoot } from "../../../kernel/net/tcp/cubic";

declare function expired(id: i32, nowNs: u64): void;

class Probe extends Timer {
  constructor(private id: i32) {
    super();
  }
  expired(nowNs: u64): void {
    expired(this.id, nowNs);
  }
}

const queue: TimerQueue = new TimerQueue();
const timers: Array<Probe> = [];

export function makeTimer(): i32 {
  return timers.push(new Probe(timers.length)) - 1;
}

export function arm(id: i32, deadlineNs: u64): void {
  queue.arm(timers[id], deadlineNs);
}

export function cancel(id: i32): void {
  queue.cancel(timers[id]);
}

export function remove(id: i32): void {
  queue.remove(timers[id]);
}

export function expire(nowNs: u64): void {
  queue.expire(nowNs);
}

export function next(): u64 {
  return queue.nextNs;
}

export function sum(address: u64, length: u32): u32 {
  return checksum.compute(address, length);
}

const line: Text = new Text(64);

export function format(high: u64, low: u64): u64 {
  line.clear();
  text.writeAddress(line, new Address(high, low));
  return line.address;
}

export function formatted(): i32 {
  return line.length;
}

export function parse(address: u64, length: i32): bool {
  let bytes = new StaticArray<u8>(length);
  for (let i = 0; i < length; i++) bytes[i] = <u8>byteAt(address + <u64>i);
  return text.parse(bytes);
}

declare function byteAt(address: u64): u32;

export function parsedHigh(): u64 {
  return text.parsed.high;
}

export function parsedLow(): u64 {
  return text.parsed.low;
}

export function parsedPrefix(): i32 {
  return text.parsedPrefix;
}

export function root(value: u64): u64 {
  return cubeRoot(value);
}

export function sip(a: u64, b: u64, c: u64): u64 {
  secret.seed(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
  return secret.hash3(a, b, c);
}

/** Send `count` packets through a fault injector that loses `perMillion`; returns how many came through. */
export function lose(count: i32, perMillion: u32): u64 {
  initialize(0x100_0000, 0x1000);
  addRange(0x10_0000, 0x100_0000);
  let loopback = new Loopback();
  let injector = new FaultInjector(loopback, perMillion, 0);
  for (let i = 0; i < count; i++) {
    let packet = allocate();
    if (packet === null) break;
    packet.append(60);
    injector.transmit(packet);
  }
  return loopback.transmittedPackets;
}
