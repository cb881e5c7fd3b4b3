// Messages on the serial line beside the data (docs/command-line.md, "Standard input"): DLE opens one.
//
//   DLE DLE           the byte 0x10        DLE 's' N          signal N to the program
//   DLE EOT           end of input         DLE 'w' CL CH RL RH  the window's size

const DLE: u32 = 0x10;
const EOT: u32 = 0x04;
const SIGNAL: u32 = 0x73;
const WINDOW: u32 = 0x77;

/** What comes out of the line. */
export class FrameListener {
  data(_byte: u32): void {}
  endOfInput(): void {}
  signal(_number: i32): void {}
  window(_columns: u32, _rows: u32): void {}
}

export class FrameDecoder {
  /** The message's kind while inside one, DLE right behind a DLE, 0 outside. */
  private kind: u32 = 0;
  private received: u32 = 0;
  private value: u32 = 0;

  constructor(
    readonly listener: FrameListener,
    /** A bare terminal sends no messages: every byte is data. */
    readonly isRaw: bool,
  ) {}

  /** A byte from the line. */
  receive(byte: u32): void {
    if (this.isRaw) this.listener.data(byte);
    else if (this.kind == 0) {
      if (byte == DLE) this.kind = DLE;
      else this.listener.data(byte);
    } else if (this.kind == DLE) this.open(byte);
    else if (this.kind == SIGNAL) {
      this.kind = 0;
      this.listener.signal(<i32>byte);
    } else {
      this.value |= byte << (this.received * 8);
      if (++this.received < 4) return;
      this.kind = 0;
      this.listener.window(this.value & 0xffff, this.value >> 16);
    }
  }

  private open(byte: u32): void {
    this.kind = 0;
    if (byte == DLE) this.listener.data(DLE);
    else if (byte == EOT) this.listener.endOfInput();
    else if (byte == SIGNAL) this.kind = SIGNAL;
    else if (byte == WINDOW) {
      this.kind = WINDOW;
      this.received = 0;
      this.value = 0;
    }
  }
}
