// The serial port: a 16550 (PC16550D data sheet), polled output, input by interrupt. COM1 is the machine's console.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { LogSink } from "../log/log";

const COM1: u32 = 0x3f8;
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

const FIFO_ENABLE_AND_CLEAR: u32 = 0x07;
const LINE_8N1: u32 = 0x03;
const LINE_DIVISOR_ACCESS: u32 = 0x80;
const MODEM_READY: u32 = 0x0b; // DTR, RTS, OUT2 (lets interrupts through)
const STATUS_DATA_READY: u32 = 0x01;
const STATUS_TRANSMITTER_EMPTY: u32 = 0x20;
const INTERRUPT_DATA_READY: u32 = 0x01;
const FIFO_DEPTH: u64 = 16;
/** Polls before a stuck transmitter is given up: some tens of milliseconds. */
const PATIENCE: i32 = 100_000;

let isThere: bool = false;

/** Find COM1 and set it to 115200 baud, 8N1, FIFOs on. Returns whether there is one. */
export function initialize(): bool {
  port.out8(COM1 + SCRATCH, 0x5a);
  if (port.in8(COM1 + SCRATCH) != 0x5a) return false;
  port.out8(COM1 + INTERRUPT_ENABLE, 0);
  port.out8(COM1 + LINE_CONTROL, LINE_DIVISOR_ACCESS);
  port.out8(COM1 + DIVISOR_LOW, 1);
  port.out8(COM1 + DIVISOR_HIGH, 0);
  port.out8(COM1 + LINE_CONTROL, LINE_8N1);
  port.out8(COM1 + FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
  port.out8(COM1 + MODEM_CONTROL, MODEM_READY);
  isThere = true;
  return true;
}

/** Send bytes from a kernel-virtual address as they are. */
export function write(address: u64, length: u64): void {
  if (!isThere) return;
  let end = address + length;
  while (address < end) {
    let patience = PATIENCE;
    while ((port.in8(COM1 + LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) == 0) {
      if (--patience == 0) return;
    }
    // The holding register is empty: the whole FIFO is.
    let burst = min(address + FIFO_DEPTH, end);
    while (address < burst) {
      port.out8(COM1 + DATA, mem.load8(address));
      address++;
    }
  }
}

/** A received byte, -1 when there is none. */
export function read(): i32 {
  if (!isThere || (port.in8(COM1 + LINE_STATUS) & STATUS_DATA_READY) == 0) return -1;
  return <i32>port.in8(COM1 + DATA);
}

/** Let received bytes raise the port's interrupt (ISA line 4). */
export function enableReceiveInterrupt(): void {
  if (isThere) port.out8(COM1 + INTERRUPT_ENABLE, INTERRUPT_DATA_READY);
}

/** Log lines to the serial port. */
export class SerialSink extends LogSink {
  write(address: u64, length: u64): void {
    write(address, length);
  }
}
