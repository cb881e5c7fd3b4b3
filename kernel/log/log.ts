// The kernel's log: lines with a level, kept in a ring (dmesg) and shown on the consoles from a chosen level on.
//
//   log.begin(log.WARNING).string("e1000: no link on port ").decimal(port);
//   log.end();
//
// Rules of use: begin … end encloses one line, with nothing that blocks between; there is one line buffer. Never from a
// program's data without bounding it. Time stamps come from a clock that the scheduler sets.

import * as mem from "machine/mem";
import { linearAddress, pointerOf } from "memory/address";
import { Text } from "../lib/text";

export const ERROR: i32 = 3;
export const WARNING: i32 = 4;
export const NOTICE: i32 = 5;
export const INFO: i32 = 6;
export const DEBUG: i32 = 7;

/** Bytes of past log that dmesg can show. */
const RING_SIZE: i32 = 65536;
const LINE_SIZE: i32 = 1024;

/** Something that shows log lines: a serial port, a screen. */
export class LogSink {
  /** Show `length` bytes at a kernel-virtual address; the line ends in a newline. Must work in a panic: no waiting on interrupts. */
  write(_address: u64, _length: u64): void {}

  /** The same for lines of a panic: with a broken heap, for the last time. */
  panicking(address: u64, length: u64): void {
    this.write(address, length);
  }
}

/** Gives the log its time stamps. */
export class LogClock {
  nowNs(): u64 {
    return 0;
  }
}

const sinks: Array<LogSink> = [] as LogSink[];
const ring: StaticArray<u8> = new StaticArray<u8>(RING_SIZE);
let written: u64 = 0;
/** The line between `begin` and `end`. */
export const line: Text = new Text(LINE_SIZE);
let lineLevel: i32 = INFO;
let shownLevel: i32 = WARNING;
let clock: LogClock = new LogClock();

/** Show lines of `level` and more urgent ones; the ring keeps all. */
export function setShownLevel(level: i32): void {
  shownLevel = level;
}

export function setClock(source: LogClock): void {
  clock = source;
}

/** Add a console. */
export function addSink(sink: LogSink): void {
  sinks.push(sink);
}

/** Show lines on this console alone. */
export function replaceSinks(sink: LogSink): void {
  sinks.length = 0;
  sinks.push(sink);
}

/** Start a line. */
export function begin(level: i32): Text {
  lineLevel = level;
  let nowNs = clock.nowNs();
  line
    .clear()
    .byte(0x5b)
    .decimal(nowNs / 1_000_000_000, 5)
    .byte(0x2e)
    .padded((nowNs / 1000) % 1_000_000, 6)
    .string("] ");
  return line;
}

/** Finish the line begun last. */
export function end(): void {
  line.length = min(line.size, line.capacity - 1);
  line.byte(0x0a);
  for (let i = 0; i < line.length; i++) ring[<i32>((written + <u64>i) % <u64>RING_SIZE)] = line.bytes[i];
  written += <u64>line.length;
  if (lineLevel <= shownLevel) write(line.address, <u64>line.length);
}

/** A whole line of constant text. */
export function say(level: i32, text: string): void {
  begin(level).string(text);
  end();
}

/** Straight to the consoles, without ring or time stamp: boot messages. */
export function write(address: u64, length: u64): void {
  for (let i = 0; i < sinks.length; i++) sinks[i].write(address, length);
}

/** A panic's lines, to the consoles. */
export function writePanic(address: u64, length: u64): void {
  for (let i = 0; i < sinks.length; i++) sinks[i].panicking(address, length);
}

/** Bytes ever logged; the ring holds the last RING_SIZE of them. */
export function bytesWritten(): u64 {
  return written;
}

/** Copy logged bytes from position `from` on to a kernel-virtual address; returns how many. Positions already overwritten are skipped by the caller (bytesWritten() - 65536). */
export function copyOut(from: u64, destination: u64, length: u64): u64 {
  let copied: u64 = 0;
  while (copied < length && from + copied < written) {
    let offset = (from + copied) % <u64>RING_SIZE;
    let step = min(length - copied, min(<u64>RING_SIZE - offset, written - from - copied));
    mem.copy(destination + copied, linearAddress(pointerOf(ring)) + offset, step);
    copied += step;
  }
  return copied;
}
