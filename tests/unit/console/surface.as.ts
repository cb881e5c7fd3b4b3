// Cells drawn on a framebuffer that is a piece of linear memory, in any depth; a panic on the same; and which cells a screen
// draws at all.

import * as mem from "machine/mem";
import { bytesAddress, pointerOf } from "memory/address";
import { showPanic, usePanicPixels } from "../../../kernel/console/screen/panic-screen";
import { PixelSurface } from "../../../kernel/console/screen/pixel-surface";
import { Screen } from "../../../kernel/console/screen/screen";
import { Surface } from "../../../kernel/console/screen/surface";
import { Terminal, TerminalListener } from "../../../kernel/console/terminal/terminal";
import { Framebuffer } from "../../../kernel/display/framebuffer";

const MEMORY: i32 = 1 << 20;
const memory = new StaticArray<u8>(MEMORY);
const buffer = new StaticArray<u8>(4096);
let flushed: u64 = 0;

class LinearFramebuffer extends Framebuffer {
  get name(): string {
    return "linear";
  }
  override get needsFlush(): bool {
    return true;
  }
  override flush(x: u32, y: u32, width: u32, height: u32): void {
    flushed = ((<u64>x) << 48) | ((<u64>y) << 32) | ((<u64>width) << 16) | <u64>height;
  }
  set(width: u32, height: u32, bits: u32, strideBytes: u32): void {
    this.note(width, height, bits, strideBytes, height * 2);
    this.kernelAddress = bytesAddress(memory);
  }
}

let framebuffer = new LinearFramebuffer();
let surface: PixelSurface | null = null;

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function memoryAddress(): u64 {
  return bytesAddress(memory);
}

/** A framebuffer whose memory is all 0xee, shown from row `firstRow` on. */
export function start(width: u32, height: u32, bits: u32, strideBytes: u32, firstRow: u32): void {
  mem.fill(bytesAddress(memory), 0xee, <u64>MEMORY);
  framebuffer = new LinearFramebuffer();
  framebuffer.set(width, height, bits, strideBytes);
  framebuffer.firstRow = firstRow;
  surface = new PixelSurface(framebuffer);
}
export function columns(): i32 {
  return surface!.columns;
}
export function rows(): i32 {
  return surface!.rows;
}
export function draw(row: i32, column: i32, glyph: u64, style: u64): void {
  surface!.draw(row, column, glyph, style);
}
export function finish(): void {
  surface!.finish();
}
export function takeFlushed(): u64 {
  let value = flushed;
  flushed = 0;
  return value;
}

/** Show the buffer's first bytes as a panic; how many bytes that took from the heap. */
export function panic(length: i32): i32 {
  usePanicPixels(framebuffer);
  let before = new StaticArray<u8>(64);
  showPanic(bytesAddress(buffer), <u64>length);
  let after = new StaticArray<u8>(64);
  let next = new StaticArray<u8>(64);
  return <i32>(pointerOf(after) - pointerOf(before)) - <i32>(pointerOf(next) - pointerOf(after));
}

class CountingSurface extends Surface {
  drawn: i32 = 0;
  cleared: i32 = 0;
  hidden: i32 = 0;
  constructor() {
    super();
    this.columns = 40;
    this.rows = 10;
  }
  draw(_row: i32, _column: i32, _glyph: u64, _style: u64): void {
    this.drawn++;
  }
  clear(): void {
    this.cleared++;
  }
  override hideCursor(): void {
    this.hidden++;
  }
}

let counting = new CountingSurface();
let screen = new Screen(new Terminal(40, 10, new TerminalListener()), counting);

export function restartScreen(): void {
  counting = new CountingSurface();
  screen = new Screen(new Terminal(80, 24, new TerminalListener()), counting);
}
export function write(length: i32): void {
  screen.write(bytesAddress(buffer), <u64>length);
}
export function isPending(): bool {
  return screen.isPending;
}
/** How many cells a drawing draws. */
export function drawScreen(): i32 {
  counting.drawn = 0;
  screen.draw();
  return counting.drawn;
}
export function hide(isHidden: bool): void {
  screen.hide(isHidden);
}
export function setImmediate(isOn: bool): void {
  screen.isImmediate = isOn;
}
/** Cells drawn since the last `drawScreen`. */
export function drawnCells(): i32 {
  return counting.drawn;
}
/** Write the buffer's first bytes as a stream's. */
export function writeLines(length: i32): void {
  screen.writeLines(bytesAddress(buffer), <u64>length);
}
export function cursorRow(): i32 {
  return screen.terminal.page.row;
}
export function cursorColumn(): i32 {
  return screen.terminal.page.column;
}
export function resizeWindow(columns: u32, rows: u32): void {
  screen.resize(columns, rows);
}
export function terminalColumns(): i32 {
  return screen.terminal.columns;
}
export function terminalRows(): i32 {
  return screen.terminal.rows;
}
export function scrollView(direction: i32): bool {
  return screen.scrollView(direction);
}
export function showCursor(): void {
  screen.showCursor();
}
