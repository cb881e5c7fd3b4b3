// What a PS/2 keyboard sends, turned into key codes (IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
// Controller", scan code sets 1 and 2; Microsoft Keyboard Scan Code Specification 1.3a).
//
//   set 1   make code, break = make | 80;            e0 before the keys that the AT keyboard added; e1 1d 45 is Pause
//   set 2   make code, break = f0, make;             e0, e1 likewise
//
// The controller can translate set 2 into set 1; where it does not, the same table is used here, so that one table of
// keys serves both. Key codes of set 1 up to 0x58 are Linux's, which were made after them.

import * as codes from "../../abi/input-codes";

const PREFIX_E0: u32 = 0xe0;
const PREFIX_E1: u32 = 0xe1;
const BREAK_SET_2: u32 = 0xf0;
const BREAK_BIT: u32 = 0x80;
const LAST_PLAIN: u32 = 0x58;
/** Sent around navigation keys for programs of 1984: not keys. */
const FAKE_LEFT_SHIFT: u32 = 0x2a;
const FAKE_RIGHT_SHIFT: u32 = 0x36;
/** Print Screen with Alt sends a code of its own. */
const ALT_PRINT_SCREEN: u32 = 0x54;
/** The second byte of Pause's e1 sequences. */
const PAUSE_FIRST: u32 = 0x1d;

/** Set 2 to set 1, by the controller's rule; from 0x85 on a code stays as it is. */
const TO_SET_1: StaticArray<u8> = [
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a,
  0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05,
  0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a,
  0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26,
  0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63,
  0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53,
  0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
];

/** The key code of a set 1 make code without prefix; 0: no key. */
function plainKey(code: u32): u32 {
  if (code == ALT_PRINT_SCREEN) return codes.KEY_SYSRQ;
  if (code >= 1 && code <= LAST_PLAIN && code != 0x55) return code;
  switch (code) {
    case 0x59:
      return codes.KEY_KPEQUAL;
    case 0x5b:
      return codes.KEY_LEFTMETA;
    case 0x5c:
      return codes.KEY_RIGHTMETA;
    case 0x64: // F13 …
    case 0x65:
    case 0x66:
    case 0x67:
    case 0x68:
    case 0x69:
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e: // … F23
      return 183 + (code - 0x64); // KEY_F13
    case 0x70:
      return 93; // KEY_KATAKANAHIRAGANA
    case 0x73:
      return 89; // KEY_RO
    case 0x76:
      return 194; // KEY_F24
    case 0x79:
      return 92; // KEY_HENKAN
    case 0x7b:
      return 94; // KEY_MUHENKAN
    case 0x7d:
      return 124; // KEY_YEN
    case 0x7e:
      return codes.KEY_KPCOMMA;
    default:
      return 0;
  }
}

/** The key code of a set 1 make code after e0; 0: no key. */
function extendedKey(code: u32): u32 {
  switch (code) {
    case 0x10:
      return 165; // KEY_PREVIOUSSONG
    case 0x19:
      return 163; // KEY_NEXTSONG
    case 0x1c:
      return codes.KEY_KPENTER;
    case 0x1d:
      return codes.KEY_RIGHTCTRL;
    case 0x20:
      return codes.KEY_MUTE;
    case 0x21:
      return 140; // KEY_CALC
    case 0x22:
      return 164; // KEY_PLAYPAUSE
    case 0x24:
      return 166; // KEY_STOPCD
    case 0x2e:
      return codes.KEY_VOLUMEDOWN;
    case 0x30:
      return codes.KEY_VOLUMEUP;
    case 0x32:
      return 172; // KEY_HOMEPAGE
    case 0x35:
      return codes.KEY_KPSLASH;
    case 0x37:
      return codes.KEY_SYSRQ;
    case 0x38:
      return codes.KEY_RIGHTALT;
    case 0x45:
      return codes.KEY_NUMLOCK;
    case 0x46: // Ctrl-Break
      return codes.KEY_PAUSE;
    case 0x47:
      return codes.KEY_HOME;
    case 0x48:
      return codes.KEY_UP;
    case 0x49:
      return codes.KEY_PAGEUP;
    case 0x4b:
      return codes.KEY_LEFT;
    case 0x4d:
      return codes.KEY_RIGHT;
    case 0x4f:
      return codes.KEY_END;
    case 0x50:
      return codes.KEY_DOWN;
    case 0x51:
      return codes.KEY_PAGEDOWN;
    case 0x52:
      return codes.KEY_INSERT;
    case 0x53:
      return codes.KEY_DELETE;
    case 0x5b:
      return codes.KEY_LEFTMETA;
    case 0x5c:
      return codes.KEY_RIGHTMETA;
    case 0x5d:
      return codes.KEY_COMPOSE;
    case 0x5e:
      return codes.KEY_POWER;
    case 0x5f:
      return 142; // KEY_SLEEP
    case 0x63:
      return 143; // KEY_WAKEUP
    case 0x65:
      return 217; // KEY_SEARCH
    case 0x66:
      return 156; // KEY_BOOKMARKS
    case 0x67:
      return 173; // KEY_REFRESH
    case 0x68:
      return 128; // KEY_STOP
    case 0x69:
      return 159; // KEY_FORWARD
    case 0x6a:
      return 158; // KEY_BACK
    case 0x6b:
      return 157; // KEY_COMPUTER
    case 0x6c:
      return 155; // KEY_MAIL
    case 0x6d:
      return 226; // KEY_MEDIA
    default:
      return 0;
  }
}

