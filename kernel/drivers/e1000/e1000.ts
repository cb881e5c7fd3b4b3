// Intel gigabit Ethernet: 8254x ("e1000", VMware, VirtualBox, old machines) and 82574 and its relatives ("e1000e").
//
// Two rings of 256 descriptors. A sent packet is a context descriptor, when the device is to fill in checksums or cut
// segments, and then one data descriptor per piece. Received frames land in packet heads.

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct, physicalOf } from "memory/address";
import * as frames from "memory/frames";
import * as checksum from "../../net/checksum";
import { Feature } from "../../net/link/device";
import { carrierChanged, receive } from "../../net/link/registry";
import { allocate, Checksum, HEADROOM, Packet, Segmentation } from "../../net/packet/packet";
import * as waker from "../../net/waker";
import { Protocol } from "../../net/wire/ipv4";
import { RingDevice } from "../ring-device";
import * as reg from "./registers";

const RING: u32 = 256;
const RING_BYTES: u32 = RING * <u32>reg.DESCRIPTOR;
const ALL_CAUSES: u32 = 0xffff_ffff;
const WANTED_CAUSES: u32 = reg.CAUSE_LINK | reg.CAUSE_RECEIVE | reg.CAUSE_RECEIVE_LOW | reg.CAUSE_RECEIVE_OVERRUN;
/** Reads of a register while a reset takes its time. */
const RESET_PATIENCE: i32 = 100_000;
/** Space that must stay between tail and head: equal would mean empty. */
const GAP: u32 = 1;
const ETHERNET_LENGTH: u32 = 14;

export class E1000 extends RingDevice {
  private receiveRing: u64 = 0;
  private transmitRing: u64 = 0;
  private posted: StaticArray<Packet | null> = new StaticArray<Packet | null>(RING);
  /** The packet whose last descriptor this is. */
  private sent: StaticArray<Packet | null> = new StaticArray<Packet | null>(RING);
  private receiveNext: u32 = 0;
  private receiveTail: u32 = 0;
  private transmitTail: u32 = 0;
  private transmitClean: u32 = 0;
  private shownTail: u32 = 0;
  private hasLinkChanged: bool = false;
  /** Whether an interrupt switched interrupts off until the next poll. */
  private isMasked: bool = false;

  constructor(private registers: u64) {
    super();
    this.features =
      Feature.TRANSMIT_CHECKSUM | Feature.SCATTER_GATHER | Feature.SEGMENT_TCP_IPV4 | Feature.SEGMENT_TCP_IPV6;
  }

  private read(register: u64): u32 {
    return mmio.read32(this.registers + register);
  }

  private write(register: u64, value: u32): void {
    mmio.write32(this.registers + register, value);
  }

  /** Reset and set up. False when the device does not answer or memory is short. */
  initialize(): bool {
    this.write(reg.INTERRUPT_MASK_CLEAR, ALL_CAUSES);
    this.write(reg.CONTROL, this.read(reg.CONTROL) | reg.CONTROL_RESET);
    let patience = RESET_PATIENCE;
    while ((this.read(reg.CONTROL) & reg.CONTROL_RESET) != 0) if (--patience == 0) return false;
    this.write(reg.INTERRUPT_MASK_CLEAR, ALL_CAUSES);
    this.read(reg.INTERRUPT_CAUSE);
    let control = this.read(reg.CONTROL) & ~reg.CONTROL_PHY_RESET;
    this.write(reg.CONTROL, control | reg.CONTROL_LINK_UP | reg.CONTROL_AUTO_SPEED);
    this.readAddress();
    if (this.hardware == 0) return false;
    for (let i: u32 = 0; i < reg.MULTICAST_WORDS; i++) this.write(reg.MULTICAST_TABLE + <u64>i * 4, 0);
    let memory = frames.allocateContiguous((2 * RING_BYTES) / 4096);
    if (memory == 0) return false;
    this.receiveRing = direct(memory);
    this.transmitRing = this.receiveRing + <u64>RING_BYTES;
    mem.fill(this.receiveRing, 0, <u64>(2 * RING_BYTES));
    this.startReceiver(memory);
    this.startTransmitter(memory + <u64>RING_BYTES);
    this.hasCarrier = this.isLinkUp;
    return true;
  }

  /** Let interrupts come. */
  start(): void {
    this.write(reg.INTERRUPT_MASK_SET, WANTED_CAUSES);
  }

  private get isLinkUp(): bool {
    return (this.read(reg.STATUS) & reg.STATUS_LINK_UP) != 0;
  }

  /** The reset loaded the station address from the EEPROM: least significant byte first. */
  private readAddress(): void {
    let low = this.read(reg.ADDRESS_LOW);
    let high = this.read(reg.ADDRESS_HIGH);
    for (let i: u32 = 0; i < 6; i++) {
      let byte = (i < 4 ? low >> (8 * i) : high >> (8 * (i - 4))) & 0xff;
      this.hardware = (this.hardware << 8) | <u64>byte;
    }
  }

