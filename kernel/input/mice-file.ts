// /dev/input/mice: all mice as one PS/2 mouse, for programs that know no evdev (Linux drivers/input/mousedev.c).
//
//   | y sign 5 | x sign 4 | 1 | middle 2 | right 1 | left 0 |   x   |   y   |   wheel, after the knock for it
//
// A program may write the commands of such a mouse: the knocks (rates 200, 100, 80 and 200, 200, 80) add the wheel and two more
// buttons, 0xf2 asks what it is, each byte is acknowledged with 0xfa.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { EAGAIN, EFAULT } from "../abi/errno";
import * as codes from "../abi/input-codes";
import { READABLE, WRITABLE } from "../abi/poll";
import { List, ListNode } from "../lib/list";
import { IoVector } from "../memory/io-vector";
import { waitRestartable } from "../sched/block";
import { WaitQueue } from "../sched/wait";
import { DeviceDriver, registerCharacter } from "../vfs/devices";
import { File } from "../vfs/file";
import { InputDevice } from "./device";
import { addHandler, InputHandler } from "./handlers";
import { INPUT_MAJOR } from "./registry";

/** Linux devices.txt: minor 63 is all mice. */
const MICE_MINOR: u32 = 63;
/** The screen that a tablet's positions are turned into movements for, as in Linux. */
const SCREEN_WIDTH: i64 = 1024;
const SCREEN_HEIGHT: i64 = 768;
const ACKNOWLEDGE: u32 = 0xfa;
const RESET: u32 = 0xff;
const IDENTIFY: u32 = 0xf2;
const PLAIN: u32 = 0;
const WHEEL: u32 = 3;
const FIVE_BUTTONS: u32 = 4;
const WHEEL_KNOCK: u32 = 0xf3c8_f364;
const BUTTONS_KNOCK: u32 = 0xf3c8_f3c8;
const KNOCK_END: u32 = 0xf350;
const ANSWER_LIMIT: i32 = 8;

/** An open file's share: what moved since it last looked. */
class MiceClient extends ListNode {
  x: i32 = 0;
  y: i32 = 0;
  wheel: i32 = 0;
  buttons: u32 = 0;
  hasChanged: bool = false;
  readonly readers: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();
}

const clients: List = new List();

class MiceHandler extends InputHandler {
  private x: i32 = 0;
  private y: i32 = 0;
  private wheel: i32 = 0;
  private buttons: u32 = 0;
  /** Where a tablet was last, on the screen; -1: nowhere yet. */
  private lastX: i32 = -1;
  private lastY: i32 = -1;
  private hasChanged: bool = false;

  override changed(device: InputDevice, type: u32, code: u32, value: i32): void {
    switch (type) {
      case codes.EV_REL:
        if (code == codes.REL_X) this.x += value;
        else if (code == codes.REL_Y) this.y -= value;
        else if (code == codes.REL_WHEEL) this.wheel -= value;
        else return;
        this.hasChanged = true;
        return;
      case codes.EV_ABS:
        if (device.isMouse) this.touched(device, code, value);
        return;
      case codes.EV_KEY:
        this.pressed(code, value);
        return;
      case codes.EV_SYN:
        if (this.hasChanged) this.tell();
        return;
      default:
        return;
    }
  }

  private touched(device: InputDevice, code: u32, value: i32): void {
    let axis = device.axis(code);
    if (code > codes.ABS_Y || axis === null || axis.maximum <= axis.minimum) return;
    let size = code == codes.ABS_X ? SCREEN_WIDTH : SCREEN_HEIGHT;
    let range = <i64>axis.maximum - <i64>axis.minimum;
    let place = <i32>(((<i64>value - <i64>axis.minimum) * size) / range);
    if (code == codes.ABS_X) {
      if (this.lastX >= 0) this.x += place - this.lastX;
      this.lastX = place;
    } else {
      if (this.lastY >= 0) this.y -= place - this.lastY;
      this.lastY = place;
    }
    this.hasChanged = true;
  }

  private pressed(code: u32, value: i32): void {
    let bit = code == codes.BTN_TOUCH ? 0 : code - codes.BTN_LEFT;
    if (bit > 4 || value == 2) return;
    let mask = (<u32>1) << bit;
    this.buttons = value != 0 ? this.buttons | mask : this.buttons & ~mask;
    this.hasChanged = true;
  }

