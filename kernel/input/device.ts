// An input device: what it can say, what its keys and axes are now, and how a driver tells of changes (Linux
// Documentation/input/event-codes.rst).
//
//   driver                        device                               who listens
//   report(EV_KEY, KEY_A, 1)  ──► packet: changes since the last one
//   sync()                    ──► packet with one time stamp       ──► the open files of /dev/input/eventN
//                                                                  ──► the handlers (keyboard to text, /dev/input/mice),
//                                                                      unless a file has grabbed the device
//
// Rules of use: a driver describes the device (`allow…`) before it registers it (registry.ts). `report` and `sync` run
// anywhere, in interrupt handlers too: they allocate nothing. What a device cannot say, or says a second time, is passed over.

import {
  ABS_MAX,
  ABS_X,
  BTN_LEFT,
  EV_ABS,
  EV_KEY,
  EV_LED,
  EV_MAX,
  EV_MSC,
  EV_REL,
  EV_REP,
  EV_SYN,
  KEY_MAX,
  LED_MAX,
  MSC_MAX,
  REL_MAX,
  REL_X,
  REP_DELAY,
  REP_PERIOD,
  SYN_REPORT,
} from "../abi/input-codes";
import { List } from "../lib/list";
import * as clock from "../sched/clock";
import { timers } from "../sched/scheduler";
import { Timer } from "../sched/timer";
import { Bits } from "./bits";
import { EventClient } from "./client";
import { deliver } from "./handlers";

/** Changes of one packet: more are passed on in pieces, as Linux does. */
const PACKET_LIMIT: i32 = 64;
/** Linux's defaults in milliseconds. */
const DEFAULT_DELAY_MS: u32 = 250;
const DEFAULT_PERIOD_MS: u32 = 33;
const NS_PER_MS: u64 = 1_000_000;
/** How long the repeat timer rests at a time. */
const REST_NS: u64 = 3600_000_000_000;

/** An absolute axis: struct input_absinfo. */
export class AbsoluteAxis {
  value: i32 = 0;
  fuzz: i32 = 0;
  flat: i32 = 0;
  resolution: i32 = 0;
  constructor(
    public minimum: i32,
    public maximum: i32,
  ) {}
}

/** Repeats the key held last. It is always armed, for hours while nothing repeats, so that arming it allocates nothing. */
class RepeatTimer extends Timer {
  code: u32 = 0;

  constructor(readonly device: InputDevice) {
    super();
  }

  begin(code: u32): void {
    this.code = code;
    let deadlineNs = clock.nowNs() + <u64>this.device.repeatDelayMs * NS_PER_MS;
    timers.arm(this, deadlineNs);
    clock.armTimerAtMost(deadlineNs);
  }

  rest(): void {
    this.code = 0;
    timers.arm(this, clock.nowNs() + REST_NS);
  }

  override fire(nowNs: u64): void {
    let device = this.device;
    if (this.code == 0 || device.repeatPeriodMs == 0 || !device.keysDown.has(this.code)) {
      this.rest();
      return;
    }
    timers.arm(this, nowNs + <u64>device.repeatPeriodMs * NS_PER_MS);
    device.repeat(this.code);
  }
}

export class InputDevice {
  /** "AT Translated Set 2 keyboard"; where it is; a serial number. Empty: unknown. */
  name: StaticArray<u8> = new StaticArray<u8>(0);
  physical: StaticArray<u8> = new StaticArray<u8>(0);
  unique: StaticArray<u8> = new StaticArray<u8>(0);
  /** struct input_id. */
  bus: u32 = 0;
  vendor: u32 = 0;
  product: u32 = 0;
  version: u32 = 0;
  /** What it can say. */
  readonly types: Bits = new Bits(EV_MAX);
  readonly keys: Bits = new Bits(KEY_MAX);
  readonly relatives: Bits = new Bits(REL_MAX);
  readonly absolutes: Bits = new Bits(ABS_MAX);
  readonly miscellaneous: Bits = new Bits(MSC_MAX);
  readonly leds: Bits = new Bits(LED_MAX);
  readonly properties: Bits = new Bits(31);
  /** What is so now. */
  readonly keysDown: Bits = new Bits(KEY_MAX);
  readonly ledsLit: Bits = new Bits(LED_MAX);
  private axes: StaticArray<AbsoluteAxis | null> = new StaticArray<AbsoluteAxis | null>(<i32>ABS_MAX + 1);
  repeatDelayMs: u32 = DEFAULT_DELAY_MS;
  repeatPeriodMs: u32 = DEFAULT_PERIOD_MS;
  private repeatTimer: RepeatTimer | null = null;
  /** The N of /dev/input/eventN; -1 while it is not registered. */
  index: i32 = -1;
  /** Its open files, and the one that has it for itself. */
  readonly clients: List = new List();
  grab: EventClient | null = null;
  /** Changes since the last packet. */
  private packetTypes: StaticArray<u32> = new StaticArray<u32>(PACKET_LIMIT);
  private packetCodes: StaticArray<u32> = new StaticArray<u32>(PACKET_LIMIT);
  private packetValues: StaticArray<i32> = new StaticArray<i32>(PACKET_LIMIT);
  private packetLength: i32 = 0;

  constructor() {
    this.types.add(EV_SYN);
  }

  // Describing it.

  allowKey(code: u32): void {
    this.types.add(EV_KEY);
    this.keys.add(code);
  }

  allowRelative(code: u32): void {
    this.types.add(EV_REL);
    this.relatives.add(code);
  }

  allowAbsolute(code: u32, minimum: i32, maximum: i32): void {
    if (code > ABS_MAX) return;
    this.types.add(EV_ABS);
    this.absolutes.add(code);
    this.axes[code] = new AbsoluteAxis(minimum, maximum);
  }

