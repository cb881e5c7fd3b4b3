// The virtio network device (virtio 1.2 §5.1): checksums and TCP segmentation by the device in both directions, mergeable
// receive buffers, event indices.
//
//   header before each frame  | flags 1 | gso type 1 | header length 2 | gso size 2 | checksum start 2 | offset 2 | buffers 2 |
//
// Legacy devices have the last field only with mergeable buffers.

import * as mem from "machine/mem";
import { physicalOf } from "memory/address";
import { InterruptHandler } from "../../interrupt/vectors";
import { Feature } from "../../net/link/device";
import { carrierChanged, receive, register } from "../../net/link/registry";
import { allocate, Checksum, HEADROOM, Packet, Segmentation } from "../../net/packet/packet";
import { HEAD_SIZE } from "../../net/packet/buffer";
import * as waker from "../../net/waker";
import { nextEthernetName } from "../../net/link/names";
import { RingDevice } from "../ring-device";
import { Virtqueue } from "./queue";
import {
  FEATURE_ANY_LAYOUT,
  FEATURE_EVENT_INDEX,
  FEATURE_INDIRECT,
  INTERRUPT_CONFIG,
  VirtioTransport,
} from "./transport";

/** Device type (§5). */

/** Feature bits (§5.1.3). */
const FEATURE_CHECKSUM: u64 = 1 << 0;
const FEATURE_GUEST_CHECKSUM: u64 = 1 << 1;
const FEATURE_MTU: u64 = 1 << 3;
const FEATURE_MAC: u64 = 1 << 5;
const FEATURE_GUEST_TSO4: u64 = 1 << 7;
const FEATURE_GUEST_TSO6: u64 = 1 << 8;
const FEATURE_HOST_TSO4: u64 = 1 << 11;
const FEATURE_HOST_TSO6: u64 = 1 << 12;
const FEATURE_MERGEABLE: u64 = 1 << 15;
const FEATURE_STATUS: u64 = 1 << 16;

/** Configuration (§5.1.4). */
const CONFIG_MAC: u32 = 0;
const CONFIG_STATUS: u32 = 6;
const CONFIG_MTU: u32 = 10;
const STATUS_LINK_UP: u32 = 1;

const RECEIVE_QUEUE: u32 = 0;
const TRANSMIT_QUEUE: u32 = 1;
const QUEUE_LIMIT: u32 = 256;

/** The header (§5.1.6). */
const HEADER: u32 = 12;
const SHORT_HEADER: u32 = 10;
const FLAG_NEEDS_CHECKSUM: u32 = 1;
const FLAG_DATA_VALID: u32 = 2;

export class VirtioNet extends RingDevice {
  private receiveQueue: Virtqueue;
  private transmitQueue: Virtqueue;
  private posted: StaticArray<Packet | null> = new StaticArray<Packet | null>(QUEUE_LIMIT);
  private sent: StaticArray<Packet | null> = new StaticArray<Packet | null>(QUEUE_LIMIT);
  private isMergeable: bool;
  /** Bytes of the header before each frame. */
  private readonly header: u32;
  /** Whether the header wants a descriptor of its own. */
  private readonly isHeaderApart: bool;
  /** Where received bytes begin in a head buffer: the header ends where a packet's headroom does. */
  private readonly receiveStart: u32;
  private isTransmitArmed: bool = false;
  private hasConfigChanged: bool = false;

  constructor(
    private transport: VirtioTransport,
    receiveQueue: Virtqueue,
    transmitQueue: Virtqueue,
  ) {
    super();
    this.receiveQueue = receiveQueue;
    this.transmitQueue = transmitQueue;
    this.isMergeable = transport.has(FEATURE_MERGEABLE);
    this.header = transport.isLegacy && !this.isMergeable ? SHORT_HEADER : HEADER;
    this.isHeaderApart = transport.isLegacy && !transport.has(FEATURE_ANY_LAYOUT);
    this.receiveStart = HEADROOM - this.header;
    this.features = Feature.SCATTER_GATHER;
    if (transport.has(FEATURE_CHECKSUM)) this.features |= Feature.TRANSMIT_CHECKSUM;
    if (transport.has(FEATURE_HOST_TSO4)) this.features |= Feature.SEGMENT_TCP_IPV4;
    if (transport.has(FEATURE_HOST_TSO6)) this.features |= Feature.SEGMENT_TCP_IPV6;
    for (let i: u32 = 0; i < 6; i++) {
      this.hardware = (this.hardware << 8) | <u64>transport.readConfig8(CONFIG_MAC + i);
    }
    if (transport.has(FEATURE_MTU)) {
      let mtu = transport.readConfig16(CONFIG_MTU);
      if (mtu >= 576 && mtu <= 1500) this.mtu = mtu;
    }
    this.readLink();
  }

