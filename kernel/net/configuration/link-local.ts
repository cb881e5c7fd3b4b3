// An IPv4 address when nobody gives one (RFC 3927): 169.254.x.y, made from the hardware address, probed first.

import { Timer } from "../../lib/timer-queue";
import { Address } from "../address";
import * as clock from "../clock";
import { AddressOrigin, Interface, prefixOfIpv4 } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { NetworkDevice } from "../link/device";
import { MAX_DEVICES } from "../link/registry";
import { ConflictListener, setConflictListener } from "../neighbour/arp";
import { sendArp } from "../neighbour/solicit";
import { hash3 } from "../secret";
import { ArpOperation } from "../wire/arp";
import * as addresses from "./addresses";

/** RFC 3927 §9. */
const PROBES: u32 = 3;
const PROBE_INTERVAL_NS: u64 = 300 * clock.MILLISECOND;
const MAX_CONFLICTS: u32 = 10;
/** 169.254.1.0 to 169.254.254.255 (§2.1). */
const FIRST: u32 = 0xa9fe_0100;
const COUNT: u32 = 0xfe00;
const PREFIX_BITS: u32 = 16;

const address: Address = new Address();

class Candidate extends Timer {
  private ipv4: u32 = 0;
  private probes: u32 = 0;
  private conflicts: u32 = 0;
  private isRunning: bool = false;
  private isTaken: bool = false;

  constructor(private on: Interface) {
    super();
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.conflicts = 0;
    this.choose();
  }

  stop(): void {
    if (this.isTaken) {
      address.setIpv4(this.ipv4);
      addresses.remove(this.on, address);
    }
    this.isRunning = false;
    this.isTaken = false;
    clock.cancel(this);
  }

  expired(_nowNs: u64): void {
    if (this.probes < PROBES) {
      this.probes++;
      sendArp(this.on.device, ArpOperation.REQUEST, 0, this.ipv4, 0);
      clock.arm(this, PROBE_INTERVAL_NS);
      return;
    }
    address.setIpv4(this.ipv4);
    this.isTaken = addresses.add(this.on, address, prefixOfIpv4(PREFIX_BITS), AddressOrigin.LINK_LOCAL) !== null;
    sendArp(this.on.device, ArpOperation.REQUEST, this.ipv4, this.ipv4, 0);
  }

  /** Someone else uses or probes `ipv4`. */
  conflict(ipv4: u32): void {
    if (!this.isRunning || ipv4 != this.ipv4 || this.conflicts >= MAX_CONFLICTS) return;
    this.conflicts++;
    if (this.isTaken) {
      address.setIpv4(this.ipv4);
      addresses.remove(this.on, address);
      this.isTaken = false;
    }
    this.choose();
  }

  private choose(): void {
    let hash = hash3(this.on.device.hardware, this.conflicts, 0x6c6c34);
    this.ipv4 = FIRST + (<u32>hash % COUNT);
    this.probes = 0;
    clock.arm(this, PROBE_INTERVAL_NS);
  }
}

const candidates: StaticArray<Candidate | null> = new StaticArray<Candidate | null>(MAX_DEVICES + 1);

class Conflicts extends ConflictListener {
  conflict(device: NetworkDevice, at: Address): void {
    let entry = interfaces.forDevice(device);
    let candidate: Candidate | null = entry === null ? null : candidates[entry.index];
    if (candidate !== null && at.isIpv4) candidate.conflict(at.ipv4);
  }
}

/** Look for an address and take it. */
export function start(on: Interface): void {
  let candidate = candidates[on.index];
  if (candidate === null) {
    candidate = new Candidate(on);
    candidates[on.index] = candidate;
    setConflictListener(new Conflicts());
  }
  candidate.start();
}

/** A real address has come. */
export function stop(on: Interface): void {
  let candidate = candidates[on.index];
  if (candidate !== null) candidate.stop();
}
