// A device in a slot of the controller (xHCI 1.2 §4.3): from the reset port to drivers that hear its interfaces.
//
//   slot context       | route 20 · speed 4 · … · hub · entries 5 | latency 16 · root port 8 · ports 8 | translator 16 · … |
//   endpoint context   | … · interval 8 · … | error count · type 3 · burst 8 · packet 16 | dequeue pointer 8 | average 16 · … |
//
// An input context has one more in front: which contexts a command adds.

import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EIO, ENODEV, EPIPE, ETIMEDOUT } from "../../../abi/errno";
import { Text } from "../../../lib/text";
import { waitUninterruptibly } from "../../../sched/block";
import * as clock from "../../../sched/clock";
import { WaitQueue } from "../../../sched/wait";
import { driverFor } from "../classes";
import { configurationValue, parseInterfaces } from "../configuration";
import * as usb from "../usb";
import { CONTROL_LIMIT, UsbDevice, UsbInterface } from "../usb";
import { Xhci } from "./controller";
import { createPipe, Pipe } from "./pipe";
import * as reg from "./registers";
import { Completion, Trb } from "./registers";
import { allocatePage, Ring } from "./ring";

const NS_PER_MS: u64 = 1_000_000;
/** A control transfer's time: USB 2.0 §9.2.6.4 allows 5 s with data, and nothing that works takes that long. */
const CONTROL_TIMEOUT_MS: u64 = 1500;
/** After SET_ADDRESS (USB 2.0 §9.2.6.3). */
const ADDRESS_RECOVERY_MS: u64 = 2;
/** Looks at the events before the thread sleeps: an emulated controller is done at once. */
const SHORT_PATIENCE: i32 = 10;
const PIPE_LIMIT: i32 = 32;
/** Ports of a hub that a route can name (xHCI 1.2 §4.5.2: four bits each), and hubs behind one another. */
export const CHILD_LIMIT: u32 = 15;
const DEPTH_LIMIT: u32 = 5;
/** The control endpoint among the contexts. */
const CONTROL_CONTEXT: u32 = 1;
const DEVICE_DESCRIPTOR_SIZE: u32 = 18;
const STRING_LIMIT: u32 = 126;
/** US English (USB language identifiers). */
const ENGLISH: u32 = 0x0409;

export class XhciDevice extends UsbDevice {
  slot: u32 = 0;
  /** Four bits a hub, from the root down. */
  route: u32 = 0;
  private hubsAbove: u32 = 0;
  /** The high-speed hub that translates for a slower device, and its port. */
  private translatorSlot: u32 = 0;
  private translatorPort: u32 = 0;
  private hubBits: u32 = 0;
  private hubPorts: u32 = 0;
  private thinkTime: u32 = 0;
  private contextPhysical: u64 = 0;
  private bufferPhysical: u64 = 0;
  private controlRing: Ring | null = null;
  private controlPacket: u32 = 8;
  private interfaces: Array<UsbInterface> = [] as UsbInterface[];
  private pipes: StaticArray<Pipe | null> = new StaticArray<Pipe | null>(PIPE_LIMIT);
  readonly children: StaticArray<XhciDevice | null> = new StaticArray<XhciDevice | null>(<i32>CHILD_LIMIT + 1);
  private isDetached: bool = false;
  private isWorkWanted: bool = false;
  /** The control transfer under way: its last block, how it ended, what was not moved. */
  private lastBlock: u64 = 0;
  private endedWith: u32 = 0;
  private residual: u32 = 0;
  private readonly waiting: WaitQueue = new WaitQueue();

  constructor(
    private host: Xhci,
    parent: XhciDevice | null,
    /** The port of the root, and the port of the hub it hangs on. */
    readonly rootPort: u32,
    readonly port: u32,
    speed: u32,
  ) {
    super();
    this.speed = speed;
    let above: XhciDevice | null = parent;
    let text = new Text(32);
    if (above === null) text.decimal(<u64>rootPort);
    else {
      this.hubsAbove = above.hubsAbove + 1;
      this.route = above.route | (port << (4 * above.hubsAbove));
      text
        .array(above.path)
        .byte(0x2e)
        .decimal(<u64>port);
      this.chooseTranslator(above);
    }
    this.path = StaticArray.slice<u8>(text.bytes, 0, text.length);
  }

