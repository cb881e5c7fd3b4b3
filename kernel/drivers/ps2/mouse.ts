// A mouse on the second port (PS/2 Technical Reference, "Auxiliary device"; Microsoft, "Understanding PS/2 mouse wheel and
// five-button support").
//
//   | y over 7 | x over 6 | y sign 5 | x sign 4 | 1 | middle 2 | right 1 | left 0 |   x   |   y   |
//   wheel: a fourth byte, signed; five buttons: | – | – | fifth 5 | fourth 4 | wheel 3-0, signed |

import * as codes from "../../abi/input-codes";
import { InputDevice } from "../../input/device";
import { register } from "../../input/registry";
import { bytesOf } from "../../input/text";
import * as clock from "../../sched/clock";
import { Ps2Device, Ps2Port } from "./port";

const SET_RESOLUTION: u32 = 0xe8;
const IDENTIFY: u32 = 0xf2;
const SET_RATE: u32 = 0xf3;
const ENABLE: u32 = 0xf4;
const RESET: u32 = 0xff;
const SELF_TEST_PASSED: u32 = 0xaa;
/** What the mouse becomes after the knocks. */
const PLAIN: u32 = 0;
const WHEEL: u32 = 3;
const FIVE_BUTTONS: u32 = 4;
const RESET_TIMEOUT_MS: u64 = 1500;
/** Samples a second; counts per millimetre: 3 stands for 8. */
const RATE: u32 = 100;
const RESOLUTION: u32 = 3;
/** A packet comes in one piece: after this pause a byte begins a new one. */
const PACKET_GAP_NS: u64 = 200_000_000;
const ALWAYS_ONE: u32 = 0x08;

export class Ps2Mouse extends Ps2Device {
  private device: InputDevice = new InputDevice();
  private kind: u32 = PLAIN;
  private packet: StaticArray<u8> = new StaticArray<u8>(4);
  private filled: i32 = 0;
  private lastNs: u64 = 0;
  private isRegistered: bool = false;

  constructor(readonly port: Ps2Port) {
    super();
  }

  override start(): void {
    let port = this.port;
    this.filled = 0;
    if (!port.command(RESET, 2)) return;
    let hasPassed = port.answer(0, RESET_TIMEOUT_MS) == <i32>SELF_TEST_PASSED && port.answer(1) >= 0;
    port.finish();
    if (!hasPassed) return;
    this.kind = this.knock(100, WHEEL);
    if (this.kind == WHEEL && this.knock(200, FIVE_BUTTONS) == FIVE_BUTTONS) this.kind = FIVE_BUTTONS;
    port.command2(SET_RATE, RATE);
    port.command2(SET_RESOLUTION, RESOLUTION);
    port.command(ENABLE);
    this.device.releaseKeys();
    if (!this.isRegistered) this.present();
  }

  /** Three rates in a row, which no one sets by chance, ask for an extension: what the mouse says it is then. */
  private knock(middle: u32, wanted: u32): u32 {
    let port = this.port;
    port.command2(SET_RATE, 200);
    port.command2(SET_RATE, middle);
    port.command2(SET_RATE, 80);
    if (!port.command(IDENTIFY, 1)) return PLAIN;
    let isWanted = port.answer(0) == <i32>wanted;
    port.finish();
    return isWanted ? wanted : PLAIN;
  }

  private present(): void {
    let device = this.device;
    let name = "PS/2 Generic Mouse";
    if (this.kind == WHEEL) name = "ImPS/2 Generic Wheel Mouse";
    else if (this.kind == FIVE_BUTTONS) name = "ImExPS/2 Generic Explorer Mouse";
    device.name = bytesOf(name);
    device.physical = bytesOf("isa0060/serio1/input0");
    device.bus = codes.BUS_I8042;
    device.vendor = 2;
    device.product = this.kind == PLAIN ? 1 : this.kind == WHEEL ? 5 : 6;
    device.properties.add(codes.INPUT_PROP_POINTER);
    device.allowKey(codes.BTN_LEFT);
    device.allowKey(codes.BTN_RIGHT);
    device.allowKey(codes.BTN_MIDDLE);
    device.allowRelative(codes.REL_X);
    device.allowRelative(codes.REL_Y);
    if (this.kind != PLAIN) device.allowRelative(codes.REL_WHEEL);
    if (this.kind == FIVE_BUTTONS) {
      device.allowKey(codes.BTN_SIDE);
      device.allowKey(codes.BTN_EXTRA);
    }
    this.isRegistered = register(device) == 0;
  }

  override receive(byte: u32): void {
    let nowNs = clock.nowNs();
    if (this.filled > 0 && nowNs - this.lastNs > PACKET_GAP_NS) this.filled = 0;
    this.lastNs = nowNs;
    // A first byte without its mark: bytes were lost; what follows finds the beat again.
    if (this.filled == 0 && (byte & ALWAYS_ONE) == 0) return;
    this.packet[this.filled++] = <u8>byte;
    // Self-test passed and the number 0, where a packet should be: the mouse was plugged in.
    if (this.filled == 2 && this.packet[0] == <u8>SELF_TEST_PASSED && byte == 0) {
      this.filled = 0;
      this.port.wantStart();
      return;
    }
    if (this.filled < (this.kind == PLAIN ? 3 : 4)) return;
    this.filled = 0;
    this.report();
  }

  private report(): void {
    let device = this.device;
    let flags = <u32>this.packet[0];
    device.report(codes.EV_KEY, codes.BTN_LEFT, flags & 1);
    device.report(codes.EV_KEY, codes.BTN_RIGHT, (flags >> 1) & 1);
    device.report(codes.EV_KEY, codes.BTN_MIDDLE, (flags >> 2) & 1);
    // Movement that ran over says nothing.
    if ((flags & 0xc0) == 0) {
      device.report(codes.EV_REL, codes.REL_X, <i32>this.packet[1] - <i32>((flags << 4) & 0x100));
      device.report(codes.EV_REL, codes.REL_Y, <i32>((flags << 3) & 0x100) - <i32>this.packet[2]);
    }
    if (this.kind == WHEEL) device.report(codes.EV_REL, codes.REL_WHEEL, -(<i32>(<i8>this.packet[3])));
    else if (this.kind == FIVE_BUTTONS) {
      let last = <i32>this.packet[3];
      device.report(codes.EV_KEY, codes.BTN_SIDE, (last >> 4) & 1);
      device.report(codes.EV_KEY, codes.BTN_EXTRA, (last >> 5) & 1);
      device.report(codes.EV_REL, codes.REL_WHEEL, -((last << 28) >> 28));
    }
    device.sync();
  }
}
