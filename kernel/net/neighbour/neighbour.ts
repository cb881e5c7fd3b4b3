// One neighbour on a link: its hardware address and how sure we are of it (RFC 4861 §7.3.2; ARP entries live the
// same life).
//
//   INCOMPLETE --answer--> REACHABLE --30 s without confirmation--> STALE --packet sent--> DELAY --5 s--> PROBE
//       |  3 asks unanswered            ^------ confirmed by answer or by TCP's progress ------'   |
//       '--> FAILED <------------------------------------------- 3 asks unanswered ----------------'
//
// REACHABLE turns STALE by looking at the clock when a packet is sent; no timer runs for that.

import { Address } from "../address";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { transmit } from "../link/registry";
import { Timer } from "../../lib/timer-queue";
import { NetworkDevice } from "../link/device";
import { heads } from "../packet/buffer";
import { Packet } from "../packet/packet";
import { PacketQueue } from "../packet/queue";
import * as ethernet from "../wire/ethernet";
import { ETHERNET_HEADER, EtherType } from "../wire/ethernet";
import { solicit } from "./solicit";

/** Packets that wait for an address, for each neighbour. */
const QUEUE_LIMIT: u32 = 16;
/** RFC 4861 §10. */
const MAX_SOLICITS: u32 = 3;
const DELAY_FIRST_PROBE_NS: u64 = 5 * clock.SECOND;
export const DEFAULT_RETRANSMIT_NS: u64 = clock.SECOND;
export const DEFAULT_REACHABLE_NS: u64 = 30 * clock.SECOND;
/** A failed entry turns packets away for this long, then is asked for again. */
const FAILURE_HOLD_NS: u64 = 3 * clock.SECOND;

export const enum Reachability {
  /** Free for use. */
  NONE = 0,
  INCOMPLETE,
  REACHABLE,
  STALE,
  DELAY,
  PROBE,
  FAILED,
  /** Set by hand; asks nobody. */
  PERMANENT,
}

/** Packets whose neighbour did not answer; the layers above turn them into errors. */
export const unreachable: PacketQueue = new PacketQueue();

export class Neighbour extends Timer {
  address: Address = new Address();
  device: NetworkDevice | null = null;
  hardware: u64 = 0;
  state: Reachability = Reachability.NONE;
  isRouter: bool = false;
  /** When it was last known to answer, and last wanted. */
  confirmedNs: u64 = 0;
  usedNs: u64 = 0;
  reachableNs: u64 = DEFAULT_REACHABLE_NS;
  retransmitNs: u64 = DEFAULT_RETRANSMIT_NS;
  private solicits: u32 = 0;
  private waiting: PacketQueue = new PacketQueue();
  /** The next entry in the cache's bucket. */
  next: Neighbour | null = null;

  /** Whether the hardware address can be used. */
  get isUsable(): bool {
    switch (this.state) {
      case Reachability.REACHABLE:
      case Reachability.STALE:
      case Reachability.DELAY:
      case Reachability.PROBE:
      case Reachability.PERMANENT:
        return true;
      default:
        return false;
    }
  }

  /** Send an IP packet to this neighbour, or keep it until the address is known. */
  send(packet: Packet): void {
    let now = clock.nowNs;
    this.usedNs = now;
    if (this.state == Reachability.REACHABLE) {
      if (now - this.confirmedNs > this.reachableNs) this.state = Reachability.STALE;
      else {
        this.dispatch(packet);
        return;
      }
    }
    switch (this.state) {
      case Reachability.STALE:
        this.state = Reachability.DELAY;
        clock.arm(this, DELAY_FIRST_PROBE_NS);
        this.dispatch(packet);
        return;
      case Reachability.DELAY:
      case Reachability.PROBE:
      case Reachability.PERMANENT:
        this.dispatch(packet);
        return;
      case Reachability.INCOMPLETE:
        this.enqueue(packet);
        return;
      case Reachability.FAILED:
        if (now - this.confirmedNs < FAILURE_HOLD_NS) {
          unreachable.push(packet);
          return;
        }
        this.enqueue(packet);
        this.startResolving();
        return;
      default:
        this.enqueue(packet);
        this.startResolving();
    }
  }

