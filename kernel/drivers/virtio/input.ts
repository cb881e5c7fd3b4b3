// The virtio input device (virtio 1.2 §5.8): a keyboard, mouse or tablet that speaks evdev.
//
//   configuration   | select 1 | subselect 1 | size 1 | reserved 5 | 128 bytes, of which `size` count |
//   event, both ways   | type 2 | code 2 | value 4 |

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as codes from "../../abi/input-codes";
import { Bits } from "../../input/bits";
import { InputDevice } from "../../input/device";
import { register as registerInput } from "../../input/registry";
import { bytesOf } from "../../input/text";
import { InterruptHandler } from "../../interrupt/vectors";
import { addDriver, VirtioDriver } from "./drivers";
import { Virtqueue } from "./queue";
import { FEATURE_EVENT_INDEX, VirtioTransport } from "./transport";

/** Device type (§5). */
const INPUT: u32 = 18;
const EVENT_QUEUE: u32 = 0;
const STATUS_QUEUE: u32 = 1;
const QUEUE_LIMIT: u32 = 64;
const EVENT_SIZE: u64 = 8;
const PAGE_SIZE: u64 = 4096;

/** Configuration (§5.8.4). */
const CONFIG_SELECT: u32 = 0;
const CONFIG_SUBSELECT: u32 = 1;
const CONFIG_SIZE: u32 = 2;
const CONFIG_DATA: u32 = 8;
const DATA_LIMIT: u32 = 128;
const SELECT_NAME: u32 = 0x01;
const SELECT_SERIAL: u32 = 0x02;
const SELECT_IDS: u32 = 0x03;
const SELECT_PROPERTIES: u32 = 0x10;
const SELECT_BITS: u32 = 0x11;
const SELECT_AXIS: u32 = 0x12;
/** Rounds of one interrupt: a device that never stops must not hold the machine. */
const ROUND_LIMIT: i32 = 4;

class VirtioInput extends InputDevice {
  /** One page: events of the device, then events for it. */
  private buffers: u64 = 0;
  private buffersPhysical: u64 = 0;
  /** Which event buffer each descriptor of the ring names. */
  private bufferOf: StaticArray<u32> = new StaticArray<u32>(<i32>QUEUE_LIMIT);
  private nextStatus: u32 = 0;

  constructor(
    private transport: VirtioTransport,
    private events: Virtqueue,
    private status: Virtqueue | null,
  ) {
    super();
  }

  /** Memory for the events, the description, and buffers for the device to fill. False when there is no memory. */
  start(): bool {
    this.buffersPhysical = frames.allocateContiguous(1);
    if (this.buffersPhysical == 0) return false;
    this.buffers = direct(this.buffersPhysical);
    mem.fill(this.buffers, 0, PAGE_SIZE);
    this.describe();
    return true;
  }

  /** The device works: let it fill what it gets. */
  listen(): void {
    for (let i: u32 = 0; i < this.events.size; i++) this.post(i);
    this.events.publish();
    if (!this.events.arm()) this.interrupted();
  }

  private post(buffer: u32): void {
    if (!this.events.begin(1)) return;
    this.events.add(this.buffersPhysical + <u64>buffer * EVENT_SIZE, <u32>EVENT_SIZE, true);
    this.bufferOf[this.events.commit()] = buffer;
  }

  interrupted(): void {
    this.transport.acknowledgeInterrupt();
    for (let round = 0; round < ROUND_LIMIT; round++) {
      for (let i: u32 = 0; i < this.events.size && this.events.hasUsed; i++) this.takeEvent();
      this.events.publish();
      if (this.events.arm()) return;
    }
  }

  private takeEvent(): void {
    let head = this.events.take();
    if (head < 0) return;
    let buffer = this.bufferOf[head];
    if (this.events.takenLength >= <u32>EVENT_SIZE) {
      let at = this.buffers + <u64>buffer * EVENT_SIZE;
      let type = mmio.read16(at);
      // LEDs and the repeat rate are ours to set.
      if (type != codes.EV_LED && type != codes.EV_REP)
        this.report(type, mmio.read16(at + 2), <i32>mmio.read32(at + 4));
    }
    this.post(buffer);
  }

  protected override ledsChanged(): void {
    this.sendLed(codes.LED_NUML);
    this.sendLed(codes.LED_CAPSL);
    this.sendLed(codes.LED_SCROLLL);
    let status = this.status;
    if (status !== null) status.publish();
  }

