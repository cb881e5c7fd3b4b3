// A device as the internet layer sees it: the addresses it has and the groups it listens to.
//
// Both families' addresses stand in one list; an IPv4 prefix length counts from the front of the 128 bits (24 → 120),
// so that one comparison serves both.

import { Address, IPV4_PREFIX_BITS } from "../address";
import { LinkKind, NetworkDevice } from "../link/device";
import { IPV6_MIN_MTU } from "../wire/ipv6";
import { NEVER } from "../../lib/timer-queue";
import { GroupMembership } from "./membership";

export const MAX_ADDRESSES: i32 = 16;

export const enum AddressState {
  /** Being checked for duplicates: not used, not answered for (RFC 4862 §5.4). */
  TENTATIVE = 0,
  PREFERRED,
  /** Still valid; not chosen for new connections (RFC 4862 §5.5.4). */
  DEPRECATED,
  DUPLICATE,
}

export const enum AddressOrigin {
  STATIC = 0,
  LOOPBACK,
  LINK_LOCAL,
  DHCP,
  /** Stateless autoconfiguration. */
  AUTOMATIC,
}

export class InterfaceAddress {
  address: Address = new Address();
  /** Of 128. */
  prefixLength: u32 = 128;
  state: AddressState = AddressState.PREFERRED;
  origin: AddressOrigin = AddressOrigin.STATIC;
  preferredUntilNs: u64 = NEVER;
  validUntilNs: u64 = NEVER;

  get isUsable(): bool {
    return this.state == AddressState.PREFERRED || this.state == AddressState.DEPRECATED;
  }

  /** The IPv4 directed broadcast address of its prefix; 0 when there is none (RFC 3021: not on /31 and /32). */
  get broadcastIpv4(): u32 {
    if (!this.address.isIpv4 || this.prefixLength > 126) return 0;
    let hostBits = 128 - this.prefixLength;
    return this.address.ipv4 | (hostBits >= 32 ? 0xffff_ffff : (1 << hostBits) - 1);
  }
}

export class Interface {
  index: i32;
  /** Whether it is configured to work at all (IFF_UP). */
  isUp: bool = true;
  addressCount: i32 = 0;
  private list: StaticArray<InterfaceAddress | null> = new StaticArray<InterfaceAddress | null>(MAX_ADDRESSES);
  /** What router advertisements set (RFC 4861 §6.3.2). */
  hopLimit: u32 = 64;
  mtuIpv6: u32;
  groups: GroupMembership;

  constructor(public readonly device: NetworkDevice) {
    this.index = device.index;
    this.mtuIpv6 = device.mtu;
    this.groups = new GroupMembership(device);
  }

  get isLoopback(): bool {
    return this.device.kind == LinkKind.LOOPBACK;
  }

  /** Whether packets can go out: IFF_UP and IFF_RUNNING. */
  get isRunning(): bool {
    return this.isUp && this.device.hasCarrier;
  }

  address(position: i32): InterfaceAddress {
    let entry = this.list[position];
    assert(entry !== null, "no such interface address");
    return entry as InterfaceAddress;
  }

  find(address: Address): InterfaceAddress | null {
    for (let i = 0; i < this.addressCount; i++) {
      let entry = this.address(i);
      if (entry.address.equals(address)) return entry;
    }
    return null;
  }

  /** Add an address; null when the list is full. The same address again is the same entry, with the new prefix. */
  add(address: Address, prefixLength: u32, origin: AddressOrigin, state: AddressState): InterfaceAddress | null {
    let entry = this.find(address);
    if (entry === null) {
      if (this.addressCount == MAX_ADDRESSES) return null;
      entry = new InterfaceAddress();
      this.list[this.addressCount++] = entry;
      entry.address.assign(address);
      entry.state = state;
    }
    entry.prefixLength = prefixLength;
    entry.origin = origin;
    return entry;
  }

  remove(address: Address): bool {
    for (let i = 0; i < this.addressCount; i++) {
      if (!this.address(i).address.equals(address)) continue;
      for (let j = i + 1; j < this.addressCount; j++) this.list[j - 1] = this.list[j];
      this.list[--this.addressCount] = null;
      return true;
    }
    return false;
  }

  /** Whether one of its prefixes is `address`'s broadcast address. */
  isDirectedBroadcast(address: Address): bool {
    let ipv4 = address.ipv4;
    for (let i = 0; i < this.addressCount; i++) {
      let entry = this.address(i);
      if (entry.isUsable && entry.broadcastIpv4 == ipv4 && ipv4 != 0) return true;
    }
    return false;
  }

  /** The first usable address of a family that is not link-local, else any; null when there is none. */
  primary(isIpv4: bool): InterfaceAddress | null {
    let fallback: InterfaceAddress | null = null;
    for (let i = 0; i < this.addressCount; i++) {
      let entry = this.address(i);
      if (entry.address.isIpv4 != isIpv4 || !entry.isUsable) continue;
      if (!entry.address.isLinkLocal) return entry;
      if (fallback === null) fallback = entry;
    }
    return fallback;
  }

  /** The usable IPv6 link-local address, or null. */
  get linkLocal(): InterfaceAddress | null {
    for (let i = 0; i < this.addressCount; i++) {
      let entry = this.address(i);
      if (!entry.address.isIpv4 && entry.address.isLinkLocal && entry.isUsable) return entry;
    }
    return null;
  }

  /** Largest packet of a family. */
  mtu(isIpv4: bool): u32 {
    return isIpv4 ? this.device.mtu : min<u32>(this.mtuIpv6, this.device.mtu);
  }

  setMtuIpv6(mtu: u32): void {
    if (mtu >= IPV6_MIN_MTU && mtu <= this.device.mtu) this.mtuIpv6 = mtu;
  }
}

/** A prefix length of IPv4 (0 to 32) in the 128 bits. */
export function prefixOfIpv4(length: u32): u32 {
  return IPV4_PREFIX_BITS + length;
}