  private tell(): void {
    let client = clients.first as MiceClient | null;
    while (client !== null) {
      client.x += this.x;
      client.y += this.y;
      client.wheel += this.wheel;
      client.buttons = this.buttons;
      client.hasChanged = true;
      if (!client.readers.isEmpty) client.readers.wakeAll(READABLE);
      client.pollers.wakeAll(READABLE);
      client = client.next as MiceClient | null;
    }
    this.x = 0;
    this.y = 0;
    this.wheel = 0;
    this.hasChanged = false;
  }
}

const packet = new StaticArray<u8>(4);

class MiceFile extends File {
  private client: MiceClient = new MiceClient();
  private kind: u32 = PLAIN;
  /** The last bytes written: a knock is six. */
  private written: u64 = 0;
  private answers: StaticArray<u8> = new StaticArray<u8>(ANSWER_LIMIT);
  private answerCount: i32 = 0;

  constructor(flags: u32) {
    super();
    this.flags = flags;
    this.readiness = this.client.pollers;
    clients.push(this.client);
  }

  override close(): void {
    clients.remove(this.client);
  }

  override poll(): u32 {
    return this.client.hasChanged || this.answerCount > 0 ? READABLE | WRITABLE : WRITABLE;
  }

  /** One packet, or the answers to what was written; what does not fit is lost, as with Linux's. */
  override read(io: IoVector): i64 {
    let client = this.client;
    while (!client.hasChanged && this.answerCount == 0) {
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(client.readers);
      if (why < 0) return why;
    }
    if (this.answerCount > 0) {
      let length = <u64>this.answerCount;
      this.answerCount = 0;
      return io.put(bytesAddress(this.answers), min(io.remaining, length));
    }
    return io.put(bytesAddress(packet), min(io.remaining, this.makePacket()));
  }

  /** The next packet: its length. What moved too far for one stays for the next. */
  private makePacket(): u64 {
    let client = this.client;
    let x = max(-127, min(127, client.x));
    let y = max(-127, min(127, client.y));
    let limit = this.kind == FIVE_BUTTONS ? 7 : 127;
    let wheel = max(-limit, min(limit, client.wheel));
    packet[0] = <u8>(0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0) | (client.buttons & 7));
    packet[1] = <u8>x;
    packet[2] = <u8>y;
    packet[3] = this.kind == FIVE_BUTTONS ? <u8>((wheel & 15) | ((client.buttons & 0x18) << 1)) : <u8>wheel;
    client.x -= x;
    client.y -= y;
    client.wheel = this.kind == PLAIN ? 0 : client.wheel - wheel;
    client.hasChanged = client.x != 0 || client.y != 0 || client.wheel != 0;
    return this.kind == PLAIN ? 3 : 4;
  }

  override write(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0) {
      let moved = io.take(bytesAddress(packet), 1);
      if (moved != 1) return total > 0 ? total : -EFAULT;
      this.take(mem.load8(bytesAddress(packet)));
      total++;
    }
    return total;
  }

  private take(byte: u32): void {
    this.written = (this.written << 8) | <u64>byte;
    let isEnd = (<u32>this.written & 0xffff) == KNOCK_END;
    let before = <u32>(this.written >> 16);
    if (isEnd && before == WHEEL_KNOCK) this.kind = WHEEL;
    else if (isEnd && before == BUTTONS_KNOCK) this.kind = FIVE_BUTTONS;
    this.answerCount = 0;
    this.answer(ACKNOWLEDGE);
    if (byte == IDENTIFY) this.answer(this.kind);
    else if (byte == RESET) {
      this.kind = PLAIN;
      this.answer(0xaa);
      this.answer(0);
    }
  }

  private answer(byte: u32): void {
    if (this.answerCount < ANSWER_LIMIT) this.answers[this.answerCount++] = <u8>byte;
  }
}

class MiceDriver extends DeviceDriver {
  override open(_minor: u32, flags: u32): File | null {
    return new MiceFile(flags);
  }
}

/** Make /dev/input/mice. */
export function registerMice(): void {
  addHandler(new MiceHandler());
  registerCharacter(INPUT_MAJOR, MICE_MINOR, "input/mice", new MiceDriver(), 0o660);
}