/** Every key that the decoder can name is passed to `visit`. */
export class KeyVisitor {
  key(_code: u32): void {}
}

export function visitKeys(visitor: KeyVisitor): void {
  for (let code: u32 = 0; code < BREAK_BIT; code++) {
    if (plainKey(code) != 0) visitor.key(plainKey(code));
    if (extendedKey(code) != 0) visitor.key(extendedKey(code));
  }
}

/** Takes a keyboard's bytes one by one. `take` says whether they completed a key: then `key`, `isDown` and `scancode` tell. */
export class ScancodeDecoder {
  /** The key code, 0 for a key that nobody knows. */
  key: u32 = 0;
  isDown: bool = false;
  /** The code in set 1, e0 keys with bit 7: what MSC_SCAN shows, as in Linux. */
  scancode: u32 = 0;
  private prefix: u32 = 0;
  private isBreak: bool = false;
  private pauseBytes: i32 = 0;

  /** `isTranslated`: the controller makes set 1 of it; else it is set 2. */
  constructor(public isTranslated: bool) {}

  /** Forget half a code. */
  reset(): void {
    this.prefix = 0;
    this.isBreak = false;
    this.pauseBytes = 0;
  }

  /** Whether the next byte begins a code. */
  get isAtStart(): bool {
    return this.prefix == 0 && !this.isBreak;
  }

  take(byte: u32): bool {
    if (byte == PREFIX_E0 || byte == PREFIX_E1) {
      this.prefix = byte;
      this.pauseBytes = 0;
      return false;
    }
    if (!this.isTranslated && byte == BREAK_SET_2) {
      this.isBreak = true;
      return false;
    }
    let code = byte;
    let isDown = !this.isBreak;
    if (this.isTranslated) {
      isDown = (byte & BREAK_BIT) == 0;
      code = byte & ~BREAK_BIT;
    } else if (byte < <u32>TO_SET_1.length) code = <u32>TO_SET_1[byte];
    this.isBreak = false;
    if (this.prefix == PREFIX_E1) return this.takePause(code, isDown);
    let isExtended = this.prefix == PREFIX_E0;
    this.prefix = 0;
    if (isExtended && (code == FAKE_LEFT_SHIFT || code == FAKE_RIGHT_SHIFT)) return false;
    this.key = isExtended ? extendedKey(code) : plainKey(code);
    this.isDown = isDown;
    this.scancode = isExtended ? code | BREAK_BIT : code;
    return true;
  }

  /** e1 1d 45 when it goes down, e1 9d c5 when it comes up: two codes after the prefix. */
  private takePause(code: u32, isDown: bool): bool {
    if (this.pauseBytes == 0 && code == PAUSE_FIRST) {
      this.pauseBytes = 1;
      return false;
    }
    let isWhole = this.pauseBytes == 1 && code == 0x45;
    this.prefix = 0;
    this.pauseBytes = 0;
    this.key = isWhole ? codes.KEY_PAUSE : 0;
    this.isDown = isDown;
    this.scancode = code;
    return true;
  }
}