  private startReceiver(physical: u64): void {
    this.write(reg.RECEIVE_BASE_LOW, <u32>physical);
    this.write(reg.RECEIVE_BASE_HIGH, <u32>(physical >> 32));
    this.write(reg.RECEIVE_LENGTH, RING_BYTES);
    this.write(reg.RECEIVE_HEAD, 0);
    this.write(reg.RECEIVE_TAIL, 0);
    this.write(reg.RECEIVE_CHECKSUM, reg.RECEIVE_CHECKSUM_TRANSPORT);
    let mode = reg.RECEIVE_ENABLE | reg.RECEIVE_BROADCAST | reg.RECEIVE_ALL_MULTICAST | reg.RECEIVE_STRIP_SEQUENCE;
    this.write(reg.RECEIVE_CONTROL, mode);
    this.refill();
  }

  private startTransmitter(physical: u64): void {
    this.write(reg.TRANSMIT_BASE_LOW, <u32>physical);
    this.write(reg.TRANSMIT_BASE_HIGH, <u32>(physical >> 32));
    this.write(reg.TRANSMIT_LENGTH, RING_BYTES);
    this.write(reg.TRANSMIT_HEAD, 0);
    this.write(reg.TRANSMIT_TAIL, 0);
    this.write(reg.TRANSMIT_GAP, reg.TRANSMIT_GAP_VALUE);
    this.write(reg.TRANSMIT_CONTROL, reg.TRANSMIT_ENABLE | reg.TRANSMIT_PAD | reg.TRANSMIT_COLLISIONS);
  }

  /** Runs with interrupts off; the work is done at the next poll. */
  interrupted(): void {
    let cause = this.read(reg.INTERRUPT_CAUSE);
    if (cause == 0) return;
    if (cause & reg.CAUSE_LINK) this.hasLinkChanged = true;
    this.write(reg.INTERRUPT_MASK_CLEAR, ALL_CAUSES);
    this.isMasked = true;
    waker.wake();
  }

  protected wantRoom(): void {
    this.write(reg.INTERRUPT_MASK_SET, reg.CAUSE_TRANSMIT);
  }

  flush(): void {
    if (this.shownTail == this.transmitTail) return;
    this.shownTail = this.transmitTail;
    this.write(reg.TRANSMIT_TAIL, this.transmitTail);
  }

  poll(): void {
    if (this.hasLinkChanged) {
      this.hasLinkChanged = false;
      carrierChanged(this, this.isLinkUp);
    }
    this.reclaim();
    this.sendWaiting();
    this.harvest();
    this.refill();
    if (!this.isMasked) return;
    this.isMasked = false;
    let causes = this.waiting.isEmpty ? WANTED_CAUSES : WANTED_CAUSES | reg.CAUSE_TRANSMIT;
    this.write(reg.INTERRUPT_MASK_SET, causes);
  }

  get hasPending(): bool {
    if (this.receiveNext == this.receiveTail) return false;
    let at = this.receiveRing + <u64>this.receiveNext * reg.DESCRIPTOR;
    return (mmio.read8(at + reg.RECEIVED_STATUS) & reg.RECEIVED_DONE) != 0;
  }

  private descriptor(at: u32): u64 {
    return this.transmitRing + <u64>at * reg.DESCRIPTOR;
  }

  private get room(): u32 {
    return (this.transmitClean - this.transmitTail - GAP) & (RING - 1);
  }

  private advance(): u32 {
    let at = this.transmitTail;
    this.transmitTail = (at + 1) & (RING - 1);
    return at;
  }

  /** Put a packet in the ring; false when it does not fit now. */
  protected enqueue(packet: Packet): bool {
    let hasContext = packet.checksum == Checksum.PARTIAL;
    if (this.room < 1 + <u32>packet.fragmentCount + (hasContext ? 1 : 0)) return false;
    let command = reg.COMMAND_EXTENDED | reg.TYPE_DATA | reg.COMMAND_SEQUENCE;
    let options: u32 = 0;
    if (hasContext) {
      options = reg.OPTION_TRANSPORT_SUM;
      if (packet.segmentation != Segmentation.NONE) {
        command |= reg.COMMAND_SEGMENT;
        if (packet.segmentation == Segmentation.TCP_IPV4) options |= reg.OPTION_IP_SUM;
      }
      this.writeContext(packet);
    }
    let last = this.writeData(packet.address, packet.headLength, command, options);
    for (let i = 0; i < packet.fragmentCount; i++) {
      last = this.writeData(packet.fragmentAddress(i), packet.fragmentLength(i), command, options);
    }
    let at = this.descriptor(last);
    mem.store32(at + 8, mem.load32(at + 8) | reg.COMMAND_END | reg.COMMAND_REPORT);
    this.sent[last] = packet;
    return true;
  }

