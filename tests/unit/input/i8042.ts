// A keyboard controller with a keyboard and a mouse, in TypeScript, and the ways in which real ones fail.

import type { Ports } from "../../../simulator/port.ts";

export interface Faults {
  /** No controller: ports read as ones. */
  isAbsent?: boolean;
  /** The input buffer never empties. */
  isStuck?: boolean;
  /** Commands are taken, nothing is answered. */
  isMute?: boolean;
  selfTest?: number;
  /** The translation bit cannot be set. */
  cannotTranslate?: boolean;
  hasNoSecondPort?: boolean;
  hasNoKeyboard?: boolean;
  hasNoMouse?: boolean;
  /** The first byte of each keyboard command is asked for again. */
  asksAgain?: boolean;
  /** The output buffer is always full. */
  floods?: boolean;
}

/** What the controller makes of the keyboard's codes that the tests use; others stay. */
const SET_2_TO_1 = new Map([
  [0x1c, 0x1e],
  [0x12, 0x2a],
  [0x76, 0x01],
]);

export class Controller {
  readonly #faults: Faults;
  #output: { byte: number; isSecond: boolean }[] = [];
  #configuration = 0x30;
  #expects: "nothing" | "configuration" | "second" = "nothing";
  #knocks: number[] = [];
  #rateNext = false;
  #parameterOf = 0;
  #askedAgain = false;
  /** What the keyboard got, and its LEDs. */
  readonly commands: number[] = [];
  leds = -1;
  isKeyboardOn = false;
  isMouseOn = false;
  reads = 0;

  constructor(ports: Ports, faults: Faults = {}) {
    this.#faults = faults;
    if (faults.isAbsent) return;
    ports.register(0x60, 1, { read: () => this.#take(), write: (_, value) => this.#data(value) });
    ports.register(0x64, 1, { read: () => this.#status(), write: (_, value) => this.#command(value) });
  }

  #status(): number {
    this.reads++;
    const first = this.#output[0];
    if (this.#faults.floods && this.isKeyboardOn) return 0x15;
    return (this.#faults.isStuck ? 2 : 0) | (first ? 1 : 0) | (first?.isSecond ? 0x20 : 0) | 0x14;
  }

  /** Whether an interrupt is due. */
  get isInterrupting(): boolean {
    const first = this.#output[0];
    if (this.#faults.floods && this.isKeyboardOn) return true;
    return first !== undefined && (this.#configuration & (first.isSecond ? 2 : 1)) !== 0;
  }

  #take(): number {
    return this.#output.shift()?.byte ?? (this.#faults.floods ? this.reads & 0xff : 0);
  }

  #answer(byte: number): void {
    if (!this.#faults.isMute) this.#output.push({ byte, isSecond: false });
  }

  #command(code: number): void {
    switch (code) {
      case 0x20:
        this.#answer(this.#configuration);
        return;
      case 0x60:
        this.#expects = "configuration";
        return;
      case 0xa7:
        if (!this.#faults.hasNoSecondPort) this.#configuration |= 0x20;
        return;
      case 0xa8:
        if (!this.#faults.hasNoSecondPort) this.#configuration &= ~0x20;
        return;
      case 0xa9:
      case 0xab:
        this.#answer(0);
        return;
      case 0xaa:
        this.#answer(this.#faults.selfTest ?? 0x55);
        return;
      case 0xad:
        this.#configuration |= 0x10;
        return;
      case 0xae:
        this.#configuration &= ~0x10;
        return;
      case 0xd4:
        this.#expects = "second";
    }
  }

  #data(byte: number): void {
    const expects = this.#expects;
    this.#expects = "nothing";
    if (expects === "configuration") this.#configuration = this.#faults.cannotTranslate ? byte & ~0x40 : byte;
    else if (expects === "second") this.#toMouse(byte);
    else this.#toKeyboard(byte);
  }

  /** The keyboard sends bytes of set 2. */
  type(...bytes: number[]): void {
    let isBreak = false;
    for (const byte of bytes) {
      if ((this.#configuration & 0x40) === 0) this.#output.push({ byte, isSecond: false });
      else if (byte === 0xf0) isBreak = true;
      else {
        const code = SET_2_TO_1.get(byte) ?? byte;
        this.#output.push({ byte: isBreak ? code | 0x80 : code, isSecond: false });
        isBreak = false;
      }
    }
  }

  move(...bytes: number[]): void {
    for (const byte of bytes) this.#output.push({ byte, isSecond: true });
  }

  #toKeyboard(byte: number): void {
    if (this.#faults.hasNoKeyboard) return;
    if (this.#faults.asksAgain && !this.#askedAgain) {
      this.#askedAgain = true;
      this.#answer(0xfe);
      return;
    }
    this.#askedAgain = false;
    this.commands.push(byte);
    this.#answer(0xfa);
    if (this.#parameterOf === 0xed) this.leds = byte;
    this.#parameterOf = [0xed, 0xf0, 0xf3].includes(byte) && this.#parameterOf === 0 ? byte : 0;
    if (byte === 0xf2) {
      this.#answer(0xab);
      this.#answer(this.#configuration & 0x40 ? 0x41 : 0x83);
    }
    if (byte === 0xf4) this.isKeyboardOn = true;
  }

  #toMouse(byte: number): void {
    if (this.#faults.hasNoMouse) return;
    this.move(0xfa);
    if (this.#rateNext) {
      this.#rateNext = false;
      this.#knocks = [...this.#knocks, byte].slice(-3);
    } else if (byte === 0xf3) this.#rateNext = true;
    else if (byte === 0xf2) {
      const knocked = this.#knocks.join();
      this.move(knocked === "200,100,80" ? 3 : knocked === "200,200,80" ? 4 : 0);
    } else if (byte === 0xff) this.move(0xaa, 0);
    else if (byte === 0xf4) this.isMouseOn = true;
  }
}
