// A panic on the screen: white on dark red from the top, past everything that could be broken. What it needs is in plain
// numbers, noted when the screen was set up; glyphs come from static data. Nothing here allocates or looks at the terminal.

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { bytesPerPixel, Framebuffer } from "../../display/framebuffer";
import { LogSink } from "../../log/log";
import { pixels } from "./blit";
import { glyphOrReplacement, SMALL_HEIGHT, SMALL_WIDTH, smallRow } from "./font";

const NEWLINE: u32 = 0x0a;
const BLANK: u32 = 0x20;
/** White on red, as a VGA attribute. */
const VGA_ATTRIBUTE: u32 = 0x4f;

let isOnPixels: bool = false;
let base: u64 = 0;
let strideBytes: u64 = 0;
let pixelBytes: u32 = 0;
let columns: i32 = 0;
let rows: i32 = 0;
let white: u32 = 0;
let red: u32 = 0;
let device: Framebuffer | null = null;
let row: i32 = 0;
let column: i32 = 0;

/** A panic will be shown on a VGA in text mode. */
export function usePanicText(memory: u64, textColumns: i32, textRows: i32): void {
  isOnPixels = false;
  base = memory;
  columns = textColumns;
  rows = textRows;
}

/** A panic will be shown on this framebuffer as it is set now. */
export function usePanicPixels(framebuffer: Framebuffer): void {
  isOnPixels = true;
  device = framebuffer.needsFlush ? framebuffer : null;
  strideBytes = <u64>framebuffer.strideBytes;
  base = framebuffer.kernelAddress + <u64>framebuffer.firstRow * strideBytes;
  pixelBytes = bytesPerPixel(framebuffer.bitsPerPixel);
  columns = <i32>framebuffer.widthPixels / SMALL_WIDTH;
  rows = <i32>framebuffer.heightPixels / SMALL_HEIGHT;
  white = framebuffer.pixel(0xff, 0xff, 0xff);
  red = framebuffer.pixel(0x70, 0, 0);
}

/** Show text of a panic: lines from the top on, the rest of each line blank. What is below the screen is not shown. */
export function showPanic(address: u64, length: u64): void {
  if (base == 0) return;
  for (let i: u64 = 0; i < length && row < rows; i++) {
    let byte = mem.load8(address + i);
    if (byte != NEWLINE && column < columns) put(byte);
    if (byte != NEWLINE) continue;
    while (column < columns) put(BLANK);
    row++;
    column = 0;
  }
  let framebuffer = device;
  if (framebuffer !== null) {
    framebuffer.flush(0, framebuffer.firstRow, framebuffer.widthPixels, framebuffer.heightPixels);
  }
}

function put(byte: u32): void {
  if (isOnPixels) draw(byte);
  else mmio.write16(base + <u64>((row * columns + column) * 2), byte | (VGA_ATTRIBUTE << 8));
  column++;
}

function draw(byte: u32): void {
  let glyph = glyphOrReplacement(byte);
  let address = base + <u64>(row * SMALL_HEIGHT) * strideBytes + <u64>(column * SMALL_WIDTH) * <u64>pixelBytes;
  for (let y = 0; y < SMALL_HEIGHT; y++) {
    pixels(address, glyph < 0 ? 0 : smallRow(glyph, y), SMALL_WIDTH, pixelBytes, white, red);
    address += strideBytes;
  }
}

/** Whether the screen shows a panic. */
export function hasPanicked(): bool {
  return row > 0;
}

/** Shows panics alone: for the time before there is a console. */
export class PanicSink extends LogSink {
  override panicking(address: u64, length: u64): void {
    showPanic(address, length);
  }
}