  private writeData(address: u64, length: u32, command: u32, options: u32): u32 {
    let place = this.advance();
    let at = this.descriptor(place);
    mem.store64(at, physicalOf(address));
    mem.store32(at + 8, length | command);
    mem.store32(at + 12, options);
    return place;
  }

  /** Where the headers are, and how large the segments shall be (§3.3.6). */
  private writeContext(packet: Packet): void {
    let network = ETHERNET_LENGTH;
    let transport = packet.checksumStart - packet.front;
    let sum = transport + packet.checksumOffset;
    let at = this.descriptor(this.advance());
    let isIpv4 = packet.source.isIpv4;
    // IP: sum starts, stands 10 bytes further, ends before the transport header.
    let ip = network | ((network + 10) << 8) | ((transport - 1) << 16);
    mem.store32(at, ip);
    mem.store32(at + 4, transport | (sum << 8));
    let command = reg.COMMAND_EXTENDED | reg.TYPE_CONTEXT;
    let sizes: u32 = 0;
    if (packet.segmentation != Segmentation.NONE) {
      let header = transport + (mem.load8(packet.base + <u64>(packet.checksumStart + 12)) >> 4) * 4;
      command |= reg.COMMAND_SEGMENT | reg.CONTEXT_TCP | (isIpv4 ? reg.CONTEXT_IPV4 : 0) | (packet.length - header);
      sizes = (header << 8) | (packet.segmentSize << 16);
      this.prepareSegments(packet, network, isIpv4);
    }
    mem.store32(at + 8, command);
    mem.store32(at + 12, sizes);
  }

  /** The device fills lengths and sums in for each segment: they are to stand without one (§3.5.7). */
  private prepareSegments(packet: Packet, network: u32, isIpv4: bool): void {
    let ip = packet.address + <u64>network;
    if (isIpv4) {
      mem.store16(ip + 2, 0);
      mem.store16(ip + 10, 0);
    } else {
      mem.store16(ip + 4, 0);
    }
    let sum = checksum.pseudoHeader(packet.source, packet.destination, Protocol.TCP, 0);
    mem.store16(packet.base + <u64>(packet.checksumStart + packet.checksumOffset), checksum.fold(sum));
  }

  protected reclaim(): void {
    while (this.transmitClean != this.shownTail) {
      // A packet's last descriptor reports; those before it are done then too.
      let last = this.transmitClean;
      while (this.sent[last] === null && last != this.shownTail) last = (last + 1) & (RING - 1);
      let packet = this.sent[last];
      if (packet === null) return;
      if ((mmio.read8(this.descriptor(last) + reg.SENT_STATUS) & reg.SENT_DONE) == 0) return;
      this.sent[last] = null;
      packet.release();
      this.transmitClean = (last + 1) & (RING - 1);
    }
  }

  private harvest(): void {
    while (this.receiveNext != this.receiveTail) {
      let at = this.receiveRing + <u64>this.receiveNext * reg.DESCRIPTOR;
      let status = mmio.read8(at + reg.RECEIVED_STATUS);
      if ((status & reg.RECEIVED_DONE) == 0) return;
      let errors = mem.load8(at + reg.RECEIVED_ERRORS);
      let length = mem.load16(at + reg.RECEIVED_LENGTH);
      let packet = this.posted[this.receiveNext];
      this.posted[this.receiveNext] = null;
      this.receiveNext = (this.receiveNext + 1) & (RING - 1);
      if (packet === null) continue;
      if ((status & reg.RECEIVED_END) == 0 || (errors & reg.RECEIVED_FRAME_ERRORS) != 0 || length > packet.tailroom) {
        this.receiveErrors++;
        packet.release();
        continue;
      }
      packet.append(length);
      let isChecked = (status & (reg.RECEIVED_SUM_CHECKED | reg.RECEIVED_SUM_IGNORED)) == reg.RECEIVED_SUM_CHECKED;
      if (isChecked && (errors & reg.RECEIVED_SUM_ERRORS) == 0) packet.checksum = Checksum.VALID;
      receive(this, packet);
    }
  }

  private refill(): void {
    let tail = this.receiveTail;
    while (((tail + GAP) & (RING - 1)) != this.receiveNext) {
      // From the reserve too: a device without buffers would hear of nothing that frees memory.
      let packet = allocate();
      if (packet === null) break;
      let at = this.receiveRing + <u64>tail * reg.DESCRIPTOR;
      mem.store64(at, physicalOf(packet.base + <u64>HEADROOM));
      mem.store64(at + 8, 0);
      this.posted[tail] = packet;
      tail = (tail + 1) & (RING - 1);
    }
    if (tail == this.receiveTail) return;
    this.receiveTail = tail;
    mmio.fence();
    this.write(reg.RECEIVE_TAIL, tail);
  }
}
