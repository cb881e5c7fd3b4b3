// One notion of an internet address for both families: 128 bits as two numbers in reading order, an IPv4 address
// as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). A dual-stack socket, the connection table and the routing table then need
// no second case.
//
//   high  0x20010db800000000   2001:0db8:0000:0000
//   low   0x0000ffff0a00020f   0000:ffff:10.0.2.15 (with high = 0)
//
// Rules of use: addresses are values held in place; copy with `assign`, never keep a reference to another's.

const IPV4_PREFIX: u64 = 0x0000_ffff_0000_0000;

export class Address {
  constructor(
    public high: u64 = 0,
    public low: u64 = 0,
  ) {}

  static ipv4(value: u32): Address {
    return new Address(0, IPV4_PREFIX | <u64>value);
  }

  assign(other: Address): void {
    this.high = other.high;
    this.low = other.low;
  }

  set(high: u64, low: u64): void {
    this.high = high;
    this.low = low;
  }

  setIpv4(value: u32): void {
    this.high = 0;
    this.low = IPV4_PREFIX | <u64>value;
  }

  /** Become `::`, no address at all. */
  clear(): void {
    this.high = 0;
    this.low = 0;
  }

  equals(other: Address): bool {
    return this.low == other.low && this.high == other.high;
  }

  get isIpv4(): bool {
    return this.high == 0 && this.low >> 32 == 0xffff;
  }

  /** The IPv4 address as a number. Precondition: isIpv4. */
  get ipv4(): u32 {
    return <u32>this.low;
  }

  /** `::` or 0.0.0.0: "any" in a bind, "none" in an answer. */
  get isUnspecified(): bool {
    return this.high == 0 && (this.low == 0 || this.low == IPV4_PREFIX);
  }

  /** 127.0.0.0/8 or ::1. */
  get isLoopback(): bool {
    if (this.high != 0) return false;
    return this.low == 1 || this.low >> 24 == 0xffff7f;
  }

  /** 224.0.0.0/4 or ff00::/8. */
  get isMulticast(): bool {
    return this.isIpv4 ? <u32>this.low >> 28 == 0xe : this.high >> 56 == 0xff;
  }

  /** 255.255.255.255. Directed broadcasts depend on an interface's prefix: see Interface. */
  get isLimitedBroadcast(): bool {
    return this.high == 0 && this.low == (IPV4_PREFIX | 0xffff_ffff);
  }

  /** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6). */
  get isLinkLocal(): bool {
    return this.isIpv4 ? <u32>this.low >> 16 == 0xa9fe : this.high >> 54 == 0x3fa;
  }

  /** The scope of an IPv6 multicast address (RFC 4291 §2.7): 1 interface, 2 link, 5 site, 14 global. */
  get multicastScope(): u32 {
    return <u32>(this.high >> 48) & 0xf;
  }

  /** Become ff02::1:ffXX:XXXX of `target` (RFC 4291 §2.7.1). */
  setSolicitedNode(target: Address): void {
    this.high = 0xff02_0000_0000_0000;
    this.low = 0x0000_0001_ff00_0000 | (target.low & 0xff_ffff);
  }

  /** Whether the first `length` bits, of 128, are those of `prefix`. */
  hasPrefix(prefix: Address, length: u32): bool {
    if (length <= 64) return length == 0 || (this.high ^ prefix.high) >> (64 - <u64>length) == 0;
    if (this.high != prefix.high) return false;
    return (this.low ^ prefix.low) >> (128 - <u64>length) == 0;
  }

  /** Bits that two addresses have in common from the front. */
  commonPrefix(other: Address): u32 {
    let high = this.high ^ other.high;
    if (high != 0) return <u32>clz<u64>(high);
    return 64 + <u32>clz<u64>(this.low ^ other.low);
  }

  /** Zero all but the first `length` bits. */
  mask(length: u32): void {
    if (length <= 64) {
      this.high = length == 0 ? 0 : (this.high >> (64 - <u64>length)) << (64 - <u64>length);
      this.low = 0;
    } else {
      this.low = (this.low >> (128 - <u64>length)) << (128 - <u64>length);
    }
  }
}

/** Bits of an IPv4 prefix length that lie before the address itself in the 128. */
export const IPV4_PREFIX_BITS: u32 = 96;

/** `::`. Read only. */
export const UNSPECIFIED: Address = new Address();
/** 0.0.0.0. Read only. */
export const UNSPECIFIED_IPV4: Address = Address.ipv4(0);
/** 255.255.255.255. Read only. */
export const BROADCAST_IPV4: Address = Address.ipv4(0xffff_ffff);
/** 224.0.0.1. Read only. */
export const ALL_HOSTS_IPV4: Address = Address.ipv4(0xe000_0001);
/** ff02::1. Read only. */
export const ALL_NODES: Address = new Address(0xff02_0000_0000_0000, 1);
/** ff02::2. Read only. */
export const ALL_ROUTERS: Address = new Address(0xff02_0000_0000_0000, 2);
