// The keyboards as a terminal has them: key codes become the bytes that a program reads. One keyboard for all devices.
//
//   key code ──layout, shift level──► character ──dead keys──► Ctrl, Alt ──► UTF-8
//            ──cursor and function keys──► ESC sequences as xterm sends them (xterm, "Control Sequences": PC-Style Function
//              Keys); the console says whether the cursor keys are in application mode (DECCKM)
//
// Everything here runs in interrupt handlers: it allocates nothing.

import * as codes from "../abi/input-codes";
import { EV_KEY, EV_LED, KEY_LEFTSHIFT } from "../abi/input-codes";
import { compose, isDead, spacing } from "./compose";
import { InputDevice } from "./device";
import { addHandler, InputHandler } from "./handlers";
import { defaultLayout, findLayout, Layout } from "./layouts";
import { finalLetter, sequenceNumber } from "./key-sequences";
import { deviceAt, deviceLimit } from "./registry";

/** What the console does with keys: it sets itself here at boot. Nothing may block or allocate. */
export class ConsoleKeys {
  /** A byte typed. */
  type(_byte: u32): void {}

  /** Shift-PgUp (-1) and Shift-PgDn (1): scroll half a screen. False when there is nothing to scroll: the key is typed then. */
  scroll(_direction: i32): bool {
    return false;
  }

  /** Ctrl-Alt-Del. */
  restart(): void {}
}

/** What keys mean: KDSKBMODE (man 2 ioctl_console). */
export const enum KeyboardMode {
  /** K_XLATE, K_UNICODE: text. */
  TEXT,
  /** K_MEDIUMRAW: key codes, bit 7 set when the key comes up. */
  MEDIUM_RAW,
  /** K_OFF: nothing; a program reads /dev/input. */
  OFF,
}

// Keys that are held: bits of `held`.
const LEFT_SHIFT: u32 = 1;
const RIGHT_SHIFT: u32 = 2;
const SHIFT: u32 = 3;
const LEFT_CTRL: u32 = 4;
const RIGHT_CTRL: u32 = 8;
const CTRL: u32 = 12;
const LEFT_ALT: u32 = 16;
const RIGHT_ALT: u32 = 32;

const ESC: u32 = 0x1b;
const DEL: u32 = 0x7f;
const BACKSPACE: u32 = 8;
const TAB: u32 = 9;
const RETURN: u32 = 13;
const SPACE: u32 = 0x20;
const BRACKET: u32 = 0x5b;
const SEMICOLON: u32 = 0x3b;
const TILDE: u32 = 0x7e;
const LETTER_O: u32 = 0x4f;
const DIGIT_0: u32 = 0x30;
const SHARP_S: u32 = 0xdf;
const CAPITAL_SHARP_S: u32 = 0x1e9e;

/** The keypad from KEY_KP7 to KEY_KPDOT: the key each is without NumLock; 0: a sign, which NumLock does not change. */
const KEYPAD_CURSOR: StaticArray<u32> = [
  codes.KEY_HOME,
  codes.KEY_UP,
  codes.KEY_PAGEUP,
  0,
  codes.KEY_LEFT,
  codes.KEY_KP7 + 5, // KEY_KP5: the key in the middle
  codes.KEY_RIGHT,
  0,
  codes.KEY_END,
  codes.KEY_DOWN,
  codes.KEY_PAGEDOWN,
  codes.KEY_INSERT,
  codes.KEY_DELETE,
];
/** What they type with NumLock. */
const KEYPAD_TEXT: string = "789-456+1230.";

let layout: Layout = defaultLayout();
let listener: ConsoleKeys = new ConsoleKeys();
let held: u32 = 0;
let hasCapsLock: bool = false;
let hasNumLock: bool = true;
let hasScrollLock: bool = false;
/** The dead key that waits for its letter. */
let accent: u32 = 0;
let mode: KeyboardMode = KeyboardMode.TEXT;
let isApplicationCursor: bool = false;

class KeyboardHandler extends InputHandler {
  override changed(_device: InputDevice, type: u32, code: u32, value: i32): void {
    if (type == EV_KEY && code < codes.BTN_MOUSE) changed(code, value);
  }

  override added(device: InputDevice): void {
    showLocksOn(device);
  }

  /** Its keys come up unheard. */
  override grabbed(_device: InputDevice): void {
    held = 0;
    accent = 0;
  }
}

/** Begin to listen. */
export function initialize(): void {
  addHandler(new KeyboardHandler());
}

export function setConsoleKeys(keys: ConsoleKeys): void {
  listener = keys;
}

/** Choose the layout by name; false when there is none of that name. */
export function setLayout(name: StaticArray<u8>): bool {
  let found = findLayout(name);
  if (found === null) return false;
  layout = found;
  accent = 0;
  return true;
}

export function setMode(to: KeyboardMode): void {
  mode = to;
  accent = 0;
}

