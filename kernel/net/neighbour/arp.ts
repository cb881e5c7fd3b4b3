// ARP messages that arrive (RFC 826, RFC 5227).

import { Address } from "../address";
import { Counter, count } from "../counters";
import { InterfaceAddress } from "../ip/interface";
import * as interfaces from "../ip/interfaces";
import { NetworkDevice } from "../link/device";
import { Packet } from "../packet/packet";
import * as wire from "../wire/arp";
import { ARP_LENGTH, ArpOperation } from "../wire/arp";
import * as cache from "./cache";
import { Reachability } from "./neighbour";
import { sendArp } from "./solicit";

const sender: Address = new Address();
const target: Address = new Address();

/** Told when another station uses an address that we probe (RFC 5227 §2.1.1). */
export abstract class ConflictListener {
  abstract conflict(device: NetworkDevice, address: Address): void;
}

let listener: ConflictListener | null = null;

export function setConflictListener(to: ConflictListener): void {
  listener = to;
}

/** A packet that stands behind its Ethernet header; it is used up. */
export function receive(packet: Packet, device: NetworkDevice): void {
  if (packet.pull(ARP_LENGTH) && wire.isValid(packet.address, packet.length)) handle(packet.address, device);
  else count(Counter.ARP_INVALID);
  packet.release();
}

function handle(message: u64, device: NetworkDevice): void {
  let hardware = wire.senderHardware(message);
  sender.setIpv4(wire.senderIpv4(message));
  target.setIpv4(wire.targetIpv4(message));
  if (hardware == device.hardware) return;
  if (hardware == 0 || sender.isMulticast || sender.isLoopback || sender.isLimitedBroadcast) {
    count(Counter.ARP_INVALID);
    return;
  }
  let to = listener;
  if (to !== null) {
    // A probe for the address we are about to take conflicts as much as its use does (RFC 5227 §2.1.1).
    if (!sender.isUnspecified) to.conflict(device, sender);
    else if (wire.operation(message) == ArpOperation.REQUEST) to.conflict(device, target);
  }
  let entry = interfaces.forDevice(device);
  let own: InterfaceAddress | null = entry === null ? null : entry.find(target);
  let isForUs = own !== null && own.isUsable;
  let isReply = wire.operation(message) == ArpOperation.REPLY;
  // RFC 826: update what is known; learn something new only from who talks to us.
  if (!sender.isUnspecified && !interfaces.isLocal(sender)) {
    let known = isForUs ? cache.obtain(device, sender) : cache.find(device, sender);
    if (known !== null) {
      let isAnswer = isReply && isForUs && known.state != Reachability.NONE;
      known.update(hardware, isAnswer, true);
    }
  }
  if (isForUs && !isReply) sendArp(device, ArpOperation.REPLY, target.ipv4, sender.ipv4, hardware);
}
