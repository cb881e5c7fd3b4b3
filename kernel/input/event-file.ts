// An open file of /dev/input/eventN: Linux drivers/input/evdev.c as programs see it.

import * as mem from "machine/mem";
import { at, bytesAddress, pointerOf } from "memory/address";
import { EAGAIN, EBUSY, EFAULT, EINVAL, ENODEV, ENOENT } from "../abi/errno";
import * as abi from "../abi/input";
import { InputAbsInfo, InputEvent } from "../abi/input";
import {
  EV_ABS,
  EV_FF,
  EV_KEY,
  EV_LED,
  EV_MAX,
  EV_MSC,
  EV_REL,
  EV_REP,
  EV_SND,
  EV_SW,
  EV_SYN,
  FF_MAX,
  KEY_MAX,
  REP_DELAY,
  REP_PERIOD,
  SND_MAX,
  SW_MAX,
} from "../abi/input-codes";
import { EPOLLERR, EPOLLHUP, READABLE, WRITABLE } from "../abi/poll";
import { IoVector } from "../memory/io-vector";
import { copyIn, copyOut, store32 } from "../memory/user";
import { waitRestartable } from "../sched/block";
import { File } from "../vfs/file";
import { Bits } from "./bits";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, EventClient } from "./client";
import { InputDevice } from "./device";
import { announceGrab } from "./handlers";

const buffer = new StaticArray<u8>(128);
/** Sounds, switches and force feedback: no device here has any. */
const noSounds = new Bits(SND_MAX);
const noSwitches = new Bits(SW_MAX);
const noForces = new Bits(FF_MAX);

export class EventFile extends File {
  readonly client: EventClient = new EventClient();

  constructor(
    readonly device: InputDevice,
    flags: u32,
  ) {
    super();
    this.flags = flags;
    this.readiness = this.client.pollers;
    device.clients.push(this.client);
  }

  private get isOver(): bool {
    return this.client.isGone || this.client.isRevoked;
  }

  override read(io: IoVector): i64 {
    let client = this.client;
    if (io.remaining != 0 && io.remaining < abi.INPUT_EVENT_SIZE) return -EINVAL;
    while (true) {
      if (this.isOver) return -ENODEV;
      if (!client.hasPacket && this.isNonBlocking) return -EAGAIN;
      if (io.remaining == 0) return 0;
      let total: i64 = 0;
      while (client.hasPacket && io.remaining >= abi.INPUT_EVENT_SIZE) {
        let moved = io.put(client.first, abi.INPUT_EVENT_SIZE);
        if (moved < <i64>abi.INPUT_EVENT_SIZE) return total > 0 ? total : -EFAULT;
        client.drop();
        total += moved;
      }
      if (total > 0) return total;
      let why = waitRestartable(client.readers);
      if (why < 0) return why;
    }
  }

  /** Events written are injected: LEDs, the repeat rate, keys for all listeners. */
  override write(io: IoVector): i64 {
    if (io.remaining != 0 && io.remaining < abi.INPUT_EVENT_SIZE) return -EINVAL;
    if (this.isOver) return -ENODEV;
    let total: i64 = 0;
    while (io.remaining >= abi.INPUT_EVENT_SIZE) {
      let moved = io.take(bytesAddress(buffer), abi.INPUT_EVENT_SIZE);
      if (moved < <i64>abi.INPUT_EVENT_SIZE) return total > 0 ? total : -EFAULT;
      let event = at<InputEvent>(pointerOf(buffer));
      // A device that another file has for itself takes events from that one only.
      let grab = this.device.grab;
      if (grab === null || grab === this.client) this.device.report(event.type, event.code, event.value);
      total += moved;
    }
    return total;
  }

  override poll(): u32 {
    let events: u32 = this.isOver ? EPOLLHUP | EPOLLERR : WRITABLE;
    return this.client.hasPacket ? events | READABLE : events;
  }

  override close(): void {
    this.letGo();
    this.device.clients.remove(this.client);
  }

