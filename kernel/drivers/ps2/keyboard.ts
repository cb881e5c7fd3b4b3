// A keyboard on the first port (PS/2 Technical Reference, "101- and 102-Key Keyboards").

import * as codes from "../../abi/input-codes";
import { InputDevice } from "../../input/device";
import { bytesOf } from "../../input/text";
import { register } from "../../input/registry";
import * as log from "../../log/log";
import { Ps2Device, Ps2Port } from "./port";
import { KeyVisitor, ScancodeDecoder, visitKeys } from "./scancodes";

const SET_LEDS: u32 = 0xed;
const SET_SCAN_CODES: u32 = 0xf0;
const IDENTIFY: u32 = 0xf2;
const SET_TYPEMATIC: u32 = 0xf3;
const ENABLE: u32 = 0xf4;
const DISABLE: u32 = 0xf5;
/** 1 s until a key repeats, 2 repeats a second: the device repeats in software, so the keyboard's own are as few as can be. */
const SLOWEST_TYPEMATIC: u32 = 0x7f;
const SET_2: u32 = 2;
/** The keyboard passed its self-test: it was plugged in. With translation also what releasing the left Shift sends. */
const SELF_TEST_PASSED: u32 = 0xaa;
/** Its buffer ran over: keys are lost. */
const OVERRUN: u32 = 0x00;
const OVERRUN_SET_1: u32 = 0xff;
/** Bits of SET_LEDS. */
const SCROLL: u32 = 1;
const NUMBER: u32 = 2;
const CAPITALS: u32 = 4;

class KeyboardDevice extends InputDevice {
  port: Ps2Port | null = null;

  protected override ledsChanged(): void {
    let port = this.port;
    if (port !== null) port.wantUpdate();
  }
}

class Allow extends KeyVisitor {
  constructor(readonly device: InputDevice) {
    super();
  }

  override key(code: u32): void {
    this.device.allowKey(code);
  }
}

export class Ps2Keyboard extends Ps2Device {
  private device: KeyboardDevice = new KeyboardDevice();
  private decoder: ScancodeDecoder;
  private isRegistered: bool = false;
  private hasComplained: bool = false;

  constructor(
    readonly port: Ps2Port,
    isTranslated: bool,
  ) {
    super();
    this.decoder = new ScancodeDecoder(isTranslated);
  }

  override start(): void {
    let port = this.port;
    this.decoder.reset();
    // It says who it is, or, being an old one, just that it heard.
    if (!port.command(IDENTIFY, 2)) return;
    port.answer(1);
    port.finish();
    port.command(DISABLE);
    port.command2(SET_SCAN_CODES, SET_2);
    port.command2(SET_TYPEMATIC, SLOWEST_TYPEMATIC);
    this.sendLeds();
    port.command(ENABLE);
    this.device.releaseKeys();
    if (!this.isRegistered) this.present();
  }

  private present(): void {
    let device = this.device;
    device.name = bytesOf(this.decoder.isTranslated ? "AT Translated Set 2 keyboard" : "AT Raw Set 2 keyboard");
    device.physical = bytesOf("isa0060/serio0/input0");
    device.bus = codes.BUS_I8042;
    device.vendor = 1;
    device.product = 1;
    device.version = 0xab41;
    visitKeys(new Allow(device));
    device.allowMiscellaneous(codes.MSC_SCAN);
    device.allowLed(codes.LED_NUML);
    device.allowLed(codes.LED_CAPSL);
    device.allowLed(codes.LED_SCROLLL);
    device.allowRepeat();
    device.port = this.port;
    this.isRegistered = register(device) == 0;
  }

  override update(): void {
    this.sendLeds();
  }

  private sendLeds(): void {
    let lit = this.device.ledsLit;
    let bits: u32 = lit.has(codes.LED_SCROLLL) ? SCROLL : 0;
    if (lit.has(codes.LED_NUML)) bits |= NUMBER;
    if (lit.has(codes.LED_CAPSL)) bits |= CAPITALS;
    this.port.command2(SET_LEDS, bits);
  }

  override receive(byte: u32): void {
    let device = this.device;
    let decoder = this.decoder;
    if (decoder.isAtStart) {
      if (byte == SELF_TEST_PASSED && !(decoder.isTranslated && device.keysDown.has(codes.KEY_LEFTSHIFT))) {
        this.port.wantStart();
        return;
      }
      if (byte == OVERRUN || byte == OVERRUN_SET_1) {
        device.releaseKeys();
        return;
      }
    }
    if (!decoder.take(byte)) return;
    device.report(codes.EV_MSC, codes.MSC_SCAN, <i32>decoder.scancode);
    if (decoder.key != 0) {
      device.report(codes.EV_KEY, decoder.key, decoder.isDown ? 1 : 0);
      // Pause never says that it came up.
      if (decoder.key == codes.KEY_PAUSE && decoder.isDown) {
        device.sync();
        device.report(codes.EV_KEY, codes.KEY_PAUSE, 0);
      }
    } else this.complain(decoder.scancode);
    device.sync();
  }

  private complain(scancode: u32): void {
    if (this.hasComplained) return;
    this.hasComplained = true;
    log
      .begin(log.INFO)
      .string("ps2: unknown key, scan code ")
      .hex(<u64>scancode);
    log.end();
  }
}