  /** Post buffers and wait for interrupts. */
  start(): void {
    this.transmitQueue.disarm();
    this.refill();
    this.receiveQueue.arm();
  }

  /** The device has something to say. Runs with interrupts off; the work is done at the next poll. */
  interrupted(): void {
    let reason = this.transport.acknowledgeInterrupt();
    if (reason & INTERRUPT_CONFIG) this.hasConfigChanged = true;
    this.receiveQueue.disarm();
    waker.wake();
  }

  /** The cable was plugged in or out. */
  configurationChanged(): void {
    this.hasConfigChanged = true;
    waker.wake();
  }

  flush(): void {
    this.transmitQueue.publish();
  }

  poll(): void {
    if (this.hasConfigChanged) this.readLink();
    this.reclaim();
    this.sendWaiting();
    this.restTransmit();
    this.harvest();
    this.refill();
    // What came while interrupts were off is taken in at once.
    while (!this.receiveQueue.arm()) {
      this.harvest();
      this.refill();
    }
  }

  get hasPending(): bool {
    return this.receiveQueue.hasUsed;
  }

  private readLink(): void {
    this.hasConfigChanged = false;
    if (!this.transport.has(FEATURE_STATUS)) return;
    let isUp = (this.transport.readConfig16(CONFIG_STATUS) & STATUS_LINK_UP) != 0;
    if (this.index == 0) this.hasCarrier = isUp;
    else carrierChanged(this, isUp);
  }

  protected prepare(packet: Packet): void {
    let header = packet.prepend(this.header);
    mem.store64(header, 0);
    mem.store16(header + 8, 0);
    if (this.header == HEADER) mem.store16(header + 10, 0);
    if (packet.checksum != Checksum.PARTIAL) return;
    let start = packet.checksumStart - packet.front - this.header;
    mem.store8(header, FLAG_NEEDS_CHECKSUM);
    mem.store16(header + 6, start);
    mem.store16(header + 8, packet.checksumOffset);
    if (packet.segmentation == Segmentation.NONE) return;
    mem.store8(header + 1, packet.segmentation);
    // All headers before the payload: the TCP header's length is in its thirteenth byte.
    let tcp = mem.load8(packet.base + <u64>(packet.checksumStart + 12)) >> 4;
    mem.store16(header + 2, start + tcp * 4);
    mem.store16(header + 4, packet.segmentSize);
  }

  /** Put a packet in the ring; false when it does not fit now. */
  protected enqueue(packet: Packet): bool {
    let queue = this.transmitQueue;
    let apart: u32 = this.isHeaderApart ? this.header : 0;
    if (!queue.begin((apart == 0 ? 1 : 2) + <u32>packet.fragmentCount)) return false;
    if (apart != 0) queue.add(physicalOf(packet.address), apart, false);
    queue.add(physicalOf(packet.address) + <u64>apart, packet.headLength - apart, false);
    for (let i = 0; i < packet.fragmentCount; i++) {
      queue.add(physicalOf(packet.fragmentAddress(i)), packet.fragmentLength(i), false);
    }
    this.sent[queue.commit()] = packet;
    return true;
  }

  protected reclaim(): void {
    let queue = this.transmitQueue;
    while (queue.hasUsed) {
      let head = queue.take();
      if (head < 0) continue;
      let packet = this.sent[head];
      this.sent[head] = null;
      if (packet !== null) packet.release();
    }
  }

  /** Nothing waits any more: no interrupts for room. */
  private restTransmit(): void {
    if (!this.isTransmitArmed || !this.waiting.isEmpty) return;
    this.isTransmitArmed = false;
    this.transmitQueue.disarm();
  }

  protected wantRoom(): void {
    if (this.isTransmitArmed) return;
    this.isTransmitArmed = true;
    this.transmitQueue.arm();
  }

