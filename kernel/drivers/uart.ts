// Serial ports: the 16550 (PC16550D data sheet). COM1 is the machine's console; COM2, where there is one, can carry
// standard error and the kernel's own lines.
//
// Programs' output goes by `send`, which takes what the port takes and lets the caller wait for `roomCame`; the kernel's
// own lines by `write`, which polls and gives up on a port that is stuck.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { LogSink } from "../log/log";

// Register offsets.
const DATA: u32 = 0;
const DIVISOR_LOW: u32 = 0; // while DLAB
const INTERRUPT_ENABLE: u32 = 1;
const DIVISOR_HIGH: u32 = 1; // while DLAB
const FIFO_CONTROL: u32 = 2;
const LINE_CONTROL: u32 = 3;
const MODEM_CONTROL: u32 = 4;
const LINE_STATUS: u32 = 5;
const SCRATCH: u32 = 7;

/** On, cleared, an interrupt for 8 received bytes or a pause of four: room enough for the rest while nobody looks. */
const FIFO_ENABLE_AND_CLEAR: u32 = 0x87;
const LINE_8N1: u32 = 0x03;
const LINE_BREAK: u32 = 0x40;
const LINE_DIVISOR_ACCESS: u32 = 0x80;
const MODEM_READY: u32 = 0x0b; // DTR, RTS, OUT2 (lets interrupts through)
const MODEM_LOOPBACK: u32 = 0x10;
const STATUS_DATA_READY: u32 = 0x01;
const STATUS_PARITY_ERROR: u32 = 0x04;
const STATUS_FRAMING_ERROR: u32 = 0x08;
const STATUS_BREAK: u32 = 0x10;
const STATUS_TRANSMITTER_EMPTY: u32 = 0x20;
/** Nothing is left to send, not even in the shift register. */
const STATUS_IDLE: u32 = 0x40;
const INTERRUPT_DATA_READY: u32 = 0x01;
const INTERRUPT_ROOM: u32 = 0x02;
const FIFO_DEPTH: u64 = 16;
/**
 * Polls before a stuck transmitter is given up: tens of seconds. An emulator on a busy host takes up to a second to pass
 * bytes on, and what is given up is lost.
 */
const PATIENCE: i32 = 50_000_000;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;

/** What `read` adds to a byte with a parity or framing error, and gives for a break. */
export const RECEIVED_BROKEN: i32 = 0x100;
export const RECEIVED_BREAK: i32 = 0x200;

/** Who waits for a port to take more. */
export class SerialListener {
  /** The port can take bytes again, or never could. */
  roomCame(): void {}
}

/** Polls after a burst before a port counts as busy: QEMU's is ready at once. */
const SHORT_PATIENCE: i32 = 64;

export class SerialPort {
  isThere: bool = false;
  /** A byte that came before the FIFOs were on: switching them on clears it. -1 when there was none. */
  private early: i32 = -1;
  /** Which interrupts are on. */
  private interrupts: u32 = 0;
  private listener: SerialListener | null = null;

  constructor(
    /** First I/O port. */
    readonly base: u32,
    /** ISA interrupt line. */
    readonly line: u32,
  ) {}

