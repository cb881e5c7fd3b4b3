// IPv6 addresses that an interface gives itself (RFC 4862): link-local at start, others from router prefixes, each
// checked for duplicates before use.

import { Timer } from "../../lib/timer-queue";
import { Address } from "../address";
import { addressChanged } from "../changes";
import * as clock from "../clock";
import { AddressOrigin, AddressState, Interface, InterfaceAddress } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { NetworkDevice } from "../link/device";
import { sendSolicitation } from "../neighbour/solicit";
import { UNSPECIFIED } from "../address";
import { hashFlow, randomBelow } from "../secret";
import * as addresses from "./addresses";
import { solicitRouters } from "./routers";

/** RFC 4862 §5.1: one probe; RFC 4861 §10: one second for an answer. */
const PROBE_WAIT_NS: u64 = clock.SECOND;
/** RFC 4862 §5.4.2: the first message of a station that just came up waits a random part of a second; ours is shorter, for boots. */
const MAX_START_DELAY_MS: u32 = 20;
/** Other identifiers to try when one is taken (RFC 7217 §6). */
const MAX_RETRIES: u32 = 3;

const LINK_LOCAL_HIGH: u64 = 0xfe80_0000_0000_0000;
/** Of an address on a /64. */
const IDENTIFIER_PREFIX: u32 = 64;

/** Watches one tentative address. */
class DuplicateCheck extends Timer {
  private isProbed: bool = false;

  constructor(
    private on: Interface,
    private entry: InterfaceAddress,
  ) {
    super();
  }

  expired(_nowNs: u64): void {
    if (this.entry.state != AddressState.TENTATIVE || this.on.find(this.entry.address) !== this.entry) return;
    if (!this.isProbed) {
      this.isProbed = true;
      sendSolicitation(this.on.device, UNSPECIFIED, this.entry.address, 0);
      clock.arm(this, PROBE_WAIT_NS);
      return;
    }
    addresses.prefer(this.on, this.entry);
    if (this.entry.address.isLinkLocal) solicitRouters(this.on);
  }
}

/** Begin to check that nobody else has an address. */
export function startCheck(on: Interface, entry: InterfaceAddress): void {
  let check = new DuplicateCheck(on, entry);
  clock.arm(check, <u64>(1 + randomBelow(MAX_START_DELAY_MS)) * clock.MILLISECOND);
}

/** Another station has the address we were about to use (RFC 4862 §5.4.5). */
export function duplicateFound(device: NetworkDevice, address: Address): void {
  let on = interfaces.forDevice(device);
  if (on === null) return;
  let entry = on.find(address);
  if (entry === null || entry.state != AddressState.TENTATIVE) return;
  entry.state = AddressState.DUPLICATE;
  interfaces.changed();
  addressChanged(on, entry, false);
  for (let attempt: u32 = 1; attempt <= MAX_RETRIES; attempt++) {
    setStable(retry, address.high, device.hardware, attempt);
    if (on.find(retry) !== null) continue;
    let fresh = addresses.add(on, retry, entry.prefixLength, entry.origin);
    if (fresh !== null) {
      fresh.preferredUntilNs = entry.preferredUntilNs;
      fresh.validUntilNs = entry.validUntilNs;
    }
    return;
  }
}

const retry: Address = new Address();
const candidate: Address = new Address();

/** fe80::/64 with the identifier from the hardware address (RFC 4291 appendix A), as everyone expects of a machine. */
export function addLinkLocal(to: Interface): void {
  candidate.set(LINK_LOCAL_HIGH, identifier(to.device.hardware));
  addresses.add(to, candidate, IDENTIFIER_PREFIX, AddressOrigin.LINK_LOCAL);
}

/** An address under a router's prefix: Linux's default (addr_gen_mode eui64), which user networks also hand to neighbours. */
export function setAutomatic(into: Address, prefix: Address, hardware: u64): void {
  into.set(prefix.high, identifier(hardware));
}

/** The modified EUI-64 identifier: the middle filled with fffe, the universal bit turned over. */
function identifier(hardware: u64): u64 {
  let front = (hardware >> 24) ^ 0x02_0000;
  return (front << 40) | 0xff_fe00_0000 | (hardware & 0xff_ffff);
}

/** An opaque identifier that stays the same (RFC 7217), for when the first is taken. */
function setStable(into: Address, prefixHigh: u64, hardware: u64, attempt: u32): void {
  into.set(prefixHigh, hashFlow(prefixHigh, hardware, attempt, 0, 0, 0x737461626c65));
}
