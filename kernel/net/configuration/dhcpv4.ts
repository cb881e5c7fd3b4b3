// The DHCPv4 client (RFC 2131 §4.4): one lease per interface, renewed in time.
//
//   SELECTING --offer--> REQUESTING --ack--> BOUND --T1--> RENEWING --T2--> REBINDING --lease over--> SELECTING
//       ^---------- nak, or no answer ----------'   ^---------- ack ------------'
//
// When nobody answers, the interface gets a link-local address (link-local.ts) and we go on asking.

import { NEVER, Timer } from "../../lib/timer-queue";
import * as log from "../../log/log";
import { writeAddress } from "../text";
import { Address, BROADCAST_IPV4 } from "../address";
import * as clock from "../clock";
import { AddressOrigin, Interface, prefixOfIpv4 } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { Path } from "../ip/path";
import * as routes from "../ip/routes";
import { RouteOrigin } from "../ip/routes";
import { NetworkDevice } from "../link/device";
import { MAX_DEVICES } from "../link/registry";
import { sendArp } from "../neighbour/solicit";
import { allocate, Packet } from "../packet/packet";
import { random64, randomBelow } from "../secret";
import { DHCP_CLIENT_PORT, InternalService, setDhcp } from "../udp/internal";
import { ArpOperation } from "../wire/arp";
import { load8, load32, store8, store16 } from "../wire/bytes";
import * as wire from "../wire/dhcpv4";
import { DHCP_FIXED, DHCP_MINIMUM, DhcpMessage, DhcpOption, SERVER_PORT } from "../wire/dhcpv4";
import * as addresses from "./addresses";
import { sendDatagram } from "./datagram";
import * as linkLocal from "./link-local";
import * as resolvers from "./resolvers";
import { ServerOrigin } from "./resolvers";

/** The first wait for an answer; it doubles. RFC 2131 §4.1 says four seconds, for networks of its time; a boot waits for this. */
const FIRST_WAIT_MS: u32 = 1000;
const MAX_WAIT_MS: u32 = 64000;
/** Tries before a link-local address is taken meanwhile: about three seconds. */
const TRIES_BEFORE_LINK_LOCAL: u32 = 2;
/** Requests for one offer before it is given up. */
const REQUEST_TRIES: u32 = 4;
/** RFC 2131 §4.4.5: do not ask more often than this near the end of a lease. */
const MIN_RENEWAL_WAIT_NS: u64 = 60 * clock.SECOND;
const FOREVER: u32 = 0xffff_ffff;
/** As systemd-networkd and dhcpcd: below IPv6's 1024, above static routes. */
const DHCP_METRIC: u32 = 100;
/** Options never reach beyond this: what a packet head holds. */
const MESSAGE_LIMIT: u32 = 1500;

export const enum LeaseState {
  OFF = 0,
  SELECTING,
  REQUESTING,
  BOUND,
  RENEWING,
  REBINDING,
}

const server: Address = new Address();
const address: Address = new Address();
const gateway: Address = new Address();

export class DhcpClient extends Timer {
  state: LeaseState = LeaseState.OFF;
  private transaction: u32 = 0;
  private tries: u32 = 0;
  private startedNs: u64 = 0;
  private offered: u32 = 0;
  /** The address that the interface has from us, 0 for none: it outlives a cable pulled out, until its lease is over. */
  private held: u32 = 0;
  private serverIdentifier: u32 = 0;
  private renewNs: u64 = 0;
  private rebindNs: u64 = 0;
  private expireNs: u64 = 0;
  private path: Path = new Path();

  constructor(private on: Interface) {
    super();
  }

  /** The cable is in, or the lease was lost: begin. */
  start(): void {
    this.state = LeaseState.SELECTING;
    this.transaction = <u32>random64();
    this.tries = 0;
    this.startedNs = clock.nowNs;
    this.transmit();
  }

  stop(): void {
    clock.cancel(this);
    this.state = LeaseState.OFF;
  }

  /** Whether a lease is held. */
  get isBound(): bool {
    return this.state >= LeaseState.BOUND;
  }