  /** The neighbour answered, or a layer above saw it receive what we sent (RFC 4861 §7.3.1). */
  confirm(): void {
    switch (this.state) {
      case Reachability.REACHABLE:
      case Reachability.STALE:
        this.confirmedNs = clock.nowNs;
        this.state = Reachability.REACHABLE;
        return;
      case Reachability.DELAY:
      case Reachability.PROBE:
        this.confirmedNs = clock.nowNs;
        this.state = Reachability.REACHABLE;
        clock.cancel(this);
        return;
      default:
        return;
    }
  }

  /** Learn the hardware address: from an answer to our question (`isSolicited`), or overheard. */
  update(hardware: u64, isSolicited: bool, isOverride: bool): void {
    switch (this.state) {
      case Reachability.PERMANENT:
        return;
      case Reachability.NONE:
      case Reachability.INCOMPLETE:
      case Reachability.FAILED:
        this.hardware = hardware;
        this.settle(isSolicited);
        this.sendWaiting();
        return;
      default:
        break;
    }
    if (hardware != this.hardware) {
      if (!isOverride) {
        if (this.state == Reachability.REACHABLE) this.state = Reachability.STALE;
        return;
      }
      this.hardware = hardware;
      this.settle(isSolicited);
    } else if (isSolicited) {
      this.settle(true);
    }
  }

  /** Ask again, or give up. */
  expired(_nowNs: u64): void {
    switch (this.state) {
      case Reachability.DELAY:
        this.state = Reachability.PROBE;
        this.solicits = 0;
        this.ask();
        return;
      case Reachability.INCOMPLETE:
      case Reachability.PROBE:
        if (this.solicits < MAX_SOLICITS) this.ask();
        else this.fail();
        return;
      default:
        return;
    }
  }

  /** Become an unused entry. */
  clear(): void {
    clock.timers.remove(this);
    this.waiting.clear();
    this.state = Reachability.NONE;
    this.device = null;
    this.isRouter = false;
    this.solicits = 0;
    this.hardware = 0;
  }

  private startResolving(): void {
    this.state = Reachability.INCOMPLETE;
    this.solicits = 0;
    this.ask();
  }

  private ask(): void {
    this.solicits++;
    let device = this.device;
    // The first probes of a known neighbour go to it alone (RFC 4861 §7.3.3).
    if (device !== null) solicit(device, this.address, this.state == Reachability.PROBE ? this.hardware : 0);
    clock.arm(this, this.retransmitNs);
  }

  private settle(isReachable: bool): void {
    this.state = isReachable ? Reachability.REACHABLE : Reachability.STALE;
    this.confirmedNs = clock.nowNs;
    clock.cancel(this);
  }

  private fail(): void {
    count(Counter.NEIGHBOUR_FAILED);
    this.state = Reachability.FAILED;
    this.confirmedNs = clock.nowNs;
    let packet = this.waiting.shift();
    while (packet !== null) {
      unreachable.push(packet);
      packet = this.waiting.shift();
    }
  }

  private enqueue(packet: Packet): void {
    if (this.waiting.length >= QUEUE_LIMIT || (heads.isScarce && !this.waiting.isEmpty)) {
      // The oldest has waited longest and is the least likely to be missed (RFC 4861 §7.2.2).
      count(Counter.NEIGHBOUR_QUEUE_DROPS);
      let oldest = this.waiting.shift();
      if (oldest !== null) oldest.release();
    }
    this.waiting.push(packet);
  }

  private sendWaiting(): void {
    let packet = this.waiting.shift();
    while (packet !== null) {
      this.dispatch(packet);
      packet = this.waiting.shift();
    }
  }

  private dispatch(packet: Packet): void {
    let device = this.device;
    if (device === null) {
      packet.release();
      return;
    }
    transmitFrame(device, packet, this.hardware);
  }
}

/** Put the Ethernet header before an IP packet and send it. */
export function transmitFrame(device: NetworkDevice, packet: Packet, hardware: u64): void {
  let type = packet.source.isIpv4 ? EtherType.IPV4 : EtherType.IPV6;
  let frame = packet.prepend(ETHERNET_HEADER);
  ethernet.write(frame, hardware, device.hardware, type);
  transmit(device, packet);
}