  private harvest(): void {
    let queue = this.receiveQueue;
    while (queue.hasUsed) {
      let packet = this.takeBuffer(this.receiveStart);
      if (packet === null) continue;
      if (packet.headLength < this.header) {
        this.receiveErrors++;
        packet.release();
        continue;
      }
      let header = packet.address;
      let buffers: u32 = this.isMergeable ? mem.load16(header + 10) : 1;
      let flags = mem.load8(header);
      let segment = mem.load8(header + 1) & 0x7f;
      if (flags & (FLAG_NEEDS_CHECKSUM | FLAG_DATA_VALID)) packet.checksum = Checksum.VALID;
      if (segment != 0) packet.segmentSize = mem.load16(header + 4);
      packet.strip(this.header);
      if (buffers <= 1 || this.merge(packet, buffers - 1)) receive(this, packet);
      else packet.release();
    }
  }

  /** Append the further buffers of one packet. False when they are not all there, or too many; they are gone then. */
  private merge(packet: Packet, count: u32): bool {
    let isWhole = true;
    for (; count > 0; count--) {
      let next = this.takeBuffer(this.receiveStart);
      if (next === null) return false;
      if (!isWhole || !packet.absorb(next)) {
        if (isWhole) next.release();
        isWhole = false;
        this.receiveDrops++;
      }
    }
    return isWhole;
  }

  /** The next buffer that the device filled, from `start` on; null when there is none. */
  private takeBuffer(start: u32): Packet | null {
    let queue = this.receiveQueue;
    let head = queue.take();
    if (head < 0) return null;
    let packet = this.posted[head];
    this.posted[head] = null;
    if (packet === null) return null;
    packet.segmentSize = 0;
    packet.front = start;
    packet.back = start + min<u32>(queue.takenLength, HEAD_SIZE - start);
    return packet;
  }

  private refill(): void {
    let queue = this.receiveQueue;
    // With mergeable buffers the device sees to the header itself.
    let apart: u32 = this.isHeaderApart && !this.isMergeable ? this.header : 0;
    while (queue.freeCount > 0) {
      // From the reserve too: a device without buffers would hear of nothing that frees memory.
      let packet = allocate();
      if (packet === null) break;
      if (!queue.begin(apart == 0 ? 1 : 2)) {
        packet.release();
        break;
      }
      let at = physicalOf(packet.base + <u64>this.receiveStart);
      if (apart != 0) queue.add(at, apart, true);
      queue.add(at + <u64>apart, HEAD_SIZE - this.receiveStart - apart, true);
      this.posted[queue.commit()] = packet;
    }
    queue.publish();
  }
}

/** Bring a network device up over any transport. False when it cannot work. */
export function startDevice(transport: VirtioTransport): bool {
  let wanted =
    FEATURE_CHECKSUM |
    FEATURE_GUEST_CHECKSUM |
    FEATURE_MTU |
    FEATURE_MAC |
    FEATURE_GUEST_TSO4 |
    FEATURE_GUEST_TSO6 |
    FEATURE_HOST_TSO4 |
    FEATURE_HOST_TSO6 |
    FEATURE_MERGEABLE |
    FEATURE_STATUS |
    FEATURE_EVENT_INDEX |
    FEATURE_INDIRECT;
  // Without mergeable buffers a large packet would need a large buffer: then the device must not make any.
  if (!transport.negotiate(wanted)) return false;
  if (!transport.has(FEATURE_MERGEABLE)) {
    if (!transport.negotiate(wanted & ~(FEATURE_GUEST_TSO4 | FEATURE_GUEST_TSO6))) return false;
  }
  let relay = new Relay();
  let configRelay = new ConfigRelay();
  let vector = transport.connect(relay, configRelay);
  let receiveQueue = transport.createQueue(RECEIVE_QUEUE, QUEUE_LIMIT, vector);
  let transmitQueue = transport.createQueue(TRANSMIT_QUEUE, QUEUE_LIMIT, vector);
  if (receiveQueue === null || transmitQueue === null) return transport.fail();
  let device = new VirtioNet(transport, receiveQueue, transmitQueue);
  relay.device = device;
  configRelay.device = device;
  transport.ready();
  device.name = nextEthernetName();
  device.start();
  return register(device);
}

/** The interrupt is connected before there is a device to tell. */
class Relay extends InterruptHandler {
  device: VirtioNet | null = null;

  handle(): void {
    let device = this.device;
    if (device !== null) device.interrupted();
  }
}

class ConfigRelay extends InterruptHandler {
  device: VirtioNet | null = null;

  handle(): void {
    let device = this.device;
    if (device !== null) device.configurationChanged();
  }
}