/** Whether the terminal has the cursor keys in application mode (DECCKM, VT100 User Guide §3). */
export function setApplicationCursor(isOn: bool): void {
  isApplicationCursor = isOn;
}

/** KDGETLED and KDGKBLED: LED_* bits of the locks. */
export function locks(): u32 {
  return (
    (hasNumLock ? 1 << codes.LED_NUML : 0) |
    (hasCapsLock ? 1 << codes.LED_CAPSL : 0) |
    (hasScrollLock ? 1 << codes.LED_SCROLLL : 0)
  );
}

/** A key went down (1), up (0), or repeats (2). */
export function changed(code: u32, value: i32): void {
  let modifier = modifierOf(code);
  if (modifier != 0) held = value != 0 ? held | modifier : held & ~modifier;
  if (mode == KeyboardMode.OFF) return;
  if (mode == KeyboardMode.MEDIUM_RAW) {
    if (code < 128) listener.type(code | (value == 0 ? 0x80 : 0));
    return;
  }
  if (value == 0 || modifier != 0) return;
  if (isLock(code)) {
    if (value == 1) toggle(code);
    return;
  }
  pressed(code);
}

function modifierOf(code: u32): u32 {
  switch (code) {
    case KEY_LEFTSHIFT:
      return LEFT_SHIFT;
    case codes.KEY_RIGHTSHIFT:
      return RIGHT_SHIFT;
    case codes.KEY_LEFTCTRL:
      return LEFT_CTRL;
    case codes.KEY_RIGHTCTRL:
      return RIGHT_CTRL;
    case codes.KEY_LEFTALT:
      return LEFT_ALT;
    case codes.KEY_RIGHTALT:
      return RIGHT_ALT;
    default:
      return 0;
  }
}

function isLock(code: u32): bool {
  return code == codes.KEY_CAPSLOCK || code == codes.KEY_NUMLOCK || code == codes.KEY_SCROLLLOCK;
}

function toggle(code: u32): void {
  if (code == codes.KEY_CAPSLOCK) hasCapsLock = !hasCapsLock;
  else if (code == codes.KEY_NUMLOCK) hasNumLock = !hasNumLock;
  else hasScrollLock = !hasScrollLock;
  for (let i = 0; i < deviceLimit(); i++) {
    let device = deviceAt(i);
    if (device !== null) showLocksOn(device);
  }
}

/** Every keyboard's LEDs show the locks. */
function showLocksOn(device: InputDevice): void {
  if (!device.types.has(EV_LED)) return;
  device.setLed(codes.LED_NUML, hasNumLock);
  device.setLed(codes.LED_CAPSL, hasCapsLock);
  device.setLed(codes.LED_SCROLLL, hasScrollLock);
  device.sync();
}

function isShifted(): bool {
  return (held & SHIFT) != 0;
}

function isCtrl(): bool {
  return (held & CTRL) != 0;
}

/** The left Alt key, and the right one where it is not AltGr. */
function isAlt(): bool {
  return (held & LEFT_ALT) != 0 || (!layout.hasThirdLevel && (held & RIGHT_ALT) != 0);
}

function isAltGr(): bool {
  return layout.hasThirdLevel && (held & RIGHT_ALT) != 0;
}

function pressed(code: u32): void {
  if (code == codes.KEY_DELETE && isCtrl() && (held & (LEFT_ALT | RIGHT_ALT)) != 0) {
    listener.restart();
    return;
  }
  if (isShifted() && !isCtrl() && (code == codes.KEY_PAGEUP || code == codes.KEY_PAGEDOWN)) {
    if (listener.scroll(code == codes.KEY_PAGEUP ? -1 : 1)) return;
  }
  let plain = layout.character(code, 0);
  if (plain != 0) {
    character(plain, code);
    return;
  }
  if (code >= codes.KEY_KP7 && code <= codes.KEY_KPDOT) keypad(code);
  else if (!control(code)) cursor(code);
}

/** A key with a character on it: at which level, which one. */
function character(plain: u32, code: u32): void {
  let isUpper = isShifted();
  let level = isAltGr() ? 2 : 0;
  let lower = level == 0 ? plain : layout.character(code, 2);
  let upper = layout.character(code, level + 1);
  if (hasCapsLock && isPair(lower, upper)) isUpper = !isUpper;
  let found = isUpper ? upper : lower;
  if (hasCapsLock && found == SHARP_S) found = CAPITAL_SHARP_S;
  if (found != 0) typed(found);
}

/** Whether CapsLock exchanges the two: a letter, small and capital. */
function isPair(lower: u32, upper: u32): bool {
  if ((lower >= 0x61 && lower <= 0x7a) || (lower >= 0xe0 && lower <= 0xfe)) return upper == lower - 0x20;
  return lower >= 0x100 && lower < 0x180 && upper == lower - 1;
}

