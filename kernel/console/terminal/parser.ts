// From code points to the functions of a terminal: the state machine that DEC's terminals have, as Paul Williams drew it
// (vt100.net/emu/dec_ansi_parser), on code points in place of bytes. It accepts every input, ends up in a known
// state whatever comes, and keeps a bounded part of what it is told.

import { Parameters } from "./parameters";

const BEL: u32 = 0x07;
const CAN: u32 = 0x18;
const SUB: u32 = 0x1a;
const ESC: u32 = 0x1b;
const DEL: u32 = 0x7f;
const COLON: u32 = 0x3a;
const SEMICOLON: u32 = 0x3b;
// C1 controls (ECMA-48 §8.3)
const DCS: u32 = 0x90;
const SOS: u32 = 0x98;
const CSI: u32 = 0x9b;
const ST: u32 = 0x9c;
const OSC: u32 = 0x9d;
const PM: u32 = 0x9e;
const APC: u32 = 0x9f;

/** Bytes of an operating-system command that are kept. */
const MOST_TEXT: i32 = 1024;

export const enum State {
  GROUND,
  ESCAPE,
  ESCAPE_INTERMEDIATE,
  CSI_ENTRY,
  CSI_PARAM,
  CSI_INTERMEDIATE,
  CSI_IGNORE,
  DCS_ENTRY,
  DCS_PARAM,
  DCS_INTERMEDIATE,
  DCS_PASSTHROUGH,
  DCS_IGNORE,
  OSC_STRING,
  SOS_PM_APC_STRING,
}

/**
 * A sequence's name: its private marker (one of < = > ?), intermediate byte and final byte, 8 bits each, from the top.
 * `CSI ? 25 h` is 0x3f0068, `ESC ( 0` is 0x002830.
 */
export type SequenceName = u32;
/** Stands for more intermediate bytes than any sequence has. */
const TOO_MANY: u32 = 0xff;

export abstract class Parser {
  state: State = State.GROUND;
  protected readonly parameters: Parameters = new Parameters();
  private marker: u32 = 0;
  private intermediate: u32 = 0;
  /** What an operating-system command says, as UTF-8. */
  protected readonly text: StaticArray<u8> = new StaticArray<u8>(MOST_TEXT);
  protected textLength: i32 = 0;

  /** A character to show. */
  protected abstract print(code: u32): void;
  /** A control character, C0 or C1. */
  protected abstract execute(code: u32): void;
  protected abstract escape(name: SequenceName): void;
  protected abstract control(name: SequenceName): void;
  /** An operating-system command is complete: it is in `text`. */
  protected abstract command(): void;

  /** The next code point. */
  parse(code: u32): void {
    if (code == ESC) {
      this.leave();
      this.enterEscape();
    } else if (code == CAN || code == SUB) {
      this.state = State.GROUND;
      this.execute(code);
    } else if (code >= 0x80 && code < 0xa0) this.c1(code);
    else this.step(code);
  }

  /** Back to the start. */
  protected resetParser(): void {
    this.state = State.GROUND;
    this.clear();
  }

  private clear(): void {
    this.parameters.clear();
    this.marker = 0;
    this.intermediate = 0;
  }

  private get name(): SequenceName {
    return (this.marker << 16) | (this.intermediate << 8);
  }

  /** A string ends by what follows it. */
  private leave(): void {
    if (this.state == State.OSC_STRING) this.command();
  }

  private enterEscape(): void {
    this.clear();
    this.state = State.ESCAPE;
  }

  private enterString(): void {
    this.textLength = 0;
    this.state = State.OSC_STRING;
  }

  private c1(code: u32): void {
    this.leave();
    this.clear();
    this.state = State.GROUND;
    if (code == DCS) this.state = State.DCS_ENTRY;
    else if (code == CSI) this.state = State.CSI_ENTRY;
    else if (code == OSC) this.enterString();
    else if (code == SOS || code == PM || code == APC) this.state = State.SOS_PM_APC_STRING;
    else if (code != ST) this.execute(code);
  }

