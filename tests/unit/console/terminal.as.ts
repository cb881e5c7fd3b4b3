// A line discipline between bytes that the test types and bytes that it reads, and the framing of the serial line.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { FrameDecoder, FrameListener } from "../../../kernel/console/framing";
import { LineDiscipline } from "../../../kernel/console/line-discipline";
import { Termios } from "../../../kernel/console/termios";
import { VMIN } from "../../../kernel/abi/termios";
import { IoVector } from "../../../kernel/memory/io-vector";

const buffer = new StaticArray<u8>(32768);
const screen = new StaticArray<u8>(131072);
let shown = 0;
let lastSignal = 0;

class Terminal extends LineDiscipline {
  override emit(address: u64, length: u32): void {
    mem.copy(bytesAddress(screen) + <u64>shown, address, <u64>length);
    shown += <i32>length;
  }
  override raise(signal: i32): void {
    lastSignal = signal;
  }
}

let terminal = new Terminal();

export function restart(): void {
  terminal = new Terminal();
  shown = 0;
  lastSignal = 0;
}
export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function screenAddress(): u64 {
  return bytesAddress(screen);
}

/** Type the buffer's first bytes. */
export function type(length: i32): void {
  for (let i = 0; i < length; i++) terminal.receive(<u32>buffer[i]);
}

/** The line breaks; a byte comes with a parity error. */
export function breakLine(): void {
  terminal.receiveBreak();
}
export function typeBroken(byte: u32): void {
  terminal.receiveBroken(byte);
}
export function isWorthReading(): bool {
  return terminal.isWorthReading;
}
export function setMinimum(bytes: u32): void {
  terminal.termios.characters[VMIN] = <u8>bytes;
}

/** The program writes the buffer's first bytes. */
export function print(length: i32): void {
  terminal.processBytes(bytesAddress(buffer), <u32>length);
}

/** What is on the screen since the last call: its length. */
export function takeScreen(): i32 {
  let length = shown;
  shown = 0;
  return length;
}

export function isReadable(): bool {
  return terminal.isReadable;
}
export function available(): u32 {
  return terminal.available;
}
export function room(): u32 {
  return terminal.room;
}
export function signal(): i32 {
  let signal = lastSignal;
  lastSignal = 0;
  return signal;
}
export function isStopped(): bool {
  return terminal.isStopped;
}

/** Read up to `length` bytes into the buffer. */
export function read(length: i32, isCanonical: bool): i64 {
  let io = new IoVector();
  io.setKernel(bytesAddress(buffer), <u64>length);
  return isCanonical ? terminal.readLine(io) : terminal.readBytes(io);
}

/** Change flags: 0 input, 1 output, 2 local. */
export function setFlags(which: i32, set: u32, clear: u32): void {
  let settings = new Termios();
  settings.inputFlags = terminal.termios.inputFlags;
  settings.outputFlags = terminal.termios.outputFlags;
  settings.localFlags = terminal.termios.localFlags;
  if (which == 0) settings.inputFlags = (settings.inputFlags & ~clear) | set;
  else if (which == 1) settings.outputFlags = (settings.outputFlags & ~clear) | set;
  else settings.localFlags = (settings.localFlags & ~clear) | set;
  terminal.apply(settings);
}

// Framing: what came out, as a text in the buffer.

let at = 0;
class Recorder extends FrameListener {
  override data(byte: u32): void {
    buffer[at++] = <u8>byte;
  }
  override endOfInput(): void {
    put("<end>");
  }
  override signal(number: i32): void {
    put("<signal " + number.toString() + ">");
  }
  override window(columns: u32, rows: u32): void {
    put("<" + columns.toString() + "x" + rows.toString() + ">");
  }
}
function put(text: string): void {
  for (let i = 0; i < text.length; i++) buffer[at++] = <u8>text.charCodeAt(i);
}

/** Decode the buffer's first bytes; the length of what came out of them. */
export function decode(length: i32, isRaw: bool): i32 {
  let input = StaticArray.slice<u8>(buffer, 0, length);
  at = 0;
  let decoder = new FrameDecoder(new Recorder(), isRaw);
  for (let i = 0; i < length; i++) decoder.receive(<u32>input[i]);
  return at;
}
