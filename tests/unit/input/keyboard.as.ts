// Keys in, bytes out: the keyboard, the PS/2 decoder, the ring of an open event device.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { INPUT_EVENT_SIZE } from "../../../kernel/abi/input";
import * as codes from "../../../kernel/abi/input-codes";
import { ScancodeDecoder } from "../../../kernel/drivers/ps2/scancodes";
import { EventClient, RING_SIZE } from "../../../kernel/input/client";
import { InputDevice } from "../../../kernel/input/device";
import * as keyboard from "../../../kernel/input/keyboard";
import { ConsoleKeys, KeyboardMode } from "../../../kernel/input/keyboard";

const buffer = new StaticArray<u8>(8192);
let typed = 0;
let scrolled = 0;
let restarts = 0;
let canScroll: bool = false;

class Recorder extends ConsoleKeys {
  override type(byte: u32): void {
    buffer[typed++] = <u8>byte;
  }
  override scroll(direction: i32): bool {
    if (canScroll) scrolled += direction;
    return canScroll;
  }
  override restart(): void {
    restarts++;
  }
}
keyboard.setConsoleKeys(new Recorder());

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
/** What was typed since the last call: its length. */
export function take(): i32 {
  let length = typed;
  typed = 0;
  return length;
}
/** The layout whose name is in the buffer's first bytes. */
export function useLayout(length: i32): bool {
  return keyboard.setLayout(StaticArray.slice<u8>(buffer, 0, length));
}
export function key(code: u32, value: i32): void {
  keyboard.changed(code, value);
}
export function setApplicationCursor(isOn: bool): void {
  keyboard.setApplicationCursor(isOn);
}
export function setMode(mode: i32): void {
  keyboard.setMode(<KeyboardMode>mode);
}
export function allowScroll(isAllowed: bool): void {
  canScroll = isAllowed;
}
export function scrolledBy(): i32 {
  let by = scrolled;
  scrolled = 0;
  return by;
}
export function restartCount(): i32 {
  return restarts;
}
export function locks(): u32 {
  return keyboard.locks();
}

// Scan codes.

let decoder = new ScancodeDecoder(true);
export function decodeSet(isTranslated: bool): void {
  decoder = new ScancodeDecoder(isTranslated);
}
/** The key code, with 0x1000 when it goes down, 0x2000 added when a key came at all; 0: not yet. */
export function scan(byte: u32): u32 {
  if (!decoder.take(byte)) return 0;
  return 0x2000 | (decoder.isDown ? 0x1000 : 0) | decoder.key;
}

// A device and its open files.

class Keys extends InputDevice {
  lights: u32 = 0;
  protected override ledsChanged(): void {
    this.lights++;
  }
}
let device = new Keys();
let client = new EventClient();

export function newDevice(): void {
  device = new Keys();
  for (let code: u32 = 1; code < 120; code++) device.allowKey(code);
  device.allowKey(codes.BTN_LEFT);
  device.allowRelative(codes.REL_X);
  device.allowAbsolute(codes.ABS_X, 0, 100);
  device.allowLed(codes.LED_CAPSL);
  client = new EventClient();
  device.clients.push(client);
}
export function report(type: u32, code: u32, value: i32): void {
  device.report(type, code, value);
}
export function sync(): void {
  device.sync();
}
export function grab(): void {
  device.grab = client;
}
export function lightChanges(): u32 {
  return device.lights;
}
export function releaseKeys(): void {
  device.releaseKeys();
}
export function ringSize(): u32 {
  return RING_SIZE;
}
export function useMonotonicClock(): void {
  client.clockId = 1;
}
/** Read one event into the buffer; false when no whole packet waits. */
export function readEvent(): bool {
  if (!client.hasPacket) return false;
  mem.copy(bytesAddress(buffer), client.first, INPUT_EVENT_SIZE);
  client.drop();
  return true;
}
