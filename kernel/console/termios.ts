// A terminal's settings (man 3 termios), with Linux's defaults.

import * as mem from "machine/mem";
import {
  B38400,
  BOTHER,
  CBAUD,
  CREAD,
  CS8,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  EXTPROC,
  HUPCL,
  ICANON,
  ICRNL,
  IEXTEN,
  ISIG,
  IUTF8,
  IXON,
  NCCS,
  ONLCR,
  OPOST,
  VDISCARD,
  VEOF,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
} from "../abi/termios";

export class Termios {
  inputFlags: u32 = ICRNL | IXON | IUTF8;
  outputFlags: u32 = OPOST | ONLCR;
  controlFlags: u32 = B38400 | CS8 | CREAD | HUPCL;
  localFlags: u32 = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
  line: u8 = 0;
  /** Control characters by V* index; 0 switches one off (_POSIX_VDISABLE). */
  characters: StaticArray<u8> = new StaticArray<u8>(NCCS);
  inputSpeed: u32 = 38400;
  outputSpeed: u32 = 38400;

  constructor() {
    let characters = this.characters;
    characters[VINTR] = 3;
    characters[VQUIT] = 28;
    characters[VERASE] = 127;
    characters[VKILL] = 21;
    characters[VEOF] = 4;
    characters[VMIN] = 1;
    characters[VSTART] = 17;
    characters[VSTOP] = 19;
    characters[VSUSP] = 26;
    characters[VREPRINT] = 18;
    characters[VDISCARD] = 15;
    characters[VWERASE] = 23;
    characters[VLNEXT] = 22;
  }

  isInput(flag: u32): bool {
    return (this.inputFlags & flag) != 0;
  }

  isOutput(flag: u32): bool {
    return (this.outputFlags & flag) != 0;
  }

  isLocal(flag: u32): bool {
    return (this.localFlags & flag) != 0;
  }

  /** Whether reads give lines. */
  get isCanonical(): bool {
    return (this.localFlags & (ICANON | EXTPROC)) == ICANON;
  }

  /** Whether `byte` is the control character of an index that is switched on. */
  is(byte: u32, index: i32): bool {
    let character = <u32>this.characters[index];
    return character != 0 && character == byte;
  }

  /** Write struct termios (36 bytes), and with `withSpeeds` struct termios2 (44), to a kernel-virtual address. */
  store(address: u64, withSpeeds: bool): void {
    mem.store32(address, this.inputFlags);
    mem.store32(address + 4, this.outputFlags);
    mem.store32(address + 8, this.controlFlags);
    mem.store32(address + 12, this.localFlags);
    mem.store8(address + 16, <u32>this.line);
    for (let i = 0; i < NCCS; i++) mem.store8(address + 17 + <u64>i, <u32>this.characters[i]);
    if (withSpeeds) {
      mem.store32(address + 36, this.inputSpeed);
      mem.store32(address + 40, this.outputSpeed);
    }
  }

  /** Read what `store` writes. */
  load(address: u64, withSpeeds: bool): void {
    this.inputFlags = mem.load32(address);
    this.outputFlags = mem.load32(address + 4);
    this.controlFlags = mem.load32(address + 8);
    this.localFlags = mem.load32(address + 12);
    this.line = <u8>mem.load8(address + 16);
    for (let i = 0; i < NCCS; i++) this.characters[i] = <u8>mem.load8(address + 17 + <u64>i);
    if (withSpeeds) {
      this.inputSpeed = mem.load32(address + 36);
      this.outputSpeed = mem.load32(address + 40);
    }
    this.readSpeeds(withSpeeds);
  }

  /** The speeds that c_cflag names; BOTHER: those given in numbers. */
  private readSpeeds(isExact: bool): void {
    let code = this.controlFlags & CBAUD;
    if (code != BOTHER || !isExact) this.outputSpeed = code == BOTHER ? this.outputSpeed : baudRate(code);
    let inputCode = (this.controlFlags >> IBSHIFT) & CBAUD;
    if (inputCode == 0) this.inputSpeed = this.outputSpeed;
    else if (inputCode != BOTHER) this.inputSpeed = baudRate(inputCode);
  }
}

/** Bits of c_cflag from c_ospeed's to c_ispeed's (termbits.h IBSHIFT). */
const IBSHIFT: u32 = 16;

/** Speeds by their codes: B0 … B38400, then B57600 … B4000000 (termbits.h). */
const LOW_RATES: StaticArray<u32> = [
  0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
];
const HIGH_RATES: StaticArray<u32> = [
  0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000,
  3500000, 4000000,
];

/** The bits per second of a speed code. */
function baudRate(code: u32): u32 {
  let index = <i32>(code & 0xf);
  return (code & BOTHER) != 0 ? HIGH_RATES[index] : LOW_RATES[index];
}