  private sendLed(code: u32): void {
    let status = this.status;
    if (status === null || !this.leds.has(code)) return;
    while (status.hasUsed) status.take();
    // With all buffers on their way the device is not listening.
    if (!status.begin(1)) return;
    let buffer = <u64>(QUEUE_LIMIT + (this.nextStatus++ & (QUEUE_LIMIT - 1))) * EVENT_SIZE;
    mem.store32(this.buffers + buffer, codes.EV_LED | (code << 16));
    mem.store32(this.buffers + buffer + 4, this.ledsLit.has(code) ? 1 : 0);
    status.add(this.buffersPhysical + buffer, <u32>EVENT_SIZE, false);
    status.commit();
  }

  /** Choose what the configuration shows; how many bytes of it. */
  private select(what: u32, which: u32): u32 {
    this.transport.writeConfig8(CONFIG_SELECT, what);
    this.transport.writeConfig8(CONFIG_SUBSELECT, which);
    return min(this.transport.readConfig8(CONFIG_SIZE), DATA_LIMIT);
  }

  private text(what: u32): StaticArray<u8> {
    let length = this.select(what, 0);
    // Some count the NUL, some do not.
    while (length > 0 && this.transport.readConfig8(CONFIG_DATA + length - 1) == 0) length--;
    let text = new StaticArray<u8>(length);
    for (let i: u32 = 0; i < length; i++) text[i] = <u8>this.transport.readConfig8(CONFIG_DATA + i);
    return text;
  }

  private bits(what: u32, which: u32, into: Bits): u32 {
    let length = this.select(what, which);
    for (let i: u32 = 0; i < length; i++) {
      let byte = this.transport.readConfig8(CONFIG_DATA + i);
      for (let bit: u32 = 0; bit < 8; bit++) if ((byte >> bit) & 1) into.add(i * 8 + bit);
    }
    return length;
  }

  private describe(): void {
    this.name = this.text(SELECT_NAME);
    this.unique = this.text(SELECT_SERIAL);
    this.physical = bytesOf("virtio");
    if (this.select(SELECT_IDS, 0) >= 8) {
      this.bus = this.transport.readConfig16(CONFIG_DATA);
      this.vendor = this.transport.readConfig16(CONFIG_DATA + 2);
      this.product = this.transport.readConfig16(CONFIG_DATA + 4);
      this.version = this.transport.readConfig16(CONFIG_DATA + 6);
    } else this.bus = codes.BUS_VIRTUAL;
    this.bits(SELECT_PROPERTIES, 0, this.properties);
    this.describeType(codes.EV_KEY, this.keys);
    this.describeType(codes.EV_REL, this.relatives);
    this.describeType(codes.EV_MSC, this.miscellaneous);
    this.describeType(codes.EV_LED, this.leds);
    this.describeAxes();
    if (this.select(SELECT_BITS, codes.EV_REP) > 0) this.allowRepeat();
  }

  private describeType(type: u32, into: Bits): void {
    if (this.bits(SELECT_BITS, type, into) > 0) this.types.add(type);
  }

  private describeAxes(): void {
    let axes = new Bits(codes.ABS_MAX);
    this.bits(SELECT_BITS, codes.EV_ABS, axes);
    for (let code = axes.next(0); code >= 0; code = axes.next(<u32>code + 1)) {
      if (this.select(SELECT_AXIS, <u32>code) < 20) continue;
      let least = <i32>this.transport.readConfig32(CONFIG_DATA);
      this.allowAbsolute(<u32>code, least, <i32>this.transport.readConfig32(CONFIG_DATA + 4));
      let axis = this.axis(<u32>code)!;
      axis.fuzz = <i32>this.transport.readConfig32(CONFIG_DATA + 8);
      axis.flat = <i32>this.transport.readConfig32(CONFIG_DATA + 12);
      axis.resolution = <i32>this.transport.readConfig32(CONFIG_DATA + 16);
    }
  }
}

/** The interrupt is connected before there is a device to tell. */
class Relay extends InterruptHandler {
  device: VirtioInput | null = null;

  override handle(): void {
    let device = this.device;
    if (device !== null) device.interrupted();
  }
}

class VirtioInputDriver extends VirtioDriver {
  override get name(): string {
    return "virtio-input";
  }

  override get type(): u32 {
    return INPUT;
  }

  override start(transport: VirtioTransport): bool {
    if (!transport.negotiate(FEATURE_EVENT_INDEX)) return false;
    let relay = new Relay();
    let vector = transport.connect(relay, new InterruptHandler());
    let events = transport.createQueue(EVENT_QUEUE, QUEUE_LIMIT, vector);
    if (events === null) return transport.fail();
    let status = transport.createQueue(STATUS_QUEUE, QUEUE_LIMIT, vector);
    if (status !== null) status.disarm();
    let device = new VirtioInput(transport, events, status);
    if (!device.start()) return transport.fail();
    transport.ready();
    relay.device = device;
    if (registerInput(device) < 0) return transport.fail();
    device.listen();
    return true;
  }
}

export function register(): void {
  addDriver(new VirtioInputDriver());
}