/** A character of the layout: an accent waits for its letter. */
function typed(character: u32): void {
  if (isCtrl() || isAlt()) {
    accent = 0;
    let shown = isDead(character) ? spacing(character) : character;
    if (isAlt()) listener.type(ESC);
    if (isCtrl()) emitControl(shown);
    else emit(shown);
    return;
  }
  let waiting = accent;
  if (waiting == 0) {
    if (isDead(character)) accent = character;
    else emit(character);
    return;
  }
  accent = 0;
  let composed = compose(waiting, character);
  if (composed != 0) {
    emit(composed);
    return;
  }
  // They do not go together: both by themselves.
  emit(spacing(waiting));
  if (isDead(character)) accent = character;
  else emit(character);
}

/** Ctrl and a character, as xterm: @ to _ lose their upper bits, the digits 2 to 8 stand for what no key has. */
function emitControl(character: u32): void {
  if (character >= 0x40 && character < DEL) listener.type(character & 0x1f);
  else if (character == SPACE || character == DIGIT_0 + 2) listener.type(0);
  else if (character >= DIGIT_0 + 3 && character <= DIGIT_0 + 7) listener.type(ESC + character - DIGIT_0 - 3);
  else if (character == DIGIT_0 + 8 || character == 0x3f) listener.type(DEL);
  else if (character == 0x2f) listener.type(0x1f);
  else emit(character);
}

/** UTF-8. */
function emit(character: u32): void {
  if (character == 0) return;
  if (character < 0x80) {
    listener.type(character);
    return;
  }
  if (character < 0x800) listener.type(0xc0 | (character >> 6));
  else {
    listener.type(0xe0 | (character >> 12));
    listener.type(0x80 | ((character >> 6) & 0x3f));
  }
  listener.type(0x80 | (character & 0x3f));
}

/** The number block: digits with NumLock, else cursor keys; Shift exchanges the two. */
function keypad(code: u32): void {
  let at = <i32>(code - codes.KEY_KP7);
  let key = KEYPAD_CURSOR[at];
  if (key == 0 || hasNumLock != isShifted()) {
    typed(code == codes.KEY_KPDOT ? layout.decimal : <u32>KEYPAD_TEXT.charCodeAt(at));
    return;
  }
  cursor(key);
}

/** Keys that type one character in every layout. Whether this is one. */
function control(code: u32): bool {
  switch (code) {
    case codes.KEY_SPACE:
      typed(SPACE);
      return true;
    case codes.KEY_KPASTERISK:
      typed(0x2a);
      return true;
    case codes.KEY_KPSLASH:
      typed(0x2f);
      return true;
    case codes.KEY_KPEQUAL:
      typed(0x3d);
      return true;
    case codes.KEY_KPCOMMA:
      typed(0x2c);
      return true;
    case codes.KEY_ENTER:
    case codes.KEY_KPENTER:
      plainKey(RETURN);
      return true;
    case codes.KEY_ESC:
      plainKey(ESC);
      return true;
    case codes.KEY_BACKSPACE:
      plainKey(isCtrl() ? BACKSPACE : DEL);
      return true;
    case codes.KEY_TAB:
      if (!isShifted()) plainKey(TAB);
      else {
        accent = 0;
        listener.type(ESC);
        listener.type(BRACKET);
        listener.type(0x5a);
      }
      return true;
    default:
      return false;
  }
}

function plainKey(byte: u32): void {
  accent = 0;
  if (isAlt()) listener.type(ESC);
  listener.type(byte);
}

/** Cursor and function keys. */
function cursor(code: u32): void {
  let letter = finalLetter(code);
  if (letter != 0) {
    accent = 0;
    letterSequence(letter, code >= codes.KEY_F1 && code <= codes.KEY_F10);
    return;
  }
  let number = sequenceNumber(code);
  if (number == 0) return;
  accent = 0;
  listener.type(ESC);
  listener.type(BRACKET);
  decimal(number);
  if (modifiers() != 0) {
    listener.type(SEMICOLON);
    decimal(modifiers() + 1);
  }
  listener.type(TILDE);
}

/** ESC [ A, ESC O A in application mode, ESC [ 1 ; 5 A with modifiers. F1 to F4 always begin with ESC O. */
function letterSequence(letter: u32, isFunction: bool): void {
  listener.type(ESC);
  if (modifiers() != 0) {
    listener.type(BRACKET);
    listener.type(DIGIT_0 + 1);
    listener.type(SEMICOLON);
    decimal(modifiers() + 1);
  } else listener.type(isFunction || isApplicationCursor ? LETTER_O : BRACKET);
  listener.type(letter);
}

function modifiers(): u32 {
  return (isShifted() ? 1 : 0) | (isAlt() ? 2 : 0) | (isCtrl() ? 4 : 0);
}

function decimal(number: u32): void {
  if (number >= 10) listener.type(DIGIT_0 + number / 10);
  listener.type(DIGIT_0 + (number % 10));
}
