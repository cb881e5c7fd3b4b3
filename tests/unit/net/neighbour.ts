// The other machine on the wire, as a test plays it below TCP: it sends frames and reads what the stack sends.

import { concat, ethernet, type Frame, ipBytes, ipFrame, mac, parseFrame, u16, u32 } from "./frames.ts";
import { Host, type HostOptions } from "./host.ts";

export const STATION = 0x525400000099n;
export const EVERYONE = 0xffff_ffff_ffffn;

/** Type and length of an ICMPv6 neighbour discovery option with a station address. */
export function linkOption(kind: number, station: bigint): Uint8Array {
  return concat([kind, 1], mac(station));
}

/** The multicast station address of a solicited-node or other IPv6 group. */
export function groupStation(group: string): bigint {
  const bytes = ipBytes(group);
  return 0x3333_0000_0000n | BigInt(new DataView(bytes.buffer).getUint32(12));
}

export class Neighbour {
  readonly host: Host;
  #frames: Frame[] = [];

  constructor(options: HostOptions = {}) {
    this.host = new Host(options);
  }

  inject(frame: Uint8Array): void {
    this.host.receive(frame);
    this.advance(0);
  }

  advance(ms: number): void {
    this.host.pass(ms, () => this.#collect());
  }

  #collect(): void {
    for (const bytes of this.host.takeSent()) this.#frames.push(parseFrame(bytes));
  }

  /** What the stack has sent since. */
  take(): Frame[] {
    this.#collect();
    return this.#frames.splice(0);
  }

  /** Sent packets of one IP protocol. */
  takeIp(protocol: number): Frame[] {
    return this.take().filter((frame) => frame.ip?.protocol === protocol);
  }

  arp(operation: number, sender: string, target: string, station = STATION, to = EVERYONE): void {
    const head = concat(u16(1), u16(0x0800), [6, 4], u16(operation), mac(station), ipBytes(sender));
    this.inject(ethernet(to, station, 0x0806, concat(head, mac(0n), ipBytes(target))));
  }

  /** An ICMPv6 message with a right checksum. */
  icmpv6(source: string, destination: string, message: Uint8Array, hopLimit = 255, to = this.host.hardware): void {
    const fields = { source, destination, protocol: 58, hopLimit };
    this.inject(ipFrame(to, STATION, fields, message, 2));
  }

  icmp(source: string, destination: string, message: Uint8Array, to = this.host.hardware): void {
    this.inject(ipFrame(to, STATION, { source, destination, protocol: 1 }, message, 2));
  }

  udp(
    source: string,
    destination: string,
    ports: [number, number],
    payload: Uint8Array,
    to = this.host.hardware,
  ): void {
    const datagram = concat(u16(ports[0]), u16(ports[1]), u16(8 + payload.length), [0, 0], payload);
    this.inject(ipFrame(to, STATION, { source, destination, protocol: 17 }, datagram, 6));
  }

  /** A router advertisement for fd00:1::/64. */
  advertise(
    options: { lifetime?: number; flags?: number; valid?: number; preferred?: number; mtu?: number; dns?: string } = {},
  ): void {
    const prefix = concat(
      [3, 4, 64, 0xc0],
      u32(options.valid ?? 3600),
      u32(options.preferred ?? 1800),
      u32(0),
      ipBytes("fd00:1::"),
    );
    const message = concat(
      [134, 0, 0, 0, 64, options.flags ?? 0, ...u16(options.lifetime ?? 1800)],
      u32(0),
      u32(0),
      linkOption(1, STATION),
      prefix,
      options.mtu ? concat([5, 1, 0, 0], u32(options.mtu)) : [],
      options.dns ? concat([25, 3, 0, 0], u32(600), ipBytes(options.dns)) : [],
    );
    this.icmpv6("fe80::99", "ff02::1", message, 255, groupStation("ff02::1"));
  }
}
