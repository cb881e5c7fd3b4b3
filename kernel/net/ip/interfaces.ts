// All interfaces, and the questions that concern all of them: is this address ours, which of ours should be the source.

import { Address } from "../address";
import { NetworkDevice } from "../link/device";
import * as registry from "../link/registry";
import { MAX_DEVICES } from "../link/registry";
import { SourceChooser } from "../neighbour/solicit";
import { AddressState, Interface, InterfaceAddress } from "./interface";

const list: StaticArray<Interface | null> = new StaticArray<Interface | null>(MAX_DEVICES + 1);
/** The highest index there is. */
export let last: i32 = 0;
/** Where packets to ourselves go. */
export let loopback: Interface | null = null;

/** Changes with every address, route and path MTU: a resolved path is good for one epoch. */
export let epoch: u32 = 1;

/** Bit n: some interface has an address whose lowest six bits are n. Most packets' sources are told from ours by this alone. */
let filter: u64 = 0;
/** The address that `isLocal` found last, and when. */
const lastLocal: Address = new Address();
let lastLocalEpoch: u32 = 0;

/** Addresses, routes or what is known of paths changed. */
export function changed(): void {
  epoch++;
  filter = 0;
  for (let i = 1; i <= last; i++) {
    let entry = list[i];
    if (entry === null) continue;
    for (let j = 0; j < entry.addressCount; j++) filter |= (<u64>1) << (entry.address(j).address.low & 63);
  }
}

/** Make the interface of a registered device. */
export function attach(device: NetworkDevice): Interface {
  let made = new Interface(device);
  list[device.index] = made;
  last = max(last, device.index);
  if (made.isLoopback) loopback = made;
  changed();
  return made;
}

export function find(index: i32): Interface | null {
  return index > 0 && index <= last ? list[index] : null;
}

/** The interface of a device, or null for one that has none yet. */
export function forDevice(device: NetworkDevice | null): Interface | null {
  return device === null ? null : list[device.index];
}

/** Whether packets to `address` are for this machine (the weak host model, RFC 1122 §3.3.4.2, as Linux has it). */
export function isLocal(address: Address): bool {
  if (address.isLoopback) return true;
  if ((filter & ((<u64>1) << (address.low & 63))) == 0) return false;
  // Packets come for the same address over and over.
  if (lastLocalEpoch == epoch && address.equals(lastLocal)) return true;
  for (let i = 1; i <= last; i++) {
    let entry = list[i];
    if (entry === null) continue;
    let own = entry.find(address);
    if (own === null || !own.isUsable) continue;
    lastLocal.assign(address);
    lastLocalEpoch = epoch;
    return true;
  }
  return false;
}

/** The interface that has `address`, or null. */
export function owner(address: Address): Interface | null {
  for (let i = 1; i <= last; i++) {
    let entry = list[i];
    if (entry !== null && entry.find(address) !== null) return entry;
  }
  return null;
}

/** Whether `address` is some interface's broadcast address, or everyone's. */
export function isBroadcast(address: Address): bool {
  if (!address.isIpv4) return false;
  if (address.isLimitedBroadcast) return true;
  for (let i = 1; i <= last; i++) {
    let entry = list[i];
    if (entry !== null && entry.isDirectedBroadcast(address)) return true;
  }
  return false;
}

/** How far an address reaches (RFC 6724 §3.1), to compare. */
function scope(address: Address): u32 {
  if (address.isMulticast && !address.isIpv4) return address.multicastScope;
  if (address.isLoopback || address.isLinkLocal) return 2;
  return 14;
}

/** Whether `left` is the better source for `destination` (RFC 6724 §5, the rules that apply to a host without policy). */
function isBetterSource(left: InterfaceAddress, right: InterfaceAddress, destination: Address): bool {
  if (left.address.equals(destination)) return true;
  if (right.address.equals(destination)) return false;
  let leftScope = scope(left.address);
  let rightScope = scope(right.address);
  let wanted = scope(destination);
  if (leftScope != rightScope) return leftScope < rightScope ? leftScope >= wanted : rightScope < wanted;
  let isLeftPreferred = left.state == AddressState.PREFERRED;
  if (isLeftPreferred != (right.state == AddressState.PREFERRED)) return isLeftPreferred;
  let leftMatch = min(left.address.commonPrefix(destination), left.prefixLength);
  let rightMatch = min(right.address.commonPrefix(destination), right.prefixLength);
  return leftMatch > rightMatch;
}

/** Set `into` to the best source on an interface for `destination`; false (and `into` unspecified) when it has none. */
export function chooseSource(via: Interface, destination: Address, into: Address): bool {
  let best: InterfaceAddress | null = null;
  let isIpv4 = destination.isIpv4;
  for (let i = 0; i < via.addressCount; i++) {
    let entry = via.address(i);
    if (entry.address.isIpv4 != isIpv4 || !entry.isUsable) continue;
    if (best === null || isBetterSource(entry, best, destination)) best = entry;
  }
  if (best === null) {
    if (isIpv4) into.setIpv4(0);
    else into.clear();
    return false;
  }
  into.assign(best.address);
  return true;
}

/** Answers the neighbour layer's question. */
export class InterfaceSources extends SourceChooser {
  choose(device: NetworkDevice, target: Address, into: Address): void {
    let entry = forDevice(device);
    if (entry !== null) chooseSource(entry, target, into);
  }
}

/** Give every newly registered device its interface; true when there was one. */
export function attachNew(): bool {
  let isNew = false;
  for (let i = 1; i <= registry.deviceTotal(); i++) {
    let device = registry.find(i);
    if (device !== null && list[i] === null) {
      attach(device);
      isNew = true;
    }
  }
  return isNew;
}