  private chooseTranslator(hub: XhciDevice): void {
    if (this.speed != usb.SPEED_FULL && this.speed != usb.SPEED_LOW) return;
    let isTranslator = hub.speed == usb.SPEED_HIGH;
    this.translatorSlot = isTranslator ? hub.slot : hub.translatorSlot;
    this.translatorPort = isTranslator ? this.port : hub.translatorPort;
  }

  override get buffer(): u64 {
    return direct(this.bufferPhysical);
  }

  override get isGone(): bool {
    return this.isDetached || this.host.isDead;
  }

  override get depth(): u32 {
    return this.hubsAbove;
  }

  override wantWork(): void {
    this.isWorkWanted = true;
    this.host.call();
  }

  // Coming.

  /** Give it a slot and an address, learn what it is, start its drivers. False: it does not work; `detach` frees what it has. */
  attach(): bool {
    let host = this.host;
    if (this.hubsAbove > DEPTH_LIMIT) return false;
    let slot = host.enableSlot(this.rootPort);
    if (slot == 0) return false;
    this.slot = slot;
    this.contextPhysical = allocatePage(host.isBelow4GB);
    this.bufferPhysical = allocatePage(host.isBelow4GB);
    let ringPhysical = allocatePage(host.isBelow4GB);
    if (ringPhysical != 0) this.controlRing = new Ring(ringPhysical);
    if (this.contextPhysical == 0 || this.bufferPhysical == 0 || ringPhysical == 0) return false;
    if (this.speed == usb.SPEED_HIGH) this.controlPacket = 64;
    else if (this.speed >= usb.SPEED_SUPER) this.controlPacket = 512;
    host.setDevice(slot, this, this.contextPhysical);
    return this.setAddress() && this.identify() && this.configure();
  }

  private setAddress(): bool {
    let host = this.host;
    host.clearInput();
    this.writeSlotContext(CONTROL_CONTEXT);
    this.writeControlContext();
    host.addInput(0);
    host.addInput(CONTROL_CONTEXT);
    if (host.command(Trb.ADDRESS_DEVICE, host.inputPhysical, this.slot << 24) != Completion.SUCCESS) return false;
    host.nap(ADDRESS_RECOVERY_MS);
    return true;
  }

  private writeSlotContext(entries: u32): void {
    let at = this.host.inputContext(0);
    mem.store32(at, this.route | (this.speed << 20) | this.hubBits | (entries << 27));
    mem.store32(at + 4, (this.rootPort << 16) | (this.hubPorts << 24));
    mem.store32(at + 8, this.translatorSlot | (this.translatorPort << 8) | (this.thinkTime << 16));
  }

  private writeControlContext(): void {
    let at = this.host.inputContext(CONTROL_CONTEXT);
    mem.store32(at + 4, (3 << 1) | (reg.ENDPOINT_CONTROL << 3) | (this.controlPacket << 16));
    mem.store64(at + 8, this.controlRing!.dequeuePointer);
    mem.store32(at + 16, 8);
  }

  /** The device descriptor, the length of its packets first (USB 2.0 §9.6.1). */
  private identify(): bool {
    if (this.getDescriptor(usb.DESCRIPTOR_DEVICE, 0, 0, 8) < 8) return false;
    let at = this.buffer;
    if (mem.load8(at + 1) != usb.DESCRIPTOR_DEVICE) return false;
    if (this.speed == usb.SPEED_FULL && !this.adoptPacketSize(mem.load8(at + 7))) return false;
    if (this.getDescriptor(usb.DESCRIPTOR_DEVICE, 0, 0, DEVICE_DESCRIPTOR_SIZE) < <i32>DEVICE_DESCRIPTOR_SIZE)
      return false;
    this.classCode = mem.load8(at + 4);
    this.protocol = mem.load8(at + 6);
    this.vendor = mem.load16(at + 8);
    this.product = mem.load16(at + 10);
    this.version = mem.load16(at + 12);
    let manufacturer = mem.load8(at + 14);
    let product = mem.load8(at + 15);
    let serial = mem.load8(at + 16);
    this.manufacturer = this.readString(manufacturer);
    this.productName = this.readString(product);
    this.serial = this.readString(serial);
    return true;
  }

