// The devices of this machine, and the backlog between them and the protocols.
//
// A driver registers its device and hands received packets to `receive`, from wherever it runs; the packets wait here
// until the stack is polled. Nothing above the link runs in a driver's context.

import { Counter, count } from "../counters";
import { Packet } from "../packet/packet";
import { PacketQueue } from "../packet/queue";
import { NetworkDevice } from "./device";

export const MAX_DEVICES: i32 = 16;
/** Packets waiting for the stack, all devices together (as net.core.netdev_max_backlog). */
const BACKLOG_LIMIT: u32 = 1024;

const devices: StaticArray<NetworkDevice | null> = new StaticArray<NetworkDevice | null>(MAX_DEVICES + 1);
let deviceCount: i32 = 0;

export const backlog: PacketQueue = new PacketQueue();
/** Carrier changes and new devices that the layers above have not looked at. */
export let hasLinkEvents: bool = false;

/** Add a device; it gets its index here. False when there are too many. */
export function register(device: NetworkDevice): bool {
  if (deviceCount == MAX_DEVICES) return false;
  device.index = ++deviceCount;
  devices[device.index] = device;
  hasLinkEvents = true;
  return true;
}

export function deviceTotal(): i32 {
  return deviceCount;
}

/** The device with this index (from 1), or null. */
export function find(index: i32): NetworkDevice | null {
  return index > 0 && index <= deviceCount ? devices[index] : null;
}

/** Tell the layers above that a cable was plugged in or out. */
export function carrierChanged(device: NetworkDevice, hasCarrier: bool): void {
  if (device.hasCarrier == hasCarrier) return;
  device.hasCarrier = hasCarrier;
  hasLinkEvents = true;
}

export function clearLinkEvents(): void {
  hasLinkEvents = false;
}

/** Take in a frame; the packet begins with its link header. */
export function receive(device: NetworkDevice, packet: Packet): void {
  device.receivedPackets++;
  device.receivedBytes += packet.length;
  if (backlog.length >= BACKLOG_LIMIT) {
    device.receiveDrops++;
    count(Counter.LINK_BACKLOG_DROPS);
    packet.release();
    return;
  }
  packet.device = device;
  backlog.push(packet);
}

/** Harvest every device. */
export function pollDevices(): void {
  for (let i = 1; i <= deviceCount; i++) {
    let device = devices[i];
    if (device !== null) device.poll();
  }
}

/** Whether some device has something that was not harvested. */
export function hasPending(): bool {
  for (let i = 1; i <= deviceCount; i++) {
    let device = devices[i];
    if (device !== null && device.hasPending) return true;
  }
  return false;
}

/** Whether something was given to a device since the last flush. */
let isFlushDue: bool = false;

/** Send a frame; the device sees it at the next flush. */
export function transmit(device: NetworkDevice, packet: Packet): void {
  isFlushDue = true;
  device.transmit(packet);
}

/** Ring the devices' doorbells. */
export function flushDevices(): void {
  if (!isFlushDue) return;
  isFlushDue = false;
  for (let i = 1; i <= deviceCount; i++) {
    let device = devices[i];
    if (device !== null) device.flush();
  }
}