  private letGo(): void {
    if (this.device.grab === this.client) this.device.grab = null;
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (this.isOver) return -ENODEV;
    let device = this.device;
    switch (request) {
      case abi.EVIOCGVERSION:
        return store32(argument, abi.EV_VERSION);
      case abi.EVIOCGID:
        return this.getId(argument);
      case abi.EVIOCGREP:
        if (!device.types.has(EV_REP)) return -EINVAL;
        mem.store32(bytesAddress(buffer), device.repeatDelayMs);
        mem.store32(bytesAddress(buffer) + 4, device.repeatPeriodMs);
        return copyOut(argument, bytesAddress(buffer), 8);
      case abi.EVIOCSREP:
        if (!device.types.has(EV_REP)) return -EINVAL;
        if (copyIn(bytesAddress(buffer), argument, 8) < 0) return -EFAULT;
        device.setRepeat(REP_DELAY, mem.load32(bytesAddress(buffer)));
        device.setRepeat(REP_PERIOD, mem.load32(bytesAddress(buffer) + 4));
        device.sync();
        return 0;
      case abi.EVIOCGRAB:
        return argument != 0 ? this.grab() : this.ungrab();
      case abi.EVIOCREVOKE:
        if (argument != 0) return -EINVAL;
        this.letGo();
        this.client.revoke();
        return 0;
      case abi.EVIOCGMASK:
        return this.getMask(argument);
      case abi.EVIOCSMASK:
        return this.setMask(argument);
      case abi.EVIOCSCLOCKID:
        return this.setClock(argument);
      case abi.EVIOCGEFFECTS:
        return store32(argument, 0);
      default:
        return this.sizedRequest(request, argument);
    }
  }

  /** The requests whose number says what is asked and whose size how much the caller takes. */
  private sizedRequest(request: u32, argument: u64): i64 {
    if (abi.requestType(request) != abi.EVDEV_TYPE) return -EINVAL;
    let device = this.device;
    let size = abi.requestSize(request);
    let number = abi.requestNumber(request);
    if (abi.requestDirection(request) == abi.IOC_WRITE) {
      return number >= abi.NUMBER_SET_ABS_FIRST
        ? this.setAbsolute(number - abi.NUMBER_SET_ABS_FIRST, argument, size)
        : -EINVAL;
    }
    if (abi.requestDirection(request) != abi.IOC_READ) return -EINVAL;
    switch (number) {
      case abi.NUMBER_NAME:
        return giveText(device.name, argument, size);
      case abi.NUMBER_PHYS:
        return giveText(device.physical, argument, size);
      case abi.NUMBER_UNIQ:
        return giveText(device.unique, argument, size);
      case abi.NUMBER_PROP:
        return giveBits(device.properties, argument, size);
      case abi.NUMBER_KEY:
        return giveBits(device.keysDown, argument, size);
      case abi.NUMBER_LED:
        return giveBits(device.ledsLit, argument, size);
      case abi.NUMBER_SND:
        return giveBits(noSounds, argument, size);
      case abi.NUMBER_SW:
        return giveBits(noSwitches, argument, size);
      default:
        break;
    }
    if (number >= abi.NUMBER_BIT_FIRST && number <= abi.NUMBER_BIT_LAST) {
      let bits = capabilities(device, number - abi.NUMBER_BIT_FIRST);
      return bits === null ? -EINVAL : giveBits(bits, argument, size);
    }
    if (number >= abi.NUMBER_ABS_FIRST && number <= abi.NUMBER_ABS_LAST) {
      return this.getAbsolute(number - abi.NUMBER_ABS_FIRST, argument, size);
    }
    return -EINVAL;
  }

  private getId(address: u64): i64 {
    let device = this.device;
    let id = at<abi.InputId>(pointerOf(buffer));
    id.bus = <u16>device.bus;
    id.vendor = <u16>device.vendor;
    id.product = <u16>device.product;
    id.version = <u16>device.version;
    return copyOut(address, bytesAddress(buffer), abi.INPUT_ID_SIZE);
  }

  private getAbsolute(code: u32, address: u64, size: u32): i64 {
    let axis = this.device.axis(code);
    if (axis === null) return -EINVAL;
    let info = at<InputAbsInfo>(pointerOf(buffer));
    info.value = axis.value;
    info.minimum = axis.minimum;
    info.maximum = axis.maximum;
    info.fuzz = axis.fuzz;
    info.flat = axis.flat;
    info.resolution = axis.resolution;
    return copyOut(address, bytesAddress(buffer), min(<u64>size, abi.INPUT_ABSINFO_SIZE));
  }

