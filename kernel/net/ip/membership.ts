// The multicast groups an interface listens to, and telling routers so: IGMPv3 (RFC 3376) for IPv4, MLDv2 (RFC 3810)
// for IPv6. Members only: no querier, no source filters (every join is "exclude nobody").
//
// A join is reported twice; a leave once; a query is answered with all groups after a random part of the time it allows.

import * as mem from "machine/mem";
import { Timer } from "../../lib/timer-queue";
import { Address, ALL_HOSTS_IPV4, ALL_NODES } from "../address";
import * as checksum from "../checksum";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { transmit } from "../link/registry";
import { LinkKind, NetworkDevice } from "../link/device";
import { groupHardware } from "../neighbour/solicit";
import { allocate, Packet } from "../packet/packet";
import { randomBelow } from "../secret";
import { store8, store16, store32, storeIpv4, storeIpv6 } from "../wire/bytes";
import * as ethernet from "../wire/ethernet";
import { ETHERNET_HEADER, EtherType } from "../wire/ethernet";
import { Icmpv6Type } from "../wire/icmp";
import * as ipv4 from "../wire/ipv4";
import { IPV4_ROUTER_ALERT_HEADER, Protocol } from "../wire/ipv4";
import * as ipv6 from "../wire/ipv6";
import { IPV6_HEADER } from "../wire/ipv6";

export const MAX_GROUPS: i32 = 64;

/** RFC 3376 §4.2.12, RFC 3810 §5.2.12. */
const enum Record {
  IS_EXCLUDE = 2,
  TO_INCLUDE = 3,
  TO_EXCLUDE = 4,
}

const IGMP_V3_REPORT: u32 = 0x22;
const REPORT_HEADER: u32 = 8;
const RECORD_IPV4: u32 = 8;
const RECORD_IPV6: u32 = 20;
/** Hop-by-hop header with a Router Alert option for MLD (RFC 2711). */
const ROUTER_ALERT_EXTENSION: u32 = 8;
/** The second report follows within this time (RFC 3810 §9.11). */
const REPEAT_WITHIN_MS: u32 = 1000;

const IGMP_ROUTERS: Address = Address.ipv4(0xe000_0016); // 224.0.0.22
const MLD_ROUTERS: Address = new Address(0xff02_0000_0000_0000, 0x16); // ff02::16

class Group {
  address: Address = new Address();
  members: u32 = 0;
  /** Reports still to be sent of the join. */
  announcements: u32 = 0;
}

export class GroupMembership extends Timer {
  private groups: StaticArray<Group | null> = new StaticArray<Group | null>(MAX_GROUPS);
  length: i32 = 0;
  /** Source addresses for reports, kept up by the interface layer. */
  sourceIpv4: Address = Address.ipv4(0);
  sourceIpv6: Address = new Address();
  private isQueried: bool = false;

  constructor(private device: NetworkDevice) {
    super();
  }

  has(address: Address): bool {
    return address.equals(ALL_HOSTS_IPV4) || address.equals(ALL_NODES) || this.find(address) !== null;
  }

  /** Listen to a group; joins are counted. False when there are too many. */
  join(address: Address): bool {
    let group = this.find(address);
    if (group !== null) {
      group.members++;
      return true;
    }
    if (this.length == MAX_GROUPS) return false;
    group = new Group();
    group.address.assign(address);
    group.members = 1;
    group.announcements = 1;
    this.groups[this.length++] = group;
    this.device.setMulticast(groupHardware(address), true);
    this.report(group, Record.TO_EXCLUDE);
    clock.arm(this, <u64>(1 + randomBelow(REPEAT_WITHIN_MS)) * clock.MILLISECOND);
    return true;
  }

  leave(address: Address): void {
    for (let i = 0; i < this.length; i++) {
      let group = this.groups[i];
      if (group === null || !group.address.equals(address)) continue;
      if (--group.members > 0) return;
      this.report(group, Record.TO_INCLUDE);
      this.device.setMulticast(groupHardware(address), false);
      this.groups[i] = this.groups[--this.length];
      this.groups[this.length] = null;
      return;
    }
  }

  /** A router asks who listens to what; answer within `withinMs`. */
  queried(withinMs: u32): void {
    this.isQueried = true;
    clock.arm(this, <u64>(1 + randomBelow(withinMs + 1)) * clock.MILLISECOND);
  }

  expired(_nowNs: u64): void {
    for (let i = 0; i < this.length; i++) {
      let group = this.groups[i];
      if (group === null) continue;
      if (group.announcements > 0) {
        group.announcements--;
        this.report(group, Record.TO_EXCLUDE);
      } else if (this.isQueried) {
        this.report(group, Record.IS_EXCLUDE);
      }
    }
    this.isQueried = false;
  }

  private find(address: Address): Group | null {
    for (let i = 0; i < this.length; i++) {
      let group = this.groups[i];
      if (group !== null && group.address.equals(address)) return group;
    }
    return null;
  }

  private report(group: Group, kind: u32): void {
    if (this.device.kind != LinkKind.ETHERNET) return;
    // Interface-local groups never leave the machine (RFC 3810 §6).
    if (!group.address.isIpv4 && group.address.multicastScope < 2) return;
    let packet = allocate();
    if (packet === null) {
      count(Counter.LINK_NO_MEMORY);
      return;
    }
    if (group.address.isIpv4) this.reportIpv4(packet, group.address, kind);
    else this.reportIpv6(packet, group.address, kind);
  }

  private reportIpv4(packet: Packet, group: Address, kind: u32): void {
    let length = REPORT_HEADER + RECORD_IPV4;
    let message = packet.append(length);
    store32(message, IGMP_V3_REPORT << 24);
    store32(message + 4, 1);
    store32(message + 8, kind << 24);
    storeIpv4(message + 12, group);
    mem.store16(message + 2, checksum.compute(message, length));
    let header = packet.prepend(IPV4_ROUTER_ALERT_HEADER);
    ipv4.writeRouterAlert(header, IPV4_ROUTER_ALERT_HEADER + length, Protocol.IGMP, this.sourceIpv4, IGMP_ROUTERS);
    this.send(packet, groupHardware(IGMP_ROUTERS), EtherType.IPV4);
  }

  private reportIpv6(packet: Packet, group: Address, kind: u32): void {
    let length = REPORT_HEADER + RECORD_IPV6;
    let message = packet.append(length);
    store32(message, Icmpv6Type.MULTICAST_REPORT_V2 << 24);
    store32(message + 4, 1);
    store32(message + 8, kind << 24);
    storeIpv6(message + 12, group);
    let sum = checksum.pseudoHeader(this.sourceIpv6, MLD_ROUTERS, Protocol.ICMPV6, length);
    mem.store16(message + 2, checksum.finish(checksum.add(sum, message, length)));
    let extension = packet.prepend(ROUTER_ALERT_EXTENSION);
    store8(extension, Protocol.ICMPV6);
    store8(extension + 1, 0);
    store16(extension + 2, 0x0502);
    store32(extension + 4, 0x0000_0100);
    let header = packet.prepend(IPV6_HEADER);
    let payload = ROUTER_ALERT_EXTENSION + length;
    ipv6.write(header, payload, 0, 0, Protocol.HOP_BY_HOP, 1, this.sourceIpv6, MLD_ROUTERS);
    this.send(packet, groupHardware(MLD_ROUTERS), EtherType.IPV6);
  }

  private send(packet: Packet, hardware: u64, type: u32): void {
    ethernet.write(packet.prepend(ETHERNET_HEADER), hardware, this.device.hardware, type);
    transmit(this.device, packet);
  }
}