  /** A full-speed device says how long its control packets are; the controller is told when that is not 8. */
  private adoptPacketSize(size: u32): bool {
    if (size != 8 && size != 16 && size != 32 && size != 64) return false;
    if (size == this.controlPacket) return true;
    this.controlPacket = size;
    let host = this.host;
    host.clearInput();
    this.writeControlContext();
    host.addInput(CONTROL_CONTEXT);
    return host.command(Trb.EVALUATE_CONTEXT, host.inputPhysical, this.slot << 24) == Completion.SUCCESS;
  }

  private getDescriptor(type: u32, index: u32, language: u32, length: u32): i32 {
    return this.control(usb.FROM_DEVICE, usb.GET_DESCRIPTOR, (type << 8) | index, language, length);
  }

  /** A string descriptor as UTF-8 (USB 2.0 §9.6.7): printable characters; empty when there is none. */
  private readString(index: u32): StaticArray<u8> {
    if (index == 0) return new StaticArray<u8>(0);
    let moved = this.getDescriptor(usb.DESCRIPTOR_STRING, index, ENGLISH, 255);
    if (moved < 4) return new StaticArray<u8>(0);
    let length = min(<u32>moved, mem.load8(this.buffer));
    let text = new Text(<i32>(STRING_LIMIT * 3));
    for (let at: u32 = 2; at + 1 < length; at += 2) {
      let code = mem.load16(this.buffer + <u64>at);
      if (code >= 0x20 && code < 0x7f) text.byte(code);
      else if (code >= 0xa0 && code < 0x800) text.byte(0xc0 | (code >> 6)).byte(0x80 | (code & 63));
      else text.byte(0x3f);
    }
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }

  /** The first configuration: find drivers for its interfaces, switch it on, begin. */
  private configure(): bool {
    if (this.getDescriptor(usb.DESCRIPTOR_CONFIGURATION, 0, 0, 9) < 9) return false;
    let total = min(mem.load16(this.buffer + 2), CONTROL_LIMIT);
    let moved = this.getDescriptor(usb.DESCRIPTOR_CONFIGURATION, 0, 0, total);
    if (moved < 9) return false;
    let value = configurationValue(this.buffer, <u32>moved);
    if (value < 0) return false;
    this.interfaces = parseInterfaces(this.buffer, <u32>moved);
    let entries = CONTROL_CONTEXT;
    this.host.clearInput();
    for (let i = 0; i < this.interfaces.length; i++) {
      let part = this.interfaces[i];
      part.driver = driverFor(this, part);
      if (part.driver !== null) entries = max(entries, this.openPipe(part));
    }
    // A device that nobody drives stays as it is.
    if (entries == CONTROL_CONTEXT) return true;
    if (!this.switchOn(entries)) return false;
    if (this.control(usb.TO_DEVICE, usb.SET_CONFIGURATION, <u32>value, 0, 0) < 0) return false;
    for (let i = 0; i < this.interfaces.length; i++) this.startInterface(this.interfaces[i]);
    return true;
  }

  /** Make the pipe of an interface and describe it in the input context. Its place among the contexts, 0 without one. */
  private openPipe(part: UsbInterface): u32 {
    let endpoint = part.endpoint;
    if (endpoint === null) return 0;
    let pipe = createPipe(endpoint, part, this.host.isBelow4GB);
    if (pipe === null) return 0;
    let index = pipe.contextIndex;
    if (this.pipes[index] !== null) {
      // Two interfaces claim one endpoint: the first has it.
      pipe.free();
      return 0;
    }
    this.pipes[index] = pipe;
    let at = this.host.inputContext(index);
    mem.store32(at, this.intervalExponent(endpoint.interval) << 16);
    mem.store32(at + 4, (3 << 1) | (reg.ENDPOINT_INTERRUPT_IN << 3) | (endpoint.packetSize << 16));
    mem.store64(at + 8, pipe.ring.dequeuePointer);
    mem.store32(at + 16, endpoint.packetSize | (endpoint.packetSize << 16));
    this.host.addInput(index);
    return index;
  }