  private setAbsolute(code: u32, address: u64, size: u32): i64 {
    let axis = this.device.axis(code);
    if (axis === null) return -EINVAL;
    let info = at<InputAbsInfo>(pointerOf(buffer));
    info.resolution = 0;
    if (copyIn(bytesAddress(buffer), address, min(<u64>size, abi.INPUT_ABSINFO_SIZE)) < 0) return -EFAULT;
    axis.value = info.value;
    axis.minimum = info.minimum;
    axis.maximum = info.maximum;
    axis.fuzz = info.fuzz;
    axis.flat = info.flat;
    axis.resolution = info.resolution;
    return 0;
  }

  private grab(): i64 {
    if (this.device.grab !== null) return -EBUSY;
    this.device.grab = this.client;
    announceGrab(this.device);
    return 0;
  }

  private ungrab(): i64 {
    if (this.device.grab !== this.client) return -EINVAL;
    this.device.grab = null;
    return 0;
  }

  /** The argument points to the clock's number. */
  private setClock(address: u64): i64 {
    if (copyIn(bytesAddress(buffer), address, 4) < 0) return -EFAULT;
    let id = mem.load32(bytesAddress(buffer));
    if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME) return -EINVAL;
    if (id == this.client.clockId) return 0;
    this.client.clockId = id;
    this.client.clear();
    return 0;
  }

  private getMask(address: u64): i64 {
    let base = bytesAddress(buffer);
    if (copyIn(base, address, abi.INPUT_MASK_SIZE) < 0) return -EFAULT;
    let type = mem.load32(base);
    let size = <u64>mem.load32(base + 4);
    let target = mem.load64(base + 8);
    if (type > EV_MAX) return 0;
    let codes = maskSize(type);
    if (codes == 0) return 0;
    let mask = this.client.mask(type);
    for (let done: u64 = 0; done < size; done++) {
      let isInside = done * 8 <= <u64>codes;
      let byte: u32 = isInside ? (mask === null ? 0xff : <u32>mask.bytes[<i32>done]) : 0;
      mem.store8(base, byte);
      if (copyOut(target + done, base, 1) < 0) return -EFAULT;
    }
    return 0;
  }

  private setMask(address: u64): i64 {
    let base = bytesAddress(buffer);
    if (copyIn(base, address, abi.INPUT_MASK_SIZE) < 0) return -EFAULT;
    let type = mem.load32(base);
    let size = <u64>mem.load32(base + 4);
    let source = mem.load64(base + 8);
    if (type > EV_MAX) return 0;
    let codes = maskSize(type);
    if (codes == 0) return 0;
    let mask = new Bits(codes);
    if (copyIn(bytesAddress(mask.bytes), source, min(size, <u64>mask.bytes.length)) < 0) return -EFAULT;
    this.client.setMask(type, mask);
    return 0;
  }
}

/** The highest code a mask of that type can hold; 0: masks say nothing of it. */
function maskSize(type: u32): u32 {
  switch (type) {
    case EV_SYN:
      return EV_MAX;
    case EV_KEY:
      return KEY_MAX;
    default: {
      return type == EV_REL || type == EV_ABS || type == EV_MSC || type == EV_SW || type == EV_LED || type == EV_SND
        ? 63
        : 0;
    }
  }
}

/** EVIOCGBIT: the types, or the codes of one. */
function capabilities(device: InputDevice, type: u32): Bits | null {
  switch (type) {
    case EV_SYN:
      return device.types;
    case EV_KEY:
      return device.keys;
    case EV_REL:
      return device.relatives;
    case EV_ABS:
      return device.absolutes;
    case EV_MSC:
      return device.miscellaneous;
    case EV_LED:
      return device.leds;
    case EV_SND:
      return noSounds;
    case EV_SW:
      return noSwitches;
    case EV_FF:
      return noForces;
    default:
      return null;
  }
}

/** Copy as much of a bitmap as the caller takes; how many bytes. */
function giveBits(bits: Bits, address: u64, size: u32): i64 {
  let length = min(<u64>size, <u64>bits.bytes.length);
  return copyOut(address, bytesAddress(bits.bytes), length) < 0 ? -EFAULT : <i64>length;
}

/** Copy a text and its NUL as far as the caller takes them; how many bytes. */
function giveText(text: StaticArray<u8>, address: u64, size: u32): i64 {
  if (text.length == 0) return -ENOENT;
  let whole = new StaticArray<u8>(text.length + 1);
  for (let i = 0; i < text.length; i++) whole[i] = text[i];
  let length = min(<u64>size, <u64>whole.length);
  return copyOut(address, bytesAddress(whole), length) < 0 ? -EFAULT : <i64>length;
}