  expired(_nowNs: u64): void {
    switch (this.state) {
      case LeaseState.OFF:
        return;
      case LeaseState.SELECTING:
        if (this.held != 0 && clock.nowNs >= this.expireNs) this.drop();
        if (this.tries == TRIES_BEFORE_LINK_LOCAL) linkLocal.start(this.on);
        this.transmit();
        return;
      case LeaseState.REQUESTING:
        if (this.tries >= REQUEST_TRIES) this.start();
        else this.transmit();
        return;
      case LeaseState.BOUND:
        this.state = LeaseState.RENEWING;
        this.transaction = <u32>random64();
        this.startedNs = clock.nowNs;
        this.transmit();
        return;
      case LeaseState.RENEWING:
        if (clock.nowNs >= this.rebindNs) this.state = LeaseState.REBINDING;
        this.transmit();
        return;
      case LeaseState.REBINDING:
        if (clock.nowNs < this.expireNs) {
          this.transmit();
          return;
        }
        this.drop();
        this.start();
        return;
    }
  }

  /** A message from a server. The packet stands at it. */
  received(packet: Packet): void {
    if (this.state == LeaseState.OFF || this.state == LeaseState.BOUND || !packet.linearize()) return;
    let message = packet.address;
    let length = packet.length;
    if (!wire.isReply(message, length, this.transaction, this.on.device.hardware)) return;
    switch (wire.option8(message, length, DhcpOption.MESSAGE_TYPE)) {
      case DhcpMessage.OFFER:
        if (this.state == LeaseState.SELECTING) this.take(message, length);
        return;
      case DhcpMessage.ACK:
        if (this.state != LeaseState.SELECTING) this.bind(message, length);
        return;
      case DhcpMessage.NAK:
        if (this.state == LeaseState.SELECTING) return;
        if (this.state != LeaseState.REQUESTING) this.drop();
        this.start();
        return;
      default:
        return;
    }
  }

  private take(message: u64, length: u32): void {
    let ours = wire.yourAddress(message);
    let identifier = wire.option32(message, length, DhcpOption.SERVER_IDENTIFIER, 0);
    address.setIpv4(ours);
    if (identifier == 0 || ours == 0 || address.isMulticast || address.isLoopback) return;
    this.offered = ours;
    this.serverIdentifier = identifier;
    this.state = LeaseState.REQUESTING;
    this.tries = 0;
    this.transmit();
  }

  private bind(message: u64, length: u32): void {
    let ours = wire.yourAddress(message);
    if (ours == 0 || (this.state == LeaseState.REQUESTING && ours != this.offered)) return;
    let lease = wire.option32(message, length, DhcpOption.LEASE_TIME, 0);
    if (lease == 0) return;
    if (this.held != 0 && ours != this.held) this.drop();
    this.offered = ours;
    this.held = ours;
    this.state = LeaseState.BOUND;
    this.configure(message, length);
    this.schedule(message, length, lease);
    this.report(lease);
    linkLocal.stop(this.on);
  }

  private configure(message: u64, length: u32): void {
    let mask = wire.option32(message, length, DhcpOption.SUBNET_MASK, 0xffff_ff00);
    let bits = <u32>clz<u32>(~mask);
    address.setIpv4(this.offered);
    addresses.add(this.on, address, prefixOfIpv4(bits), AddressOrigin.DHCP);
    // Tell the neighbours, who may remember another station for it (RFC 5227 §2.3).
    sendArp(this.on.device, ArpOperation.REQUEST, this.offered, this.offered, 0);
    routes.removeAll(this.on, RouteOrigin.DHCP, true);
    let classless = wire.findOption(message, length, DhcpOption.CLASSLESS_ROUTES);
    if (classless != 0) this.addClassless(classless, wire.optionLength);
    else this.addRouters(message, length);
    let mtu = wire.findOption(message, length, DhcpOption.INTERFACE_MTU);
    if (mtu != 0 && wire.optionLength == 2) this.setMtu((load8(mtu) << 8) | load8(mtu + 1));
    this.readServers(message, length);
    interfaces.changed();
  }