  /** How often it is asked, as a power of two of 125 µs (xHCI 1.2 §6.2.3.6). */
  private intervalExponent(interval: u32): u32 {
    if (this.speed >= usb.SPEED_HIGH) return interval == 0 ? 0 : min<u32>(interval - 1, 15);
    let microframes = max<u32>(interval, 1) * 8;
    return min<u32>(31 - clz(microframes), 10);
  }

  private switchOn(entries: u32): bool {
    let host = this.host;
    this.writeSlotContext(entries);
    host.addInput(0);
    return host.command(Trb.CONFIGURE_ENDPOINT, host.inputPhysical, this.slot << 24) == Completion.SUCCESS;
  }

  private startInterface(part: UsbInterface): void {
    let driver = part.driver;
    if (driver === null) return;
    if (!driver.start()) {
      part.driver = null;
      return;
    }
    let endpoint = part.endpoint;
    if (endpoint === null) return;
    let pipe = this.pipes[endpoint.number * 2 + 1];
    if (pipe === null) return;
    pipe.listen(driver.transferLength);
    this.host.ring(this.slot, pipe.contextIndex);
  }

  // At work.

  /** What the thread has to do for it: stopped endpoints, what drivers asked for. Whether there was something. */
  runWork(): bool {
    if (!this.isWorkWanted || this.isDetached) return false;
    this.isWorkWanted = false;
    for (let i = 0; i < PIPE_LIMIT; i++) {
      let pipe = this.pipes[i];
      if (pipe !== null && pipe.isHalted) this.restartPipe(pipe);
    }
    for (let i = 0; i < this.interfaces.length && !this.isDetached; i++) {
      let driver = this.interfaces[i].driver;
      if (driver !== null) driver.work();
    }
    return true;
  }

  private restartPipe(pipe: Pipe): void {
    pipe.isHalted = false;
    if (pipe.isGivenUp) {
      this.host.complain(this.path, "an endpoint fails again and again: it is left alone");
      return;
    }
    if (!this.recover(pipe.contextIndex, pipe.ring)) return;
    if (pipe.wasStall) {
      this.control(usb.TO_ENDPOINT, usb.CLEAR_FEATURE, usb.ENDPOINT_HALT, pipe.endpoint.address, 0);
    }
    pipe.restart();
    this.host.ring(this.slot, pipe.contextIndex);
  }

  /** Have a halted endpoint go on behind what is in its ring (xHCI 1.2 §4.6.8). */
  private recover(contextIndex: u32, ring: Ring): bool {
    let where = (this.slot << 24) | (contextIndex << 16);
    this.host.command(Trb.RESET_ENDPOINT, 0, where);
    return this.host.command(Trb.SET_DEQUEUE, ring.dequeuePointer, where) == Completion.SUCCESS;
  }

  override control(requestType: u32, request: u32, value: u32, index: u32, length: u32): i32 {
    let ring = this.controlRing;
    if (this.isGone || ring === null) return -ENODEV;
    if (length > CONTROL_LIMIT) length = CONTROL_LIMIT;
    let isIn = (requestType & 0x80) != 0;
    let setup = <u64>(requestType | (request << 8) | (value << 16)) | ((<u64>(index | (length << 16))) << 32);
    // Transfer type (xHCI 1.2 table 4-7): 0 no data, 2 out, 3 in.
    let kind: u32 = length == 0 ? 0 : isIn ? 3 : 2;
    this.endedWith = Completion.NONE;
    this.residual = 0;
    ring.put(Trb.SETUP, setup, 8, reg.IMMEDIATE | (kind << 16));
    if (length > 0) {
      ring.put(Trb.DATA, this.bufferPhysical, length, reg.ON_SHORT | (isIn ? reg.DATA_IN : 0));
    }
    // The status goes the other way than the data (USB 2.0 §8.5.3).
    this.lastBlock = ring.put(Trb.STATUS, 0, 0, reg.ON_COMPLETION | (length > 0 && isIn ? 0 : reg.DATA_IN));
    this.host.ring(this.slot, CONTROL_CONTEXT);
    this.waitForEnd();
    switch (this.endedWith) {
      case Completion.SUCCESS:
        return <i32>(length - this.residual);
      case Completion.NONE:
        this.host.command(Trb.STOP_ENDPOINT, 0, (this.slot << 24) | (CONTROL_CONTEXT << 16));
        this.host.command(Trb.SET_DEQUEUE, ring.dequeuePointer, (this.slot << 24) | (CONTROL_CONTEXT << 16));
        return -ETIMEDOUT;
      default: {
        let wasStall = this.endedWith == Completion.STALL;
        this.recover(CONTROL_CONTEXT, ring);
        return wasStall ? -EPIPE : -EIO;
      }
    }
  }

