// What a usage of a report is to evdev (USB HID Usage Tables 1.4): type and code in one number.

import * as codes from "../../../abi/input-codes";

// Usage pages.
export const PAGE_DESKTOP: u32 = 0x01;
export const PAGE_KEYBOARD: u32 = 0x07;
export const PAGE_LED: u32 = 0x08;
export const PAGE_BUTTON: u32 = 0x09;
export const PAGE_CONSUMER: u32 = 0x0c;
export const PAGE_DIGITIZER: u32 = 0x0d;

// Applications (Generic Desktop).
const APPLICATION_JOYSTICK: u32 = 0x1_0004;
const APPLICATION_GAMEPAD: u32 = 0x1_0005;

/** Keyboard usages 0 to 0x9f, then 0xe0 to 0xe7: key codes; 0: none (§10). */
const KEYBOARD: StaticArray<u8> = [
  0, 0, 0, 0, 30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44, 2,
  3, 4, 5, 6, 7, 8, 9, 10, 11, 28, 1, 14, 15, 57, 12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53, 58, 59, 60, 61, 62,
  63, 64, 65, 66, 67, 68, 87, 88, 99, 70, 119, 110, 102, 104, 111, 107, 109, 106, 105, 108, 103, 69, 98, 55, 74, 78, 96,
  79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83, 86, 127, 116, 117, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193,
  194, 134, 138, 130, 132, 128, 129, 131, 137, 133, 135, 136, 113, 115, 114, 0, 0, 0, 121, 0, 89, 93, 124, 92, 94, 95,
  0, 0, 0, 122, 123, 90, 91, 85, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const MODIFIERS: StaticArray<u8> = [29, 42, 56, 125, 97, 54, 100, 126];
const FIRST_MODIFIER: u32 = 0xe0;
/** Usages that say that the keyboard lost count: roll-over, self-test failed, undefined. */
export const LAST_KEYBOARD_ERROR: u32 = 3;

/** `type << 16 | code` of a usage (page << 16 | id); 0: it means nothing here. */
export function eventOf(usage: u32, application: u32, isRelative: bool): u32 {
  let id = usage & 0xffff;
  switch (usage >> 16) {
    case PAGE_KEYBOARD:
      return key(keyboardKey(id));
    case PAGE_DESKTOP:
      return desktop(id, isRelative);
    case PAGE_BUTTON:
      return button(id, application);
    case PAGE_CONSUMER:
      return consumer(id, isRelative);
    case PAGE_DIGITIZER:
      return digitizer(id);
    default:
      return 0;
  }
}

/** The LED_* code of a usage; -1: none that we light. */
export function ledOf(usage: u32): i32 {
  if (usage >> 16 != PAGE_LED) return -1;
  let id = usage & 0xffff;
  return id >= 1 && id <= 3 ? <i32>id - 1 : -1;
}

function key(code: u32): u32 {
  return code == 0 ? 0 : (codes.EV_KEY << 16) | code;
}

function keyboardKey(id: u32): u32 {
  if (id < <u32>KEYBOARD.length) return <u32>KEYBOARD[id];
  if (id >= FIRST_MODIFIER && id < FIRST_MODIFIER + 8) return <u32>MODIFIERS[id - FIRST_MODIFIER];
  return 0;
}

/** §4. */
function desktop(id: u32, isRelative: bool): u32 {
  switch (id) {
    case 0x30: // X, Y
    case 0x31:
      return isRelative ? (codes.EV_REL << 16) | (id - 0x30) : (codes.EV_ABS << 16) | (id - 0x30);
    case 0x32: // Z, Rx, Ry, Rz
    case 0x33:
    case 0x34:
    case 0x35:
      return isRelative ? 0 : (codes.EV_ABS << 16) | (id - 0x30);
    case 0x38: // wheel
      return isRelative ? (codes.EV_REL << 16) | codes.REL_WHEEL : (codes.EV_ABS << 16) | codes.ABS_WHEEL;
    case 0x81:
      return key(codes.KEY_POWER);
    case 0x82:
      return key(142); // KEY_SLEEP
    case 0x83:
      return key(143); // KEY_WAKEUP
    default:
      return 0;
  }
}

/** §12: numbered from 1. */
function button(id: u32, application: u32): u32 {
  if (id == 0 || id > 16) return 0;
  if (application == APPLICATION_JOYSTICK) return key(codes.BTN_JOYSTICK + id - 1);
  if (application == APPLICATION_GAMEPAD) return key(codes.BTN_GAMEPAD + id - 1);
  return key(codes.BTN_MOUSE + id - 1);
}

/** §15: the keys that keyboards have. */
function consumer(id: u32, isRelative: bool): u32 {
  switch (id) {
    case 0x30:
      return key(codes.KEY_POWER);
    case 0xb5:
      return key(163); // KEY_NEXTSONG
    case 0xb6:
      return key(165); // KEY_PREVIOUSSONG
    case 0xb7:
      return key(166); // KEY_STOPCD
    case 0xcd:
      return key(164); // KEY_PLAYPAUSE
    case 0xe2:
      return key(codes.KEY_MUTE);
    case 0xe9:
      return key(codes.KEY_VOLUMEUP);
    case 0xea:
      return key(codes.KEY_VOLUMEDOWN);
    case 0x192:
      return key(140); // KEY_CALC
    case 0x223:
      return key(172); // KEY_HOMEPAGE
    case 0x224:
      return key(158); // KEY_BACK
    case 0x225:
      return key(159); // KEY_FORWARD
    case 0x238: // AC Pan
      return isRelative ? (codes.EV_REL << 16) | codes.REL_HWHEEL : 0;
    default:
      return 0;
  }
}

/** §16: what a pen says. */
function digitizer(id: u32): u32 {
  switch (id) {
    case 0x30:
      return (codes.EV_ABS << 16) | codes.ABS_PRESSURE;
    case 0x32:
      return key(codes.BTN_TOOL_PEN);
    case 0x42:
      return key(codes.BTN_TOUCH);
    case 0x44:
      return key(codes.BTN_STYLUS);
    default:
      return 0;
  }
}