  private report(leaseSeconds: u32): void {
    address.setIpv4(this.offered);
    let line = log.begin(log.INFO).string(this.on.device.name).string(": ");
    writeAddress(line, address).string(" by DHCP for ").decimal(leaseSeconds).string(" s");
    log.end();
  }

  private setMtu(mtu: u32): void {
    if (mtu >= 576 && mtu <= this.on.device.mtu) this.on.device.mtu = mtu;
  }

  private addRouters(message: u64, length: u32): void {
    let data = wire.findOption(message, length, DhcpOption.ROUTER);
    if (data == 0 || wire.optionLength < 4) return;
    gateway.setIpv4(load32(data));
    if (!gateway.isUnspecified) addresses.addDefaultRoute(this.on, gateway, DHCP_METRIC, RouteOrigin.DHCP);
  }

  /** RFC 3442: prefix length, the significant bytes of the prefix, the router; over and over. */
  private addClassless(data: u64, length: u32): void {
    let at: u32 = 0;
    while (at < length) {
      let bits = load8(data + <u64>at);
      let bytes = (bits + 7) >> 3;
      if (bits > 32 || at + 1 + bytes + 4 > length) return;
      let prefix: u32 = 0;
      for (let i: u32 = 0; i < bytes; i++) prefix |= load8(data + <u64>(at + 1 + i)) << (24 - 8 * i);
      address.setIpv4(prefix);
      gateway.setIpv4(load32(data + <u64>(at + 1 + bytes)));
      routes.add(address, prefixOfIpv4(bits), gateway, this.on, DHCP_METRIC, RouteOrigin.DHCP);
      at += 1 + bytes + 4;
    }
  }

  private readServers(message: u64, length: u32): void {
    resolvers.clear(ServerOrigin.DHCP, this.on.index);
    let data = wire.findOption(message, length, DhcpOption.NAME_SERVER);
    let size: u32 = data == 0 ? 0 : wire.optionLength;
    for (let at: u32 = 0; at + 4 <= size; at += 4) {
      address.setIpv4(load32(data + <u64>at));
      resolvers.add(address, ServerOrigin.DHCP, this.on.index);
    }
    data = wire.findOption(message, length, DhcpOption.DOMAIN_NAME);
    if (data == 0) return;
    size = wire.optionLength;
    resolvers.beginDomain();
    for (let at: u32 = 0; at < size; at++) resolvers.domainByte(load8(data + <u64>at));
  }

  private schedule(message: u64, length: u32, leaseSeconds: u32): void {
    if (leaseSeconds == FOREVER) {
      this.expireNs = NEVER;
      clock.cancel(this);
      return;
    }
    let leaseNs = <u64>leaseSeconds * clock.SECOND;
    let renew = wire.option32(message, length, DhcpOption.RENEWAL_TIME, leaseSeconds / 2);
    let rebind = wire.option32(message, length, DhcpOption.REBINDING_TIME, leaseSeconds - leaseSeconds / 8);
    this.expireNs = clock.nowNs + leaseNs;
    this.rebindNs = clock.nowNs + min<u64>(<u64>rebind * clock.SECOND, leaseNs);
    this.renewNs = min<u64>(clock.nowNs + <u64>renew * clock.SECOND, this.rebindNs);
    clock.timers.arm(this, this.renewNs);
  }

  /** The lease is over: without it the address is not ours. */
  private drop(): void {
    if (this.held == 0) return;
    address.setIpv4(this.held);
    this.held = 0;
    addresses.remove(this.on, address);
    routes.removeAll(this.on, RouteOrigin.DHCP, true);
    resolvers.clear(ServerOrigin.DHCP, this.on.index);
  }