  private step(code: u32): void {
    switch (this.state) {
      case State.GROUND:
        if (code < 0x20) this.execute(code);
        else if (code != DEL) this.print(code);
        break;
      case State.ESCAPE:
        this.inEscape(code);
        break;
      case State.ESCAPE_INTERMEDIATE:
        if (code < 0x20) this.execute(code);
        else if (code < 0x30) this.collect(code);
        else if (code < DEL) this.endEscape(code);
        else if (code != DEL) this.state = State.GROUND;
        break;
      case State.CSI_ENTRY:
      case State.CSI_PARAM:
      case State.CSI_INTERMEDIATE:
      case State.CSI_IGNORE:
        this.inControl(code);
        break;
      case State.DCS_ENTRY:
      case State.DCS_PARAM:
      case State.DCS_INTERMEDIATE:
        this.inDeviceControl(code);
        break;
      case State.DCS_PASSTHROUGH:
      case State.DCS_IGNORE:
      case State.SOS_PM_APC_STRING:
        break; // whatever it says, up to ST, ESC, CAN or SUB
      case State.OSC_STRING:
        this.inCommand(code);
        break;
    }
  }

  private inEscape(code: u32): void {
    if (code < 0x20) this.execute(code);
    else if (code < 0x30) {
      this.collect(code);
      this.state = State.ESCAPE_INTERMEDIATE;
    } else if (code == 0x50)
      this.state = State.DCS_ENTRY; // P
    else if (code == 0x5b)
      this.state = State.CSI_ENTRY; // [
    else if (code == 0x5d)
      this.enterString(); // ]
    else if (code == 0x58 || code == 0x5e || code == 0x5f)
      this.state = State.SOS_PM_APC_STRING; // X ^ _
    else if (code < DEL) this.endEscape(code);
    else if (code != DEL) this.state = State.GROUND;
  }

  private endEscape(code: u32): void {
    this.state = State.GROUND;
    this.escape(this.name | code);
  }

  private collect(code: u32): void {
    this.intermediate = this.intermediate == 0 ? code : TOO_MANY;
  }

  private inControl(code: u32): void {
    if (code < 0x20) {
      this.execute(code);
      return;
    }
    if (code >= DEL) {
      // A character that has no place in a sequence ends it.
      if (code > DEL && this.state != State.CSI_IGNORE) this.state = State.GROUND;
      return;
    }
    if (code >= 0x40) {
      let isIgnored = this.state == State.CSI_IGNORE;
      this.state = State.GROUND;
      if (!isIgnored) this.control(this.name | code);
      return;
    }
    if (this.state == State.CSI_IGNORE) return;
    if (code < 0x30) {
      this.collect(code);
      this.state = State.CSI_INTERMEDIATE;
    } else if (this.state == State.CSI_INTERMEDIATE) this.state = State.CSI_IGNORE;
    else if (code >= 0x3c) {
      if (this.state == State.CSI_ENTRY) {
        this.marker = code;
        this.state = State.CSI_PARAM;
      } else this.state = State.CSI_IGNORE;
    } else {
      this.state = State.CSI_PARAM;
      this.parameter(code);
    }
  }

  private parameter(code: u32): void {
    if (code == SEMICOLON) this.parameters.next();
    else if (code == COLON) this.parameters.nextPart();
    else this.parameters.digit(<i32>code - 0x30);
  }

  /** Device control strings are understood only as far as is needed to find their end. */
  private inDeviceControl(code: u32): void {
    if (code < 0x20 || code == DEL) return;
    if (code > DEL) this.state = State.GROUND;
    else if (code >= 0x40) this.state = State.DCS_PASSTHROUGH;
    else if (code < 0x30) this.state = State.DCS_INTERMEDIATE;
    else if (this.state == State.DCS_INTERMEDIATE) this.state = State.DCS_IGNORE;
    else if (code >= 0x3c && this.state == State.DCS_PARAM) this.state = State.DCS_IGNORE;
    else this.state = State.DCS_PARAM;
  }

  private inCommand(code: u32): void {
    if (code == BEL) {
      this.state = State.GROUND;
      this.command();
    } else if (code < 0x20) return;
    else if (code < 0x80) this.keep(code);
    else if (code < 0x800) this.keep(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) this.keep(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else this.keep(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }

  /** Keep the bytes of one character, all or none. */
  private keep(first: u32, second: u32 = 0, third: u32 = 0, fourth: u32 = 0): void {
    let length = second == 0 ? 1 : third == 0 ? 2 : fourth == 0 ? 3 : 4;
    if (this.textLength + length > MOST_TEXT) return;
    let at = this.textLength;
    this.text[at] = <u8>first;
    if (length > 1) this.text[at + 1] = <u8>second;
    if (length > 2) this.text[at + 2] = <u8>third;
    if (length > 3) this.text[at + 3] = <u8>fourth;
    this.textLength += length;
  }
}