  allowMiscellaneous(code: u32): void {
    this.types.add(EV_MSC);
    this.miscellaneous.add(code);
  }

  allowLed(code: u32): void {
    this.types.add(EV_LED);
    this.leds.add(code);
  }

  /** Keys held down repeat. */
  allowRepeat(): void {
    this.types.add(EV_REP);
  }

  /** Whether it moves a pointer. */
  get isMouse(): bool {
    return this.keys.has(BTN_LEFT) && (this.relatives.has(REL_X) || this.absolutes.has(ABS_X));
  }

  axis(code: u32): AbsoluteAxis | null {
    return code <= ABS_MAX ? this.axes[code] : null;
  }

  // Telling of changes.

  report(type: u32, code: u32, value: i32): void {
    switch (type) {
      case EV_SYN:
        if (code == SYN_REPORT) this.sync();
        return;
      case EV_KEY:
        this.reportKey(code, value);
        return;
      case EV_REL:
        if (value != 0 && this.relatives.has(code)) this.append(type, code, value);
        return;
      case EV_ABS:
        this.reportAbsolute(code, value);
        return;
      case EV_MSC:
        if (this.miscellaneous.has(code)) this.append(type, code, value);
        return;
      case EV_LED:
        this.setLed(code, value != 0);
        return;
      case EV_REP:
        if (value >= 0) this.setRepeat(code, <u32>value);
        return;
      default:
        return;
    }
  }

  private reportKey(code: u32, value: i32): void {
    if (!this.keys.has(code)) return;
    let isDown = this.keysDown.has(code);
    if (value == 2) {
      if (isDown) this.append(EV_KEY, code, 2);
      return;
    }
    if (isDown == (value != 0)) return;
    this.keysDown.put(code, value != 0);
    this.append(EV_KEY, code, value != 0 ? 1 : 0);
    let timer = this.repeatTimer;
    if (timer === null) return;
    if (value != 0 && this.repeatDelayMs > 0) timer.begin(code);
    else timer.rest();
  }

  private reportAbsolute(code: u32, value: i32): void {
    let axis = this.axis(code);
    if (axis === null || axis.value == value) return;
    axis.value = value;
    this.append(EV_ABS, code, value);
  }

  /** Light or put out an LED: listeners and the driver hear of it. */
  setLed(code: u32, isLit: bool): void {
    if (!this.leds.has(code) || this.ledsLit.has(code) == isLit) return;
    this.ledsLit.put(code, isLit);
    this.append(EV_LED, code, isLit ? 1 : 0);
    this.ledsChanged();
  }

  /** The driver's part of setLed. Must not block. */
  protected ledsChanged(): void {}

  /** Milliseconds until a held key repeats (REP_DELAY), and between repeats (REP_PERIOD). */
  setRepeat(code: u32, milliseconds: u32): void {
    if (code == REP_DELAY) this.repeatDelayMs = milliseconds;
    else if (code == REP_PERIOD) this.repeatPeriodMs = milliseconds;
    else return;
    if (this.types.has(EV_REP)) this.append(EV_REP, code, <i32>milliseconds);
  }

  /** The timer's part of a held key. */
  repeat(code: u32): void {
    this.append(EV_KEY, code, 2);
    this.sync();
  }

  private append(type: u32, code: u32, value: i32): void {
    if (this.packetLength == PACKET_LIMIT - 1) this.pass();
    let at = this.packetLength++;
    this.packetTypes[at] = type;
    this.packetCodes[at] = code;
    this.packetValues[at] = value;
  }

  /** The packet is complete: everyone hears of it. */
  sync(): void {
    if (this.packetLength == 0) return;
    let at = this.packetLength++;
    this.packetTypes[at] = EV_SYN;
    this.packetCodes[at] = SYN_REPORT;
    this.packetValues[at] = 0;
    this.pass();
  }

  private pass(): void {
    let count = this.packetLength;
    this.packetLength = 0;
    let nowNs = clock.nowNs();
    let grab = this.grab;
    if (grab !== null) {
      for (let i = 0; i < count; i++) grab.put(nowNs, this.packetTypes[i], this.packetCodes[i], this.packetValues[i]);
      return;
    }
    let client = this.clients.first as EventClient | null;
    while (client !== null) {
      for (let i = 0; i < count; i++) client.put(nowNs, this.packetTypes[i], this.packetCodes[i], this.packetValues[i]);
      client = client.next as EventClient | null;
    }
    for (let i = 0; i < count; i++) deliver(this, this.packetTypes[i], this.packetCodes[i], this.packetValues[i]);
  }

  // Coming and going: registry.ts.

  /** It is registered: held keys may repeat. */
  begin(index: i32): void {
    this.index = index;
    if (!this.types.has(EV_REP)) return;
    let timer = new RepeatTimer(this);
    this.repeatTimer = timer;
    timer.rest();
  }

  /** It is gone: its keys are up, its files at their end. */
  end(): void {
    this.releaseKeys();
    let timer = this.repeatTimer;
    if (timer !== null) timers.cancel(timer);
    this.repeatTimer = null;
    this.index = -1;
    this.grab = null;
    let client = this.clients.first as EventClient | null;
    while (client !== null) {
      let next = client.next as EventClient | null;
      this.clients.remove(client);
      client.hangUp();
      client = next;
    }
  }

  /** No key is down any more: the device went, or lost count. */
  releaseKeys(): void {
    let code = this.keysDown.next(0);
    while (code >= 0) {
      this.reportKey(<u32>code, 0);
      code = this.keysDown.next(<u32>code + 1);
    }
    this.sync();
  }
}