  /** Find it and set it to 115200 baud, 8N1, FIFOs on. Returns whether there is one. */
  initialize(): bool {
    let base = this.base;
    port.out8(base + SCRATCH, 0x5a);
    if (port.in8(base + SCRATCH) != 0x5a) return false;
    port.out8(base + INTERRUPT_ENABLE, 0);
    port.out8(base + LINE_CONTROL, LINE_DIVISOR_ACCESS);
    port.out8(base + DIVISOR_LOW, 1);
    port.out8(base + DIVISOR_HIGH, 0);
    port.out8(base + LINE_CONTROL, LINE_8N1);
    // In loopback no further byte follows the one that is taken here.
    port.out8(base + MODEM_CONTROL, MODEM_LOOPBACK);
    if ((port.in8(base + LINE_STATUS) & STATUS_DATA_READY) != 0) this.early = <i32>port.in8(base + DATA);
    port.out8(base + FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    port.out8(base + MODEM_CONTROL, MODEM_READY);
    this.isThere = true;
    return true;
  }

  /** Send bytes from a kernel-virtual address as they are. */
  write(start: u64, length: u64): void {
    if (!this.isThere) return;
    let address = start;
    let end = address + length;
    while (address < end) {
      if (!this.waitForRoom()) return;
      // The holding register is empty: the whole FIFO is.
      let burst = min(FIFO_DEPTH, end - address);
      port.outBytes(this.base + DATA, address, burst);
      address += burst;
    }
  }

  /** Send lines, a carriage return before each newline. */
  writeLines(address: u64, length: u64): void {
    if (!this.isThere) return;
    let used: u64 = FIFO_DEPTH;
    for (let i: u64 = 0; i < length; i++) {
      let byte = mem.load8(address + i);
      if (used + 2 > FIFO_DEPTH) {
        if (!this.waitForRoom()) return;
        used = 0;
      }
      if (byte == NEWLINE) {
        port.out8(this.base + DATA, RETURN);
        used++;
      }
      port.out8(this.base + DATA, byte);
      used++;
    }
  }

  /** Wait until everything written has left the port. */
  drain(): void {
    if (!this.isThere) return;
    let patience = PATIENCE;
    while ((port.in8(this.base + LINE_STATUS) & STATUS_IDLE) == 0 && --patience > 0) {}
  }

  private waitForRoom(): bool {
    let patience = PATIENCE;
    while ((port.in8(this.base + LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) == 0) {
      if (--patience == 0) return false;
    }
    return true;
  }

  /** A received byte, RECEIVED_BROKEN or RECEIVED_BREAK added when the line spoilt it; -1 when there is none. */
  read(): i32 {
    if (this.early >= 0) {
      let byte = this.early;
      this.early = -1;
      return byte;
    }
    if (!this.isThere) return -1;
    let status = port.in8(this.base + LINE_STATUS);
    if ((status & STATUS_DATA_READY) == 0) return -1;
    let byte = <i32>port.in8(this.base + DATA);
    if ((status & STATUS_BREAK) != 0) return RECEIVED_BREAK;
    return (status & (STATUS_PARITY_ERROR | STATUS_FRAMING_ERROR)) != 0 ? byte | RECEIVED_BROKEN : byte;
  }

  /** Hold the line in the break state, or let it go. */
  setBreak(isOn: bool): void {
    if (this.isThere) port.out8(this.base + LINE_CONTROL, isOn ? LINE_8N1 | LINE_BREAK : LINE_8N1);
  }

  /** Let received bytes raise the port's interrupt, or not. */
  setReceiveInterrupt(isOn: bool): void {
    this.setInterrupts(isOn ? this.interrupts | INTERRUPT_DATA_READY : this.interrupts & ~INTERRUPT_DATA_READY);
  }

  private setInterrupts(interrupts: u32): void {
    if (!this.isThere || interrupts == this.interrupts) return;
    this.interrupts = interrupts;
    port.out8(this.base + INTERRUPT_ENABLE, interrupts);
  }

  setListener(listener: SerialListener): void {
    this.listener = listener;
  }

  /**
   * Send as many bytes as the port takes now; returns how many. When fewer than asked, the listener's `roomCame` is called once
   * there is room (the port's interrupt line leads to `interrupted`).
   */
  send(start: u64, length: u64): u64 {
    if (!this.isThere) return length;
    let address = start;
    let end = start + length;
    while (address < end) {
      let patience = SHORT_PATIENCE;
      while ((port.in8(this.base + LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) == 0) {
        if (--patience > 0) continue;
        this.setInterrupts(this.interrupts | INTERRUPT_ROOM);
        return address - start;
      }
      let burst = min(FIFO_DEPTH, end - address);
      port.outBytes(this.base + DATA, address, burst);
      address += burst;
    }
    return length;
  }

  /** The port's interrupt came: tell the listener of room. */
  interrupted(): void {
    if ((this.interrupts & INTERRUPT_ROOM) == 0) return;
    if ((port.in8(this.base + LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) == 0) return;
    this.setInterrupts(this.interrupts & ~INTERRUPT_ROOM);
    let listener = this.listener;
    if (listener !== null) listener.roomCame();
  }
}

export const com1: SerialPort = new SerialPort(0x3f8, 4);
export const com2: SerialPort = new SerialPort(0x2f8, 3);

/** Log lines to a serial port; to a terminal with carriage returns. */
export class SerialSink extends LogSink {
  constructor(
    public serial: SerialPort,
    public isTerminal: bool,
  ) {
    super();
  }

  override write(address: u64, length: u64): void {
    if (this.isTerminal) this.serial.writeLines(address, length);
    else this.serial.write(address, length);
  }
}