  private waitForEnd(): void {
    for (let i = 0; i < SHORT_PATIENCE && this.endedWith == Completion.NONE; i++) this.host.takeEvents();
    let deadlineNs = clock.nowNs() + CONTROL_TIMEOUT_MS * NS_PER_MS;
    while (this.endedWith == Completion.NONE && clock.nowNs() < deadlineNs && !this.isGone) {
      waitUninterruptibly(this.waiting, deadlineNs);
    }
  }

  /** A transfer of this device ended. Runs in interrupt handlers. */
  transferred(contextIndex: u32, block: u64, code: u32, residual: u32): void {
    if (contextIndex == CONTROL_CONTEXT) {
      if (code == Completion.SHORT_PACKET) {
        // The data came out short; the status follows.
        this.residual = min(residual, CONTROL_LIMIT);
        return;
      }
      if (code == Completion.SUCCESS && block != this.lastBlock) return;
      this.endedWith = code;
      this.waiting.wakeAll();
      return;
    }
    let pipe = contextIndex < <u32>PIPE_LIMIT ? this.pipes[contextIndex] : null;
    if (pipe === null) return;
    if (pipe.completed(block, code, residual)) this.host.ring(this.slot, contextIndex);
    else if (pipe.isHalted) this.wantWork();
  }

  // As a hub.

  override becomeHub(portCount: u32, thinkTime: u32): bool {
    this.hubBits = 1 << 26;
    this.hubPorts = portCount;
    this.thinkTime = thinkTime;
    let host = this.host;
    host.clearInput();
    // The contexts that are there stay; only the slot's is new.
    let entries = CONTROL_CONTEXT;
    for (let i = 0; i < PIPE_LIMIT; i++) if (this.pipes[i] !== null) entries = <u32>i;
    return this.switchOn(entries);
  }

  override attachChild(port: u32, speed: u32): bool {
    if (port == 0 || port > CHILD_LIMIT || this.isGone) return false;
    this.detachChild(port);
    let child = new XhciDevice(this.host, this, this.rootPort, port, speed);
    this.children[port] = child;
    if (child.attach()) return true;
    this.detachChild(port);
    return false;
  }

  override detachChild(port: u32): void {
    if (port > CHILD_LIMIT) return;
    let child = this.children[port];
    if (child === null) return;
    this.children[port] = null;
    child.detach();
  }

  // Going.

  /** It is gone, and all that hangs on it: drivers end, the slot and the memory are free. */
  detach(): void {
    if (this.isDetached) return;
    this.isDetached = true;
    for (let port: u32 = 1; port <= CHILD_LIMIT; port++) this.detachChild(port);
    for (let i = 0; i < this.interfaces.length; i++) {
      let driver = this.interfaces[i].driver;
      this.interfaces[i].driver = null;
      if (driver !== null) driver.stop();
    }
    // While the controller may still use the memory, it is not given back.
    if (this.slot != 0 && !this.host.disableSlot(this.slot)) return;
    for (let i = 0; i < PIPE_LIMIT; i++) {
      let pipe = this.pipes[i];
      this.pipes[i] = null;
      if (pipe !== null) pipe.free();
    }
    let ring = this.controlRing;
    this.controlRing = null;
    if (ring !== null) frames.release(ring.physical);
    if (this.contextPhysical != 0) frames.release(this.contextPhysical);
    if (this.bufferPhysical != 0) frames.release(this.bufferPhysical);
  }
}