  private transmit(): void {
    this.tries++;
    this.armRetry();
    let packet = allocate();
    if (packet === null) return;
    let isRenewal = this.state == LeaseState.RENEWING || this.state == LeaseState.REBINDING;
    let message = packet.address;
    packet.append(DHCP_MINIMUM);
    let seconds = min<u32>(<u32>((clock.nowNs - this.startedNs) / clock.SECOND), 65535);
    let client = isRenewal ? this.offered : 0;
    wire.writeFixed(message, this.transaction, seconds, !isRenewal, client, this.on.device.hardware);
    let at = this.writeOptions(message + <u64>DHCP_FIXED);
    while (at < message + <u64>DHCP_MINIMUM) store8(at++, DhcpOption.PAD);
    if (this.state == LeaseState.RENEWING) {
      server.setIpv4(this.serverIdentifier);
      address.setIpv4(this.offered);
      if (this.path.resolve(server, address, 0) == 0) {
        sendDatagram(packet, this.path, server, DHCP_CLIENT_PORT, SERVER_PORT);
        return;
      }
    }
    this.path.resolveBroadcast(this.on, BROADCAST_IPV4);
    if (isRenewal) this.path.source.setIpv4(this.offered);
    sendDatagram(packet, this.path, BROADCAST_IPV4, DHCP_CLIENT_PORT, SERVER_PORT);
  }

  private writeOptions(at: u64): u64 {
    let isDiscover = this.state == LeaseState.SELECTING;
    at = wire.write8(at, DhcpOption.MESSAGE_TYPE, isDiscover ? DhcpMessage.DISCOVER : DhcpMessage.REQUEST);
    if (this.state == LeaseState.REQUESTING) {
      at = wire.write32(at, DhcpOption.REQUESTED_ADDRESS, this.offered);
      at = wire.write32(at, DhcpOption.SERVER_IDENTIFIER, this.serverIdentifier);
    }
    store8(at, DhcpOption.MAXIMUM_SIZE);
    store8(at + 1, 2);
    store16(at + 2, MESSAGE_LIMIT);
    at += 4;
    store8(at, DhcpOption.PARAMETER_LIST);
    store8(at + 1, 8);
    store8(at + 2, DhcpOption.CLASSLESS_ROUTES);
    store8(at + 3, DhcpOption.SUBNET_MASK);
    store8(at + 4, DhcpOption.ROUTER);
    store8(at + 5, DhcpOption.NAME_SERVER);
    store8(at + 6, DhcpOption.DOMAIN_NAME);
    store8(at + 7, DhcpOption.INTERFACE_MTU);
    store8(at + 8, DhcpOption.RENEWAL_TIME);
    store8(at + 9, DhcpOption.REBINDING_TIME);
    at += 10;
    store8(at, DhcpOption.END);
    return at + 1;
  }

  private armRetry(): void {
    if (this.state == LeaseState.RENEWING || this.state == LeaseState.REBINDING) {
      // Half of what is left, but not too often.
      let endNs = this.state == LeaseState.RENEWING ? this.rebindNs : this.expireNs;
      let leftNs = endNs > clock.nowNs ? endNs - clock.nowNs : 0;
      let waitNs = max<u64>(leftNs / 2, MIN_RENEWAL_WAIT_NS);
      clock.arm(this, min<u64>(waitNs, max<u64>(leftNs, clock.MILLISECOND)));
      return;
    }
    let waitMs = min<u32>(FIRST_WAIT_MS << min<u32>(this.tries - 1, 6), MAX_WAIT_MS);
    // A tenth either way, so that machines that boot together do not ask together.
    waitMs = waitMs - waitMs / 10 + randomBelow(waitMs / 5 + 1);
    clock.arm(this, <u64>waitMs * clock.MILLISECOND);
  }
}

const clients: StaticArray<DhcpClient | null> = new StaticArray<DhcpClient | null>(MAX_DEVICES + 1);

class DhcpService extends InternalService {
  received(packet: Packet, device: NetworkDevice): void {
    let client = clients[device.index];
    if (client !== null) client.received(packet);
  }
}

/** Run a client on an interface. */
export function start(on: Interface): void {
  let client = clients[on.index];
  if (client === null) {
    client = new DhcpClient(on);
    clients[on.index] = client;
    setDhcp(new DhcpService());
  }
  client.start();
}

/** The client of an interface, or null. */
export function find(on: Interface): DhcpClient | null {
  return clients[on.index];
}
