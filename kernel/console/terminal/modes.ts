// What SM, RM, DECSET and DECRST switch, and what DECSTR puts back.

/** Which mouse events a program wants (DECSET 9, 1000, 1002, 1003). */
export const enum MouseTracking {
  NONE = 0,
  PRESS = 9,
  BUTTONS = 1000,
  DRAG = 1002,
  MOTION = 1003,
}

/** How they are encoded. */
export const enum MouseEncoding {
  PLAIN = 0,
  UTF8 = 1005,
  SGR = 1006,
  DECIMAL = 1015,
  PIXELS = 1016,
}

export class Modes {
  /** IRM: characters push others to the right. */
  isInsert: bool = false;
  /** LNM: a line feed returns as well. */
  isNewLine: bool = false;
  /** DECAWM. */
  isWraparound: bool = true;
  isReverseWraparound: bool = false;
  /** DECOM: rows count from the top margin. */
  isOrigin: bool = false;
  /** DECCKM: cursor keys send ESC O. */
  isApplicationCursor: bool = false;
  isApplicationKeypad: bool = false;
  isBracketedPaste: bool = false;
  reportsFocus: bool = false;
  /** DECTCEM. */
  isCursorVisible: bool = true;
  isCursorBlinking: bool = false;
  /** DECSCNM: black on white. */
  isReverseScreen: bool = false;
  /** 2026: the program is in the middle of drawing. */
  isSynchronized: bool = false;
  mouseTracking: MouseTracking = MouseTracking.NONE;
  mouseEncoding: MouseEncoding = MouseEncoding.PLAIN;

  /** DECSTR. */
  softReset(): void {
    this.isInsert = false;
    this.isNewLine = false;
    this.isWraparound = true;
    this.isReverseWraparound = false;
    this.isOrigin = false;
    this.isApplicationCursor = false;
    this.isApplicationKeypad = false;
    this.isBracketedPaste = false;
    this.reportsFocus = false;
    this.isCursorVisible = true;
    this.isSynchronized = false;
  }

  reset(): void {
    this.softReset();
    this.isCursorBlinking = false;
    this.isReverseScreen = false;
    this.mouseTracking = MouseTracking.NONE;
    this.mouseEncoding = MouseEncoding.PLAIN;
  }

  /** A DEC private mode that is nothing but a switch; returns whether it is one. */
  setPrivate(mode: i32, isOn: bool): bool {
    switch (mode) {
      case 1:
        this.isApplicationCursor = isOn;
        return true;
      case 5:
        this.isReverseScreen = isOn;
        return true;
      case 7:
        this.isWraparound = isOn;
        return true;
      case 12:
        this.isCursorBlinking = isOn;
        return true;
      case 25:
        this.isCursorVisible = isOn;
        return true;
      case 45:
        this.isReverseWraparound = isOn;
        return true;
      case 66:
        this.isApplicationKeypad = isOn;
        return true;
      case 9:
      case 1000:
      case 1002:
      case 1003:
        this.mouseTracking = isOn ? <MouseTracking>mode : MouseTracking.NONE;
        return true;
      case 1004:
        this.reportsFocus = isOn;
        return true;
      case 1005:
      case 1006:
      case 1015:
      case 1016:
        this.mouseEncoding = isOn ? <MouseEncoding>mode : MouseEncoding.PLAIN;
        return true;
      case 2004:
        this.isBracketedPaste = isOn;
        return true;
      case 2026:
        this.isSynchronized = isOn;
        return true;
      default:
        return false;
    }
  }

  /** The state of such a mode: 1 set, 2 reset, 0 unknown (DECRPM). */
  privateState(mode: i32): i32 {
    switch (mode) {
      case 1:
        return state(this.isApplicationCursor);
      case 5:
        return state(this.isReverseScreen);
      case 6:
        return state(this.isOrigin);
      case 7:
        return state(this.isWraparound);
      case 12:
        return state(this.isCursorBlinking);
      case 25:
        return state(this.isCursorVisible);
      case 45:
        return state(this.isReverseWraparound);
      case 66:
        return state(this.isApplicationKeypad);
      case 9:
      case 1000:
      case 1002:
      case 1003:
        return state(<i32>this.mouseTracking == mode);
      case 1004:
        return state(this.reportsFocus);
      case 1005:
      case 1006:
      case 1015:
      case 1016:
        return state(<i32>this.mouseEncoding == mode);
      case 2004:
        return state(this.isBracketedPaste);
      case 2026:
        return state(this.isSynchronized);
      default:
        return 0;
    }
  }
}

function state(isOn: bool): i32 {
  return isOn ? 1 : 2;
}
